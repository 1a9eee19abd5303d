/* A context that one row alone has is summed with that row's values. One that the next row has,
 * too, stays open until a row lacks it, and has all that was added in the meantime.
 *
 *   row i        main load | read load      open: main, load; of this row alone: read, load
 *   row i + 1    main load | parse          load is marked as open: the second one on the path adds
 *                                           nothing to its total
 *
 * A function, and an arc, is marked with the last row that has it, or as open.
 *
 * Each core sums up a part of the rows in tables of its own. These are added to the graph in the
 * order of the rows, so that functions and arcs stand in it as if one had done all; where the order
 * in which rows came is another one, a part without sums goes through them in that, and is the
 * first. Values are whole numbers, which add up to the same in any order (see stacks.h). */
#include "model/sums.h"

#include <stdlib.h>
#include <string.h>

#include "base/crew.h"
#include "model/core.h"
#include "model/derive.h"

enum {
    KNOWN = 1 << 16,
    NEVER = 0, /* marks; rows are numbered from 2 on */
    BEFORE = 1,
    MOST_PARTS = 8,
    ENOUGH = 1 << 17, /* contexts that are worth a thread, … */
    MANY = 8,         /* … if there are so many of each function … */
    DEEP = 4          /* … and of each stack */
};
#define OPEN UINT32_MAX

struct ends {
    p2a_id caller, callee;
};

struct part {
    const struct p2a_stacks *stacks;
    uint32_t columns, functions, begin, end; /* rows */
    bool as_they_came;                       /* by stacks->first, without sums */
    p2a_id *order;                           /* functions */
    uint32_t order_n, order_room;
    struct p2a_pairs arc_of;
    struct ends *ends; /* of arcs */
    uint32_t arc_n, ends_room, mark_room, self_room, total_room;
    double *self, *total, *arc_self, *arc_total; /* [row * columns + column] */
    p2a_id *known;                               /* the arc last asked for, by a hash of its ends */
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

static bool room_for_arc(struct part *s)
{
    uint64_t n = (uint64_t)s->arc_n + 1;
    size_t values = (s->columns + !s->columns) * sizeof(double);
    return p2a_grow(&s->ends, &s->ends_room, n, sizeof *s->ends) &&
           p2a_grow(&s->arc_mark, &s->mark_room, n, sizeof *s->arc_mark) &&
           p2a_grow(&s->arc_self, &s->self_room, n, values) &&
           p2a_grow(&s->arc_total, &s->total_room, n, values);
}

/* P2A_NONE: no memory. */
static p2a_id add_arc(struct part *s, p2a_id caller, p2a_id callee)
{
    p2a_id id = p2a_pairs_find(&s->arc_of, callee * 4, caller); /* each has a line of its own */
    if (id != P2A_PAIR_NONE)
        return id;
    id = s->arc_n;
    if (!room_for_arc(s) || !p2a_pairs_add(&s->arc_of, (struct p2a_pair){callee * 4, caller, id}))
        return P2A_NONE;
    s->ends[id] = (struct ends){caller, callee};
    s->arc_mark[id] = NEVER;
    memset(s->arc_self + (size_t)id * s->columns, 0, s->columns * sizeof *s->arc_self);
    memset(s->arc_total + (size_t)id * s->columns, 0, s->columns * sizeof *s->arc_total);
    return s->arc_n++;
}

static inline p2a_id find_arc(struct part *s, p2a_id caller, p2a_id callee)
{
    uint32_t hash = (caller * 0x9e3779b1u ^ callee * 0x85ebca77u) >> 16;
    p2a_id id = s->known[hash % KNOWN];
    if (id < s->arc_n && s->ends[id].caller == caller && s->ends[id].callee == callee)
        return id;
    return s->known[hash % KNOWN] = add_arc(s, caller, callee);
}

static bool add_function(struct part *s, p2a_id function)
{
    if (!p2a_grow(&s->order, &s->order_room, (uint64_t)s->order_n + 1, sizeof *s->order))
        return false;
    s->order[s->order_n++] = function;
    s->mark[function] = BEFORE;
    return true;
}

/* Gives the new frames of ROW their places in the tables. False: no memory. */
static bool find_path(struct part *s, const struct p2a_stack *row, const p2a_id *frame)
{
    p2a_id caller = row->shared ? frame[row->shared - 1] : P2A_NONE;
    for (uint32_t d = row->shared; d < row->frame_n; d++) {
        p2a_id f = frame[d], arc = P2A_NONE;
        if (s->mark[f] == NEVER && !add_function(s, f))
            return false;
        if (d > 0 && (arc = find_arc(s, caller, f)) == P2A_NONE)
            return false;
        s->path[d] = arc;
        caller = f;
    }
    return true;
}

static bool find_as_they_came(struct part *s)
{
    const struct p2a_stacks *stacks = s->stacks;
    struct p2a_keyed *came = p2a_stacks_as_they_came(stacks);
    bool found = came;
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
static inline void add_own(struct part *s, const struct p2a_stack *row, const double *value,
                           uint32_t from, uint32_t columns)
{
    const p2a_id *frame = s->stacks->frame + row->frame;
    add_totals(s->total, s->mark, s->now, frame + from, row->frame_n - from, value, columns);
    from += from == 0; /* nothing calls a root */
    add_totals(s->arc_total, s->arc_mark, s->now, s->path + from, row->frame_n - from, value,
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

static void open_frames(struct part *s, const struct p2a_stack *row, uint32_t end)
{
    const p2a_id *frame = s->stacks->frame + row->frame;
    for (uint32_t d = row->shared; d < end; d++) {
        s->open[d].function = open_one(s->mark, frame[d]);
        s->open[d].arc = d > 0 ? open_one(s->arc_mark, s->path[d]) : P2A_NONE;
        memcpy(s->start + (size_t)d * s->columns, s->sum, s->columns * sizeof *s->sum);
        s->open_n = d + 1;
    }
}

static void close_one(struct part *s, double *total, uint32_t *mark, p2a_id id, const double *value)
{
    if (id == P2A_NONE)
        return;
    mark[id] = BEFORE;
    add_values(total, id, value, s->columns);
}

/* Closes what is deeper than DEPTH. */
static void close_below(struct part *s, uint32_t depth)
{
    for (; s->open_n > depth; s->open_n--) {
        const struct open *open = &s->open[s->open_n - 1];
        double *start = s->start + (size_t)(s->open_n - 1) * s->columns;
        for (uint32_t c = 0; c < s->columns; c++)
            start[c] = s->sum[c] - start[c];
        close_one(s, s->total, s->mark, open->function, start);
        close_one(s, s->arc_total, s->arc_mark, open->arc, start);
    }
}

/* NEXT: how many frames the next row shares with this one. */
static bool add_row(struct part *s, const struct p2a_stack *row, const double *value, uint32_t next)
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
    add_values(s->self, frame[leaf], value, s->columns);
    if (leaf > 0)
        add_values(s->arc_self, s->path[leaf], value, s->columns);
    add_values(s->sum, 0, value, s->columns);
    return true;
}

static bool add_rows(struct part *s)
{
    enum { AHEAD = 4, LINE = 16 }; /* frames in a cache line */
    const struct p2a_stacks *stacks = s->stacks;
    for (uint32_t i = s->begin; i < s->end; i++) {
        struct p2a_stack row = stacks->row[i];
        row.shared = i > s->begin ? row.shared : 0;
        close_below(s, row.shared);
        s->now = i - s->begin + 2;
        if (!add_row(s, &row, stacks->self + (size_t)i * s->columns,
                     i + 1 < s->end ? stacks->row[i + 1].shared : 0))
            return false;
        const struct p2a_stack *ahead = &stacks->row[i + AHEAD < s->end ? i + AHEAD : i];
        for (uint32_t d = ahead->shared; d < ahead->frame_n; d += LINE)
            __builtin_prefetch(stacks->frame + ahead->frame + d);
    }
    close_below(s, 0);
    return true;
}

/* ---- a part ---------------------------------------------------------------------------------- */

static bool start_part(struct part *s)
{
    size_t depth = (size_t)s->stacks->deepest + 1, columns = s->columns;
    size_t values = s->as_they_came ? 1 : (size_t)s->functions * columns + 1;
    s->mark = calloc((size_t)s->functions + 1, sizeof *s->mark);
    s->self = calloc(values, sizeof *s->self);
    s->total = calloc(values, sizeof *s->total);
    s->known = malloc(KNOWN * sizeof *s->known);
    s->path = malloc(depth * sizeof *s->path);
    s->open = malloc(depth * sizeof *s->open);
    s->start = malloc((depth * columns + 1) * sizeof *s->start);
    s->sum = calloc(columns + 1, sizeof *s->sum);
    if (!s->mark || !s->self || !s->total || !s->known || !s->path || !s->open || !s->start ||
        !s->sum)
        return false;
    for (uint32_t i = 0; i < KNOWN; i++)
        s->known[i] = P2A_NONE;
    return true;
}

static bool make_part(const void *sums, void *desk, void *piece)
{
    struct part *s = piece;
    (void)sums;
    (void)desk;
    return start_part(s) && (s->as_they_came ? find_as_they_came(s) : add_rows(s));
}

static void end_part(const void *sums, void *piece)
{
    struct part *s = piece;
    void *all[] = {s->order, s->ends,     s->self, s->total, s->arc_self, s->arc_total, s->known,
                   s->mark,  s->arc_mark, s->path, s->open,  s->start,    s->sum};
    (void)sums;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    p2a_pairs_free(&s->arc_of);
    *s = (struct part){0};
}

/* ---- all of them ----------------------------------------------------------------------------- */

struct sums {
    struct p2a_profile *p;
    const struct p2a_stacks *stacks;
    uint32_t parts, cut; /* that add up rows; rows so far */
    bool ordered;        /* functions and arcs have their places, or get them as rows are cut */
};

static bool cut_part(void *owner, void *piece)
{
    struct sums *s = owner;
    uint64_t rows = ((uint64_t)s->stacks->n + s->parts - 1) / s->parts, end = s->cut + rows;
    struct part part = {.stacks = s->stacks,
                        .columns = s->p->columns,
                        .functions = s->p->functions.n,
                        .begin = s->cut,
                        .end = end < s->stacks->n ? (uint32_t)end : s->stacks->n};
    bool more = !s->ordered || s->cut < s->stacks->n;
    part.as_they_came = !s->ordered;
    if (s->ordered)
        s->cut = part.end;
    s->ordered = true;
    *(struct part *)piece = part;
    return more;
}

static bool add_functions(struct p2a_profile *p, const struct part *from)
{
    for (uint32_t i = 0; i < from->order_n; i++) {
        p2a_id f = from->order[i];
        if (!p2a_node(p, f))
            return false;
        if (from->as_they_came)
            continue;
        add_values(p->graph.self, f, from->self + (size_t)f * p->columns, p->columns);
        add_values(p->graph.total, f, from->total + (size_t)f * p->columns, p->columns);
    }
    return true;
}

/* What finds the first part's arcs finds the graph's. */
static bool add_arcs(struct p2a_profile *p, struct part *from)
{
    bool first = p->graph.arc_n == 0;
    for (uint32_t i = 0; i < from->arc_n; i++) {
        const struct ends *ends = &from->ends[i];
        p2a_id id = first ? p2a_arc_new(p, ends->caller, ends->callee)
                          : p2a_arc(p, ends->caller, ends->callee);
        if (id == P2A_NONE)
            return false;
        add_values(p->graph.arc_self, id, from->arc_self + (size_t)i * p->columns, p->columns);
        add_values(p->graph.arc_total, id, from->arc_total + (size_t)i * p->columns, p->columns);
    }
    if (first) {
        p2a_pairs_free(&p->core->arc_of);
        p->core->arc_of = from->arc_of;
        from->arc_of = (struct p2a_pairs){0};
    }
    return true;
}

static bool take_part(void *owner, void *desk, void *piece)
{
    struct sums *s = owner;
    bool added = add_functions(s->p, piece) && add_arcs(s->p, piece);
    (void)desk;
    end_part(s, piece);
    return added;
}

static void add_parts(struct p2a_profile *p)
{
    static const struct p2a_crew_work work = {.piece_size = sizeof(struct part),
                                              .cut = cut_part,
                                              .make = make_part,
                                              .take = take_part,
                                              .free_piece = end_part};
    const struct p2a_stacks *stacks = &p->core->stacks;
    struct sums s = {.p = p, .stacks = stacks, .ordered = !stacks->first};
    uint64_t enough = stacks->context_n / ENOUGH + 1, cores = p2a_cores();
    if (cores > MOST_PARTS)
        cores = MOST_PARTS;
    /* Else most of them are arcs of their own, which parts would have to add up again. */
    if (stacks->context_n / MANY < p->functions.n || stacks->context_n / DEEP < stacks->n)
        cores = 1;
    s.parts = (uint32_t)(enough < cores ? enough : cores);
    if (p2a_crew_run(&work, &s, s.parts == 1) == P2A_CREW_NO_MEMORY)
        p2a_fail(p, P2A_SYSTEM, "out of memory");
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
    add_parts(p);
    if (p2a_profile_status(p) == P2A_OK) {
        say_what_is_known(&p->graph);
        p->facts |= P2A_GRAPH;
    } else {
        p2a_drop_derived(p);
    }
    return p2a_take_error(p, error);
}
