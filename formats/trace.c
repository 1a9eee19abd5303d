/* Chrome's trace events, for chrome://tracing, Perfetto and DevTools' timeline; viztracer, uftrace
 * and many programs write them too. Defined by "Trace Event Format".
 *
 *   [{"ph": "X", "name": "f", "ts": 10, "dur": 5.5, "pid": 1, "tid": 2},          microseconds
 *    {"ph": "B", "name": "g", "ts": 20, "pid": 1, "tid": 2}, {"ph": "E", "ts": 21, "pid": 1, "tid":
 * 2},
 *    {"ph": "M", "name": "thread_name", "pid": 1, "tid": 2, "args": {"name": "main"}}]
 *
 * or an object with that array in "traceEvents".
 *
 * Reading:
 * - Events may stand in any order; each thread's are sorted by time. Of complete events that begin
 *   together the longer is the caller, of those as long as well the one that stands first. Each is
 * a call. Time in which nothing is open is nobody's.
 * - An event that outlasts its caller goes on without it. An end takes what was begun since with
 * it, and one that ends nothing is passed over; what never ends lasts to the thread's last event.
 * - Asynchronous events, flows, counters and instants are no calls: they are left out, with a note.
 * - The array may lack its end, as a program that crashed leaves it.
 * - "name (path.py:12)" is a function with its place.
 * - Where V8's samples are among the events ("Profile" and "ProfileChunk", as DevTools' timeline
 * has them) they are what is read, with the line of every sample; the other events are left out.
 *
 * Writing: a complete event a context, of the length of its total, its children one behind the
 * other and its own time behind them: contexts have no order in time, and the program says so.
 * Times are nanoseconds; 1 of anything else is written as a microsecond. The events' args hold
 * calls, files and lines, and the category "prof2any" that reads them back. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/index.h"
#include "codec/json.h"
#include "codec/json_write.h"
#include "codec/v8.h"
#include "model/calltree.h"
#include "model/origin.h"
#include "model/walk.h"

/* ---- probe ---- */

static enum p2a_sure probe(const struct p2a_probe *probe)
{
    if (p2a_json_has(probe, "traceEvents", P2A_JSON_ARRAY))
        return P2A_SURE;
    if (p2a_json_has(probe, "[].ph", P2A_JSON_STRING) &&
        (p2a_json_has(probe, "[].name", P2A_JSON_STRING) ||
         p2a_json_has(probe, "[].ts", P2A_JSON_NUMBER)))
        return P2A_SURE;
    return p2a_json_has(probe, "displayTimeUnit", P2A_JSON_STRING) ? P2A_LIKELY : P2A_NO;
}

/* ---- reader: what is kept ---- */

struct track { /* a thread */
    uint64_t pid, tid;
    p2a_id name, process; /* strings; 0: not said. Of the row with tid PROCESS, the process's */
    p2a_id thread;
};

struct event {
    double ts, dur; /* nanoseconds, ts since the first event in the file */
    uint64_t calls;
    uint32_t track;
    p2a_id function, name;
    uint32_t order; /* in the file */
    char phase;     /* 'X' 'B' 'E' */
};

/* V8's samples of one thread. */
struct sampled {
    uint64_t pid, id;
    uint32_t track;
    struct p2a_calltree tree;
    double now, end;
    uint32_t *line; /* by the order of the sample */
    uint32_t line_n, line_room;
};

/* What an event's args hold of a profile: V8's samples come in pieces. */
struct chunk {
    struct chunk_node {
        uint64_t id, parent;
        bool has_parent;
        p2a_id function;
    } * node;
    uint64_t *sample;
    double *delta, *line;
    uint32_t node_n, node_room, sample_n, sample_room, delta_n, delta_room, line_n, line_room;
    double start, end;
};

/* An event while it is read: keys may come in any order. */
struct fields {
    char phase;
    p2a_id name, arg_name, arg_file;
    double ts, dur, calls, arg_line;
    bool has_ts, ours;
    uint64_t pid, tid, id;
};

struct reader {
    struct p2a_in *in;
    struct p2a_profile *p;
    struct p2a_json *j;
    struct track *track;
    uint32_t track_n, track_room;
    struct p2a_index track_of;
    struct event *event;
    uint32_t event_n, event_room;
    struct sampled *sampled;
    uint32_t sampled_n, sampled_room;
    struct chunk chunk;
    struct p2a_v8_frame frame;
    int64_t origin; /* nanoseconds: the first event's time */
    bool has_origin;
    uint64_t passed_over, asynchronous;
    uint64_t unmatched, unended, overlapping;
    /* of the thread being laid out */
    struct open *open;
    uint32_t open_n, open_room;
    double now;
};

static const uint64_t PROCESS = UINT64_MAX;

static bool grow(struct reader *r, void *array_pointer, uint32_t *room, uint32_t n, size_t size)
{
    if (n < P2A_NONE - 1 && p2a_grow(array_pointer, room, (uint64_t)n + 1, size))
        return true;
    return p2a_json_no_memory(r->j);
}

static bool same_track(const void *table, uint32_t row, const void *key)
{
    const struct track *a = (const struct track *)table + row, *b = key;
    return a->pid == b->pid && a->tid == b->tid;
}

static uint32_t find_track(struct reader *r, uint64_t pid, uint64_t tid)
{
    struct track track = {.pid = pid, .tid = tid, .thread = P2A_NONE};
    uint64_t words[] = {pid, tid};
    uint64_t hash = p2a_hash(words, sizeof words);
    uint32_t row = p2a_index_find(&r->track_of, hash, same_track, r->track, &track);
    if (row != P2A_INDEX_NONE)
        return row;
    if (!grow(r, &r->track, &r->track_room, r->track_n, sizeof track))
        return P2A_NONE;
    if (!p2a_index_add(&r->track_of, hash, r->track_n)) {
        p2a_json_no_memory(r->j);
        return P2A_NONE;
    }
    r->track[r->track_n] = track;
    return r->track_n++;
}

/* ---- reader: values ---- */

/* A number, which some programs put in quotes. False: neither. */
static bool read_value(struct reader *r, double *value)
{
    struct p2a_str text;
    if (p2a_json_peek(r->j) == P2A_JSON_STRING)
        return p2a_json_string(r->j, &text) && p2a_str_double(text, value);
    if (!p2a_json_is(r->j, P2A_JSON_NUMBER))
        return false;
    *value = p2a_json_number(r->j);
    return !r->j->stopped;
}

/* Microseconds as nanoseconds: exactly, where they have three decimals at most, so that what fits
 * into one another in the file does so here. */
static double read_nanoseconds(struct reader *r, int64_t *exact, bool *is_exact)
{
    double value = 0;
    *is_exact = false;
    *exact = 0;
    if (p2a_json_peek(r->j) != P2A_JSON_NUMBER) {
        read_value(r, &value);
        return value * 1000;
    }
    value = p2a_json_number(r->j) * 1000;
    *is_exact = p2a_json_shifted(r->j, 3, exact);
    return value;
}

/* Programs that take one double of microseconds from another are a little off: see put_length. */
static double read_length(struct reader *r)
{
    int64_t exact;
    bool is_exact;
    double value = read_nanoseconds(r, &exact, &is_exact), near = round(value);
    if (is_exact)
        return (double)exact;
    return fabs(value - near) < 0.01 ? near : value;
}

static double read_time(struct reader *r)
{
    int64_t exact;
    bool is_exact;
    double value = read_nanoseconds(r, &exact, &is_exact);
    if (!r->has_origin) {
        r->has_origin = true;
        r->origin = is_exact ? exact : 0;
    }
    /* no difference of two int64_t overflows an uint64_t */
    if (is_exact)
        return exact >= r->origin ? (double)((uint64_t)exact - (uint64_t)r->origin)
                                  : -(double)((uint64_t)r->origin - (uint64_t)exact);
    return value - (double)r->origin;
}

/* The number of a process, thread or profile; names, which some programs have there, get one. */
static uint64_t read_number(struct reader *r)
{
    struct p2a_str text;
    uint64_t value;
    if (p2a_json_peek(r->j) == P2A_JSON_STRING && p2a_json_string(r->j, &text))
        return p2a_str_u64(text, &value) ? value : UINT64_C(1) << 63 | p2a_intern(r->p, text);
    double number = p2a_json_number_or(r->j, 0);
    if (r->j->whole)
        return (uint64_t)r->j->integer;
    return number >= 0 && number < 0x1p63 ? (uint64_t)number : 0;
}

static uint64_t read_node_id(struct reader *r)
{
    return (uint64_t)p2a_json_integer(r->j, 0, INT64_MAX);
}

/* ---- reader: pieces of V8's profiles ---- */

static void read_chunk_node(struct reader *r)
{
    struct chunk *c = &r->chunk;
    struct chunk_node node = {.function = P2A_NONE};
    struct p2a_str key;
    for (p2a_json_object(r->j); p2a_json_key(r->j, &key);) {
        if (p2a_str_is(key, "id"))
            node.id = read_node_id(r);
        else if (p2a_str_is(key, "parent"))
            node.parent = read_node_id(r), node.has_parent = true;
        else if (p2a_str_is(key, "callFrame") && p2a_v8_call_frame(r->j, &r->frame)) {
            struct p2a_str name = {r->frame.name.at, r->frame.name.n};
            struct p2a_function f = {.line = r->frame.line};
            f.name = p2a_intern(r->p, name.n ? name : P2A_LIT("(anonymous)"));
            f.file = p2a_intern(r->p, p2a_v8_file(&r->frame.url));
            p2a_tell_kind(r->p, &f);
            node.function = p2a_function(r->p, &f);
        } else if (!p2a_str_is(key, "callFrame"))
            p2a_json_skip(r->j);
    }
    if (!r->j->stopped && grow(r, &c->node, &c->node_room, c->node_n, sizeof node))
        c->node[c->node_n++] = node;
}

static void read_chunk_samples(struct reader *r)
{
    struct chunk *c = &r->chunk;
    for (p2a_json_array(r->j); p2a_json_item(r->j);) {
        uint64_t id = read_node_id(r);
        if (r->j->stopped || !grow(r, &c->sample, &c->sample_room, c->sample_n, sizeof id))
            return;
        c->sample[c->sample_n++] = id;
    }
}

static void read_chunk_numbers(struct reader *r, double **array, uint32_t *n, uint32_t *room)
{
    for (p2a_json_array(r->j); p2a_json_item(r->j);) {
        double value = p2a_json_number(r->j);
        if (r->j->stopped || !grow(r, array, room, *n, sizeof value))
            return;
        (*array)[(*n)++] = value;
    }
}

/* args.data, and the cpuProfile in it, which has the same keys or others. */
static void read_chunk(struct reader *r, bool inner)
{
    struct chunk *c = &r->chunk;
    struct p2a_str key;
    if (!p2a_json_is(r->j, P2A_JSON_OBJECT))
        return;
    for (p2a_json_object(r->j); p2a_json_key(r->j, &key);) {
        bool array = p2a_json_peek(r->j) == P2A_JSON_ARRAY;
        if (!inner && p2a_str_is(key, "cpuProfile"))
            read_chunk(r, true);
        else if (inner && array && p2a_str_is(key, "nodes"))
            for (p2a_json_array(r->j); p2a_json_item(r->j);)
                read_chunk_node(r);
        else if (inner && array && p2a_str_is(key, "samples"))
            read_chunk_samples(r);
        else if (array && p2a_str_is(key, "timeDeltas"))
            read_chunk_numbers(r, &c->delta, &c->delta_n, &c->delta_room);
        else if (array && p2a_str_is(key, "lines"))
            read_chunk_numbers(r, &c->line, &c->line_n, &c->line_room);
        else if (p2a_str_is(key, "startTime"))
            read_value(r, &c->start);
        else if (p2a_str_is(key, "endTime"))
            read_value(r, &c->end);
        else
            p2a_json_skip(r->j);
    }
}

static struct sampled *find_sampled(struct reader *r, const struct fields *f)
{
    for (uint32_t i = 0; i < r->sampled_n; i++)
        if (r->sampled[i].pid == f->pid && r->sampled[i].id == f->id)
            return &r->sampled[i];
    if (!grow(r, &r->sampled, &r->sampled_room, r->sampled_n, sizeof *r->sampled))
        return NULL;
    struct sampled s = {.pid = f->pid, .id = f->id, .end = NAN};
    s.track = find_track(r, f->pid, f->tid);
    r->sampled[r->sampled_n] = s;
    return s.track == P2A_NONE ? NULL : &r->sampled[r->sampled_n++];
}

static void take_node(struct reader *r, struct sampled *s, const struct chunk_node *node)
{
    uint32_t row = p2a_calltree_row(&s->tree, node->id);
    uint32_t parent = node->has_parent ? p2a_calltree_row(&s->tree, node->parent) : P2A_NONE;
    if (s->tree.failed) {
        p2a_json_no_memory(r->j);
        return;
    }
    s->tree.node[row].function = node->function;
    if (parent != row)
        s->tree.node[row].parent = parent;
}

static void take_sample(struct reader *r, struct sampled *s, uint32_t i)
{
    const struct chunk *c = &r->chunk;
    double line = i < c->line_n ? c->line[i] : 0;
    s->now += i < c->delta_n ? c->delta[i] : 0;
    p2a_calltree_sample(&s->tree, p2a_calltree_find(&s->tree, c->sample[i]), s->now);
    if (s->tree.failed)
        p2a_json_no_memory(r->j);
    else if (grow(r, &s->line, &s->line_room, s->line_n, sizeof *s->line))
        s->line[s->line_n++] = line > 0 && line < INT32_MAX ? (uint32_t)line : 0;
}

static void take_chunk(struct reader *r, const struct fields *f)
{
    const struct chunk *c = &r->chunk;
    struct sampled *s = find_sampled(r, f);
    for (uint32_t i = 0; s && i < c->node_n; i++)
        take_node(r, s, &c->node[i]);
    if (s && !isnan(c->start) && !s->tree.sample_n)
        s->now = c->start;
    if (s && !isnan(c->end))
        s->end = c->end;
    for (uint32_t i = 0; s && i < c->sample_n && !r->j->stopped; i++)
        take_sample(r, s, i);
}

/* ---- reader: events ---- */

static void read_args(struct reader *r, struct fields *f)
{
    struct p2a_str key;
    if (!p2a_json_is(r->j, P2A_JSON_OBJECT))
        return;
    for (p2a_json_object(r->j); p2a_json_key(r->j, &key);) {
        if (p2a_str_is(key, "data"))
            read_chunk(r, false);
        else if (p2a_str_is(key, "name"))
            f->arg_name = p2a_json_intern(r->j, r->p);
        else if (p2a_str_is(key, "file"))
            f->arg_file = p2a_json_intern(r->j, r->p);
        else if (p2a_str_is(key, "line"))
            read_value(r, &f->arg_line);
        else if (p2a_str_is(key, "calls"))
            read_value(r, &f->calls);
        else
            p2a_json_skip(r->j);
    }
}

static void read_field(struct reader *r, struct fields *f, struct p2a_str key)
{
    struct p2a_str text;
    if (p2a_str_is(key, "ph") && p2a_json_is(r->j, P2A_JSON_STRING))
        f->phase = p2a_json_string(r->j, &text) && text.n == 1 ? text.at[0] : '?';
    else if (p2a_str_is(key, "name"))
        f->name = p2a_json_intern(r->j, r->p);
    else if (p2a_str_is(key, "ts"))
        f->ts = read_time(r), f->has_ts = true;
    else if (p2a_str_is(key, "dur"))
        f->dur = read_length(r);
    else if (p2a_str_is(key, "pid"))
        f->pid = read_number(r);
    else if (p2a_str_is(key, "tid"))
        f->tid = read_number(r);
    else if (p2a_str_is(key, "id"))
        f->id = read_number(r);
    else if (p2a_str_is(key, "cat") && p2a_json_is(r->j, P2A_JSON_STRING))
        f->ours = p2a_json_string(r->j, &text) && p2a_str_is(text, "prof2any");
    else if (p2a_str_is(key, "args"))
        read_args(r, f);
    else if (!p2a_str_is(key, "ph") && !p2a_str_is(key, "cat"))
        p2a_json_skip(r->j);
}

static p2a_id function_of(struct reader *r, const struct fields *f)
{
    struct p2a_function function = {.name = f->name};
    struct p2a_str name = p2a_string(r->p, f->name), path;
    if (f->ours) {
        function.file = f->arg_file;
        if (f->arg_line > 0 && f->arg_line < INT32_MAX)
            function.line = (int64_t)f->arg_line;
    } else if (p2a_cut_place(&name, &path, &function.line)) {
        function.file = p2a_intern(r->p, path);
        function.name = p2a_intern(r->p, name);
    }
    p2a_tell_kind(r->p, &function);
    return p2a_function(r->p, &function);
}

static void take_slice(struct reader *r, const struct fields *f)
{
    struct event e = {.ts = f->ts, .dur = f->dur, .name = f->name, .phase = f->phase};
    e.order = r->event_n;
    e.calls = !f->ours ? 1 : f->calls >= 1 && f->calls < 0x1p63 ? (uint64_t)f->calls : 0;
    e.track = find_track(r, f->pid, f->tid);
    e.function = f->phase == 'E' ? P2A_NONE : function_of(r, f);
    if (e.track != P2A_NONE && grow(r, &r->event, &r->event_room, r->event_n, sizeof e))
        r->event[r->event_n++] = e;
}

static void take_metadata(struct reader *r, const struct fields *f)
{
    struct p2a_str name = p2a_string(r->p, f->name);
    bool process = p2a_str_is(name, "process_name");
    if (!process && !p2a_str_is(name, "thread_name"))
        return;
    uint32_t track = find_track(r, f->pid, process ? PROCESS : f->tid);
    if (track != P2A_NONE)
        r->track[track].name = f->arg_name;
}

static void take_event(struct reader *r, const struct fields *f)
{
    struct p2a_str name = p2a_string(r->p, f->name);
    switch (f->phase) {
    case 'X':
    case 'B':
    case 'E':
        if (!f->has_ts || f->dur < 0)
            p2a_json_bad(r->j, "an event of phase %c that ends here has %s", f->phase,
                         f->has_ts ? "a negative duration" : "no time, expected \"ts\"");
        else
            take_slice(r, f);
        break;
    case 'M':
        take_metadata(r, f);
        break;
    default:
        if (p2a_str_is(name, "Profile") || p2a_str_is(name, "ProfileChunk") ||
            p2a_str_is(name, "CpuProfile"))
            take_chunk(r, f);
        else if (f->phase && strchr("bneSTFp", f->phase))
            r->asynchronous++;
        else
            r->passed_over++;
    }
}

static bool read_event(struct reader *r)
{
    struct fields f = {.phase = 0};
    struct p2a_str key;
    r->chunk.node_n = r->chunk.sample_n = r->chunk.delta_n = r->chunk.line_n = 0;
    r->chunk.start = r->chunk.end = NAN;
    for (p2a_json_object(r->j); p2a_json_key(r->j, &key);)
        read_field(r, &f, key);
    if (!r->j->stopped)
        take_event(r, &f);
    return !r->j->stopped;
}

static void read_events(struct reader *r)
{
    for (p2a_json_array(r->j); p2a_json_item(r->j);)
        if (!read_event(r))
            return;
}

static void read_file(struct reader *r)
{
    struct p2a_str key;
    if (p2a_json_peek(r->j) == P2A_JSON_ARRAY) {
        read_events(r);
        return;
    }
    for (p2a_json_object(r->j); p2a_json_key(r->j, &key);) {
        if (p2a_str_is(key, "traceEvents"))
            read_events(r);
        else
            p2a_json_skip(r->j);
    }
}

/* ---- reader: laying out a thread ---- */

/* A function that is running.
 *
 *     open:  | main until ? | f until 20 | g until 12 |      the last one is what time passes in */
struct open {
    p2a_id function, name, context;
    double end;   /* INFINITY: begun, and not ended yet */
    double least; /* of the ends up to here */
};

static int by_time(const void *a, const void *b)
{
    const struct event *x = a, *y = b;
    if (x->track != y->track)
        return x->track < y->track ? -1 : 1;
    if (x->ts != y->ts)
        return x->ts < y->ts ? -1 : 1;
    bool complete = x->phase == 'X';
    if (complete != (y->phase == 'X'))
        return complete ? 1 : -1;
    if (complete && x->dur != y->dur)
        return x->dur > y->dur ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

static void run_until(struct reader *r, double time)
{
    if (r->open_n && time > r->now)
        p2a_context_add(r->p, r->open[r->open_n - 1].context, 0, time - r->now);
    r->now = time;
}

/* Gives the open functions from I on their contexts, under those below. */
static void seat_open(struct reader *r, uint32_t i, p2a_id thread)
{
    for (; i < r->open_n; i++) {
        struct open *o = &r->open[i];
        o->context = p2a_context(r->p, i ? o[-1].context : P2A_NONE, o->function, thread);
        o->least = i && o[-1].least < o->end ? o[-1].least : o->end;
    }
}

static void remove_open(struct reader *r, uint32_t i, p2a_id thread)
{
    r->open_n--;
    memmove(r->open + i, r->open + i + 1, (r->open_n - i) * sizeof *r->open);
    seat_open(r, i, thread);
}

/* Which of the open functions ends first; of several, the innermost. */
static uint32_t first_to_end(const struct reader *r)
{
    uint32_t i = r->open_n - 1;
    double least = r->open[i].least;
    while (r->open[i].end > least)
        i--;
    return i;
}

/* Passes time up to TIME, and ends on the way what ends by then. Where a caller ends first, the one
 * that it called goes on without it. */
static void advance(struct reader *r, double time, p2a_id thread)
{
    while (r->open_n && r->open[r->open_n - 1].least <= time) {
        uint32_t first = first_to_end(r);
        run_until(r, r->open[first].end > r->now ? r->open[first].end : r->now);
        r->overlapping += first + 1 < r->open_n;
        remove_open(r, first, thread);
    }
    run_until(r, time);
}

static void begin(struct reader *r, const struct event *e, p2a_id thread)
{
    if (!grow(r, &r->open, &r->open_room, r->open_n, sizeof *r->open))
        return;
    double end = e->phase == 'X' ? e->ts + e->dur : (double)INFINITY;
    r->open[r->open_n++] = (struct open){e->function, e->name, P2A_NONE, end, end};
    seat_open(r, r->open_n - 1, thread);
    p2a_context_calls(r->p, r->open[r->open_n - 1].context, e->calls);
}

/* Ends the innermost function that was begun, by its name where the event has one. */
static void end(struct reader *r, const struct event *e, p2a_id thread)
{
    uint32_t i = r->open_n;
    while (i > 0 && !(isinf(r->open[i - 1].end) && (!e->name || e->name == r->open[i - 1].name)))
        i--;
    if (!i) {
        r->unmatched++;
        return;
    }
    for (uint32_t above = r->open_n - 1; above >= i; above--)
        if (isinf(r->open[above].end)) {
            r->unended++;
            remove_open(r, above, thread);
        }
    r->overlapping += i < r->open_n;
    remove_open(r, i - 1, thread);
}

static p2a_id thread_of(struct reader *r, uint32_t row)
{
    struct track *t = &r->track[row];
    if (t->thread != P2A_NONE)
        return t->thread;
    struct track process = {.pid = t->pid, .tid = PROCESS};
    uint64_t words[] = {t->pid, PROCESS};
    uint32_t of =
        p2a_index_find(&r->track_of, p2a_hash(words, sizeof words), same_track, r->track, &process);
    p2a_id name = t->name;
    if (!name && of != P2A_INDEX_NONE)
        name = r->track[of].name;
    if (!name && t->tid >> 63)
        name = (p2a_id)t->tid;
    t->thread = p2a_thread(r->p, t->pid >> 63 ? 0 : t->pid, t->tid >> 63 ? 0 : t->tid,
                           p2a_string(r->p, name));
    return t->thread;
}

/* The events from I on that are of one thread; returns what follows. */
static uint32_t lay_out(struct reader *r, uint32_t i)
{
    uint32_t track = r->event[i].track;
    p2a_id thread = thread_of(r, track);
    double last = r->event[i].ts;
    r->open_n = 0;
    r->now = last;
    for (; i < r->event_n && r->event[i].track == track; i++) {
        const struct event *e = &r->event[i];
        advance(r, e->ts, thread);
        if (e->phase == 'E')
            end(r, e, thread);
        else
            begin(r, e, thread);
        last = e->ts + e->dur > last ? e->ts + e->dur : last;
    }
    advance(r, last, thread);
    r->unended += r->open_n;
    return i;
}

/* ---- reader: into the profile ---- */

static void add_line(struct reader *r, p2a_id function, uint32_t line, double value)
{
    struct p2a_line place = {.function = function, .line = line};
    if (line)
        place.file = r->p->functions.row[function].file;
    if (value != 0)
        p2a_line_add(r->p, &place, 0, value);
}

static void fill_sampled(struct reader *r, struct sampled *s)
{
    struct p2a_calltree *t = &s->tree;
    bool lines = false;
    p2a_calltree_pass(t, isnan(s->end) ? -INFINITY : s->end);
    if (!p2a_calltree_fill(t, r->p, thread_of(r, s->track), 0))
        p2a_json_no_memory(r->j);
    if (t->unordered)
        p2a_note(r->p, "%" PRIu32 " sample%s out of order: all are sorted by their times",
                 t->unordered, t->unordered == 1 ? " stands" : "s stand");
    for (uint32_t i = 0; i < s->line_n; i++)
        lines = lines || s->line[i];
    for (uint32_t i = 0; lines && i < t->sample_n; i++) {
        const struct p2a_calltree_sample *sample = &t->sample[i];
        double until = i + 1 < t->sample_n ? sample[1].time : s->end;
        if (until > sample->time && sample->row < t->n && t->node[sample->row].function != P2A_NONE)
            add_line(r, t->node[sample->row].function, s->line[sample->order],
                     until - sample->time);
    }
}

static void note_left_out(struct reader *r)
{
    if (r->asynchronous)
        p2a_note(r->p, "%" PRIu64 " asynchronous event%s: left out", r->asynchronous,
                 r->asynchronous == 1 ? " is no call" : "s are no calls");
    if (r->passed_over)
        p2a_note(r->p, "%" PRIu64 " event%s: left out", r->passed_over,
                 r->passed_over == 1 ? " is an instant, a counter, a flow or the like"
                                     : "s are instants, counters, flows and the like");
    if (r->sampled_n && r->event_n)
        p2a_note(r->p, "%" PRIu32 " event%s left out beside V8's samples", r->event_n,
                 r->event_n == 1 ? " of the timeline is" : "s of the timeline are");
}

static void note_mended(struct reader *r)
{
    if (r->unmatched)
        p2a_note(r->p, "%" PRIu64 " event%s what never began: passed over", r->unmatched,
                 r->unmatched == 1 ? " ends" : "s end");
    if (r->unended)
        p2a_note(r->p, "%" PRIu64 " event%s to the end of the caller or the thread", r->unended,
                 r->unended == 1 ? " never ends: it lasts" : "s never end: they last");
    if (r->overlapping)
        p2a_note(r->p, "%" PRIu64 " event%s called: that goes on alone", r->overlapping,
                 r->overlapping == 1 ? " ends before what it" : "s end before what they");
    if (r->j->cut)
        p2a_note(r->p,
                 "the file ends before its array does, as after a crash: %" PRIu32 " event%s read",
                 r->event_n, r->event_n == 1 ? " was" : "s were");
}

static void fill_profile(struct reader *r)
{
    bool samples = false;
    for (uint32_t i = 0; i < r->sampled_n; i++)
        samples = samples || r->sampled[i].tree.sample_n;
    p2a_metric(r->p, "time", "seconds", samples ? 1e-6 : 1e-9);
    if (!samples)
        r->sampled_n = 0;
    for (uint32_t i = 0; i < r->sampled_n; i++)
        fill_sampled(r, &r->sampled[i]);
    if (!samples && r->event_n)
        qsort(r->event, r->event_n, sizeof *r->event, by_time);
    for (uint32_t i = 0; !samples && i < r->event_n;)
        i = lay_out(r, i);
    note_left_out(r);
    note_mended(r);
    if (!samples && !r->event_n && r->j->cut)
        p2a_json_bad_at(r->j, p2a_json_here(r->j),
                        "ends before the first event with a duration, expected phases X, B and E");
    else if (!samples && !r->event_n)
        p2a_note(r->p, "no event has a duration: expected phases X, B and E, or V8's samples");
}

static enum p2a_status read_trace(struct p2a_in *in)
{
    struct p2a_json *j = malloc(sizeof *j);
    struct reader r = {.in = in, .p = in->profile, .j = j};
    if (!j)
        return p2a_in_no_memory(in);
    p2a_json_start(j, in);
    j->may_end = true;
    read_file(&r);
    uint32_t sampled_n = r.sampled_n;
    fill_profile(&r);
    p2a_json_finish(j);
    p2a_json_stop(j);
    free(j);
    for (uint32_t i = 0; i < sampled_n; i++) {
        p2a_calltree_free(&r.sampled[i].tree);
        free(r.sampled[i].line);
    }
    free(r.sampled);
    free(r.chunk.node);
    free(r.chunk.sample);
    free(r.chunk.delta);
    free(r.chunk.line);
    p2a_v8_frame_free(&r.frame);
    free(r.track);
    p2a_index_free(&r.track_of);
    free(r.event);
    free(r.open);
    return p2a_in_status(in);
}

/* ---- writer ---- */

/* Times in units of a thousandth of a microsecond. */
struct writer {
    struct p2a_out *out;
    struct p2a_json_writer json;
    const struct p2a_profile *p;
    struct p2a_tree tree;
    uint64_t *total; /* of contexts */
    uint64_t *start;
    struct line_of_time {
        uint64_t pid, tid, now;
        uint32_t
            as; /* the row of the same pid and tid that comes first: their events are one line */
    } * line;   /* by thread; row threads.n: of contexts without one */
    uint32_t shared; /* threads whose line is another's */
    bool time;
};

static struct line_of_time *line_of(const struct writer *w, p2a_id thread)
{
    return &w->line[w->line[thread == P2A_NONE ? w->p->threads.n : thread].as];
}

static bool same_line(const void *table, uint32_t row, const void *key)
{
    const struct line_of_time *a = (const struct line_of_time *)table + row, *b = key;
    return a->pid == b->pid && a->tid == b->tid;
}

/* What has no numbers gets some. */
static bool number_threads(struct writer *w)
{
    struct p2a_index known = {0};
    uint32_t n = w->p->threads.n;
    w->line = calloc((size_t)n + 1, sizeof *w->line);
    bool done = w->line;
    for (uint32_t i = 0; done && i <= n; i++) {
        struct line_of_time *line = &w->line[i];
        const struct p2a_thread none = {0}, *t = i < n ? &w->p->threads.row[i] : &none;
        line->pid = t->pid ? t->pid : 1;
        line->tid = t->tid ? t->tid : UINT64_C(1000000000) + i;
        uint64_t words[] = {line->pid, line->tid}, hash = p2a_hash(words, sizeof words);
        line->as = p2a_index_find(&known, hash, same_line, w->line, line);
        if (line->as == P2A_INDEX_NONE) {
            line->as = i;
            done = p2a_index_add(&known, hash, i);
        }
        w->shared += line->as != i;
    }
    p2a_index_free(&known);
    return done;
}

static void put_time(struct writer *w, const char *key, uint64_t value)
{
    char text[40];
    int n = snprintf(text, sizeof text, value % 1000 ? "%" PRIu64 ".%03u" : "%" PRIu64,
                     value / 1000, (unsigned)(value % 1000));
    p2a_json_name(&w->json, key);
    p2a_json_raw(&w->json, (struct p2a_str){text, (size_t)n});
}

/* Who reads it adds up doubles, start and length: as many decimals as it takes to come to the very
 * number that the next one starts at. 1.241 + 0.516 is more than 1.757, and the next one would
 * begin within this one. */
static void put_length(struct writer *w, uint64_t start, uint64_t length)
{
    double from = (double)start / 1000, end = (double)(start + length) / 1000;
    char text[40];
    int n = 0;
    if (from + (double)length / 1000 == end) {
        put_time(w, "dur", length);
        return;
    }
    for (int places = 4; places <= 17; places++) {
        n = snprintf(text, sizeof text, "%.*f", places, end - from);
        if (from + strtod(text, NULL) == end)
            break;
    }
    p2a_json_name(&w->json, "dur");
    p2a_json_raw(&w->json, (struct p2a_str){text, (size_t)n});
}

static void put_text(struct writer *w, const char *key, struct p2a_str text)
{
    p2a_json_name(&w->json, key);
    p2a_json_str(&w->json, text);
}

static void put_number(struct writer *w, const char *key, uint64_t value)
{
    p2a_json_name(&w->json, key);
    p2a_json_u64(&w->json, value);
}

static void put_ids(struct writer *w, p2a_id thread)
{
    const struct line_of_time *line = line_of(w, thread);
    put_number(w, "pid", line->pid);
    put_number(w, "tid", line->tid);
}

static void put_args(struct writer *w, const struct p2a_context *c, const struct p2a_function *f)
{
    struct p2a_str file = p2a_string(w->p, f->file);
    p2a_json_name(&w->json, "args");
    p2a_json_begin(&w->json, '{');
    uint64_t calls = p2a_calls_of(&w->p->contexts, (p2a_id)(c - w->p->contexts.row));
    if (w->p->facts & P2A_CALLS && calls)
        put_number(w, "calls", calls);
    if (file.n && !p2a_str_is(file, "~"))
        put_text(w, "file", file);
    if (f->line > 0)
        put_number(w, "line", (uint64_t)f->line);
    p2a_json_end(&w->json, '}');
}

static void put_event(struct writer *w, p2a_id context)
{
    const struct p2a_context *c = &w->p->contexts.row[context];
    const struct p2a_function *f = &w->p->functions.row[c->function];
    p2a_json_line(&w->json);
    p2a_json_begin(&w->json, '{');
    put_text(w, "ph", P2A_LIT("X"));
    put_text(w, "cat", P2A_LIT("prof2any"));
    put_text(w, "name", p2a_string(w->p, f->qualname ? f->qualname : f->name));
    put_time(w, "ts", w->start[context]);
    put_length(w, w->start[context], w->total[context]);
    put_ids(w, c->thread);
    put_args(w, c, f);
    p2a_json_end(&w->json, '}');
}

static void put_thread(struct writer *w, p2a_id thread)
{
    p2a_json_line(&w->json);
    p2a_json_begin(&w->json, '{');
    put_text(w, "ph", P2A_LIT("M"));
    put_text(w, "name", P2A_LIT("thread_name"));
    put_ids(w, thread);
    p2a_json_name(&w->json, "args");
    p2a_json_begin(&w->json, '{');
    put_text(w, "name", p2a_string(w->p, w->p->threads.row[thread].name));
    p2a_json_end(&w->json, '}');
    p2a_json_end(&w->json, '}');
}

/* Totals from the rounded values; then starts, a child behind its elder sibling. */
static void lay_in_time(struct writer *w)
{
    const struct p2a_profile *p = w->p;
    for (p2a_id i = p->contexts.n; i-- > 0;)
        if (p->contexts.row[i].parent != P2A_NONE)
            w->total[p->contexts.row[i].parent] += w->total[i];
    for (p2a_id i = w->tree.first; i != P2A_NONE; i = p2a_tree_after(p, &w->tree, i)) {
        const struct p2a_context *c = &p->contexts.row[i];
        uint64_t *now = &line_of(w, c->thread)->now;
        if (c->parent == P2A_NONE) {
            w->start[i] = *now;
            *now += w->total[i];
        }
        uint64_t at = w->start[i];
        for (p2a_id child = w->tree.child[i]; child != P2A_NONE; child = w->tree.next[child]) {
            w->start[child] = at;
            at += w->total[child];
        }
    }
}

static void put_file(struct writer *w)
{
    const struct p2a_profile *p = w->p;
    const struct p2a_metric *m = &p->metrics.row[0];
    double scale = m->scale * (w->time ? 1e9 : 1000);
    p2a_note_rounded(w->out, 0,
                     p2a_round(p->contexts.self, p->contexts.n, p->columns, scale, w->total));
    lay_in_time(w);
    p2a_json_begin(&w->json, '{');
    p2a_json_name(&w->json, "traceEvents");
    p2a_json_begin(&w->json, '[');
    for (p2a_id t = 0; t < p->threads.n; t++)
        if (p2a_string(p, p->threads.row[t].name).n)
            put_thread(w, t);
    for (p2a_id i = w->tree.first; i != P2A_NONE; i = p2a_tree_after(p, &w->tree, i))
        put_event(w, i);
    p2a_json_end(&w->json, ']');
    put_text(w, "displayTimeUnit", P2A_LIT("ms"));
    p2a_json_name(&w->json, "otherData");
    p2a_json_begin(&w->json, '{');
    put_text(w, "exporter", P2A_LIT("prof2any@" P2A_VERSION));
    put_text(w, "order", P2A_LIT("not recorded: contexts are laid out one behind the other"));
    put_text(w, "metric", p2a_string(p, m->name));
    p2a_json_end(&w->json, '}');
    p2a_json_end(&w->json, '}');
    p2a_put_text(w->out, "\n");
    p2a_out_note(w->out, P2A_NO_ORDER);
    if (w->shared)
        p2a_out_note(w->out,
                     "%" PRIu32 " thread%s the pid and tid of another: in a trace they are one",
                     w->shared, w->shared == 1 ? " has" : "s have");
    if (!w->time)
        p2a_out_note(w->out, "trace holds times: 1 of %s is written as a microsecond",
                     p2a_string(p, m->name).at);
}

static enum p2a_status write_trace(struct p2a_out *out)
{
    struct writer w = {.out = out, .json = {.out = out}, .p = out->profile};
    size_t n = (size_t)w.p->contexts.n + 1;
    if (!w.p->metrics.n)
        return p2a_cant_write(out, P2A_INPUT, "there are no values, and trace needs some");
    w.time = p2a_str_is(p2a_string(w.p, w.p->metrics.row[0].unit), "seconds");
    w.total = calloc(n, sizeof *w.total);
    w.start = calloc(n, sizeof *w.start);
    if (w.total && w.start && number_threads(&w) && p2a_tree_build(w.p, &w.tree)) {
        put_file(&w);
        p2a_tree_free(&w.tree);
    } else {
        p2a_no_memory(out);
    }
    free(w.total);
    free(w.start);
    free(w.line);
    return p2a_out_status(out);
}

static const char *const aliases[] = {"chrome", "perfetto", "catapult", NULL};
static const char *const patterns[] = {"*.trace.json", "*.perfetto.json", NULL};

const struct p2a_format p2a_format_trace = {
    .name = "trace",
    .title = "Chrome's trace events, for Perfetto and chrome://tracing",
    .aliases = aliases,
    .patterns = patterns,
    .probe = probe,
    .read = read_trace,
    .write = write_trace,
    .gives = P2A_CONTEXTS | P2A_CALLS | P2A_LINES | P2A_THREADS | P2A_PLACES,
    .needs = P2A_CONTEXTS,
    .keeps = P2A_CONTEXTS | P2A_CALLS | P2A_THREADS | P2A_PLACES,
    .timed = true,
};
