/* Level by level. A box is a set of entries: contexts on its path, each with its weight.
 *
 *     forward    entry = {at: a context of the box}    weight total(at); next level: children
 *     reversed   entry = {at: ancestor, origin: leaf}  weight self(origin); next level: parent
 *
 * A box's entries, sorted by function, are the boxes above it: one per run of the same function.
 * Entries of a level are at most the contexts, and boxes too narrow take theirs with them. Once
 * there are twice the boxes wanted, whatever can no longer be among the widest isn't made at all.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/core.h"
#include "model/frames.h"

struct entry {
    uint32_t key; /* rank of the function, or the thread */
    p2a_id at, origin;
};

struct slice {
    size_t from, n; /* entries of a box, in the level's array */
};

struct missing { /* what isn't drawn on a box */
    size_t narrow;
    double narrow_total, deep_total;
};

struct run { /* entries with the same key: a box to be */
    double wide, total, before;
    uint32_t key, first;
    struct slice entries;
};

struct build {
    const struct p2a_profile *p;
    const struct p2a_frames_wanted *wanted;
    struct p2a_tree tree;
    bool compared;
    double *wide;   /* of contexts: the larger side, of them and what is below; NULL: one side's */
    uint32_t *rank; /* of functions, in the order of siblings */
    p2a_id *ranked; /* and back */
    struct entry *now, *above;
    size_t now_n, above_n;
    struct p2a_frame *row;
    struct slice *slice; /* of the rows, as the next */
    struct missing *missing;
    size_t n, row_room, slice_room, missing_room;
    struct run *run;
    size_t run_room;
    double least;     /* boxes below are left out */
    bool above_least; /* … and those at it */
    size_t thinned_at;
    struct p2a_frames *out;
};

static double positive(double value)
{
    return value > 0 && value - value == 0 ? value : 0;
}

/* Column C of what entry E stands for. */
static double value(const struct build *b, const struct entry *e, uint32_t c)
{
    size_t width = b->p->columns;
    return positive(b->wanted->reverse ? b->p->contexts.self[e->origin * width + c]
                                       : b->tree.total[e->at * width + c]);
}

static double larger_self(const struct p2a_profile *p, p2a_id context)
{
    const double *self = p->contexts.self + (size_t)context * p->columns;
    return fmax(positive(self[0]), positive(self[p->metrics.n]));
}

static double weight(const struct build *b, const struct entry *e)
{
    if (!b->compared || b->wanted->width == P2A_WIDTH_AFTER)
        return value(b, e, 0);
    if (b->wanted->width == P2A_WIDTH_BEFORE)
        return value(b, e, b->p->metrics.n);
    return b->wanted->reverse ? larger_self(b->p, e->origin) : b->wide[e->at];
}

/* Parents stand before their children. */
static bool add_up_larger(struct build *b)
{
    const struct p2a_contexts *t = &b->p->contexts;
    if (!b->compared || b->wanted->width != P2A_WIDTH_LARGER || b->wanted->reverse)
        return true;
    b->wide = calloc((size_t)t->n + 1, sizeof *b->wide);
    for (p2a_id c = t->n; b->wide && c-- > 0;) {
        b->wide[c] += larger_self(b->p, c);
        if (t->row[c].parent != P2A_NONE)
            b->wide[t->row[c].parent] += b->wide[c];
    }
    return b->wide;
}

/* ---- the order of siblings: functions by name, file and line, markers last ---- */

struct named {
    bool marker;
    struct p2a_str name, file;
    int64_t line;
    p2a_id function;
};

static int by_name(const void *left, const void *right)
{
    const struct named *a = left, *b = right;
    int order = a->marker - b->marker;
    if (!order)
        order = p2a_str_compare(a->name, b->name);
    if (!order)
        order = p2a_str_compare(a->file, b->file);
    if (!order)
        order = (a->line > b->line) - (a->line < b->line);
    return order ? order : (a->function > b->function) - (a->function < b->function);
}

static bool rank_functions(struct build *b)
{
    const struct p2a_profile *p = b->p;
    size_t n = p->functions.n;
    struct named *named = malloc((n + 1) * sizeof *named);
    b->rank = malloc((n + 1) * sizeof *b->rank);
    b->ranked = malloc((n + 1) * sizeof *b->ranked);
    bool room = named && b->rank && b->ranked;
    for (uint32_t i = 0; room && i < n; i++) {
        const struct p2a_function *f = &p->functions.row[i];
        named[i] = (struct named){f->kind == P2A_MARKER,
                                  p2a_string(p, f->qualname ? f->qualname : f->name),
                                  p2a_string(p, f->file), f->line, i};
    }
    if (room)
        qsort(named, n, sizeof *named, by_name);
    for (uint32_t i = 0; room && i < n; i++) {
        b->rank[named[i].function] = i;
        b->ranked[i] = named[i].function;
    }
    free(named);
    return room;
}

/* ---- entries ---- */

static void put_entry(struct build *b, p2a_id at, p2a_id origin)
{
    b->above[b->above_n++] = (struct entry){0, at, origin};
}

static void first_entries(struct build *b)
{
    const struct p2a_contexts *t = &b->p->contexts;
    b->above_n = 0;
    if (!b->wanted->reverse)
        for (p2a_id c = b->tree.first; c != P2A_NONE; c = b->tree.next[c])
            put_entry(b, c, c);
    for (p2a_id c = 0; b->wanted->reverse && c < t->n; c++)
        if (weight(b, &(struct entry){0, c, c}) > 0)
            put_entry(b, c, c);
}

/* What follows on the paths of entry E, into above. */
static void follow(struct build *b, const struct entry *e)
{
    if (b->wanted->reverse) {
        p2a_id parent = b->p->contexts.row[e->at].parent;
        if (parent != P2A_NONE)
            put_entry(b, parent, e->origin);
        return;
    }
    for (p2a_id c = b->tree.child[e->at]; c != P2A_NONE; c = b->tree.next[c])
        put_entry(b, c, c);
}

static bool thread_level(const struct build *b, uint32_t depth)
{
    return b->wanted->threads && !b->wanted->reverse && depth == 1;
}

/* Fills above with what stands on box F at DEPTH + 1; returns where it starts. */
static struct slice entries_above(struct build *b, size_t f, uint32_t depth)
{
    struct slice above = {b->above_n, 0}, mine = b->slice[f];
    if (depth == 0)
        first_entries(b);
    for (size_t i = 0; depth > 0 && i < mine.n; i++) {
        const struct entry *e = &b->now[mine.from + i];
        if (thread_level(b, depth))
            put_entry(b, e->at, e->origin);
        else
            follow(b, e);
    }
    above.n = b->above_n - above.from;
    return above;
}

static int by_key(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return (a->origin > b->origin) - (a->origin < b->origin);
}

/* Gives the entries their keys and brings equal ones together. Long runs of a recursion come
 * sorted. */
static void sort_entries(struct build *b, struct slice s, bool threads)
{
    const struct p2a_context *row = b->p->contexts.row;
    struct entry *e = b->above + s.from;
    bool sorted = true;
    for (size_t i = 0; i < s.n; i++) {
        e[i].key = threads ? row[e[i].at].thread : b->rank[row[e[i].at].function];
        sorted = sorted && (i == 0 || by_key(&e[i - 1], &e[i]) <= 0);
    }
    if (!sorted)
        qsort(e, s.n, sizeof *e, by_key);
}

/* ---- boxes ---- */

/* ROWS with room for one more than N; NULL without memory, ROWS as they were. */
static void *grow(void *rows, size_t *room, size_t n, size_t size)
{
    if (n < *room)
        return rows;
    size_t wanted = n * 2 + 64;
    void *bigger = wanted > SIZE_MAX / size ? NULL : realloc(rows, wanted * size);
    if (bigger)
        *room = wanted;
    return bigger;
}

static bool add_row(struct build *b, const struct p2a_frame *frame, struct slice slice)
{
    struct p2a_frame *row = grow(b->row, &b->row_room, b->n, sizeof *row);
    if (row)
        b->row = row;
    struct slice *slices = grow(b->slice, &b->slice_room, b->n, sizeof *slices);
    if (slices)
        b->slice = slices;
    struct missing *missing = grow(b->missing, &b->missing_room, b->n, sizeof *missing);
    if (missing)
        b->missing = missing;
    if (!row || !slices || !missing)
        return false;
    row[b->n] = *frame;
    slices[b->n] = slice;
    missing[b->n++] = (struct missing){0, 0, 0};
    return true;
}

static int by_total(const void *left, const void *right)
{
    const struct run *a = left, *b = right;
    if (a->wide > b->wide || a->wide < b->wide)
        return a->wide > b->wide ? -1 : 1;
    return (a->key > b->key) - (a->key < b->key);
}

static int as_recorded(const void *left, const void *right)
{
    const struct run *a = left, *b = right;
    return (a->first > b->first) - (a->first < b->first);
}

/* The runs of a slice of above, in the order wanted; SIZE_MAX: no memory. */
static size_t find_runs(struct build *b, struct slice s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n;) {
        const struct entry *e = b->above + s.from;
        struct run run = {.key = e[i].key, .first = e[i].origin, .entries = {s.from + i, 0}};
        struct p2a_sum wide = {0, 0}, total = {0, 0}, before = {0, 0};
        for (; i < s.n && e[i].key == run.key; i++, run.entries.n++) {
            p2a_sum_add(&wide, weight(b, &e[i]));
            p2a_sum_add(&total, value(b, &e[i], 0));
            if (b->compared)
                p2a_sum_add(&before, value(b, &e[i], b->p->metrics.n));
        }
        run.wide = positive(p2a_sum_value(&wide));
        run.total = positive(p2a_sum_value(&total));
        run.before = positive(p2a_sum_value(&before));
        struct run *runs = grow(b->run, &b->run_room, n, sizeof *runs);
        if (!runs)
            return SIZE_MAX;
        b->run = runs;
        runs[n++] = run;
    }
    if (n && b->wanted->order != P2A_FRAMES_BY_NAME)
        qsort(b->run, n, sizeof *b->run,
              b->wanted->order == P2A_FRAMES_BY_TOTAL ? by_total : as_recorded);
    return n;
}

/* Says that on row F a box as WIDE as this isn't drawn. */
static void leave_out(struct build *b, size_t f, double wide)
{
    b->missing[f].narrow++;
    b->missing[f].narrow_total += wide;
    b->out->widest_out = fmax(b->out->widest_out, wide);
}

static struct p2a_frame make_frame(const struct build *b, const struct run *run, p2a_id parent,
                                   bool thread)
{
    const struct p2a_contexts *t = &b->p->contexts;
    const struct p2a_frame *below = &b->row[parent];
    struct p2a_frame f = {.parent = parent,
                          .function = thread ? P2A_NONE : b->ranked[run->key],
                          .thread = thread ? run->key : P2A_NONE,
                          .depth = below->depth + 1,
                          .wide = fmin(run->wide, below->wide),
                          .total = fmin(run->total, below->total),
                          .total_before = fmin(run->before, below->total_before)};
    for (size_t i = 0; i < run->entries.n && !thread; i++) {
        const struct entry *e = &b->above[run->entries.from + i];
        const double *self = t->self + (size_t)e->at * b->p->columns;
        f.calls = p2a_add_calls(f.calls, p2a_calls_of(t, e->origin));
        if (b->compared && t->calls_before)
            f.calls_before = p2a_add_calls(f.calls_before, t->calls_before[e->origin]);
        f.self += b->wanted->reverse ? 0 : positive(self[0]);
        f.self_before += b->wanted->reverse || !b->compared ? 0 : positive(self[b->p->metrics.n]);
    }
    return f;
}

/* Puts the boxes that stand on box F. */
static bool stack(struct build *b, size_t f)
{
    uint32_t depth = b->row[f].depth;
    bool thread = thread_level(b, depth + 1);
    struct slice above = entries_above(b, f, depth);
    sort_entries(b, above, thread);
    size_t n = find_runs(b, above);
    if (n == SIZE_MAX)
        return false;
    for (size_t i = 0; i < n && depth == 0; i++) {
        b->row[0].wide += b->run[i].wide;
        b->row[0].total += b->run[i].total;
        b->row[0].total_before += b->run[i].before;
    }
    if (depth == 0)
        b->least = b->wanted->least * b->row[0].wide;
    for (size_t i = 0; i < n; i++) {
        const struct run *run = &b->run[i];
        if (run->wide <= 0 || run->wide < b->least || (b->above_least && run->wide <= b->least)) {
            leave_out(b, f, run->wide);
            continue;
        }
        struct p2a_frame frame = make_frame(b, run, (p2a_id)f, thread);
        if (!add_row(b, &frame, run->entries))
            return false;
    }
    return true;
}

static int downwards(const void *left, const void *right)
{
    const double *a = left, *b = right;
    return (*a < *b) - (*a > *b);
}

/* The width of the most-th widest box: no box below it, and no later one at it, will be drawn. */
static bool raise_least(struct build *b)
{
    size_t most = b->wanted->most;
    if (!most || b->n < 2 * most || b->n < b->thinned_at)
        return true;
    double *wide = malloc(b->n * sizeof *wide);
    if (!wide)
        return false;
    for (size_t i = 0; i < b->n; i++)
        wide[i] = b->row[i].wide;
    qsort(wide, b->n, sizeof *wide, downwards);
    b->least = fmax(b->least, wide[most - 1]);
    b->above_least = true;
    b->thinned_at = b->n + most;
    free(wide);
    return true;
}

/* What stands on the boxes of the deepest level allowed. */
static void measure_depth(struct build *b, size_t from)
{
    for (size_t f = from; f < b->n; f++) {
        double above = 0;
        b->above_n = 0;
        struct slice s = entries_above(b, f, b->row[f].depth);
        for (size_t i = 0; i < s.n; i++)
            above += weight(b, &b->above[s.from + i]);
        b->missing[f].deep_total = fmin(above, b->row[f].wide);
    }
}

static bool build_rows(struct build *b)
{
    struct p2a_frame whole = {
        .parent = P2A_NONE, .function = P2A_NONE, .thread = P2A_NONE, .end = P2A_FRAME_UNITS};
    uint32_t levels = b->wanted->levels;
    if (!add_row(b, &whole, (struct slice){0, 0}))
        return false;
    for (size_t from = 0, to = 1; from < to; from = to, to = b->n) {
        if (levels && b->row[from].depth >= levels) {
            measure_depth(b, from);
            return true;
        }
        b->above_n = 0;
        for (size_t f = from; f < to; f++)
            if (!stack(b, f) || !raise_least(b))
                return false;
        struct entry *swap = b->now;
        b->now = b->above;
        b->above = swap;
    }
    return true;
}

/* ---- the widest, and their places ---- */

struct wide {
    double wide;
    size_t row;
};

static int widest_first(const void *left, const void *right)
{
    const struct wide *a = left, *b = right;
    if (a->wide > b->wide || a->wide < b->wide)
        return a->wide > b->wide ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

/* Marks all but the most widest with an end of 0. A parent is at least as wide as its child and
 * stands before it, so the rows kept are a tree. */
static bool keep_widest(struct build *b)
{
    size_t most = b->wanted->most;
    if (!most || b->n <= most)
        return true;
    struct wide *wide = malloc(b->n * sizeof *wide);
    if (!wide)
        return false;
    for (size_t i = 0; i < b->n; i++)
        wide[i] = (struct wide){i ? b->row[i].wide : INFINITY, i};
    qsort(wide, b->n, sizeof *wide, widest_first);
    for (size_t i = most; i < b->n; i++)
        b->row[wide[i].row].end = 0;
    free(wide);
    return true;
}

static uint32_t units(double value, double whole)
{
    return (uint32_t)(fmin(fmax(value / whole, 0), 1) * P2A_FRAME_UNITS + 0.5);
}

/* Places row I at CURSOR of its parent; an end of 0 where it can't be drawn. */
static void place(struct build *b, size_t i, double *cursor)
{
    struct p2a_frame *f = &b->row[i], *parent = &b->row[f->parent];
    bool drawn = f->end && parent->end;
    double start = cursor[f->parent], whole = b->row[0].wide;
    f->start = units(start, whole);
    f->end = units(start + f->wide, whole);
    if (f->start < parent->start)
        f->start = parent->start;
    if (f->end > parent->end)
        f->end = parent->end;
    if (!drawn || f->end <= f->start) {
        leave_out(b, f->parent, f->wide);
        f->end = 0;
        return;
    }
    cursor[i] = start;
    cursor[f->parent] += f->wide;
}

/* Places the rows and moves those that are drawn together. */
static bool settle(struct build *b)
{
    double *cursor = calloc((size_t)b->n + 1, sizeof *cursor);
    p2a_id *moved = malloc(((size_t)b->n + 1) * sizeof *moved);
    bool room = cursor && moved;
    size_t n = 0;
    for (size_t i = 0; room && i < b->n; i++) {
        if (i)
            place(b, i, cursor);
        moved[i] = (p2a_id)n;
        n += b->row[i].end != 0;
    }
    for (size_t i = 0; room && i < b->n; i++) {
        struct p2a_frame f = b->row[i];
        if (!f.end)
            continue;
        b->out->narrow += b->missing[i].narrow;
        b->out->narrow_total += b->missing[i].narrow_total;
        b->out->deep_total += b->missing[i].deep_total;
        if (i)
            f.parent = moved[f.parent];
        b->row[moved[i]] = f;
    }
    if (room)
        b->n = n;
    free(cursor);
    free(moved);
    return room;
}

static bool build_frames(struct build *b)
{
    size_t n = (size_t)b->p->contexts.n + 1;
    b->now = malloc(n * sizeof *b->now);
    b->above = malloc(n * sizeof *b->above);
    if (!b->now || !b->above || !p2a_tree_build(b->p, &b->tree) || !add_up_larger(b) ||
        !rank_functions(b) || !build_rows(b))
        return false;
    for (size_t i = 0; i < b->n; i++)
        b->row[i].end = P2A_FRAME_UNITS;
    return keep_widest(b) && settle(b);
}

static bool build_from_contexts(const struct p2a_profile *p, const struct p2a_frames_wanted *wanted,
                                struct p2a_frames *frames)
{
    struct build b = {.p = p,
                      .wanted = wanted,
                      .out = frames,
                      .compared = p->columns > p->metrics.n,
                      .tree = {.first = P2A_NONE}};
    bool built = build_frames(&b);
    frames->row = b.row;
    frames->n = b.n;
    if (built)
        frames->levels = b.row[b.n - 1].depth + 1;
    p2a_tree_free(&b.tree);
    free(b.wide);
    free(b.rank);
    free(b.ranked);
    free(b.now);
    free(b.above);
    free(b.slice);
    free(b.missing);
    free(b.run);
    return built;
}

/* Widths are costs: values that are none count as 0. */
static bool is_cost(double value)
{
    return value >= 0 && isfinite(value);
}

static bool all_are_costs(const struct p2a_profile *p)
{
    size_t n = (size_t)p->contexts.n * p->columns, i = 0;
    while (i < n && is_cost(p->contexts.self[i]))
        i++;
    return i == n;
}

static bool build_from_costs(const struct p2a_profile *p, const struct p2a_frames_wanted *wanted,
                             struct p2a_frames *frames)
{
    struct p2a_profile costs = *p;
    size_t n = (size_t)p->contexts.n * p->columns;
    if (all_are_costs(p))
        return build_from_contexts(p, wanted, frames);
    costs.contexts.self = malloc((n + 1) * sizeof *costs.contexts.self);
    for (size_t i = 0; costs.contexts.self && i < n; i++) {
        double self = p->contexts.self[i];
        bool drawn = i % p->columns % p->metrics.n == 0;
        costs.contexts.self[i] = is_cost(self) ? self : 0;
        if (drawn && self < 0 && isfinite(self)) {
            frames->negative++;
            frames->negative_total += self;
        }
    }
    bool built = costs.contexts.self && build_from_contexts(&costs, wanted, frames);
    free(costs.contexts.self);
    return built;
}

/* Of stacks only those contexts are made that may be boxes, and what stands on these: but for boxes
 * that are several contexts, of paths from the leaves or in several threads. */
static double least_of_stacks(const struct p2a_profile *p, const struct p2a_frames_wanted *wanted)
{
    const struct p2a_stacks *stacks = p2a_stacks_of(p);
    bool alone = stacks->row[0].thread == stacks->row[stacks->n - 1].thread;
    return alone && !wanted->reverse ? wanted->least * p2a_whole(p, 0) : 0;
}

bool p2a_frames_build(const struct p2a_profile *p, const struct p2a_frames_wanted *wanted,
                      struct p2a_frames *frames)
{
    struct p2a_profile lent;
    bool built = false;
    *frames = (struct p2a_frames){0};
    if (!p2a_stacks_of(p)->n) {
        built = build_from_costs(p, wanted, frames);
    } else if (p2a_lend(p, p2a_stacks_of(p), least_of_stacks(p, wanted), &lent)) {
        built = build_from_contexts(&lent, wanted, frames);
        p2a_let_go(&lent);
    }
    if (!built)
        p2a_frames_free(frames);
    return built;
}

void p2a_frames_free(struct p2a_frames *frames)
{
    free(frames->row);
    *frames = (struct p2a_frames){0};
}
