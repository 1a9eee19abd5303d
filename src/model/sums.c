/* A context that one row alone has is summed with that row's values. One that the next row has,
 * too, stays open until a row lacks it, and has all that was added in the meantime.
 *
 *   row i        main load | read load      open: main, load; of this row alone: read, load
 *   row i + 1    main load | parse          load is marked as open: the second one on the path adds
 *                                           nothing to its total
 *
 * A function, and an arc, is marked with the last row that has it, or as open. */
#include "model/sums.h"

#include <stdlib.h>
#include <string.h>

#include "model/core.h"
#include "model/derive.h"

enum { KNOWN = 1 << 16, NEVER = 0, BEFORE = 1 }; /* rows are numbered from 2 on */
#define OPEN UINT32_MAX

struct ends {
    p2a_id caller, callee;
};

struct sums {
    struct p2a_profile *p;
    const struct p2a_stacks *stacks;
    uint32_t columns;
    struct ends *ends; /* of the graph's arcs */
    uint32_t arc_n, ends_room, arc_mark_room;
    p2a_id *known;             /* the arc last asked for, by a hash of its ends */
    uint32_t *mark, *arc_mark; /* by function and arc: a row, NEVER, BEFORE or OPEN */
    uint32_t now;              /* the row */
    p2a_id *path;              /* arcs that lead to its frames */
    struct open {
        p2a_id function, arc; /* P2A_NONE: there is one above already */
    } * open;                 /* frames that the next row has, too */
    uint32_t open_n;
    double *start, *sum; /* of all rows before an open one; before this row */
};

/* ---- functions and arcs of a row ------------------------------------------------------------- */

static p2a_id add_arc(struct sums *s, p2a_id caller, p2a_id callee)
{
    p2a_id id = p2a_arc(s->p, caller, callee);
    if (id == P2A_NONE || id < s->arc_n)
        return id;
    if (!p2a_grow(&s->ends, &s->ends_room, (uint64_t)id + 1, sizeof *s->ends) ||
        !p2a_grow(&s->arc_mark, &s->arc_mark_room, (uint64_t)id + 1, sizeof *s->arc_mark)) {
        p2a_fail(s->p, P2A_SYSTEM, "out of memory");
        return P2A_NONE;
    }
    s->ends[id] = (struct ends){caller, callee};
    s->arc_mark[id] = NEVER;
    s->arc_n = id + 1;
    return id;
}

static inline p2a_id find_arc(struct sums *s, p2a_id caller, p2a_id callee)
{
    uint32_t hash = (caller * 0x9e3779b1u ^ callee * 0x85ebca77u) >> 16;
    p2a_id id = s->known[hash % KNOWN];
    if (id < s->arc_n && s->ends[id].caller == caller && s->ends[id].callee == callee)
        return id;
    return s->known[hash % KNOWN] = add_arc(s, caller, callee);
}

/* Gives the new frames of ROW their rows in the graph. False after an error. */
static bool find_path(struct sums *s, const struct p2a_stack *row, const p2a_id *frame)
{
    p2a_id caller = row->shared ? frame[row->shared - 1] : P2A_NONE;
    for (uint32_t d = row->shared; d < row->frame_n; d++) {
        p2a_id f = frame[d], arc = P2A_NONE;
        if (s->mark[f] == NEVER) {
            if (!p2a_node(s->p, f))
                return false;
            s->mark[f] = BEFORE;
        }
        if (d > 0 && (arc = find_arc(s, caller, f)) == P2A_NONE)
            return false;
        s->path[d] = arc;
        caller = f;
    }
    return true;
}

/* Functions and arcs get their rows in the order in which they came. */
static bool find_as_they_came(struct sums *s)
{
    const struct p2a_stacks *stacks = s->stacks;
    if (!stacks->first)
        return true;
    struct p2a_keyed *came = p2a_stacks_as_they_came(stacks);
    bool found = came;
    if (!came)
        p2a_fail(s->p, P2A_SYSTEM, "out of memory");
    for (uint32_t i = 0; found && i < stacks->n; i++) {
        struct p2a_stack row = stacks->row[came[i].id];
        row.shared = i ? p2a_shared_frames(stacks->frame, &stacks->row[came[i - 1].id], &row) : 0;
        found = find_path(s, &row, stacks->frame + row.frame);
    }
    free(came);
    return found;
}

/* ---- sums ------------------------------------------------------------------------------------ */

static inline void add_values(double *to, size_t row, const double *value, uint32_t columns)
{
    for (uint32_t c = 0; c < columns; c++)
        to[row * columns + c] += value[c];
}

/* Adds VALUE to each of N ids that the row doesn't have yet. */
static inline void add_totals(double *total, uint32_t *mark, uint32_t now, const p2a_id *id,
                              size_t n, const double *value, uint32_t columns)
{
    for (size_t i = 0; i < n; i++) {
        if (mark[id[i]] >= now)
            continue;
        mark[id[i]] = now;
        add_values(total, id[i], value, columns);
    }
}

/* The frames that no other row has. */
static inline void add_own(struct sums *s, const struct p2a_stack *row, const double *value,
                           uint32_t from, uint32_t columns)
{
    struct p2a_graph *g = &s->p->graph;
    const p2a_id *frame = s->stacks->frame + row->frame;
    add_totals(g->total, s->mark, s->now, frame + from, row->frame_n - from, value, columns);
    from += from == 0; /* nothing calls a root */
    add_totals(g->arc_total, s->arc_mark, s->now, s->path + from, row->frame_n - from, value,
               columns);
}

/* ID, which is open now; P2A_NONE where it has been. */
static p2a_id open_one(uint32_t *mark, p2a_id id)
{
    if (mark[id] == OPEN)
        return P2A_NONE;
    mark[id] = OPEN;
    return id;
}

static void open_frames(struct sums *s, const struct p2a_stack *row, uint32_t end)
{
    const p2a_id *frame = s->stacks->frame + row->frame;
    for (uint32_t d = row->shared; d < end; d++) {
        s->open[d].function = open_one(s->mark, frame[d]);
        s->open[d].arc = d > 0 ? open_one(s->arc_mark, s->path[d]) : P2A_NONE;
        memcpy(s->start + (size_t)d * s->columns, s->sum, s->columns * sizeof *s->sum);
        s->open_n = d + 1;
    }
}

static void close_one(struct sums *s, double *total, uint32_t *mark, p2a_id id, const double *value)
{
    if (id == P2A_NONE)
        return;
    mark[id] = BEFORE;
    add_values(total, id, value, s->columns);
}

/* Closes what is deeper than DEPTH. */
static void close_below(struct sums *s, uint32_t depth)
{
    struct p2a_graph *g = &s->p->graph;
    for (; s->open_n > depth; s->open_n--) {
        const struct open *open = &s->open[s->open_n - 1];
        double *start = s->start + (size_t)(s->open_n - 1) * s->columns;
        for (uint32_t c = 0; c < s->columns; c++)
            start[c] = s->sum[c] - start[c];
        close_one(s, g->total, s->mark, open->function, start);
        close_one(s, g->arc_total, s->arc_mark, open->arc, start);
    }
}

/* NEXT: how many frames the next row shares with this one. */
static bool add_row(struct sums *s, const struct p2a_stack *row, const double *value, uint32_t next)
{
    const p2a_id *frame = s->stacks->frame + row->frame;
    uint32_t own = row->shared > next ? row->shared : next, leaf = row->frame_n - 1;
    if (!find_path(s, row, frame))
        return false;
    open_frames(s, row, next);
    if (s->columns == 1) /* the loops are shorter where that is known */
        add_own(s, row, value, own, 1);
    else if (s->columns == 2)
        add_own(s, row, value, own, 2);
    else
        add_own(s, row, value, own, s->columns);
    add_values(s->p->graph.self, frame[leaf], value, s->columns);
    if (leaf > 0)
        add_values(s->p->graph.arc_self, s->path[leaf], value, s->columns);
    add_values(s->sum, 0, value, s->columns);
    return true;
}

static bool add_rows(struct sums *s)
{
    enum { AHEAD = 4, LINE = 16 }; /* frames in a cache line */
    const struct p2a_stacks *stacks = s->stacks;
    for (uint32_t i = 0; i < stacks->n; i++) {
        const struct p2a_stack *row = &stacks->row[i];
        close_below(s, row->shared);
        s->now = i + 2;
        if (!add_row(s, row, stacks->self + (size_t)i * s->columns,
                     i + 1 < stacks->n ? row[1].shared : 0))
            return false;
        const struct p2a_stack *ahead = i + AHEAD < stacks->n ? row + AHEAD : row;
        for (uint32_t d = ahead->shared; d < ahead->frame_n; d += LINE)
            __builtin_prefetch(stacks->frame + ahead->frame + d);
    }
    close_below(s, 0);
    return true;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static bool start_sums(struct sums *s)
{
    size_t depth = (size_t)s->stacks->deepest + 1, columns = s->p->columns;
    s->mark = calloc((size_t)s->p->functions.n + 1, sizeof *s->mark);
    s->known = malloc(KNOWN * sizeof *s->known);
    s->path = malloc(depth * sizeof *s->path);
    s->open = malloc(depth * sizeof *s->open);
    s->start = malloc((depth * columns + 1) * sizeof *s->start);
    s->sum = calloc(columns + 1, sizeof *s->sum);
    if (!s->mark || !s->known || !s->path || !s->open || !s->start || !s->sum) {
        p2a_fail(s->p, P2A_SYSTEM, "out of memory");
        return false;
    }
    for (uint32_t i = 0; i < KNOWN; i++)
        s->known[i] = P2A_NONE;
    return true;
}

static void say_what_is_known(struct p2a_graph *g)
{
    unsigned has = P2A_HAS_ROW | P2A_HAS_SELF | P2A_HAS_TOTAL;
    for (uint32_t i = 0; i < g->order_n; i++)
        g->node[g->order[i]].has |= has;
    for (uint32_t i = 0; i < g->arc_n; i++)
        g->arc[i].has |= has;
}

enum p2a_status p2a_sum_stacks(struct p2a_profile *p, struct p2a_error *error)
{
    struct sums s = {.p = p, .stacks = &p->core->stacks, .columns = p->columns};
    if (start_sums(&s) && find_as_they_came(&s) && add_rows(&s)) {
        say_what_is_known(&p->graph);
        p->facts |= P2A_GRAPH;
    } else {
        p2a_drop_derived(p);
    }
    free(s.mark);
    free(s.arc_mark);
    free(s.ends);
    free(s.known);
    free(s.path);
    free(s.open);
    free(s.start);
    free(s.sum);
    return p2a_take_error(p, error);
}
