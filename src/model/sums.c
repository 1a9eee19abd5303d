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
    WAYS = 16, /* of a caller, to its arcs */
    LEAST_WAYS = 1 << 16,
    MOST_WAYS = 1 << 20,
    SALTS = 64,
    NEVER = 0, /* marks */
    BEFORE = 1,
    FIRST = 2, /* row */
    MOST_PARTS = 8,
    ENOUGH = 1 << 17, /* contexts that are worth a thread, … */
    MANY = 8,         /* … if there are so many of each function … */
    DEEP = 4          /* … and of each stack */
};
#define OPEN UINT32_MAX

/* What a frame is added to stands together:
 *
 *   function   mark  total of each column
 *   arc        ends  mark  total of each column */
union cell {
    uint64_t ends; /* caller << 32 | callee */
    struct {
        uint32_t mark; /* a row, NEVER, BEFORE or OPEN */
        uint32_t salt; /* of a function; see below */
    };
    double total;
};

struct part {
    const struct p2a_stacks *stacks;
    uint32_t columns, functions, begin, end; /* rows */
    bool as_they_came;                       /* by stacks->first, without columns */
    p2a_id *order;                           /* functions */
    uint32_t order_n, order_room;
    struct p2a_pairs arc_of;
    union cell *function, *arc;
    uint32_t arc_n, arc_room, self_room;
    double *self, *arc_self; /* [row * columns + column] */
    p2a_id *way;             /* arcs, P2A_NONE where there is none */
    uint32_t way_mask, now;  /* now: the row */
    struct open {
        p2a_id function, arc; /* P2A_NONE: there is one above already */
    } * open;                 /* frames that the next row has, too */
    uint32_t open_n;
    double *start, *sum; /* of all rows before an open one; before this row */
};

/* ---- functions and arcs of a row ------------------------------------------------------------- */

static inline union cell *function_mark(const struct part *s, p2a_id id)
{
    return s->function + (size_t)id * (1 + s->columns);
}

static inline union cell *arc_ends(const struct part *s, p2a_id id)
{
    return s->arc + (size_t)id * (2 + s->columns);
}

static inline union cell *arc_mark(const struct part *s, p2a_id id)
{
    return arc_ends(s, id) + 1;
}

static bool add_function(struct part *s, p2a_id function)
{
    if (!p2a_grow(&s->order, &s->order_room, (uint64_t)s->order_n + 1, sizeof *s->order))
        return false;
    s->order[s->order_n++] = function;
    function_mark(s, function)->mark = BEFORE;
    return true;
}

static bool room_for_arc(struct part *s)
{
    uint64_t n = (uint64_t)s->arc_n + 1;
    return p2a_grow(&s->arc, &s->arc_room, n, (2 + s->columns) * sizeof *s->arc) &&
           p2a_grow(&s->arc_self, &s->self_room, n, (s->columns + !s->columns) * sizeof(double));
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
    union cell *row = arc_ends(s, id);
    memset(row, 0, (2 + s->columns) * sizeof *row); /* NEVER */
    row->ends = (uint64_t)caller << 32 | callee;
    memset(s->arc_self + (size_t)id * s->columns, 0, s->columns * sizeof *s->arc_self);
    return s->arc_n++;
}

/* ---- ways ------------------------------------------------------------------------------------ */

/* Each caller has a salt with which no two of its callees go the same way, so that an arc is found
 * at once. One that has too many callees shares all ways with others, and an arc may be taken for
 * another there, which is why its ends are looked at. */
static inline p2a_id *way_to(const struct part *s, p2a_id caller, p2a_id callee, uint32_t salt)
{
    uint32_t hash = callee * (0x9e3779b1u + salt * 0x7f4a7c16u);
    uint32_t way = salt < SALTS ? caller * WAYS + hash / (UINT32_MAX / WAYS + 1)
                                : caller * 0x85ebca77u + (hash >> 12);
    return &s->way[way & s->way_mask];
}

/* The arcs on a caller's own ways. */
static uint32_t arcs_of(const struct part *s, p2a_id caller, p2a_id arc[WAYS])
{
    const p2a_id *own = &s->way[caller * WAYS & s->way_mask];
    uint32_t n = 0;
    for (unsigned i = 0; i < WAYS; i++)
        if (own[i] != P2A_NONE && arc_ends(s, own[i])->ends >> 32 == caller)
            arc[n++] = own[i];
    return n;
}

/* Puts them on their ways. False: two would go the same one. */
static bool part_ways(struct part *s, p2a_id caller, const p2a_id *arc, uint32_t n, uint32_t salt)
{
    memset(&s->way[caller * WAYS & s->way_mask], 0xff, WAYS * sizeof *s->way);
    for (uint32_t i = 0; i < n; i++) {
        p2a_id *way = way_to(s, caller, (p2a_id)arc_ends(s, arc[i])->ends, salt);
        if (*way != P2A_NONE)
            return false;
        *way = arc[i];
    }
    return true;
}

/* An arc that isn't where its way leads to. P2A_NONE: no memory. */
static p2a_id make_way(struct part *s, p2a_id caller, p2a_id callee)
{
    p2a_id id = add_arc(s, caller, callee), arc[WAYS + 1];
    uint32_t *salt = &function_mark(s, caller)->salt;
    p2a_id *way = way_to(s, caller, callee, *salt);
    bool taken = *way != P2A_NONE && arc_ends(s, *way)->ends >> 32 == caller;
    if (id == P2A_NONE || *salt == SALTS || !taken) {
        *way = id;
        return id;
    }
    uint32_t n = arcs_of(s, caller, arc);
    arc[n++] = id;
    do
        *salt = n > WAYS ? SALTS : *salt + 1;
    while (*salt < SALTS && !part_ways(s, caller, arc, n, *salt));
    return id;
}

/* COLUMNS are the part's: code is shorter where they are known. */
static inline p2a_id find_arc(struct part *s, p2a_id caller, p2a_id callee, uint32_t columns)
{
    uint32_t salt = s->function[(size_t)caller * (1 + columns)].salt;
    p2a_id id = *way_to(s, caller, callee, salt);
    uint64_t ends = (uint64_t)caller << 32 | callee;
    if (id != P2A_NONE && s->arc[(size_t)id * (2 + columns)].ends == ends)
        return id;
    return make_way(s, caller, callee);
}

/* ---- sums ------------------------------------------------------------------------------------ */

static inline void add_values(double *to, const double *value, uint32_t columns)
{
    for (uint32_t c = 0; c < columns; c++)
        to[c] += value[c];
}

/* The total at MARK, unless the row has added to it. */
static inline void add_total(union cell *mark, uint32_t now, const double *value, uint32_t columns)
{
    if (mark->mark >= now)
        return;
    mark->mark = now;
    for (uint32_t c = 0; c < columns; c++)
        mark[1 + c].total += value[c];
}

/* The frames from FROM on, that no other row has. *arc leads to the last one. False: no memory. */
static inline bool add_own(struct part *s, const struct p2a_stack *row, const double *value,
                           uint32_t from, p2a_id *arc, uint32_t columns)
{
    const p2a_id *frame = s->stacks->frame + row->frame;
    for (uint32_t d = from; d < row->frame_n; d++) {
        union cell *mark = s->function + (size_t)frame[d] * (1 + columns);
        if (mark->mark == NEVER && !add_function(s, frame[d]))
            return false;
        add_total(mark, s->now, value, columns);
        if (d == 0) /* nothing calls a root */
            continue;
        *arc = find_arc(s, frame[d - 1], frame[d], columns);
        if (*arc == P2A_NONE)
            return false;
        add_total(s->arc + (size_t)*arc * (2 + columns) + 1, s->now, value, columns);
    }
    return true;
}

/* ID, of which MARK is, and which is open now; P2A_NONE where it has been. */
static p2a_id open_one(union cell *mark, p2a_id id)
{
    if (mark->mark == OPEN)
        return P2A_NONE;
    mark->mark = OPEN;
    return id;
}

/* The frames up to END, that the next row has, too; as add_own. */
static bool open_frames(struct part *s, const struct p2a_stack *row, uint32_t end, p2a_id *arc)
{
    const p2a_id *frame = s->stacks->frame + row->frame;
    for (uint32_t d = row->shared; d < end; d++) {
        if (function_mark(s, frame[d])->mark == NEVER && !add_function(s, frame[d]))
            return false;
        if (d > 0 && (*arc = find_arc(s, frame[d - 1], frame[d], s->columns)) == P2A_NONE)
            return false;
        s->open[d].function = open_one(function_mark(s, frame[d]), frame[d]);
        s->open[d].arc = d > 0 ? open_one(arc_mark(s, *arc), *arc) : P2A_NONE;
        memcpy(s->start + (size_t)d * s->columns, s->sum, s->columns * sizeof *s->sum);
        s->open_n = d + 1;
    }
    return true;
}

static void close_one(union cell *mark, const double *value, uint32_t columns)
{
    mark->mark = BEFORE;
    for (uint32_t c = 0; c < columns; c++)
        mark[1 + c].total += value[c];
}

/* Closes what is deeper than DEPTH. */
static void close_below(struct part *s, uint32_t depth)
{
    for (; s->open_n > depth; s->open_n--) {
        const struct open *open = &s->open[s->open_n - 1];
        double *start = s->start + (size_t)(s->open_n - 1) * s->columns;
        for (uint32_t c = 0; c < s->columns; c++)
            start[c] = s->sum[c] - start[c];
        if (open->function != P2A_NONE)
            close_one(function_mark(s, open->function), start, s->columns);
        if (open->arc != P2A_NONE)
            close_one(arc_mark(s, open->arc), start, s->columns);
    }
}

static bool add_frames(struct part *s, const struct p2a_stack *row, const double *value,
                       uint32_t from, p2a_id *arc)
{
    if (s->columns == 1)
        return add_own(s, row, value, from, arc, 1);
    if (s->columns == 2)
        return add_own(s, row, value, from, arc, 2);
    return add_own(s, row, value, from, arc, s->columns);
}

/* NEXT: how many frames the next row shares with this one. False: no memory. */
static bool add_row(struct part *s, const struct p2a_stack *row, const double *value, uint32_t next)
{
    uint32_t own = row->shared > next ? row->shared : next, leaf = row->frame_n - 1;
    p2a_id arc = P2A_NONE;
    if (!open_frames(s, row, next, &arc) || !add_frames(s, row, value, own, &arc))
        return false;
    p2a_id function = s->stacks->frame[row->frame + leaf];
    add_values(s->self + (size_t)function * s->columns, value, s->columns);
    if (leaf > 0)
        add_values(s->arc_self + (size_t)arc * s->columns, value, s->columns);
    add_values(s->sum, value, s->columns);
    return true;
}

enum { FRAMES_AHEAD = 8, ARC_AHEAD = 4 }; /* rows */

/* The arc that leads to the last frame of a row is going to be looked for. */
static void arc_ahead(const struct part *s, uint32_t row)
{
    const struct p2a_stack *ahead = &s->stacks->row[row];
    const p2a_id *end = s->stacks->frame + ahead->frame + ahead->frame_n;
    if (ahead->frame_n > 1)
        p2a_pairs_ahead(&s->arc_of, end[-1] * 4, end[-2]);
}

static bool add_as_they_came(struct part *s)
{
    const struct p2a_stacks *stacks = s->stacks;
    struct p2a_keyed *came = p2a_stacks_as_they_came(stacks);
    bool added = came;
    for (uint32_t i = 0; added && i < stacks->n; i++) {
        struct p2a_stack row = stacks->row[came[i].id];
        if (i + FRAMES_AHEAD < stacks->n)
            p2a_stacks_ahead(stacks, came[i + FRAMES_AHEAD].id);
        if (i + ARC_AHEAD < stacks->n)
            arc_ahead(s, came[i + ARC_AHEAD].id);
        row.shared = i ? p2a_shared_frames(stacks->frame, &stacks->row[came[i - 1].id], &row) : 0;
        s->now = i + FIRST;
        added = add_row(s, &row, stacks->self, 0);
    }
    free(came);
    return added;
}

static bool add_rows(struct part *s)
{
    const struct p2a_stacks *stacks = s->stacks;
    for (uint32_t i = s->begin; i < s->end; i++) {
        struct p2a_stack row = stacks->row[i];
        row.shared = i > s->begin ? row.shared : 0;
        close_below(s, row.shared);
        s->now = i - s->begin + FIRST;
        if (!add_row(s, &row, stacks->self + (size_t)i * s->columns,
                     i + 1 < s->end ? stacks->row[i + 1].shared : 0))
            return false;
        p2a_stacks_ahead(stacks, i + FRAMES_AHEAD);
        if (i + ARC_AHEAD < s->end)
            arc_ahead(s, i + ARC_AHEAD);
    }
    close_below(s, 0);
    return true;
}

/* ---- a part ---------------------------------------------------------------------------------- */

static bool start_part(struct part *s)
{
    size_t depth = (size_t)s->stacks->deepest + 1, functions = (size_t)s->functions + 1;
    uint32_t ways = LEAST_WAYS;
    while (ways < MOST_WAYS && ways / WAYS < s->functions)
        ways *= 2;
    s->way_mask = ways - 1;
    s->function = calloc(functions * (1 + s->columns), sizeof *s->function);
    s->self = calloc(functions * s->columns + 1, sizeof *s->self);
    s->way = malloc(ways * sizeof *s->way);
    s->open = calloc(depth, sizeof *s->open);
    s->start = malloc((depth * s->columns + 1) * sizeof *s->start);
    s->sum = calloc(s->columns + 1, sizeof *s->sum);
    if (!s->function || !s->self || !s->way || !s->open || !s->start || !s->sum)
        return false;
    memset(s->way, 0xff, ways * sizeof *s->way); /* P2A_NONE */
    return true;
}

static bool make_part(const void *sums, void *desk, void *piece)
{
    struct part *s = piece;
    (void)sums;
    (void)desk;
    return start_part(s) && (s->as_they_came ? add_as_they_came(s) : add_rows(s));
}

static void end_part(const void *sums, void *piece)
{
    struct part *s = piece;
    void *all[] = {s->order, s->function, s->self,  s->arc, s->arc_self,
                   s->way,   s->open,     s->start, s->sum};
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
                        .columns = s->ordered ? s->p->columns : 0,
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

static void add_totals(double *to, const union cell *mark, uint32_t columns)
{
    for (uint32_t c = 0; c < columns; c++)
        to[c] += mark[1 + c].total;
}

static bool add_functions(struct p2a_profile *p, const struct part *from)
{
    for (uint32_t i = 0; i < from->order_n; i++) {
        p2a_id f = from->order[i];
        if (!p2a_node(p, f))
            return false;
        size_t at = (size_t)f * p->columns;
        add_values(p->graph.self + at, from->self + (size_t)f * from->columns, from->columns);
        add_totals(p->graph.total + at, function_mark(from, f), from->columns);
    }
    return true;
}

/* What finds the first part's arcs finds the graph's. */
static bool add_arcs(struct p2a_profile *p, struct part *from)
{
    bool first = p->graph.arc_n == 0;
    for (uint32_t i = 0; i < from->arc_n; i++) {
        uint64_t ends = arc_ends(from, i)->ends;
        p2a_id caller = (p2a_id)(ends >> 32), callee = (p2a_id)ends;
        p2a_id id = first ? p2a_arc_new(p, caller, callee) : p2a_arc(p, caller, callee);
        if (id == P2A_NONE)
            return false;
        size_t at = (size_t)id * p->columns;
        add_values(p->graph.arc_self + at, from->arc_self + (size_t)i * from->columns,
                   from->columns);
        add_totals(p->graph.arc_total + at, arc_mark(from, i), from->columns);
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
