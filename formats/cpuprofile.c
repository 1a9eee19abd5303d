/* V8's profiles, as node --cpu-prof, node --heap-prof and Chromium's DevTools save them. Defined by
 * the DevTools protocol: Profiler.Profile, HeapProfiler.SamplingHeapProfile.
 *
 *   {"nodes": [{"id": 1, "callFrame": {"functionName": "f", "scriptId": "7", "url": "file:///a.js",
 *               "lineNumber": 11, "columnNumber": 4}, "hitCount": 3, "children": [2, 3],
 *               "positionTicks": [{"line": 13, "ticks": 3}]}],
 *    "startTime": 5000, "endTime": 9000, "samples": [2, 3, 2], "timeDeltas": [100, 900, 1000]}
 *
 *   {"head": {"callFrame": {…}, "selfSize": 8192, "id": 1, "children": [{…}]}, "samples": […]}
 *
 * Reading:
 * - timeDeltas[i], in microseconds, is the time before sample i. A node runs from its sample to the
 *   next one, the last one to endTime; the time before the first sample is nobody's. Samples that
 *   stand out of order (a negative delta) are sorted by their times.
 * - Without samples the values are hitCounts ("samples"); of a heap profile they are bytes.
 * - Lines count from 0, line -1 is none; "" is a function without name, "file:///" goes. "(root)"
 * is no frame; "(program)", "(idle)" and "(garbage collector)" are.
 * - positionTicks are costs per line; times are shared out among a node's lines by their ticks.
 * - The older tree in "head" with functionName and url in the node, "timestamps" in place of
 * deltas, and nodes with "parent" in place of "children" are read too.
 *
 * Writing: CPU profiles. A node a context; hitCount is its value in whole microseconds, and one
 * sample of that length follows the one before: contexts have no order in time. Other values than
 * times are written as if they were microseconds. Keys of ours name the metric. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/human.h"
#include "codec/json.h"
#include "codec/json_write.h"
#include "codec/v8.h"
#include "model/calltree.h"
#include "model/origin.h"
#include "model/walk.h"

/* ---- probe ---- */

static bool has_node(const struct p2a_probe *probe, const char *node)
{
    static const char *const signs[] = {".callFrame.functionName", ".functionName"};
    char path[64];
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        snprintf(path, sizeof path, "%s%s", node, signs[i]);
        if (p2a_json_has(probe, path, P2A_JSON_STRING))
            return true;
    }
    return false;
}

static enum p2a_sure probe(const struct p2a_probe *probe)
{
    if (has_node(probe, "nodes[]") || has_node(probe, "head"))
        return P2A_SURE;
    if (p2a_json_has(probe, "timeDeltas", P2A_JSON_ARRAY) &&
        (p2a_json_has(probe, "samples", P2A_JSON_ARRAY) ||
         p2a_json_has(probe, "startTime", P2A_JSON_NUMBER)))
        return P2A_LIKELY;
    return P2A_NO;
}

/* ---- reader ---- */

/* Ticks of a node on a line. */
struct tick {
    uint32_t row;
    int64_t line;
    double ticks;
};

/* A node being read; children that are objects stand within their parents. */
struct level {
    uint32_t row;
    p2a_id name, url; /* of the older form; P2A_NONE: not said */
    int64_t line;
};

struct reader {
    struct p2a_in *in;
    struct p2a_profile *p;
    struct p2a_json *j;
    struct p2a_calltree tree;
    struct p2a_v8_frame frame;
    struct level *level;
    uint32_t level_n, level_room;
    struct tick *tick;
    uint32_t tick_n, tick_room;
    double *time; /* deltas or timestamps */
    uint32_t time_n, time_room;
    uint64_t *sample; /* ids */
    uint64_t sample_at;
    uint32_t sample_n, sample_room;
    double start, end; /* NAN: not said */
    bool timestamps, heap, has_nodes;
    p2a_id metric, metric_unit; /* ours; 0: not said */
};

static bool grow(struct reader *r, void *array_pointer, uint32_t *room, uint32_t n, size_t size)
{
    if (n < P2A_NONE - 1 && p2a_grow(array_pointer, room, (uint64_t)n + 1, size))
        return true;
    return p2a_json_no_memory(r->j);
}

/* ---- reader: nodes ---- */

static uint64_t read_id(struct reader *r)
{
    return (uint64_t)p2a_json_integer(r->j, 0, INT64_MAX);
}

static p2a_id function_of(struct reader *r, struct p2a_str name, struct p2a_str file, int64_t line)
{
    struct p2a_function f = {.line = line};
    f.name = p2a_intern(r->p, name.n ? name : P2A_LIT("(anonymous)"));
    f.file = p2a_intern(r->p, file);
    p2a_tell_kind(r->p, &f);
    return p2a_function(r->p, &f);
}

static void read_call_frame(struct reader *r, struct p2a_calltree_node *node)
{
    if (p2a_v8_call_frame(r->j, &r->frame))
        node->function = function_of(r, (struct p2a_str){r->frame.name.at, r->frame.name.n},
                                     p2a_v8_file(&r->frame.url), r->frame.line);
}

static void read_tick(struct reader *r, uint32_t row)
{
    struct tick tick = {.row = row};
    struct p2a_str key;
    for (p2a_json_object(r->j); p2a_json_key(r->j, &key);) {
        if (p2a_str_is(key, "line"))
            tick.line = p2a_json_integer(r->j, INT32_MIN, INT32_MAX);
        else if (p2a_str_is(key, "ticks"))
            tick.ticks = p2a_json_number(r->j);
        else
            p2a_json_skip(r->j);
    }
    if (r->j->stopped || !(tick.ticks > 0))
        return;
    if (grow(r, &r->tick, &r->tick_room, r->tick_n, sizeof tick))
        r->tick[r->tick_n++] = tick;
}

/* A new node; the object of it is entered. */
static void open_node(struct reader *r, uint32_t parent)
{
    if (!p2a_json_object(r->j) || !grow(r, &r->level, &r->level_room, r->level_n, sizeof *r->level))
        return;
    uint32_t row = p2a_calltree_add(&r->tree);
    if (row == P2A_NONE) {
        p2a_json_no_memory(r->j);
        return;
    }
    r->tree.node[row].parent = parent;
    r->level[r->level_n++] = (struct level){row, P2A_NONE, P2A_NONE, 0};
    r->has_nodes = true;
}

static void close_node(struct reader *r)
{
    const struct level *level = &r->level[--r->level_n];
    struct p2a_calltree_node *node = &r->tree.node[level->row];
    if (node->function == P2A_NONE && level->name != P2A_NONE) {
        r->frame.url.n = 0;
        struct p2a_str url = p2a_string(r->p, level->url);
        if (!p2a_buffer_add(&r->frame.url, url.at, url.n))
            p2a_json_no_memory(r->j);
        else
            node->function = function_of(r, p2a_string(r->p, level->name),
                                         p2a_v8_file(&r->frame.url), level->line);
    }
}

static void link_child(struct reader *r, uint32_t parent)
{
    uint32_t child = p2a_calltree_row(&r->tree, read_id(r));
    if (child == P2A_NONE)
        p2a_json_no_memory(r->j);
    else if (r->tree.node[child].parent == P2A_NONE && !r->j->stopped)
        r->tree.node[child].parent = parent;
}

/* The number of the node being read. A number that others named before has a row already: what
 * they said goes to this one. */
static void number_node(struct reader *r, struct level *level)
{
    uint64_t id = read_id(r);
    uint32_t known = p2a_calltree_find(&r->tree, id);
    if (known == P2A_NONE || r->j->stopped) {
        p2a_calltree_number(&r->tree, level->row, id);
        return;
    }
    struct p2a_calltree_node *old = &r->tree.node[known], *new = &r->tree.node[level->row];
    if (old->function != P2A_NONE || known == level->row)
        return;
    if (new->parent == P2A_NONE)
        new->parent = old->parent;
    *old = *new;
    old->id = id;
    *new =
        (struct p2a_calltree_node){.parent = known, .function = P2A_NONE, .context = new->context};
    level->row = known;
}

static void read_parent(struct reader *r, const struct level *level)
{
    uint32_t parent = p2a_calltree_row(&r->tree, read_id(r));
    if (parent == P2A_NONE)
        p2a_json_no_memory(r->j);
    else if (!r->j->stopped)
        r->tree.node[level->row].parent = parent;
}

static void read_node_key(struct reader *r, struct level *level, struct p2a_str key)
{
    struct p2a_calltree_node *node = &r->tree.node[level->row];
    if (p2a_str_is(key, "id"))
        number_node(r, level);
    else if (p2a_str_is(key, "parent"))
        read_parent(r, level);
    else if (p2a_str_is(key, "callFrame"))
        read_call_frame(r, node);
    else if (p2a_str_is(key, "hitCount"))
        node->value += p2a_json_number_or(r->j, 0);
    else if (p2a_str_is(key, "selfSize"))
        node->value += p2a_json_number_or(r->j, 0), r->heap = true;
    else if (p2a_str_is(key, "functionName"))
        level->name = p2a_json_intern(r->j, r->p);
    else if (p2a_str_is(key, "url"))
        level->url = p2a_json_intern(r->j, r->p);
    else if (p2a_str_is(key, "lineNumber"))
        level->line = p2a_v8_line(r->j);
    else if (p2a_str_is(key, "positionTicks") && p2a_json_is(r->j, P2A_JSON_ARRAY))
        for (p2a_json_array(r->j); p2a_json_item(r->j);)
            read_tick(r, level->row);
    else if (!p2a_str_is(key, "positionTicks"))
        p2a_json_skip(r->j);
}

/* A child of the innermost node, in its array of children: a number, or a node to be read. False
 * behind the last. */
static bool next_child(struct reader *r)
{
    while (p2a_json_item(r->j)) {
        uint32_t parent = r->level[r->level_n - 1].row;
        if (p2a_json_peek(r->j) == P2A_JSON_OBJECT) {
            open_node(r, parent);
            return true;
        }
        link_child(r, parent);
    }
    return false;
}

/* A node with all the nodes within it. */
static void read_node(struct reader *r)
{
    struct p2a_str key;
    r->level_n = 0;
    open_node(r, P2A_NONE);
    while (r->level_n && !r->j->stopped) {
        if (!p2a_json_key(r->j, &key)) {
            if (r->j->stopped)
                break;
            close_node(r);
            if (r->level_n)
                next_child(r);
        } else if (!p2a_str_is(key, "children")) {
            read_node_key(r, &r->level[r->level_n - 1], key);
        } else if (p2a_json_is(r->j, P2A_JSON_ARRAY)) {
            p2a_json_array(r->j);
            next_child(r);
        }
    }
    while (r->level_n)
        close_node(r);
}

/* ---- reader: the file ---- */

static void read_samples(struct reader *r)
{
    for (p2a_json_array(r->j); p2a_json_item(r->j);) {
        if (p2a_json_peek(r->j) == P2A_JSON_OBJECT) { /* a heap's: they are in selfSize already */
            p2a_json_skip(r->j);
            continue;
        }
        uint64_t id = read_id(r);
        r->sample_at = p2a_json_at(r->j);
        if (r->j->stopped || !grow(r, &r->sample, &r->sample_room, r->sample_n, sizeof id))
            return;
        r->sample[r->sample_n++] = id;
    }
}

static void read_times(struct reader *r, bool timestamps)
{
    r->timestamps = timestamps;
    r->time_n = 0;
    for (p2a_json_array(r->j); p2a_json_item(r->j);) {
        double time = p2a_json_number(r->j);
        if (r->j->stopped || !grow(r, &r->time, &r->time_room, r->time_n, sizeof time))
            return;
        r->time[r->time_n++] = time;
    }
}

static void read_file(struct reader *r)
{
    struct p2a_json *j = r->j;
    struct p2a_str key;
    for (p2a_json_object(j); p2a_json_key(j, &key);) {
        if (p2a_str_is(key, "nodes"))
            for (p2a_json_array(j); p2a_json_item(j);)
                read_node(r);
        else if (p2a_str_is(key, "head"))
            read_node(r);
        else if (p2a_str_is(key, "samples") && p2a_json_is(j, P2A_JSON_ARRAY))
            read_samples(r);
        else if (p2a_str_is(key, "timeDeltas") || p2a_str_is(key, "timestamps"))
            read_times(r, p2a_str_is(key, "timestamps"));
        else if (p2a_str_is(key, "startTime"))
            r->start = p2a_json_number_or(r->j, 0);
        else if (p2a_str_is(key, "endTime"))
            r->end = p2a_json_number_or(r->j, 0);
        else if (p2a_str_is(key, "metric"))
            r->metric = p2a_json_intern(r->j, r->p);
        else if (p2a_str_is(key, "metricUnit"))
            r->metric_unit = p2a_json_intern(r->j, r->p);
        else if (!p2a_str_is(key, "samples"))
            p2a_json_skip(j);
    }
}

/* Times of the samples in place of hit counts. */
static void time_nodes(struct reader *r)
{
    double now = r->timestamps || isnan(r->start) ? 0 : r->start;
    uint32_t n = r->sample_n < r->time_n ? r->sample_n : r->time_n, unknown = 0;
    if (n < r->sample_n)
        p2a_json_bad_at(r->j, r->sample_at,
                        "%" PRIu32 " sample%s and %" PRIu32
                        " time%s, expected a time for every sample",
                        r->sample_n, p2a_plural(r->sample_n), r->time_n, p2a_plural(r->time_n));
    for (uint32_t i = 0; i < r->tree.n; i++)
        r->tree.node[i].value = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t row = p2a_calltree_find(&r->tree, r->sample[i]);
        now = r->timestamps ? r->time[i] : now + r->time[i];
        unknown += row == P2A_NONE;
        p2a_calltree_sample(&r->tree, row, now);
    }
    if (unknown)
        p2a_json_bad_at(r->j, r->sample_at, "%" PRIu32 " sample%s a node that isn't there", unknown,
                        unknown == 1 ? " names" : "s name");
    /* the older form has the end in seconds, which says nothing beside timestamps */
    p2a_calltree_pass(&r->tree, isnan(r->end) || r->timestamps ? -INFINITY : r->end);
    if (r->tree.unordered)
        p2a_note(r->p, "%" PRIu32 " sample%s out of order: all are sorted by their times",
                 r->tree.unordered, r->tree.unordered == 1 ? " stands" : "s stand");
}

static void find_metric(struct reader *r, bool timed)
{
    const char *name = "samples", *unit = "count";
    double scale = 1;
    if (r->metric && r->metric_unit) {
        name = p2a_string(r->p, r->metric).at;
        unit = p2a_string(r->p, r->metric_unit).at;
        if (p2a_str_is(p2a_str_of(unit), "seconds"))
            scale = 1e-6;
    } else if (timed) {
        name = "time", unit = "seconds", scale = 1e-6;
    } else if (r->heap) {
        name = unit = "bytes";
    }
    p2a_metric(r->p, name, unit, scale);
}

/* ---- reader: lines ---- */

static void add_line(struct reader *r, p2a_id function, int64_t line, double value)
{
    struct p2a_line place = {.function = function, .line = line > 0 ? (uint64_t)line : 0};
    if (line > 0)
        place.file = r->p->functions.row[function].file;
    if (value != 0)
        p2a_line_add(r->p, &place, 0, value);
}

/* The value of a node goes to its lines by their ticks, and to none where it has no ticks. */
static void add_lines(struct reader *r)
{
    double *ticks = calloc((size_t)r->tree.n + 1, sizeof *ticks);
    if (!ticks) {
        p2a_json_no_memory(r->j);
        return;
    }
    for (uint32_t i = 0; i < r->tick_n; i++)
        ticks[r->tick[i].row] += r->tick[i].ticks;
    for (uint32_t i = 0; i < r->tick_n; i++) {
        const struct p2a_calltree_node *node = &r->tree.node[r->tick[i].row];
        if (node->function != P2A_NONE)
            add_line(r, node->function, r->tick[i].line,
                     node->value * (r->tick[i].ticks / ticks[r->tick[i].row]));
    }
    for (uint32_t i = 0; i < r->tree.n; i++)
        if (ticks[i] == 0 && r->tree.node[i].function != P2A_NONE)
            add_line(r, r->tree.node[i].function, 0, r->tree.node[i].value);
    free(ticks);
    if (r->sample_n)
        p2a_note(r->p, "times on lines are shared out by the lines' ticks");
}

static void fill_profile(struct reader *r)
{
    bool timed = r->sample_n && (r->time_n || !r->j->stopped) && !r->heap;
    if (!r->has_nodes)
        p2a_json_bad_at(r->j, p2a_json_here(r->j), "no node so far, expected some in \"nodes\"");
    if (timed)
        time_nodes(r);
    find_metric(r, timed);
    if (!p2a_calltree_fill(&r->tree, r->p, P2A_NONE, 0))
        p2a_json_no_memory(r->j);
    if (r->tree.looped)
        p2a_note(r->p, "%" PRIu32 " node%s", r->tree.looped,
                 r->tree.looped == 1 ? " is its own caller: it is taken as a root"
                                     : "s are their own callers: they are taken as roots");
    if (r->tick_n)
        add_lines(r);
}

static enum p2a_status read_cpuprofile(struct p2a_in *in)
{
    struct p2a_json *j = malloc(sizeof *j);
    struct reader r = {.in = in, .p = in->profile, .j = j, .start = NAN, .end = NAN};
    if (!j)
        return p2a_in_no_memory(in);
    p2a_json_start(j, in);
    read_file(&r);
    fill_profile(&r);
    p2a_json_finish(j);
    p2a_json_stop(j);
    free(j);
    p2a_calltree_free(&r.tree);
    p2a_v8_frame_free(&r.frame);
    free(r.level);
    free(r.tick);
    free(r.time);
    free(r.sample);
    return p2a_in_status(in);
}

/* ---- writer ---- */

/* Nodes are numbered from 1, the root; context i is node i + 2. */
struct writer {
    struct p2a_out *out;
    struct p2a_json_writer json;
    const struct p2a_profile *p;
    struct p2a_tree tree;
    uint64_t *value;  /* of contexts, in microseconds */
    uint32_t *script; /* by string, of those that are files: a number from 1 */
};

static uint64_t node_of(p2a_id context)
{
    return (uint64_t)context + 2;
}

static bool number_scripts(struct writer *w)
{
    uint32_t n = 0;
    w->script = calloc((size_t)w->p->strings.n + 1, sizeof *w->script);
    for (uint32_t i = 0; w->script && i < w->p->functions.n; i++) {
        uint32_t *script = &w->script[w->p->functions.row[i].file];
        if (!*script)
            *script = ++n;
    }
    return w->script;
}

static void put_text(struct writer *w, const char *key, struct p2a_str text)
{
    p2a_json_name(&w->json, key);
    p2a_json_str(&w->json, text);
}

static void put_number(struct writer *w, const char *key, int64_t value)
{
    p2a_json_name(&w->json, key);
    p2a_json_i64(&w->json, value);
}

static void put_call_frame(struct writer *w, struct p2a_str name, struct p2a_str url,
                           uint32_t script, int64_t line)
{
    char id[16];
    snprintf(id, sizeof id, "%" PRIu32, script);
    p2a_json_name(&w->json, "callFrame");
    p2a_json_begin(&w->json, '{');
    put_text(w, "functionName", name);
    put_text(w, "scriptId", p2a_str_of(id));
    put_text(w, "url", url);
    put_number(w, "lineNumber", line > 0 ? line - 1 : -1);
    put_number(w, "columnNumber", line > 0 ? 0 : -1);
    p2a_json_end(&w->json, '}');
}

static void put_children(struct writer *w, p2a_id first)
{
    if (first == P2A_NONE)
        return;
    p2a_json_name(&w->json, "children");
    p2a_json_begin(&w->json, '[');
    for (p2a_id i = first; i != P2A_NONE; i = w->tree.next[i])
        p2a_json_u64(&w->json, node_of(i));
    p2a_json_end(&w->json, ']');
}

static void put_context(struct writer *w, p2a_id context)
{
    const struct p2a_function *f = &w->p->functions.row[w->p->contexts.row[context].function];
    struct p2a_str file = p2a_string(w->p, f->file);
    bool placed = file.n && !p2a_str_is(file, "~");
    p2a_json_line(&w->json);
    p2a_json_begin(&w->json, '{');
    p2a_json_name(&w->json, "id");
    p2a_json_u64(&w->json, node_of(context));
    put_call_frame(w, p2a_string(w->p, f->qualname ? f->qualname : f->name),
                   placed ? file : P2A_LIT(""), placed ? w->script[f->file] : 0, f->line);
    p2a_json_name(&w->json, "hitCount");
    p2a_json_u64(&w->json, w->value[context]);
    put_children(w, w->tree.child[context]);
    p2a_json_end(&w->json, '}');
}

static void put_nodes(struct writer *w)
{
    p2a_json_name(&w->json, "nodes");
    p2a_json_begin(&w->json, '[');
    p2a_json_begin(&w->json, '{');
    put_number(w, "id", 1);
    put_call_frame(w, P2A_LIT("(root)"), P2A_LIT(""), 0, 0);
    put_number(w, "hitCount", 0);
    put_children(w, w->tree.first);
    p2a_json_end(&w->json, '}');
    for (p2a_id i = 0; i < w->p->contexts.n; i++)
        put_context(w, i);
    p2a_json_end(&w->json, ']');
}

/* The last sample, of the root, ends the one before it: some programs drop the last one. */
static void put_samples(struct writer *w, uint64_t sum)
{
    uint64_t before = 0;
    put_number(w, "startTime", 0);
    p2a_json_name(&w->json, "endTime");
    p2a_json_u64(&w->json, sum);
    p2a_json_name(&w->json, "samples");
    p2a_json_begin(&w->json, '[');
    for (p2a_id i = w->tree.first; i != P2A_NONE; i = p2a_tree_after(w->p, &w->tree, i))
        if (w->value[i])
            p2a_json_u64(&w->json, node_of(i));
    p2a_json_u64(&w->json, 1);
    p2a_json_end(&w->json, ']');
    p2a_json_name(&w->json, "timeDeltas");
    p2a_json_begin(&w->json, '[');
    for (p2a_id i = w->tree.first; i != P2A_NONE; i = p2a_tree_after(w->p, &w->tree, i))
        if (w->value[i]) {
            p2a_json_u64(&w->json, before);
            before = w->value[i];
        }
    p2a_json_u64(&w->json, before);
    p2a_json_end(&w->json, ']');
}

static void put_file(struct writer *w)
{
    const struct p2a_metric *m = &w->p->metrics.row[0];
    bool time = p2a_str_is(p2a_string(w->p, m->unit), "seconds");
    uint64_t sum = p2a_round(w->p->contexts.self, w->p->contexts.n, w->p->columns,
                             time ? m->scale * 1e6 : m->scale, w->value);
    p2a_note_rounded(w->out, 0, sum);
    if (!time)
        p2a_out_note(w->out, "cpuprofile holds times: 1 of %s is written as a microsecond",
                     p2a_string(w->p, m->name).at);
    p2a_json_begin(&w->json, '{');
    put_nodes(w);
    put_samples(w, sum);
    put_text(w, "metric", p2a_string(w->p, m->name));
    put_text(w, "metricUnit", p2a_string(w->p, m->unit));
    p2a_json_end(&w->json, '}');
    p2a_put_text(w->out, "\n");
}

static enum p2a_status write_cpuprofile(struct p2a_out *out)
{
    struct writer w = {.out = out, .json = {.out = out}, .p = out->profile};
    if (!w.p->metrics.n)
        return p2a_cant_write(out, P2A_INPUT, "there are no values, and cpuprofile needs some");
    w.value = malloc(((size_t)w.p->contexts.n + 1) * sizeof *w.value);
    if (w.value && number_scripts(&w) && p2a_tree_build(w.p, &w.tree)) {
        put_file(&w);
        p2a_tree_free(&w.tree);
    } else {
        p2a_no_memory(out);
    }
    free(w.value);
    free(w.script);
    return p2a_out_status(out);
}

static const char *const aliases[] = {"heapprofile", "v8", NULL};
static const char *const patterns[] = {"*.cpuprofile", NULL};

const struct p2a_format p2a_format_cpuprofile = {
    .name = "cpuprofile",
    .title = "V8's CPU profile, for Chromium's DevTools; its heap profile, read alone",
    .aliases = aliases,
    .patterns = patterns,
    .probe = probe,
    .read = read_cpuprofile,
    .write = write_cpuprofile,
    .gives = P2A_CONTEXTS | P2A_LINES | P2A_PLACES,
    .needs = P2A_CONTEXTS,
    .keeps = P2A_CONTEXTS | P2A_PLACES,
    .timed = true,
};
