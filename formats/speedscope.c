/* speedscope's own JSON, defined by file-format-spec.ts and file-format-schema.json of the program.
 *
 *   {"$schema": "https://www.speedscope.app/file-format-schema.json",
 *    "shared": {"frames": [{"name": "f", "file": "a.py", "line": 3}]},
 *    "profiles": [
 *      {"type": "sampled", "name": "main", "unit": "seconds", "startValue": 0, "endValue": 2,
 *       "samples": [[0, 1], [0]], "weights": [1.5, 0.5]},          stacks of frames, root first
 *      {"type": "evented", "name": "worker", "unit": "none", "startValue": 0, "endValue": 9,
 *       "events": [{"type": "O", "frame": 0, "at": 0}, {"type": "C", "frame": 0, "at": 9}]}]}
 *
 * Reading:
 * - Keys may come in any order, the frames behind the stacks as well.
 * - A time unit makes the metric "time", in the unit of the first profile that has one; "bytes"
 *   makes "bytes", "none" makes "samples". Of profiles with the same metric each is a thread by its
 *   name; where a metric has one profile, its name is no thread's.
 * - Weights of an empty stack go to a frame "(no stack)": they are part of the whole. Time while no
 *   frame of an evented profile is open is not.
 * - Events that close another frame than the one opened last, that go back in time or leave frames
 *   open are mended as far as it goes (frames above a closed one are closed with it, what closes
 *   nothing is passed over, time stands still, open frames last to the end), and a note counts
 * them.
 *
 * Writing: one sampled profile a thread and metric, one sample a context that has a value; contexts
 * have no order in time. Further keys, which the schema allows, keep what it has no word for:
 * "metric" and "metricUnit" of a profile, "module" and "kind" of a frame. The side before of a
 * comparison is a profile of its own, "time before". Calls and lines are left out. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/human.h"
#include "base/index.h"
#include "codec/json.h"
#include "codec/json_write.h"
#include "model/origin.h"
#include "model/stacks.h"
#include "model/walk.h"

/* ---- units ---- */

static const struct unit {
    const char *word;          /* speedscope's */
    const char *metric, *unit; /* ours */
    double scale;
} units[] = {{"seconds", "time", "seconds", 1},
             {"milliseconds", "time", "seconds", 1e-3},
             {"microseconds", "time", "seconds", 1e-6},
             {"nanoseconds", "time", "seconds", 1e-9},
             {"bytes", "bytes", "bytes", 1},
             {"none", "samples", "count", 1}};
enum { UNITS = sizeof units / sizeof *units, NONE = UNITS - 1 };

static const struct unit *unit_named(struct p2a_str word)
{
    for (size_t i = 0; i < UNITS; i++)
        if (p2a_str_is(word, units[i].word))
            return &units[i];
    return NULL;
}

/* By enum p2a_kind; only those that names and files don't tell are written. */
static const char *const kinds[] = {
    [P2A_NATIVE] = "native", [P2A_KERNEL] = "kernel", [P2A_INLINED] = "inlined",
    [P2A_JIT] = "jit",       [P2A_MARKER] = "marker",
};

/* ---- probe ---- */

static enum p2a_sure probe(const struct p2a_probe *probe)
{
    char schema[80];
    if (p2a_json_probe(probe, "$schema", schema, sizeof schema) == P2A_JSON_STRING &&
        strstr(schema, "speedscope.app/file-format-schema"))
        return P2A_CERTAIN;
    if (p2a_json_has(probe, "shared.frames", P2A_JSON_ARRAY) ||
        (p2a_json_has(probe, "profiles[].startValue", P2A_JSON_NUMBER) &&
         (p2a_json_has(probe, "profiles[].samples", P2A_JSON_ARRAY) ||
          p2a_json_has(probe, "profiles[].events", P2A_JSON_ARRAY))))
        return P2A_SURE;
    return P2A_NO;
}

/* ---- reader: stacks ---- */

/* A stack of frames by their numbers in the file: one more frame on a parent. A profile's root is
 * the empty stack; its frame is the profile's number.
 *
 *     stack:  | root 0 | 0: main | 1: f | root 1 | 0: main | …       parents stand before children
 */
struct stack {
    uint32_t parent, frame; /* parent P2A_NONE: a root */
    double value;
};

struct sheet {                        /* one profile of the file */
    p2a_id name, metric, metric_unit; /* strings; 0: none */
    const struct unit *unit;
    bool is_thread; /* the file says so */
    uint64_t pid, tid;
    p2a_id thread;
    uint32_t column;
    double factor; /* a value times this is in the metric's scale */
};

struct time {
    double at;
    int64_t whole; /* the same, exactly, where is_whole */
    bool is_whole;
};

struct reader {
    struct p2a_in *in;
    struct p2a_profile *p;
    struct p2a_json *j;
    p2a_id *frame; /* functions */
    uint32_t frame_n, frame_room;
    struct stack *stack;
    uint32_t stack_n, stack_room;
    struct p2a_index stack_of;
    struct sheet *sheet;
    uint32_t sheet_n, sheet_room;
    uint32_t highest; /* frame + 1 in the stacks */
    uint64_t highest_at;
    /* of the profile being read */
    uint32_t *path; /* stacks from the root on: those of the sample before, or the open frames */
    uint32_t path_n, path_room;
    uint32_t *sample; /* stacks */
    uint32_t sample_n, sample_room;
    double *weight;
    uint32_t weight_n, weight_room;
    struct time last;
    bool timed;
    uint64_t backwards, unmatched, left_open;
};

static bool same_stack(const void *table, uint32_t id, const void *key)
{
    const struct stack *row = (const struct stack *)table + id, *s = key;
    return row->parent == s->parent && row->frame == s->frame;
}

static bool grow(struct reader *r, void *array_pointer, uint32_t *room, uint32_t n, size_t size)
{
    if (n < *room)
        return true;
    if (n < P2A_NONE - 1 && p2a_grow(array_pointer, room, (uint64_t)n + 1, size))
        return true;
    p2a_in_no_memory(r->in);
    return false;
}

static uint32_t add_stack(struct reader *r, uint32_t parent, uint32_t frame)
{
    if (!grow(r, &r->stack, &r->stack_room, r->stack_n, sizeof *r->stack))
        return P2A_NONE;
    r->stack[r->stack_n] = (struct stack){.parent = parent, .frame = frame};
    return r->stack_n++;
}

/* The stack of FRAME on PARENT; P2A_NONE without memory. */
static uint32_t find_stack(struct reader *r, uint32_t parent, uint32_t frame)
{
    struct stack key = {.parent = parent, .frame = frame};
    uint32_t words[] = {parent, frame};
    uint64_t hash = p2a_hash(words, sizeof words);
    uint32_t id = p2a_index_find(&r->stack_of, hash, same_stack, r->stack, &key);
    if (id != P2A_INDEX_NONE)
        return id;
    id = add_stack(r, parent, frame);
    if (id != P2A_NONE && !p2a_index_add(&r->stack_of, hash, id)) {
        p2a_in_no_memory(r->in);
        return P2A_NONE;
    }
    return id;
}

static bool push(struct reader *r, uint32_t stack)
{
    if (stack == P2A_NONE || !grow(r, &r->path, &r->path_room, r->path_n, sizeof *r->path))
        return false;
    r->path[r->path_n++] = stack;
    return true;
}

/* The number of a frame, which need not have been read yet. */
static uint32_t read_frame_number(struct reader *r)
{
    uint32_t frame = (uint32_t)p2a_json_integer(r->j, 0, P2A_NONE - 2);
    if (frame >= r->highest && !r->j->stopped) {
        r->highest = frame + 1;
        r->highest_at = p2a_json_at(r->j);
    }
    return frame;
}

/* ---- reader: sampled ---- */

/* One stack; as much of the path as it shares with the one before is kept. */
static bool read_sample(struct reader *r)
{
    uint32_t depth = 1;
    bool shared = true;
    for (p2a_json_array(r->j); p2a_json_item(r->j); depth++) {
        uint32_t frame = read_frame_number(r);
        shared = shared && depth < r->path_n && r->stack[r->path[depth]].frame == frame;
        if (shared)
            continue;
        r->path_n = depth;
        if (r->j->stopped || !push(r, find_stack(r, r->path[depth - 1], frame)))
            return false;
    }
    if (r->j->stopped || !grow(r, &r->sample, &r->sample_room, r->sample_n, sizeof *r->sample))
        return false;
    r->path_n = depth;
    r->sample[r->sample_n++] = r->path[depth - 1];
    return true;
}

static void read_samples(struct reader *r)
{
    for (p2a_json_array(r->j); p2a_json_item(r->j);)
        if (!read_sample(r))
            return;
}

static void read_weights(struct reader *r)
{
    for (p2a_json_array(r->j); p2a_json_item(r->j);) {
        double weight = p2a_json_number(r->j);
        if (r->j->stopped || !grow(r, &r->weight, &r->weight_room, r->weight_n, sizeof weight))
            return;
        r->weight[r->weight_n++] = weight;
    }
}

static void weigh_samples(struct reader *r)
{
    uint32_t n = r->sample_n < r->weight_n ? r->sample_n : r->weight_n;
    for (uint32_t i = 0; i < n; i++)
        r->stack[r->sample[i]].value += r->weight[i];
    if (r->sample_n != r->weight_n)
        p2a_json_bad(r->j, "%" PRIu32 " weight%s so far for %" PRIu32 " sample%s, expected as many",
                     r->weight_n, p2a_plural(r->weight_n), r->sample_n, p2a_plural(r->sample_n));
}

/* ---- reader: evented ---- */

static struct time read_time(struct reader *r)
{
    double at = p2a_json_number(r->j);
    return (struct time){at, r->j->integer, r->j->whole};
}

static double since(struct time now, struct time then)
{
    return now.is_whole && then.is_whole ? (double)(now.whole - then.whole) : now.at - then.at;
}

/* Time passes in the frame opened last. */
static void pass_time(struct reader *r, struct time now)
{
    double passed = r->timed ? since(now, r->last) : 0;
    if (passed < 0) {
        r->backwards++;
        return;
    }
    if (r->path_n > 1)
        r->stack[r->path[r->path_n - 1]].value += passed;
    r->last = now;
    r->timed = true;
}

static void close_frame(struct reader *r, uint32_t frame)
{
    uint32_t n = r->path_n;
    while (n > 1 && r->stack[r->path[n - 1]].frame != frame)
        n--;
    r->unmatched += n != r->path_n;
    if (n > 1)
        r->path_n = n - 1;
}

static bool read_event(struct reader *r)
{
    struct p2a_json *j = r->j;
    struct p2a_str key, text;
    char type = 0;
    uint32_t frame = P2A_NONE;
    struct time at = {0};
    bool has_time = false;
    for (p2a_json_object(j); p2a_json_key(j, &key);) {
        if (p2a_str_is(key, "type") && p2a_json_string(j, &text))
            type = text.n == 1 ? text.at[0] : '?';
        else if (p2a_str_is(key, "frame"))
            frame = read_frame_number(r);
        else if (p2a_str_is(key, "at"))
            at = read_time(r), has_time = true;
        else
            p2a_json_skip(j);
    }
    if (j->stopped)
        return false;
    if ((type != 'O' && type != 'C') || frame == P2A_NONE || !has_time)
        return p2a_json_bad(j, "an event that ends here has no type O or C, frame and time");
    pass_time(r, at);
    if (type == 'C')
        close_frame(r, frame);
    else
        return push(r, find_stack(r, r->path[r->path_n - 1], frame));
    return true;
}

static void read_events(struct reader *r)
{
    r->path_n = 1;
    for (p2a_json_array(r->j); p2a_json_item(r->j);)
        if (!read_event(r))
            return;
}

/* ---- reader: profiles and frames ---- */

static uint64_t read_id(struct reader *r)
{
    double id = p2a_json_number_or(r->j, 0);
    return r->j->whole && id > 0 ? (uint64_t)r->j->integer : 0;
}

static const struct unit *read_unit(struct reader *r)
{
    struct p2a_str text;
    const struct unit *unit = NULL;
    if (p2a_json_string(r->j, &text) && !(unit = unit_named(text)))
        p2a_json_bad(r->j,
                     "unit \"%.*s\", expected seconds, milliseconds, microseconds, "
                     "nanoseconds, bytes or none",
                     (int)(text.n < 40 ? text.n : 40), text.at);
    return unit ? unit : &units[NONE];
}

static void end_profile(struct reader *r, struct time end)
{
    weigh_samples(r);
    if (r->timed && r->path_n > 1 && !r->j->stopped) {
        r->left_open += r->path_n - 1;
        if (since(end, r->last) > 0)
            pass_time(r, end);
    }
}

static void read_profile_keys(struct reader *r, struct sheet *sheet, struct time *end)
{
    struct p2a_json *j = r->j;
    struct p2a_str key;
    for (p2a_json_object(j); p2a_json_key(j, &key);) {
        if (p2a_str_is(key, "name"))
            sheet->name = p2a_json_intern(r->j, r->p);
        else if (p2a_str_is(key, "unit"))
            sheet->unit = read_unit(r);
        else if (p2a_str_is(key, "metric"))
            sheet->metric = p2a_json_intern(r->j, r->p);
        else if (p2a_str_is(key, "metricUnit"))
            sheet->metric_unit = p2a_json_intern(r->j, r->p);
        else if (p2a_str_is(key, "tid"))
            sheet->tid = read_id(r), sheet->is_thread = true;
        else if (p2a_str_is(key, "pid"))
            sheet->pid = read_id(r);
        else if (p2a_str_is(key, "endValue") && p2a_json_is(j, P2A_JSON_NUMBER))
            *end = read_time(r);
        else if (p2a_str_is(key, "samples"))
            read_samples(r);
        else if (p2a_str_is(key, "weights"))
            read_weights(r);
        else if (p2a_str_is(key, "events"))
            read_events(r);
        else if (!p2a_str_is(key, "endValue"))
            p2a_json_skip(j);
    }
}

static bool read_profile(struct reader *r)
{
    struct sheet sheet = {.unit = &units[NONE]};
    struct time end = {.at = -INFINITY};
    r->path_n = r->sample_n = r->weight_n = 0;
    r->timed = false;
    if (!grow(r, &r->sheet, &r->sheet_room, r->sheet_n, sizeof sheet) ||
        !push(r, add_stack(r, P2A_NONE, r->sheet_n)))
        return false;
    read_profile_keys(r, &sheet, &end);
    end_profile(r, end);
    r->sheet[r->sheet_n++] = sheet;
    return !r->j->stopped;
}

static enum p2a_kind read_kind(struct reader *r)
{
    struct p2a_str text;
    if (p2a_json_is(r->j, P2A_JSON_STRING) && p2a_json_string(r->j, &text))
        for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++)
            if (kinds[i] && p2a_str_is(text, kinds[i]))
                return (enum p2a_kind)i;
    return P2A_UNKNOWN;
}

static int64_t read_line(struct reader *r)
{
    double line = p2a_json_number_or(r->j, 0);
    return line >= 1 && line <= INT32_MAX ? (int64_t)line : 0;
}

static bool read_frame(struct reader *r)
{
    struct p2a_json *j = r->j;
    struct p2a_str key, text;
    struct p2a_function f = {0};
    for (p2a_json_object(j); p2a_json_key(j, &key);) {
        if (p2a_str_is(key, "name") && p2a_json_string(j, &text))
            f.name = p2a_intern(r->p, text);
        else if (p2a_str_is(key, "file"))
            f.file = p2a_json_intern(r->j, r->p);
        else if (p2a_str_is(key, "line"))
            f.line = read_line(r);
        else if (p2a_str_is(key, "module"))
            f.module = p2a_json_intern(r->j, r->p);
        else if (p2a_str_is(key, "kind"))
            f.kind = read_kind(r);
        else
            p2a_json_skip(j);
    }
    if (j->stopped || !grow(r, &r->frame, &r->frame_room, r->frame_n, sizeof *r->frame))
        return false;
    p2a_tell_kind(r->p, &f);
    r->frame[r->frame_n++] = p2a_function(r->p, &f);
    return true;
}

static void read_shared(struct reader *r)
{
    struct p2a_str key;
    for (p2a_json_object(r->j); p2a_json_key(r->j, &key);) {
        if (!p2a_str_is(key, "frames"))
            p2a_json_skip(r->j);
        else
            for (p2a_json_array(r->j); p2a_json_item(r->j);)
                if (!read_frame(r))
                    return;
    }
}

static void read_file(struct reader *r)
{
    struct p2a_str key;
    for (p2a_json_object(r->j); p2a_json_key(r->j, &key);) {
        if (p2a_str_is(key, "shared"))
            read_shared(r);
        else if (p2a_str_is(key, "profiles"))
            for (p2a_json_array(r->j); p2a_json_item(r->j);) {
                if (!read_profile(r))
                    return;
            }
        else
            p2a_json_skip(r->j);
    }
}

/* ---- reader: into the profile ---- */

static void find_column(struct reader *r, struct sheet *sheet)
{
    const char *metric = sheet->unit->metric, *unit = sheet->unit->unit;
    if (sheet->metric)
        metric = p2a_string(r->p, sheet->metric).at;
    if (sheet->metric_unit)
        unit = p2a_string(r->p, sheet->metric_unit).at;
    sheet->column = p2a_metric(r->p, metric, unit, sheet->unit->scale);
    if (sheet->column != P2A_NONE)
        sheet->factor = sheet->unit->scale / r->p->metrics.row[sheet->column].scale;
}

/* Threads are those of which the file says so, and all profiles of a metric that has several. */
static void find_threads(struct reader *r)
{
    uint32_t *profiles = calloc((size_t)r->p->metrics.n + 1, sizeof *profiles);
    if (!profiles) {
        p2a_in_no_memory(r->in);
        return;
    }
    for (uint32_t i = 0; i < r->sheet_n; i++)
        if (r->sheet[i].column != P2A_NONE)
            profiles[r->sheet[i].column]++;
    for (uint32_t i = 0; i < r->sheet_n; i++) {
        struct sheet *s = &r->sheet[i];
        bool several = s->column != P2A_NONE && profiles[s->column] > 1 && !s->metric;
        s->thread = P2A_NONE;
        if (several || s->is_thread)
            s->thread = p2a_thread(r->p, s->pid, s->tid, p2a_string(r->p, s->name));
    }
    free(profiles);
}

static p2a_id no_stack(struct reader *r)
{
    struct p2a_function f = {.name = p2a_intern(r->p, P2A_LIT("(no stack)")), .kind = P2A_MARKER};
    return p2a_function(r->p, &f);
}

/* The context of every stack, in their order; SHEET is the profile whose stacks they are. */
static void add_contexts(struct reader *r, p2a_id *context)
{
    uint32_t sheet = 0;
    for (uint32_t i = 0; i < r->stack_n && p2a_in_status(r->in) == P2A_OK; i++) {
        const struct stack *s = &r->stack[i];
        context[i] = P2A_NONE;
        if (s->parent == P2A_NONE) {
            sheet = s->frame;
            if (sheet >= r->sheet_n)
                return;
        }
        const struct sheet *of = &r->sheet[sheet];
        p2a_id function = P2A_NONE;
        if (s->parent != P2A_NONE)
            function = s->frame < r->frame_n ? r->frame[s->frame] : P2A_NONE;
        else if (s->value != 0)
            function = no_stack(r);
        if (function == P2A_NONE)
            continue;
        p2a_id parent = s->parent == P2A_NONE || r->stack[s->parent].parent == P2A_NONE
                            ? P2A_NONE
                            : context[s->parent];
        context[i] = p2a_context(r->p, parent, function, of->thread);
        p2a_context_add(r->p, context[i], of->column, s->value * of->factor);
    }
}

static void note_mended(struct reader *r)
{
    if (r->backwards)
        p2a_note(r->p, "%" PRIu64 " event%s back in time: time stands still there", r->backwards,
                 r->backwards == 1 ? " goes" : "s go");
    if (r->unmatched)
        p2a_note(r->p, "%" PRIu64 " event%s another frame than the one opened last", r->unmatched,
                 r->unmatched == 1 ? " closes" : "s close");
    if (r->left_open)
        p2a_note(r->p, "%" PRIu64 " frame%s to the end", r->left_open,
                 r->left_open == 1 ? " is never closed: it lasts"
                                   : "s are never closed: they last");
}

static void fill_profile(struct reader *r)
{
    if (r->highest > r->frame_n)
        p2a_json_bad_at(r->j, r->highest_at,
                        "frame %" PRIu32 " of a stack, expected less than %" PRIu32
                        ", the number of frames",
                        r->highest - 1, r->frame_n);
    if (!r->sheet_n)
        p2a_json_bad_at(r->j, p2a_json_here(r->j),
                        "no profile so far, expected some in \"profiles\"");
    for (uint32_t i = 0; i < r->sheet_n; i++)
        find_column(r, &r->sheet[i]);
    find_threads(r);
    p2a_id *context = malloc(((size_t)r->stack_n + 1) * sizeof *context);
    if (context)
        add_contexts(r, context);
    else
        p2a_in_no_memory(r->in);
    free(context);
    note_mended(r);
}

static enum p2a_status read_speedscope(struct p2a_in *in)
{
    struct p2a_json *j = malloc(sizeof *j);
    struct reader r = {.in = in, .p = in->profile, .j = j};
    if (!j)
        return p2a_in_no_memory(in);
    p2a_json_start(j, in);
    read_file(&r);
    fill_profile(&r);
    p2a_json_finish(j);
    p2a_json_stop(j);
    free(j);
    free(r.frame);
    free(r.stack);
    p2a_index_free(&r.stack_of);
    free(r.sheet);
    free(r.path);
    free(r.sample);
    free(r.weight);
    return p2a_in_status(in);
}

/* ---- writer ---- */

/* Eight bytes, which are copied at once. */
struct spelled {
    char text[7]; /* "123," */
    uint8_t n;
};
enum { SPELLED = 1000000 }; /* numbers below this are */

struct writer {
    struct p2a_out *out;
    struct p2a_json_writer json;
    const struct p2a_profile *p;
    const struct p2a_stacks *stacks; /* rows are these; NULL: contexts */
    const double *self;              /* of the rows */
    uint32_t *frame;                 /* by function, from 1; 0: in no stack */
    uint32_t frame_n;
    struct spelled *spelled; /* by function; NULL: there are too many, or no stacks */
    uint32_t deepest;        /* of contexts */
    p2a_id *first, *next;    /* rows by thread; threads.n: those without one */
    p2a_id *last;
    p2a_id *row; /* of the profile that is written */
    uint32_t row_n;
    bool written; /* a profile was */
};

static void add_to_thread(struct writer *w, p2a_id row, p2a_id thread)
{
    p2a_id t = thread == P2A_NONE ? w->p->threads.n : thread;
    *(w->last[t] == P2A_NONE ? &w->first[t] : &w->next[w->last[t]]) = row;
    w->next[row] = P2A_NONE;
    w->last[t] = row;
}

/* In the order of the walk, so that neighbours share frames. */
static bool part_contexts(struct writer *w)
{
    const struct p2a_profile *p = w->p;
    struct p2a_tree tree;
    if (!p2a_tree_build(p, &tree))
        return false;
    for (p2a_id i = tree.first; i != P2A_NONE; i = p2a_tree_after(p, &tree, i))
        add_to_thread(w, i, p->contexts.row[i].thread);
    p2a_tree_free(&tree);
    return true;
}

/* Lists the rows of each thread. */
static bool part_threads(struct writer *w)
{
    size_t threads = (size_t)w->p->threads.n + 1;
    size_t n = w->stacks ? w->stacks->n : w->p->contexts.n;
    w->first = malloc(threads * sizeof *w->first);
    w->last = malloc(threads * sizeof *w->last);
    w->next = malloc((n + 1) * sizeof *w->next);
    w->row = malloc((n + 1) * sizeof *w->row);
    if (!w->first || !w->last || !w->next || !w->row)
        return false;
    for (size_t t = 0; t < threads; t++)
        w->first[t] = w->last[t] = P2A_NONE;
    for (p2a_id i = 0; w->stacks && i < n; i++)
        add_to_thread(w, i, w->stacks->row[i].thread);
    return w->stacks || part_contexts(w);
}

static void number_frame(struct writer *w, p2a_id function)
{
    if (!w->frame[function])
        w->frame[function] = ++w->frame_n;
}

static void number_stacks(struct writer *w)
{
    enum { AHEAD = 8 };
    const struct p2a_stacks *s = w->stacks;
    for (uint32_t i = 0; i < s->n && w->frame_n < w->p->functions.n; i++) {
        p2a_stacks_ahead(s, i + AHEAD);
        for (uint32_t d = s->row[i].shared; d < s->row[i].frame_n; d++)
            number_frame(w, p2a_frame_at(s->frames, s->row[i].frame + d));
    }
}

static bool number_contexts(struct writer *w)
{
    const struct p2a_contexts *t = &w->p->contexts;
    uint32_t *depth = malloc(((size_t)t->n + 1) * sizeof *depth);
    for (uint32_t i = 0; depth && i < t->n; i++) {
        const struct p2a_context *c = &t->row[i];
        depth[i] = c->parent == P2A_NONE ? 1 : depth[c->parent] + 1;
        w->deepest = depth[i] > w->deepest ? depth[i] : w->deepest;
        number_frame(w, c->function);
    }
    free(depth);
    return depth;
}

/* Numbers of frames as they stand in samples. */
static bool spell_frames(struct writer *w)
{
    w->spelled = calloc((size_t)w->p->functions.n + 1, sizeof *w->spelled);
    for (uint32_t f = 0; w->spelled && f < w->p->functions.n; f++) {
        struct spelled *to = &w->spelled[f];
        char digits[P2A_DIGITS];
        char *end = p2a_digits(digits, w->frame[f] ? w->frame[f] - 1 : 0);
        *end++ = ',';
        to->n = (uint8_t)(end - digits);
        memcpy(to->text, digits, to->n);
    }
    return w->spelled;
}

static bool number_frames(struct writer *w)
{
    w->frame = calloc((size_t)w->p->functions.n + 1, sizeof *w->frame);
    if (w->frame && w->stacks)
        number_stacks(w);
    if (!w->frame || (!w->stacks && !number_contexts(w)))
        return false;
    return !w->stacks || w->frame_n >= SPELLED || spell_frames(w);
}

static void put_label(struct writer *w, const char *key, struct p2a_str text)
{
    p2a_json_name(&w->json, key);
    p2a_json_str(&w->json, text);
}

static void put_frame(struct writer *w, p2a_id function)
{
    const struct p2a_function *f = &w->p->functions.row[function];
    struct p2a_str file = p2a_string(w->p, f->file);
    p2a_json_line(&w->json);
    p2a_json_begin(&w->json, '{');
    put_label(w, "name", p2a_string(w->p, f->qualname ? f->qualname : f->name));
    if (file.n && !p2a_str_is(file, "~"))
        put_label(w, "file", file);
    if (f->line > 0) {
        p2a_json_name(&w->json, "line");
        p2a_json_i64(&w->json, f->line);
    }
    if (f->module)
        put_label(w, "module", p2a_string(w->p, f->module));
    if (f->kind < sizeof kinds / sizeof *kinds && kinds[f->kind])
        put_label(w, "kind", p2a_str_of(kinds[f->kind]));
    p2a_json_end(&w->json, '}');
}

static bool put_frames(struct writer *w)
{
    p2a_id *function = calloc((size_t)w->frame_n + 1, sizeof *function);
    if (!function)
        return false;
    for (p2a_id f = 0; f < w->p->functions.n; f++)
        if (w->frame[f])
            function[w->frame[f] - 1] = f;
    p2a_json_name(&w->json, "shared");
    p2a_json_begin(&w->json, '{');
    p2a_json_name(&w->json, "frames");
    p2a_json_begin(&w->json, '[');
    for (uint32_t i = 0; i < w->frame_n; i++)
        put_frame(w, function[i]);
    p2a_json_end(&w->json, ']');
    p2a_json_end(&w->json, '}');
    free(function);
    return true;
}

/* The unit to write a column in, and what to multiply its values with. */
static const struct unit *unit_of(const struct writer *w, uint32_t column, double *factor)
{
    const struct p2a_metric *m = &w->p->metrics.row[column % w->p->metrics.n];
    struct p2a_str unit = p2a_string(w->p, m->unit);
    const struct unit *found = &units[NONE];
    *factor = m->scale;
    for (size_t i = 0; i < UNITS; i++)
        if (p2a_str_is(unit, units[i].unit) &&
            (m->scale == units[i].scale || found == &units[NONE])) {
            found = &units[i];
            *factor = m->scale == units[i].scale ? 1 : m->scale / units[i].scale;
        }
    return found;
}

static double value_at(const struct writer *w, p2a_id row, uint32_t column)
{
    double value = w->self[(size_t)row * w->p->columns + column];
    return isfinite(value) ? value : 0;
}

/* ---- writer: samples, on any thread ---- */

struct desk {
    p2a_id *path; /* of a context, the leaf first */
};

static void free_desk(void *desk)
{
    free(((struct desk *)desk)->path);
}

/* False: no memory. */
static bool put_path(const struct writer *w, struct desk *desk, struct p2a_json_writer *json,
                     p2a_id context)
{
    uint32_t n = 0;
    if (!desk->path)
        desk->path = malloc(((size_t)w->deepest + 1) * sizeof *desk->path);
    for (p2a_id c = context; desk->path && c != P2A_NONE; c = w->p->contexts.row[c].parent)
        desk->path[n++] = w->p->contexts.row[c].function;
    while (n)
        p2a_json_u64(json, w->frame[desk->path[--n]] - 1);
    return desk->path;
}

static void put_spelled(const struct writer *w, struct p2a_out *out, struct p2a_stack_frames frames,
                        uint32_t n)
{
    enum { MOST = 1024 }; /* at a time */
    for (uint32_t d = 0, end; d < n; d = end) {
        end = n - d < MOST ? n : d + MOST;
        char *at = p2a_begin_text(out, (end - d) * sizeof *w->spelled);
        for (uint32_t i = d; i < end; i++) {
            const struct spelled *number = &w->spelled[p2a_frame_at(frames, i)];
            memcpy(at, number, sizeof *number);
            at += number->n;
        }
        p2a_end_text(out, at - (end == n)); /* no comma behind the last one */
    }
}

static void put_stack(const struct writer *w, struct p2a_json_writer *json, p2a_id row)
{
    const struct p2a_stack *stack = &w->stacks->row[row];
    struct p2a_stack_frames frames = p2a_frames_from(w->stacks->frames, stack->frame);
    if (w->spelled)
        put_spelled(w, json->out, frames, stack->frame_n);
    for (uint32_t d = 0; !w->spelled && d < stack->frame_n; d++)
        p2a_json_u64(json, w->frame[p2a_frame_at(frames, d)] - 1);
}

static void put_samples(const void *writer, void *desk, struct p2a_out *out, uint32_t begin,
                        uint32_t end)
{
    enum { AHEAD = 8 };
    const struct writer *w = writer;
    struct p2a_json_writer json = {.out = out, .comma = begin > 0};
    bool done = true;
    for (uint32_t i = begin; done && i < end; i++) {
        p2a_json_begin(&json, '[');
        if (w->stacks && i + AHEAD < end)
            p2a_stacks_ahead(w->stacks, w->row[i + AHEAD]);
        if (w->stacks)
            put_stack(w, &json, w->row[i]);
        else
            done = put_path(w, desk, &json, w->row[i]);
        p2a_json_end(&json, ']');
    }
    if (!done)
        p2a_no_memory(out);
}

/* ---- writer: all of it ---- */

static void put_all_samples(struct writer *w)
{
    enum { FRAME = 8 }; /* bytes */
    uint64_t deepest = w->stacks ? w->stacks->deepest : w->deepest;
    const struct p2a_print work = {.desk_size = sizeof(struct desk),
                                   .rows = p2a_rows_of(FRAME * (deepest + 1)),
                                   .put = put_samples,
                                   .free_desk = free_desk};
    p2a_json_name(&w->json, "samples");
    p2a_json_begin(&w->json, '[');
    p2a_print_rows(w->out, &work, w, w->row_n);
    p2a_json_end(&w->json, ']');
}

/* Lists the rows of a thread that have a value. */
static void list_rows(struct writer *w, uint32_t column, p2a_id thread)
{
    w->row_n = 0;
    for (p2a_id i = w->first[thread]; i != P2A_NONE; i = w->next[i])
        if (value_at(w, i, column) != 0)
            w->row[w->row_n++] = i;
}

/* thread threads.n: none. Of a comparison there are "time" and "time before". */
static void put_name(struct writer *w, uint32_t column, p2a_id thread)
{
    const struct p2a_metric *m = &w->p->metrics.row[column % w->p->metrics.n];
    struct p2a_str metric = p2a_string(w->p, m->name);
    char before[128];
    if (column >= w->p->metrics.n) {
        int n = snprintf(before, sizeof before, "%.*s before", metric.n < 100 ? (int)metric.n : 100,
                         metric.at);
        metric = (struct p2a_str){before, (size_t)n};
    }
    if (thread < w->p->threads.n) {
        const struct p2a_thread *t = &w->p->threads.row[thread];
        put_label(w, "name", p2a_string(w->p, t->name));
        p2a_json_name(&w->json, "pid");
        p2a_json_u64(&w->json, t->pid);
        p2a_json_name(&w->json, "tid");
        p2a_json_u64(&w->json, t->tid);
    } else {
        put_label(w, "name", metric);
    }
    put_label(w, "metric", metric);
    put_label(w, "metricUnit", p2a_string(w->p, m->unit));
}

static void put_profile(struct writer *w, uint32_t column, p2a_id thread)
{
    struct p2a_json_writer *json = &w->json;
    double factor, end = 0;
    const struct unit *unit = unit_of(w, column, &factor);
    w->written = true;
    p2a_json_line(json);
    p2a_json_begin(json, '{');
    put_label(w, "type", P2A_LIT("sampled"));
    put_name(w, column, thread);
    put_label(w, "unit", p2a_str_of(unit->word));
    list_rows(w, column, thread);
    put_all_samples(w);
    p2a_json_name(json, "weights");
    p2a_json_begin(json, '[');
    for (uint32_t i = 0; i < w->row_n; i++) {
        double value = value_at(w, w->row[i], column) * factor;
        p2a_json_double(json, isfinite(value) ? value : 0);
        end += value;
    }
    p2a_json_end(json, ']');
    p2a_json_name(json, "startValue");
    p2a_json_u64(json, 0);
    p2a_json_name(json, "endValue");
    p2a_json_double(json, end > 0 && isfinite(end) ? end : 0);
    p2a_json_end(json, '}');
}

static bool has_values(const struct writer *w, uint32_t column, p2a_id thread)
{
    p2a_id i = w->first[thread];
    while (i != P2A_NONE && value_at(w, i, column) == 0)
        i = w->next[i];
    return i != P2A_NONE;
}

/* Threads in their order; at last the contexts without one. The app wants one profile at least. */
static void put_profiles(struct writer *w)
{
    uint32_t threads = w->p->threads.n;
    p2a_json_name(&w->json, "profiles");
    p2a_json_begin(&w->json, '[');
    for (uint32_t c = 0; c < w->p->columns; c++)
        for (p2a_id t = 0; t <= threads; t++)
            if (has_values(w, c, t) || (t == threads && c == 0 && !w->written))
                put_profile(w, c, t);
    p2a_json_end(&w->json, ']');
}

static void put_file(struct writer *w)
{
    p2a_json_begin(&w->json, '{');
    put_label(w, "$schema", P2A_LIT("https://www.speedscope.app/file-format-schema.json"));
    put_label(w, "exporter", P2A_LIT("prof2any@" P2A_VERSION));
    p2a_json_name(&w->json, "activeProfileIndex");
    p2a_json_u64(&w->json, 0);
    if (!put_frames(w)) {
        p2a_no_memory(w->out);
        return;
    }
    put_profiles(w);
    p2a_json_end(&w->json, '}');
    p2a_put_text(w->out, "\n");
}

static enum p2a_status write_speedscope(struct p2a_out *out)
{
    struct p2a_paths paths;
    if (!out->profile->metrics.n)
        return p2a_cant_write(out, P2A_INPUT, "there are no values, and speedscope needs some");
    if (!p2a_paths_begin(out->profile, &paths))
        return p2a_no_memory(out);
    struct writer w = {
        .out = out, .json = {.out = out}, .p = paths.p, .stacks = paths.stacks, .self = paths.self};
    if (number_frames(&w) && part_threads(&w))
        put_file(&w);
    else
        p2a_no_memory(out);
    free(w.frame);
    free(w.spelled);
    free(w.row);
    free(w.first);
    free(w.last);
    free(w.next);
    p2a_paths_end(&paths);
    return p2a_out_status(out);
}

static const char *const patterns[] = {"*.speedscope.json", "*.speedscope", NULL};

const struct p2a_format p2a_format_speedscope = {
    .name = "speedscope",
    .title = "speedscope's JSON",
    .patterns = patterns,
    .probe = probe,
    .read = read_speedscope,
    .write = write_speedscope,
    .gives = P2A_CONTEXTS | P2A_THREADS | P2A_MANY | P2A_PLACES | P2A_MODULES,
    .needs = P2A_CONTEXTS | P2A_STACKS,
    .keeps = P2A_CONTEXTS | P2A_THREADS | P2A_MANY | P2A_PLACES | P2A_MODULES | P2A_BEFORE,
    .timed = true,
};
