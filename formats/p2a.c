/* p2a: what `prof2any record` and the Python module record, a file of cells that the recorded
 * program writes in place. Defined by collector/recording.h, which draws it; version 1.
 *
 * Reading goes through the segments twice: first functions and threads get their numbers, then the
 * nodes, which stand behind their parents, become contexts. A recording that runs, or whose program
 * was killed, may hold what refers to things that came into being while it was read: that is left
 * out. In one that has ended it is an error. Everything is copied out of the input at once, because
 * a program may be writing there.
 *
 * The roots of threads are no frames: what is below them are the roots of the profile, and time
 * that passed outside of what was recorded is told, not drawn. Times stay in ticks of the
 * recording's clock, whole numbers; the metric's scale makes them seconds.
 *
 * Calls past the limit on contexts have no nodes. Their time stands under a marker in the tree, and
 * the call graph is recorded beside it: what follows from the tree, without the marker, plus the
 * figures of those calls. Both are exact. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collector/recording.h"
#include "model/derive.h"
#include "prof2any/format.h"

static const char *const aliases[] = {"recording", NULL};
static const char *const patterns[] = {"*.p2a", NULL};

static enum p2a_sure probe(const struct p2a_probe *input)
{
    struct p2a_str magic = {P2A_REC_MAGIC, sizeof P2A_REC_MAGIC};
    return input->start.n >= magic.n && memcmp(input->start.at, magic.at, magic.n) == 0
               ? P2A_CERTAIN
               : P2A_NO;
}

struct function {
    p2a_id id;
    uint32_t kind; /* enum p2a_rec_function_kind */
};

struct thread {
    uint64_t root; /* its node's cell */
    p2a_id id;
};

struct reader {
    struct p2a_in *in;
    struct p2a_profile *p;
    const unsigned char *bytes;
    uint64_t size;
    struct p2a_rec_header h;
    struct p2a_rec_instant last;
    uint64_t cells;
    bool open;                 /* a thread hasn't ended */
    bool ended;                /* what refers to nothing is an error */
    struct function *function; /* by number; [0] is not used */
    struct thread *thread;     /* by root, once sorted */
    uint32_t function_n, function_room, thread_n, thread_room;
    p2a_id *context; /* by cell: P2A_NONE, or ROOT + a row of thread */
    uint32_t column_n;
    struct p2a_sum outside; /* ticks that passed in the roots */
    p2a_id marker;          /* function that stands for folded calls */
    bool has_folds;
};

/* In reader.context, a thread's root; contexts are below. */
#define ROOT (UINT32_C(1) << 31)

static enum p2a_status bad(struct reader *r, uint64_t cell, const char *what)
{
    return p2a_bad_byte(r->in, cell * P2A_REC_CELL, "%s", what);
}

static void copy_out(const struct reader *r, uint64_t at, void *to, size_t n)
{
    memcpy(to, r->bytes + at, n);
}

static bool grow(struct reader *r, void *table, uint32_t *room, uint32_t n, size_t row)
{
    if (n < *room)
        return true;
    uint32_t more = *room ? *room * 2 : 64;
    void *grown = more > *room ? realloc(*(void **)table, more * row) : NULL;
    if (!grown) {
        p2a_in_no_memory(r->in);
        return false;
    }
    *(void **)table = grown;
    *room = more;
    return true;
}

/* ---- header ---- */

static bool in_range(uint32_t value, uint32_t first, uint32_t last)
{
    return value >= first && value <= last;
}

static uint32_t swapped(uint32_t n)
{
    return n >> 24 | (n >> 8 & 0xff00) | (n << 8 & 0xff0000) | n << 24;
}

static enum p2a_status check_version(struct reader *r)
{
    const struct p2a_rec_header *h = &r->h;
    struct p2a_in *in = r->in;
    if (h->order == swapped(P2A_REC_ORDER))
        return p2a_bad_byte(in, offsetof(struct p2a_rec_header, order),
                            "recorded on a machine of the other byte order, "
                            "convert it there");
    if (h->order != P2A_REC_ORDER)
        return p2a_bad_byte(in, offsetof(struct p2a_rec_header, order),
                            "no mark of the byte order");
    if (h->version != P2A_REC_VERSION)
        return p2a_bad_byte(in, offsetof(struct p2a_rec_header, version),
                            "version %u of the format, version %d was expected",
                            (unsigned)h->version, P2A_REC_VERSION);
    return P2A_OK;
}

static enum p2a_status check_header(struct reader *r)
{
    const struct p2a_rec_header *h = &r->h;
    struct p2a_in *in = r->in;
    if (check_version(r) != P2A_OK)
        return P2A_INPUT;
    if (h->cell != P2A_REC_CELL || h->first != P2A_REC_FIRST)
        return p2a_bad_byte(in, offsetof(struct p2a_rec_header, cell),
                            "cells of %u bytes from cell %u, %u from %u were expected",
                            (unsigned)h->cell, (unsigned)h->first, P2A_REC_CELL, P2A_REC_FIRST);
    if (!in_range(h->state, P2A_REC_RUNS, P2A_REC_DIED))
        return p2a_bad_byte(in, offsetof(struct p2a_rec_header, state),
                            "state %u of a recording, 1 to 5 was expected", (unsigned)h->state);
    if (!in_range(h->mode, P2A_REC_MODE_FULL, P2A_REC_MODE_SAMPLED))
        return p2a_bad_byte(in, offsetof(struct p2a_rec_header, mode),
                            "mode %u of a recording, 1 to 3 was expected", (unsigned)h->mode);
    if (!in_range(h->clock, P2A_REC_CLOCK_COUNTER, P2A_REC_CLOCK_TIMER))
        return p2a_bad_byte(in, offsetof(struct p2a_rec_header, clock),
                            "clock %u of a recording, 1 to 4 was expected", (unsigned)h->clock);
    if (!(h->unit >= 0 && h->unit <= 1e9))
        return p2a_bad_byte(in, offsetof(struct p2a_rec_header, unit), "a tick of %g seconds",
                            h->unit);
    if (h->cells < P2A_REC_FIRST || (h->cells > UINT32_MAX))
        return p2a_bad_byte(in, offsetof(struct p2a_rec_header, cells), "a recording of %llu cells",
                            (unsigned long long)h->cells);
    return P2A_OK;
}

/* Where the segments end. A program that still runs may have made its file longer since it was
 * opened, by whole pages; any other file that is shorter than it says is cut. */
static enum p2a_status find_end(struct reader *r)
{
    enum { PAGE = 4096 };
    uint64_t there = r->size / P2A_REC_CELL;
    r->cells = r->h.cells;
    if (r->h.cells <= there)
        return P2A_OK;
    r->cells = there;
    if (r->ended || r->size % PAGE) {
        p2a_bad_byte(r->in, r->size, "cut short: %llu cells of %u bytes were expected",
                     (unsigned long long)r->h.cells, P2A_REC_CELL);
        r->ended = false; /* where a part will do, what refers to the rest is left out */
        return p2a_in_status(r->in);
    }
    p2a_note(r->p, "the file grew while it was read, or is cut: %llu of %llu cells were there",
             (unsigned long long)there, (unsigned long long)r->h.cells);
    return P2A_OK;
}

static enum p2a_status read_header(struct reader *r)
{
    if (r->size < sizeof r->h)
        return p2a_bad_byte(r->in, r->size, "cut short: a recording begins with %zu bytes",
                            sizeof r->h);
    copy_out(r, 0, &r->h, sizeof r->h);
    if (check_header(r) != P2A_OK)
        return P2A_INPUT;
    r->last = r->h.last[r->h.turn & 1];
    r->ended = r->h.state != P2A_REC_RUNS && r->h.state != P2A_REC_DIED;
    return find_end(r);
}

/* Seconds in a tick; 0 where there is no telling. */
static double tick(const struct reader *r)
{
    const struct p2a_rec_header *h = &r->h;
    if (h->unit > 0)
        return h->unit;
    if (h->clock != P2A_REC_CLOCK_COUNTER)
        return 1e-9;
    if (r->last.ticks <= h->start.ticks || r->last.ns <= h->start.ns)
        return 0;
    return (double)(r->last.ns - h->start.ns) * 1e-9 / (double)(r->last.ticks - h->start.ticks);
}

static enum p2a_status add_metrics(struct reader *r)
{
    double seconds = tick(r);
    if (!(seconds > 0 && isfinite(seconds))) {
        p2a_note(r->p,
                 "the recording ended before the rate of its clock was known: times are taken "
                 "as nanoseconds");
        seconds = 1e-9;
    }
    bool cpu = r->h.clock == P2A_REC_CLOCK_CPU;
    p2a_metric(r->p, cpu ? "cpu" : "time", "seconds", seconds);
    if (r->h.flags & P2A_REC_ALLOCATIONS) {
        p2a_metric(r->p, "allocations", "count", 1);
        p2a_metric(r->p, "allocated", "bytes", 1);
    }
    r->column_n = r->p->metrics.n;
    return p2a_in_status(r->in);
}

/* ---- segments ---- */

/* Calls DO for each cell (each record, of functions) of the segments of a kind. */
typedef enum p2a_status on_segment(struct reader *r, uint64_t at, uint64_t end);

static enum p2a_status each_segment(struct reader *r, uint32_t kind, on_segment *take)
{
    struct p2a_rec_segment s;
    for (uint64_t at = P2A_REC_FIRST; at < r->cells; at += s.cells) {
        copy_out(r, at * P2A_REC_CELL, &s, sizeof s);
        if (!in_range(s.kind, P2A_REC_NODES, P2A_REC_FOLDS))
            return p2a_bad_byte(r->in, at * P2A_REC_CELL,
                                "a segment of kind %u, 1 to 4 was expected", (unsigned)s.kind);
        if (r->cells < r->h.cells && s.cells > r->cells - at)
            s.cells = (uint32_t)(r->cells - at);
        if (s.cells == 0 || s.cells > r->cells - at)
            return p2a_bad_byte(r->in, at * P2A_REC_CELL,
                                "a segment of %u cells where %llu are left", (unsigned)s.cells,
                                (unsigned long long)(r->cells - at));
        if (s.kind == kind && take(r, at + 1, at + s.cells) != P2A_OK)
            return p2a_in_status(r->in);
    }
    return P2A_OK;
}

/* ---- functions ---- */

/* The strings behind the record at AT, one after the other. */
static enum p2a_status take_strings(struct reader *r, uint64_t at, const uint16_t *n, p2a_id *id)
{
    char text[4 * P2A_REC_NAME_MAX];
    size_t all = 0;
    for (int i = 0; i < 4; i++) {
        if (n[i] > P2A_REC_NAME_MAX)
            return p2a_bad_byte(r->in, at, "a name of %u bytes, %u are the most", n[i],
                                P2A_REC_NAME_MAX);
        all += n[i];
    }
    copy_out(r, at, text, all);
    if (memchr(text, '\0', all))
        return p2a_bad_byte(r->in, at, "a NUL in the names of a function");
    for (size_t i = 0, from = 0; i < 4; from += n[i++])
        id[i] = p2a_intern(r->p, (struct p2a_str){text + from, n[i]});
    return p2a_in_status(r->in);
}

static p2a_id add_function(struct reader *r, const struct p2a_rec_function *f, const p2a_id *text)
{
    bool python = f->kind == P2A_REC_PYTHON;
    struct p2a_function row = {.name = text[0],
                               .qualname = text[1],
                               .file = text[2],
                               .module = text[3],
                               .line = f->line,
                               .kind = python ? P2A_PYTHON : P2A_BUILTIN};
    if (f->kind == P2A_REC_FOLDED)
        row = (struct p2a_function){
            .name = p2a_intern(r->p, P2A_LIT("(past the limit of contexts)")), .kind = P2A_MARKER};
    p2a_id id = p2a_function(r->p, &row);
    if (f->kind == P2A_REC_FOLDED)
        r->marker = id;
    return id;
}

static enum p2a_status take_function(struct reader *r, uint64_t at,
                                     const struct p2a_rec_function *f)
{
    const uint16_t n[4] = {f->name, f->qualname, f->file, f->module};
    struct function row = {P2A_NONE, f->kind};
    p2a_id text[4];
    if (f->number != r->function_n + 1)
        return p2a_bad_byte(r->in, at, "function %u where number %u was expected",
                            (unsigned)f->number, (unsigned)r->function_n + 1);
    if (!in_range(f->kind, P2A_REC_PYTHON, P2A_REC_FOLDED))
        return p2a_bad_byte(r->in, at, "a function of kind %u, 1 to 4 was expected",
                            (unsigned)f->kind);
    if (take_strings(r, at + sizeof *f, n, text) != P2A_OK)
        return p2a_in_status(r->in);
    if (f->kind != P2A_REC_ROOT)
        row.id = add_function(r, f, text);
    if (!grow(r, &r->function, &r->function_room, f->number, sizeof row))
        return P2A_SYSTEM;
    r->function[f->number] = row;
    r->function_n++;
    return p2a_in_status(r->in);
}

static enum p2a_status take_functions(struct reader *r, uint64_t from, uint64_t to)
{
    struct p2a_rec_function f;
    uint64_t at = from * P2A_REC_CELL, end = to * P2A_REC_CELL;
    for (; end - at >= sizeof f; at += f.size) {
        copy_out(r, at, &f, sizeof f);
        if (f.size == 0)
            break;
        if (f.size > end - at && r->cells < r->h.cells)
            break; /* across the end of a file that grew while it was read */
        uint64_t need = sizeof f + f.name + f.qualname + f.file + f.module;
        if (f.size % 8 || f.size < need || f.size > end - at)
            return p2a_bad_byte(r->in, at, "a function of %u bytes, %llu are needed and %llu left",
                                (unsigned)f.size, (unsigned long long)need,
                                (unsigned long long)(end - at));
        if (take_function(r, at, &f) != P2A_OK)
            return p2a_in_status(r->in);
    }
    return P2A_OK;
}

/* ---- threads ---- */

static bool is_zero(const void *cell, size_t n)
{
    const unsigned char *byte = cell;
    return byte[0] == 0 && memcmp(byte, byte + 1, n - 1) == 0;
}

/* The cell DISTANCE bytes from byte AT; 0 where that is none. */
static uint64_t cell_of(const struct reader *r, uint64_t at, int64_t distance)
{
    int64_t byte;
    if (__builtin_add_overflow((int64_t)at, distance, &byte) || byte < 0 || byte % P2A_REC_CELL)
        return 0;
    uint64_t cell = (uint64_t)byte / P2A_REC_CELL;
    return cell > P2A_REC_FIRST && cell < r->cells ? cell : 0;
}

static enum p2a_status take_thread(struct reader *r, uint64_t at, const struct p2a_rec_thread *t)
{
    struct thread row = {.root = cell_of(r, at, t->root)};
    if (!in_range(t->state, P2A_REC_ALIVE, P2A_REC_ENDED))
        return p2a_bad_byte(r->in, at, "state %u of a thread, 1 or 2 was expected",
                            (unsigned)t->state);
    r->open |= t->state == P2A_REC_ALIVE;
    if (!row.root && !r->ended)
        return P2A_OK;
    if (!row.root)
        return p2a_bad_byte(r->in, at, "a thread's root is outside of the nodes");
    struct p2a_str name = {t->name, strnlen(t->name, sizeof t->name)};
    row.id = p2a_thread(r->p, r->h.pid, t->tid, name);
    if (!grow(r, &r->thread, &r->thread_room, r->thread_n, sizeof row))
        return P2A_SYSTEM;
    r->thread[r->thread_n++] = row;
    return p2a_in_status(r->in);
}

static enum p2a_status take_threads(struct reader *r, uint64_t from, uint64_t to)
{
    struct p2a_rec_thread t;
    enum { CELLS = sizeof t / P2A_REC_CELL };
    for (uint64_t at = from; to - at >= CELLS; at += CELLS) {
        copy_out(r, at * P2A_REC_CELL, &t, sizeof t);
        if (t.state == 0 && (!r->ended || is_zero(&t, sizeof t)))
            continue;
        if (take_thread(r, at * P2A_REC_CELL, &t) != P2A_OK)
            return p2a_in_status(r->in);
    }
    return P2A_OK;
}

static int by_root(const void *a, const void *b)
{
    uint64_t x = ((const struct thread *)a)->root, y = ((const struct thread *)b)->root;
    return (x > y) - (x < y);
}

static const struct thread *thread_of(const struct reader *r, uint64_t root)
{
    struct thread key = {.root = root};
    return r->thread_n ? bsearch(&key, r->thread, r->thread_n, sizeof key, by_root) : NULL;
}

/* ---- nodes ---- */

/* What the node at CELL refers to isn't there: it is left out, with all that is below it. */
static enum p2a_status missing(struct reader *r, uint64_t cell, const char *what)
{
    return r->ended ? bad(r, cell, what) : P2A_OK;
}

/* Signed where time ran backwards, which counts as no time. */
static double forwards(uint64_t value)
{
    return (int64_t)value > 0 ? (double)value : 0;
}

static void add_values(struct reader *r, p2a_id context, const struct p2a_rec_node *n)
{
    p2a_context_calls(r->p, context, n->calls);
    p2a_context_add(r->p, context, 0, forwards(n->self));
    if (r->column_n > 1) {
        p2a_context_add(r->p, context, 1, (double)n->allocations);
        p2a_context_add(r->p, context, 2, (double)n->bytes);
    }
}

static enum p2a_status take_root(struct reader *r, uint64_t cell, const struct p2a_rec_node *n,
                                 const struct function *f)
{
    const struct thread *t = thread_of(r, cell);
    if (f->kind != P2A_REC_ROOT)
        return bad(r, cell, "a node without a parent that isn't a thread's root");
    if (!t)
        return missing(r, cell, "the root of no thread");
    r->context[cell] = ROOT + (uint32_t)(t - r->thread);
    if ((int64_t)n->self > 0)
        p2a_sum_add(&r->outside, (double)n->self);
    return P2A_OK;
}

static enum p2a_status take_node(struct reader *r, uint64_t cell, const struct p2a_rec_node *n)
{
    p2a_id parent = P2A_NONE, thread = P2A_NONE;
    if (n->function > r->function_n)
        return missing(r, cell, "a node's function is not among the functions");
    const struct function *f = &r->function[n->function];
    if (n->up == 0)
        return take_root(r, cell, n, f);
    if (n->up >= cell)
        return bad(r, cell, "a node's parent is before the file's beginning");
    parent = r->context[cell - n->up];
    if (parent == P2A_NONE)
        return missing(r, cell, "a node's parent is no node");
    if (f->kind == P2A_REC_ROOT)
        return bad(r, cell, "a thread's root below another node");
    if (parent >= ROOT) {
        thread = r->thread[parent - ROOT].id;
        parent = P2A_NONE;
    }
    p2a_id id = p2a_context(r->p, parent, f->id, thread);
    if (id >= ROOT)
        return p2a_in_status(r->in) != P2A_OK ? p2a_in_status(r->in)
                                              : bad(r, cell, "too many contexts");
    r->context[cell] = id;
    add_values(r, id, n);
    return P2A_OK;
}

static enum p2a_status take_nodes(struct reader *r, uint64_t from, uint64_t to)
{
    struct p2a_rec_node n;
    for (uint64_t cell = from; cell < to; cell++) {
        copy_out(r, cell * P2A_REC_CELL, &n, sizeof n);
        if (n.function == 0)
            continue;
        if (take_node(r, cell, &n) != P2A_OK)
            return p2a_in_status(r->in);
    }
    return P2A_OK;
}

/* Time that passed since the last event of a thread that still ran belongs to its current node. */
static void add_open_time(struct reader *r, uint64_t at, const struct p2a_rec_thread *t)
{
    uint64_t cell = cell_of(r, at, t->at);
    if (t->state != P2A_REC_ALIVE || !cell || r->last.ticks <= t->last)
        return;
    p2a_id context = r->context[cell];
    double ticks = (double)(r->last.ticks - t->last);
    if (context < ROOT)
        p2a_context_add(r->p, context, 0, ticks);
    else if (context != P2A_NONE)
        p2a_sum_add(&r->outside, ticks);
}

static enum p2a_status take_open_times(struct reader *r, uint64_t from, uint64_t to)
{
    struct p2a_rec_thread t;
    enum { CELLS = sizeof t / P2A_REC_CELL };
    for (uint64_t at = from; to - at >= CELLS; at += CELLS) {
        copy_out(r, at * P2A_REC_CELL, &t, sizeof t);
        add_open_time(r, at * P2A_REC_CELL, &t);
    }
    return P2A_OK;
}

/* ---- calls past the limit on contexts ---- */

static void fold_node(struct reader *r, p2a_id function, const struct p2a_rec_fold *f)
{
    struct p2a_node *node = p2a_node(r->p, function);
    if (!node)
        return;
    if (f->metric == 0) {
        node->calls = p2a_add_calls(node->calls, f->calls);
        node->primitive = p2a_add_calls(node->primitive, f->primitive);
    }
    node->has |= P2A_HAS_ALL;
    p2a_node_self(r->p, function)[f->metric] += forwards(f->self);
    p2a_node_total(r->p, function)[f->metric] += forwards(f->total);
}

static void fold_arc(struct reader *r, p2a_id caller, p2a_id callee, const struct p2a_rec_fold *f)
{
    p2a_id id = p2a_arc(r->p, caller, callee);
    if (id == P2A_NONE)
        return;
    struct p2a_graph *g = &r->p->graph;
    if (f->metric == 0) {
        g->arc[id].calls = p2a_add_calls(g->arc[id].calls, f->calls);
        g->arc[id].primitive = p2a_add_calls(g->arc[id].primitive, f->primitive);
    }
    g->arc[id].has |= P2A_HAS_ALL;
    g->arc_self[(size_t)id * r->column_n + f->metric] += forwards(f->self);
    g->arc_total[(size_t)id * r->column_n + f->metric] += forwards(f->total);
}

static enum p2a_status take_fold(struct reader *r, uint64_t cell, const struct p2a_rec_fold *f)
{
    if (f->metric >= r->column_n)
        return bad(r, cell, "calls past the limit with a metric that the recording doesn't have");
    if (f->callee > r->function_n || f->caller > r->function_n)
        return missing(r, cell, "the function of calls past the limit is not among the functions");
    const struct function *callee = &r->function[f->callee], *caller = &r->function[f->caller];
    bool markers = callee->kind > P2A_REC_BUILTIN || (f->caller && caller->kind > P2A_REC_BUILTIN);
    if (markers)
        return bad(r, cell, "a marker among the functions of calls past the limit");
    if (f->calls < f->primitive)
        return missing(r, cell, "more primitive calls than calls past the limit");
    if (f->caller)
        fold_arc(r, caller->id, callee->id, f);
    else
        fold_node(r, callee->id, f);
    return p2a_in_status(r->in);
}

static enum p2a_status take_folds(struct reader *r, uint64_t from, uint64_t to)
{
    struct p2a_rec_fold f;
    for (uint64_t cell = from; cell < to; cell++) {
        copy_out(r, cell * P2A_REC_CELL, &f, sizeof f);
        if (f.callee && take_fold(r, cell, &f) != P2A_OK)
            return p2a_in_status(r->in);
    }
    return P2A_OK;
}

static enum p2a_status has_folds(struct reader *r, uint64_t from, uint64_t to)
{
    struct p2a_rec_fold f;
    for (uint64_t cell = from; cell < to && !r->has_folds; cell++) {
        copy_out(r, cell * P2A_REC_CELL, &f, sizeof f);
        r->has_folds = f.callee != 0;
    }
    return P2A_OK;
}

/* The graph needs to be recorded only where the tree doesn't say it all. */
static enum p2a_status read_folds(struct reader *r)
{
    struct p2a_error error = {.status = P2A_OK};
    if (each_segment(r, P2A_REC_FOLDS, has_folds) != P2A_OK || !r->has_folds)
        return p2a_in_status(r->in);
    r->p->facts |= P2A_CALLS; /* the tree has them; facts are worked out later */
    if (p2a_derive_without(r->p, r->marker, &error) != P2A_OK)
        return p2a_fail(r->p, error.status, "%s", error.message);
    return each_segment(r, P2A_REC_FOLDS, take_folds);
}

/* ---- the whole ---- */

static void note_outside(struct reader *r)
{
    double outside = p2a_sum_value(&r->outside), whole = p2a_whole(r->p, 0) + outside;
    double seconds = outside * r->p->metrics.row[0].scale;
    if (seconds > 1e-3 && outside > 0.01 * whole) /* less is what starting and ending takes */
        p2a_note(r->p, "%.0f %% of the time passed outside of recorded calls: it is not shown",
                 100 * outside / whole);
}

/* greenlet's own switch, or the loop of gevent, which calls it unseen. */
static bool switches_greenlets(const struct p2a_profile *p, const struct p2a_function *f)
{
    static const char word[] = "greenlet";
    struct p2a_str name = p2a_string(p, f->name);
    if (f->kind == P2A_BUILTIN)
        return p2a_str_starts(name, "<method 'switch' of ") &&
               memmem(name.at, name.n, word, strlen(word));
    return p2a_str_is(name, "run") && p2a_str_ends(p2a_string(p, f->file), "/gevent/hub.py");
}

static void note_greenlets(struct reader *r)
{
    for (uint32_t i = 0; i < r->p->functions.n; i++)
        if (switches_greenlets(r->p, &r->p->functions.row[i])) {
            p2a_note(r->p, "greenlets switched in the midst of calls: calls are exact, the paths "
                           "and times of greenlets run into one another, as cProfile's do");
            return;
        }
}

/* A child that a thread forked ends with that thread, and has nobody to end its recording. */
static bool was_cut(const struct reader *r)
{
    bool running = r->h.state == P2A_REC_RUNS || r->h.state == P2A_REC_DIED;
    return running && (r->open || !r->thread_n);
}

static void note_facts(struct reader *r)
{
    struct p2a_profile *p = r->p;
    if (was_cut(r))
        p2a_note(p,
                 "process %llu %swas killed or became another program: calls that hadn't returned "
                 "count",
                 (unsigned long long)r->h.pid, r->h.state == P2A_REC_RUNS ? "runs still, " : "");
    if (r->h.state == P2A_REC_DISK_FULL)
        p2a_note(p, "there was no more room for the file: the recording ended before its program");
    if (r->h.state == P2A_REC_OUT_OF_ROOM)
        p2a_note(p, "the recording ended before its program: too many functions or threads");
    if (r->h.flags & P2A_REC_DISPLACED)
        p2a_note(
            p,
            "another profiler took a thread over: what ran in it from then on may be missing, and "
            "its time stands with the call that began it");
    if (r->h.mode == P2A_REC_MODE_SAMPLED)
        p2a_note(p, "times are sampled, calls are exact");
    if (r->has_folds)
        p2a_note(p,
                 "the limit of %llu contexts was reached: paths past it are one frame; calls and "
                 "times of functions and of their callers are exact",
                 (unsigned long long)r->h.max_contexts);
    note_greenlets(r);
    note_outside(r);
}

static enum p2a_status read_segments(struct reader *r)
{
    if (add_metrics(r) != P2A_OK)
        return p2a_in_status(r->in);
    if (each_segment(r, P2A_REC_FUNCTIONS, take_functions) != P2A_OK ||
        each_segment(r, P2A_REC_THREADS, take_threads) != P2A_OK)
        return p2a_in_status(r->in);
    if (r->thread_n)
        qsort(r->thread, r->thread_n, sizeof *r->thread, by_root);
    r->context = malloc(r->cells * sizeof *r->context);
    if (!r->context)
        return p2a_in_no_memory(r->in);
    memset(r->context, 0xff, r->cells * sizeof *r->context); /* P2A_NONE */
    if (each_segment(r, P2A_REC_NODES, take_nodes) != P2A_OK)
        return p2a_in_status(r->in);
    bool same_clock = r->h.clock == P2A_REC_CLOCK_COUNTER || r->h.clock == P2A_REC_CLOCK_MONOTONIC;
    if (r->h.state == P2A_REC_RUNS && r->h.mode != P2A_REC_MODE_SAMPLED && same_clock)
        each_segment(r, P2A_REC_THREADS, take_open_times);
    return read_folds(r);
}

static enum p2a_status read(struct p2a_in *in)
{
    struct reader r = {.in = in, .p = in->profile, .marker = P2A_NONE};
    struct p2a_str bytes;
    if (!p2a_all(in, &bytes))
        return p2a_in_status(in);
    r.bytes = (const unsigned char *)bytes.at;
    r.size = bytes.n;
    if (read_header(&r) == P2A_OK && read_segments(&r) == P2A_OK)
        note_facts(&r);
    free(r.function);
    free(r.thread);
    free(r.context);
    return p2a_in_status(in);
}

const struct p2a_format p2a_format_p2a = {
    .name = "p2a",
    .title = "a recording of prof2any record",
    .aliases = aliases,
    .patterns = patterns,
    .probe = probe,
    .read = read,
    .gives =
        P2A_CONTEXTS | P2A_GRAPH | P2A_CALLS | P2A_THREADS | P2A_MANY | P2A_MODULES | P2A_PLACES,
    .binary = true,
};
