/* A context that one row alone has is summed with that row's values. One that the next row has,
 * too, stays open until a row lacks it, and has all that was added in the meantime.
 *
 *   row i        main load | read load      open: main, load; of this row alone: read, load
 *   row i + 1    main load | parse          load is marked as open: the second one on the path adds
 *                                           nothing to its total
 *
 * A function, and an arc, is marked with the last row that has it, or as open. What a frame adds to
 * its function's total its arc has, too, so that it is added to the arc alone, unless the function
 * is on the path already: what goes along an arc then is kept apart.
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
    SALTS = 64, /* that are tried */
    NEVER = 0,  /* marks */
    BEFORE = 1,
    FIRST = 2, /* row */
    MOST_PARTS = 8,
    ENOUGH = 1 << 17, /* contexts that are worth a thread, … */
    MANY = 8,         /* … if there are so many of each function … */
    DEEP = 4          /* … and of each stack */
};
#define OPEN UINT32_MAX

/* What a frame is added to stands together: an arc's ends, its mark, and of each column the total
 * of the rows in which it is the first that leads to the callee. */
union cell {
    uint64_t ends; /* caller << 32 | callee */
    uint32_t mark; /* a row, NEVER, BEFORE or OPEN */
    double total;
};
enum { NO_ARC = 0 }; /* the row of arcs that has no ends */

struct visit {
    uint32_t mark, salt; /* salt: see below; odd, or CROWDED */
};
#define FIRST_SALT 0x9e3779b1u
#define NEXT_SALT  0x7f4a7c16u
#define LAST_SALT  (FIRST_SALT + SALTS * NEXT_SALT)
enum { CROWDED = 0 };

struct part {
    const struct p2a_stacks *stacks;
    uint32_t columns, functions, begin, end; /* rows */
    bool as_they_came;                       /* by stacks->first, without columns */
    p2a_id *order;                           /* functions */
    uint32_t order_n, order_room;
    struct p2a_pairs arc_of;
    struct visit *function;
    double *self, *root; /* [function * columns + column]; root: the total of what nothing calls */
    union cell *arc;     /* from row 1 on */
    double *apart;       /* [(arc * 2 + i) * columns + column]; i 0: self, 1: what recurs */
    uint32_t arc_n, arc_room, apart_room;
    uint32_t *way;          /* arcs, NO_ARC where there is none */
    uint32_t way_mask, now; /* now: the row */
    struct open {
        p2a_id function; /* P2A_NONE: it is above already */
        uint32_t arc;    /* NO_ARC: the same, or a root's */
    } * open;            /* frames that the next row has, too */
    uint32_t open_n;
    double *start, *sum; /* of all rows before an open one; before this row */
};

/* ---- functions and arcs of a row ------------------------------------------------------------- */

static inline union cell *arc_row(const struct part *s, uint32_t arc, uint32_t columns)
{
    return s->arc + (size_t)arc * (2 + columns);
}

static inline uint64_t ends_of(const struct part *s, uint32_t arc)
{
    return arc_row(s, arc, s->columns)->ends;
}

static inline double *self_of_arc(const struct part *s, uint32_t arc)
{
    return s->apart + (size_t)arc * 2 * s->columns;
}

static inline double *recurring(const struct part *s, uint32_t arc)
{
    return self_of_arc(s, arc) + s->columns;
}

static bool add_function(struct part *s, p2a_id function)
{
    if (!p2a_grow(&s->order, &s->order_room, (uint64_t)s->order_n + 1, sizeof *s->order))
        return false;
    s->order[s->order_n++] = function;
    s->function[function] = (struct visit){BEFORE, FIRST_SALT};
    return true;
}

/* A row without values. NO_ARC: no memory. */
static uint32_t add_row_of_arc(struct part *s, uint64_t ends)
{
    uint32_t row = s->arc_n;
    uint64_t n = (uint64_t)row + 1;
    if (!p2a_grow(&s->arc, &s->arc_room, n, (2 + s->columns) * sizeof *s->arc) ||
        !p2a_grow(&s->apart, &s->apart_room, n, (2 * s->columns + 1) * sizeof *s->apart))
        return NO_ARC;
    union cell *arc = arc_row(s, row, s->columns);
    memset(arc, 0, (2 + s->columns) * sizeof *arc); /* NEVER */
    arc->ends = ends;
    memset(self_of_arc(s, row), 0, 2 * s->columns * sizeof *s->apart);
    s->arc_n++;
    return row;
}

/* NO_ARC: no memory. */
static uint32_t add_arc(struct part *s, p2a_id caller, p2a_id callee)
{
    uint32_t id = p2a_pairs_find(&s->arc_of, callee * 4, caller); /* each has a line of its own */
    if (id != P2A_PAIR_NONE)
        return id + 1;
    uint32_t arc = add_row_of_arc(s, (uint64_t)caller << 32 | callee);
    if (arc == NO_ARC || !p2a_pairs_add(&s->arc_of, (struct p2a_pair){callee * 4, caller, arc - 1}))
        return NO_ARC;
    return arc;
}

/* ---- ways ------------------------------------------------------------------------------------ */

/* Each caller has a salt with which no two of its callees go the same way, so that an arc is found
 * at once. One that has too many callees shares all ways with others, and an arc may be taken for
 * another there, which is why its ends are looked at. */
static inline uint32_t way_to(p2a_id caller, p2a_id callee, uint32_t salt)
{
    return salt == CROWDED ? caller * 0x85ebca77u + (callee * FIRST_SALT >> 12)
                           : caller * WAYS + callee * salt / (UINT32_MAX / WAYS + 1);
}

/* The arcs on a caller's own ways. */
static uint32_t arcs_of(const struct part *s, p2a_id caller, uint32_t arc[WAYS])
{
    const uint32_t *own = &s->way[caller * WAYS & s->way_mask];
    uint32_t n = 0;
    for (unsigned i = 0; i < WAYS; i++)
        if (ends_of(s, own[i]) >> 32 == caller)
            arc[n++] = own[i];
    return n;
}

/* Puts them on their ways. False: two would go the same one. */
static bool part_ways(struct part *s, p2a_id caller, const uint32_t *arc, uint32_t n, uint32_t salt)
{
    memset(&s->way[caller * WAYS & s->way_mask], 0, WAYS * sizeof *s->way); /* NO_ARC */
    for (uint32_t i = 0; i < n; i++) {
        uint32_t way = way_to(caller, (p2a_id)ends_of(s, arc[i]), salt);
        if (s->way[way & s->way_mask] != NO_ARC)
            return false;
        s->way[way & s->way_mask] = arc[i];
    }
    return true;
}

/* An arc that isn't where its way leads to. NO_ARC: no memory. */
static uint32_t make_way(struct part *s, p2a_id caller, p2a_id callee)
{
    uint32_t id = add_arc(s, caller, callee), arc[WAYS + 1];
    uint32_t *salt = &s->function[caller].salt;
    uint32_t *way = &s->way[way_to(caller, callee, *salt) & s->way_mask];
    bool taken = ends_of(s, *way) >> 32 == caller;
    if (id == NO_ARC || *salt == CROWDED || !taken) {
        *way = id;
        return id;
    }
    uint32_t n = arcs_of(s, caller, arc);
    arc[n++] = id;
    do
        *salt = n > WAYS || *salt == LAST_SALT ? CROWDED : *salt + NEXT_SALT;
    while (*salt != CROWDED && !part_ways(s, caller, arc, n, *salt));
    return id;
}

/* Where a frame finds its function and arc, until something is added. */
struct tables {
    struct visit *function;
    const uint32_t *way;
    union cell *arc;
    uint32_t way_mask, now;
};

static inline struct tables tables_of(const struct part *s)
{
    return (struct tables){s->function, s->way, s->arc, s->way_mask, s->now};
}

/* NO_ARC: it may be on no way. */
static inline uint32_t find_arc(struct tables at, p2a_id caller, p2a_id callee, uint32_t salt,
                                uint32_t columns)
{
    uint32_t id = at.way[way_to(caller, callee, salt) & at.way_mask];
    uint64_t ends = (uint64_t)caller << 32 | callee;
    return at.arc[(size_t)id * (2 + columns)].ends == ends ? id : NO_ARC;
}

/* ---- sums ------------------------------------------------------------------------------------ */

static inline void add_values(double *restrict to, const double *restrict value, uint32_t columns)
{
    for (uint32_t c = 0; c < columns; c++)
        to[c] += value[c];
}

/* What goes along an arc whose callee is on the path already. */
static void add_recurring(struct part *s, uint32_t arc, const double *value)
{
    union cell *row = arc_row(s, arc, s->columns);
    if (row[1].mark >= s->now)
        return;
    row[1].mark = s->now;
    add_values(recurring(s, arc), value, s->columns);
}

static inline bool add_root(struct part *s, p2a_id function, const double *value)
{
    if (s->function[function].mark == NEVER && !add_function(s, function))
        return false;
    s->function[function].mark = s->now;
    add_values(s->root + (size_t)function * s->columns, value, s->columns);
    return true;
}

/* The frames from FROM on, that no other row has. *arc leads to the last one. False: no memory.
 * COLUMNS are the part's: code is shorter where they are known. */
static inline bool add_own(struct part *s, const struct p2a_stack *row, const double *value,
                           uint32_t from, uint32_t *arc, uint32_t columns)
{
    struct p2a_stack_frames frames = p2a_frames_from(s->stacks->frames, row->frame);
    if (from == 0 && !add_root(s, p2a_frame_at(frames, 0), value))
        return false;
    struct tables at = tables_of(s);
    p2a_id caller = p2a_frame_at(frames, from - (from > 0));
    uint32_t salt = at.function[caller].salt, id = *arc;
    for (uint32_t d = from + (from == 0); d < row->frame_n; d++) {
        p2a_id callee = p2a_frame_at(frames, d);
        struct visit *visit = &at.function[callee];
        if (visit->mark == NEVER && !add_function(s, callee))
            return false;
        id = find_arc(at, caller, callee, salt, columns);
        if (id == NO_ARC) {
            id = make_way(s, caller, callee);
            at = tables_of(s);
            if (id == NO_ARC)
                return false;
        }
        caller = callee;
        salt = visit->salt;
        if (visit->mark >= at.now) {
            add_recurring(s, id, value);
            continue;
        }
        visit->mark = at.now;
        union cell *to = at.arc + (size_t)id * (2 + columns);
        to[1].mark = at.now;
        add_values(&to[2].total, value, columns);
    }
    *arc = id;
    return true;
}

static uint32_t find_or_make(struct part *s, p2a_id caller, p2a_id callee)
{
    uint32_t arc = find_arc(tables_of(s), caller, callee, s->function[caller].salt, s->columns);
    return arc != NO_ARC ? arc : make_way(s, caller, callee);
}

/* The frames up to END, that the next row has, too; as add_own. */
static bool open_frames(struct part *s, const struct p2a_stack *row, uint32_t end, uint32_t *arc)
{
    struct p2a_stack_frames frames = p2a_frames_from(s->stacks->frames, row->frame);
    for (uint32_t d = row->shared; d < end; d++) {
        p2a_id callee = p2a_frame_at(frames, d);
        struct visit *function = s->function + callee;
        if (function->mark == NEVER && !add_function(s, callee))
            return false;
        if (d > 0 && (*arc = find_or_make(s, p2a_frame_at(frames, d - 1), callee)) == NO_ARC)
            return false;
        uint32_t *mark = d > 0 ? &arc_row(s, *arc, s->columns)[1].mark : &function->mark;
        s->open[d].arc = d > 0 && *mark != OPEN ? *arc : NO_ARC;
        s->open[d].function = function->mark != OPEN ? callee : P2A_NONE;
        *mark = function->mark = OPEN;
        memcpy(s->start + (size_t)d * s->columns, s->sum, s->columns * sizeof *s->sum);
        s->open_n = d + 1;
    }
    return true;
}

static void close_one(struct part *s, const struct open *open, const double *value)
{
    bool again = open->function == P2A_NONE;
    if (!again)
        s->function[open->function].mark = BEFORE;
    if (open->arc != NO_ARC) {
        union cell *row = arc_row(s, open->arc, s->columns);
        row[1].mark = BEFORE;
        add_values(again ? recurring(s, open->arc) : &row[2].total, value, s->columns);
    } else if (!again) {
        add_values(s->root + (size_t)open->function * s->columns, value, s->columns);
    }
}

/* Closes what is deeper than DEPTH. */
static void close_below(struct part *s, uint32_t depth)
{
    for (; s->open_n > depth; s->open_n--) {
        double *start = s->start + (size_t)(s->open_n - 1) * s->columns;
        for (uint32_t c = 0; c < s->columns; c++)
            start[c] = s->sum[c] - start[c];
        close_one(s, &s->open[s->open_n - 1], start);
    }
}

static bool add_frames(struct part *s, const struct p2a_stack *row, const double *value,
                       uint32_t from, uint32_t *arc)
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
    uint32_t arc = NO_ARC;
    if (!open_frames(s, row, next, &arc) || !add_frames(s, row, value, own, &arc))
        return false;
    p2a_id function = p2a_frame_at(s->stacks->frames, row->frame + leaf);
    add_values(s->self + (size_t)function * s->columns, value, s->columns);
    if (leaf > 0)
        add_values(self_of_arc(s, arc), value, s->columns);
    add_values(s->sum, value, s->columns);
    return true;
}

enum { FRAMES_AHEAD = 8, ARC_AHEAD = 4 }; /* rows */

/* The arc that leads to the last frame of a row is going to be looked for. */
static void arc_ahead(const struct part *s, uint32_t row)
{
    const struct p2a_stack *ahead = &s->stacks->row[row];
    struct p2a_stack_frames frames = p2a_frames_from(s->stacks->frames, ahead->frame);
    uint32_t n = ahead->frame_n;
    if (n > 1)
        p2a_pairs_ahead(&s->arc_of, p2a_frame_at(frames, n - 1) * 4, p2a_frame_at(frames, n - 2));
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
        row.shared = i ? p2a_shared_frames(stacks->frames, &stacks->row[came[i - 1].id], &row) : 0;
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
    s->function = calloc(functions, sizeof *s->function);
    s->self = calloc(functions * s->columns + 1, sizeof *s->self);
    s->root = calloc(functions * s->columns + 1, sizeof *s->root);
    s->way = calloc(ways, sizeof *s->way); /* NO_ARC */
    s->open = calloc(depth, sizeof *s->open);
    s->start = malloc((depth * s->columns + 1) * sizeof *s->start);
    s->sum = calloc(s->columns + 1, sizeof *s->sum);
    if (!s->function || !s->self || !s->root || !s->way || !s->open || !s->start || !s->sum)
        return false;
    add_row_of_arc(s, UINT64_MAX);
    return s->arc_n == 1;
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
    void *all[] = {s->order, s->function, s->self, s->root,  s->arc,
                   s->apart, s->way,      s->open, s->start, s->sum};
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

static bool add_functions(struct p2a_profile *p, const struct part *from)
{
    for (uint32_t i = 0; i < from->order_n; i++) {
        p2a_id f = from->order[i];
        if (!p2a_node(p, f))
            return false;
        size_t at = (size_t)f * p->columns, own = (size_t)f * from->columns;
        add_values(p->graph.self + at, from->self + own, from->columns);
        add_values(p->graph.total + at, from->root + own, from->columns);
    }
    return true;
}

static void add_arc_values(struct p2a_profile *p, const struct part *from, uint32_t arc, p2a_id id)
{
    const double *total = &arc_row(from, arc, from->columns)[2].total;
    size_t at = (size_t)id * p->columns, callee = (size_t)p->graph.arc[id].callee * p->columns;
    add_values(p->graph.total + callee, total, from->columns);
    add_values(p->graph.arc_total + at, total, from->columns);
    add_values(p->graph.arc_total + at, recurring(from, arc), from->columns);
    add_values(p->graph.arc_self + at, self_of_arc(from, arc), from->columns);
}

/* What finds the first part's arcs finds the graph's. */
static bool add_arcs(struct p2a_profile *p, struct part *from)
{
    bool first = p->graph.arc_n == 0;
    for (uint32_t i = 1; i < from->arc_n; i++) {
        const union cell *row = arc_row(from, i, from->columns);
        p2a_id caller = (p2a_id)(row->ends >> 32), callee = (p2a_id)row->ends;
        p2a_id id = first ? p2a_arc_new(p, caller, callee) : p2a_arc(p, caller, callee);
        if (id == P2A_NONE)
            return false;
        add_arc_values(p, from, i, id);
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
