/* stackprof's report as JSON (`stackprof --json`), of Ruby. Defined by stackprof's report.rb and
 * stackprof.c.
 *
 *   {"version": 1.2, "mode": "cpu", "interval": 1000, "samples": 3, "gc_samples": 0,
 *    "missed_samples": 0,
 *    "frames": {"140": {"name": "f", "file": "/a.rb", "line": 2, "total_samples": 3, "samples": 1,
 *                       "edges": {"141": 2}, "lines": {"3": [2, 1]}},
 *               "141": {"name": "Array#map", "file": "<cfunc>", "total_samples": 2, "samples": 2}},
 *    "raw": [2, 140, 141, 2, 1, 140, 1]}              frames, as many ids from the root on, samples
 *
 * Reading:
 * - With "raw" (StackProf.run(raw: true)) the stacks are exact. Without, there is a call graph:
 *   samples are self, total_samples total, edges the totals of arcs. An edge counts once for every
 *   time it is on the stack: where recursion takes it above its functions' totals, it is cut to
 * them, with a note.
 * - Values are samples, whatever the mode. Lines have those that were taken on them.
 * - "<cfunc>" is no file: such functions are native.
 * Only read. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/human.h"
#include "base/index.h"
#include "codec/json.h"
#include "model/queue.h"

static enum p2a_sure probe(const struct p2a_probe *probe)
{
    bool frames = p2a_json_has(probe, "frames", P2A_JSON_OBJECT);
    bool head = p2a_json_has(probe, "mode", P2A_JSON_STRING) &&
                p2a_json_has(probe, "interval", P2A_JSON_NUMBER) &&
                p2a_json_has(probe, "samples", P2A_JSON_NUMBER);
    if (head && (frames || p2a_json_has(probe, "gc_samples", P2A_JSON_NUMBER)))
        return P2A_SURE;
    return P2A_NO;
}

struct frame {
    uint64_t id;
    p2a_id function;
    double self, total;
};

struct reader {
    struct p2a_in *in;
    struct p2a_profile *p;
    struct p2a_json *j;
    struct frame *frame;
    uint32_t frame_n, frame_room;
    struct p2a_index frame_of;
    struct edge {
        uint32_t caller; /* row */
        uint64_t callee; /* id */
        double weight;
    } * edge;
    uint32_t edge_n, edge_room;
    struct line {
        uint32_t frame; /* row */
        uint32_t line;
        double self;
    } * line;
    uint32_t line_n, line_room;
    uint64_t *raw;
    uint32_t raw_n, raw_room;
    struct p2a_queue queue;
    double missed;
};

static bool grow(struct reader *r, void *array_pointer, uint32_t *room, uint32_t n, size_t size)
{
    if (n < P2A_NONE - 1 && p2a_grow(array_pointer, room, (uint64_t)n + 1, size))
        return true;
    return p2a_json_no_memory(r->j);
}

static bool same_frame(const void *table, uint32_t row, const void *key)
{
    return ((const struct frame *)table)[row].id == *(const uint64_t *)key;
}

static uint32_t find_frame(const struct reader *r, uint64_t id)
{
    uint32_t row =
        p2a_index_find(&r->frame_of, p2a_hash(&id, sizeof id), same_frame, r->frame, &id);
    return row == P2A_INDEX_NONE ? P2A_NONE : row;
}

/* ---- frames ---- */

static double read_count(struct reader *r)
{
    double value = p2a_json_number(r->j);
    if (value < 0)
        p2a_json_bad(r->j, "%g in \"%s\", expected 0 or more", value, r->j->name);
    return value < 0 ? 0 : value;
}

/* The number that a key is. */
static bool key_number(struct reader *r, struct p2a_str key, uint64_t *number)
{
    return p2a_str_u64(key, number) ||
           p2a_json_bad_at(r->j, p2a_json_here(r->j),
                           "the key before is no number, expected the id "
                           "of a frame or a line");
}

static void read_edges(struct reader *r, uint32_t row)
{
    struct edge e = {.caller = row};
    struct p2a_str key;
    for (p2a_json_object(r->j); p2a_json_key(r->j, &key);) {
        if (!key_number(r, key, &e.callee))
            return;
        e.weight = read_count(r);
        if (r->j->stopped || !grow(r, &r->edge, &r->edge_room, r->edge_n, sizeof e))
            return;
        r->edge[r->edge_n++] = e;
    }
}

/* [total, self]; older files have the total alone. */
static double read_line_self(struct reader *r)
{
    double value[2] = {0, 0};
    if (!p2a_json_is(r->j, P2A_JSON_ARRAY))
        return 0;
    unsigned n = 0;
    for (p2a_json_array(r->j); p2a_json_item(r->j); n++) {
        if (n < 2)
            value[n] = read_count(r);
        else
            p2a_json_skip(r->j);
    }
    return value[1];
}

static void read_lines(struct reader *r, uint32_t row)
{
    struct line l = {.frame = row};
    struct p2a_str key;
    uint64_t number;
    for (p2a_json_object(r->j); p2a_json_key(r->j, &key);) {
        if (!key_number(r, key, &number))
            return;
        l.line = number < INT32_MAX ? (uint32_t)number : 0;
        l.self = read_line_self(r);
        if (r->j->stopped || !grow(r, &r->line, &r->line_room, r->line_n, sizeof l))
            return;
        if (l.self > 0)
            r->line[r->line_n++] = l;
    }
}

static void read_frame_keys(struct reader *r, uint32_t row, struct p2a_function *f)
{
    struct p2a_str key;
    double line = 0;
    for (p2a_json_object(r->j); p2a_json_key(r->j, &key);) {
        enum p2a_json_kind kind = p2a_json_peek(r->j);
        if (p2a_str_is(key, "name"))
            f->name = p2a_json_intern(r->j, r->p);
        else if (p2a_str_is(key, "file"))
            f->file = p2a_json_intern(r->j, r->p);
        else if (p2a_str_is(key, "line") && kind == P2A_JSON_NUMBER)
            line = p2a_json_number(r->j);
        else if (p2a_str_is(key, "samples"))
            r->frame[row].self += read_count(r);
        else if (p2a_str_is(key, "total_samples"))
            r->frame[row].total += read_count(r);
        else if (p2a_str_is(key, "edges") && kind == P2A_JSON_OBJECT)
            read_edges(r, row);
        else if (p2a_str_is(key, "lines") && kind == P2A_JSON_OBJECT)
            read_lines(r, row);
        else
            p2a_json_skip(r->j);
    }
    f->line = line >= 1 && line < INT32_MAX ? (int64_t)line : 0;
}

static bool read_frame(struct reader *r, uint64_t id)
{
    struct p2a_function f = {0};
    uint32_t row = r->frame_n;
    if (!grow(r, &r->frame, &r->frame_room, row, sizeof *r->frame))
        return false;
    r->frame[r->frame_n++] = (struct frame){.id = id, .function = P2A_NONE};
    if (find_frame(r, id) == P2A_NONE &&
        !p2a_index_add(&r->frame_of, p2a_hash(&id, sizeof id), row))
        return p2a_json_no_memory(r->j);
    read_frame_keys(r, row, &f);
    if (p2a_str_is(p2a_string(r->p, f.file), "<cfunc>")) {
        f.file = 0;
        f.kind = P2A_NATIVE;
    }
    r->frame[row].function = p2a_function(r->p, &f);
    return !r->j->stopped;
}

static void read_frames(struct reader *r)
{
    struct p2a_str key;
    uint64_t id;
    for (p2a_json_object(r->j); p2a_json_key(r->j, &key);)
        if (!key_number(r, key, &id) || !read_frame(r, id))
            return;
}

static void read_raw(struct reader *r)
{
    for (p2a_json_array(r->j); p2a_json_item(r->j);) {
        uint64_t number = (uint64_t)p2a_json_integer(r->j, 0, INT64_MAX);
        if (r->j->stopped || !grow(r, &r->raw, &r->raw_room, r->raw_n, sizeof number))
            return;
        r->raw[r->raw_n++] = number;
    }
}

static void read_file(struct reader *r)
{
    struct p2a_str key;
    for (p2a_json_object(r->j); p2a_json_key(r->j, &key);) {
        enum p2a_json_kind kind = p2a_json_peek(r->j);
        if (p2a_str_is(key, "frames"))
            read_frames(r);
        else if (p2a_str_is(key, "raw") && kind == P2A_JSON_ARRAY)
            read_raw(r);
        else if (p2a_str_is(key, "missed_samples") && kind == P2A_JSON_NUMBER)
            r->missed = p2a_json_number(r->j);
        else
            p2a_json_skip(r->j);
    }
}

/* ---- into the profile ---- */

/* Takes the stack of N frames at I, root first. False: a frame isn't there. */
static bool take_stack(struct reader *r, uint32_t i, uint64_t n, double samples)
{
    for (uint64_t k = 0; k < n; k++) {
        uint32_t row = find_frame(r, r->raw[i + k]);
        if (row == P2A_NONE)
            return p2a_json_bad_at(r->j, p2a_json_here(r->j),
                                   "frame %" PRIu64 " in \"raw\" isn't among the frames",
                                   r->raw[i + k]);
        if (!p2a_queue_frame(&r->queue, r->frame[row].function))
            return false;
    }
    if (n) {
        p2a_queue_close(&r->queue, P2A_NONE);
        p2a_queue_value(&r->queue, 0, samples);
    }
    return true;
}

static void add_stacks(struct reader *r)
{
    for (uint32_t i = 0; i < r->raw_n;) {
        uint64_t n = r->raw[i++];
        bool whole = n < r->raw_n - i;
        if (!whole)
            p2a_json_bad_at(r->j, p2a_json_here(r->j),
                            "a stack of %" PRIu64 " frame%s in \"raw\" runs past its end", n,
                            p2a_plural(n));
        if (!whole || !take_stack(r, i, n, (double)r->raw[i + n]))
            break;
        i += (uint32_t)n + 1;
    }
    p2a_queue_end(&r->queue);
}

static void add_nodes(struct reader *r)
{
    for (uint32_t i = 0; i < r->frame_n; i++) {
        p2a_id f = r->frame[i].function;
        struct p2a_node *node = f == P2A_NONE ? NULL : p2a_node(r->p, f);
        if (!node)
            continue;
        node->has |= P2A_HAS_SELF | P2A_HAS_TOTAL;
        *p2a_node_self(r->p, f) += r->frame[i].self;
        *p2a_node_total(r->p, f) += r->frame[i].total;
    }
}

static void add_arcs(struct reader *r)
{
    uint32_t cut = 0, unknown = 0;
    for (uint32_t i = 0; i < r->edge_n; i++) {
        const struct edge *e = &r->edge[i];
        uint32_t callee = find_frame(r, e->callee);
        if (callee == P2A_NONE || r->frame[callee].function == P2A_NONE ||
            r->frame[e->caller].function == P2A_NONE) {
            unknown++;
            continue;
        }
        double caller_total = r->frame[e->caller].total, most = r->frame[callee].total;
        most = caller_total < most ? caller_total : most;
        p2a_id arc = p2a_arc(r->p, r->frame[e->caller].function, r->frame[callee].function);
        if (arc == P2A_NONE)
            return;
        cut += e->weight > most;
        r->p->graph.arc[arc].has |= P2A_HAS_TOTAL;
        r->p->graph.arc_total[(size_t)arc * r->p->columns] += e->weight > most ? most : e->weight;
    }
    if (cut)
        p2a_note(r->p,
                 "%" PRIu32 " edge%s recursion again and again: cut to the totals of functions",
                 cut, cut == 1 ? " counts" : "s count");
    if (unknown)
        p2a_note(r->p, "%" PRIu32 " edge%s: left out", unknown,
                 unknown == 1 ? " leads to a frame that isn't there"
                              : "s lead to frames that aren't there");
}

/* Self by function, where lines have no more than that. */
static double *self_of_functions(struct reader *r)
{
    const struct p2a_profile *p = r->p;
    double *self = calloc((size_t)p->functions.n + 1, sizeof *self);
    for (uint32_t i = 0; self && i < p->contexts.n; i++)
        self[p->contexts.row[i].function] += p->contexts.self[(size_t)i * p->columns];
    for (uint32_t i = 0; self && !p->contexts.n && i < p->graph.node_n; i++)
        self[i] = p->graph.self[(size_t)i * p->columns];
    return self;
}

static void add_line(struct reader *r, p2a_id function, uint32_t line, double self)
{
    struct p2a_line place = {.function = function, .line = line};
    if (line)
        place.file = r->p->functions.row[function].file;
    if (self > 0)
        p2a_line_add(r->p, &place, 0, self);
}

/* What a function's lines don't have is on none; lines that have more than it are not its. */
static void add_lines(struct reader *r)
{
    uint32_t n = r->p->functions.n;
    double *self = self_of_functions(r), *on_lines = calloc((size_t)n + 1, sizeof *on_lines);
    if (!self || !on_lines)
        p2a_json_no_memory(r->j);
    for (uint32_t i = 0; self && on_lines && i < r->line_n; i++) {
        p2a_id f = r->frame[r->line[i].frame].function;
        if (f != P2A_NONE)
            on_lines[f] += r->line[i].self;
    }
    for (uint32_t i = 0; self && on_lines && i < r->line_n; i++) {
        p2a_id f = r->frame[r->line[i].frame].function;
        if (f != P2A_NONE && on_lines[f] <= self[f])
            add_line(r, f, r->line[i].line, r->line[i].self);
    }
    for (p2a_id f = 0; self && on_lines && f < n; f++)
        if (on_lines[f] > 0 && on_lines[f] <= self[f])
            add_line(r, f, 0, self[f] - on_lines[f]);
    free(self);
    free(on_lines);
}

static enum p2a_status read_stackprof(struct p2a_in *in)
{
    struct p2a_json *j = malloc(sizeof *j);
    struct reader r = {.in = in, .p = in->profile, .j = j, .queue.p = in->profile};
    if (!j)
        return p2a_in_no_memory(in);
    p2a_json_start(j, in);
    read_file(&r);
    p2a_metric(r.p, "samples", "count", 1);
    if (r.raw_n) {
        add_stacks(&r);
    } else {
        add_nodes(&r);
        add_arcs(&r);
    }
    if (r.line_n && p2a_in_status(in) == P2A_OK)
        add_lines(&r);
    if (r.missed > 0)
        p2a_note(r.p, "stackprof says that it missed %.0f samples", r.missed);
    p2a_json_finish(j);
    p2a_json_stop(j);
    free(j);
    free(r.frame);
    p2a_index_free(&r.frame_of);
    free(r.edge);
    free(r.line);
    free(r.raw);
    return p2a_in_status(in);
}

const struct p2a_format p2a_format_stackprof = {
    .name = "stackprof",
    .title = "stackprof's report of Ruby, as JSON",
    .probe = probe,
    .read = read_stackprof,
    .gives = P2A_CONTEXTS | P2A_GRAPH | P2A_LINES | P2A_PLACES,
};
