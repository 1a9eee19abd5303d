/* A context that one row alone has is summed with that row's values. One that the next row has, too,
 * stays open until a row lacks it, and has all that was added in the meantime.
 *
 * What is on the path already is known without going back: a function, and an arc, remembers how
 * deep it was met last where nothing above was the same. It still stands there unless the path says
 * otherwise:
 *
 *   path         main load read load        seen[load] = 1 and path[1] = load: the second one of it
 *   later path   main save load             seen[load] = 1 but path[1] = save: the first one
 */
#include "model/sums.h"

#include <stdlib.h>

#include "model/core.h"
#include "model/derive.h"

enum { KNOWN = 1 << 16 };

struct arc {
    p2a_id caller, callee;
    uint32_t seen;
};

struct open {
    p2a_id function, arc; /* outermost ones, else P2A_NONE */
};

struct sums {
    struct p2a_profile *p;
    const struct p2a_stacks *stacks;
    uint32_t *seen;  /* of functions; P2A_NONE: never */
    struct arc *arc; /* as the graph's */
    uint32_t arc_n, arc_room;
    p2a_id *known;    /* the arc last asked for by a hash of its ends */
    p2a_id *path;     /* arcs that lead to the frames of the row */
    struct open *open; /* of the frames that the next row has, too */
    uint32_t open_n;
    double *start, *sum; /* of all rows before an open one; before this row */
};

/* ---- arcs ------------------------------------------------------------------------------------ */

static p2a_id add_arc(struct sums *s, p2a_id caller, p2a_id callee)
{
    p2a_id id = p2a_arc(s->p, caller, callee);
    if (id == P2A_NONE || id < s->arc_n)
        return id;
    if (!p2a_grow(&s->arc, &s->arc_room, (uint64_t)id + 1, sizeof *s->arc)) {
        p2a_fail(s->p, P2A_SYSTEM, "out of memory");
        return P2A_NONE;
    }
    s->arc[id] = (struct arc){caller, callee, P2A_NONE};
    s->arc_n = id + 1;
    return id;
}

static inline p2a_id find_arc(struct sums *s, p2a_id caller, p2a_id callee)
{
    uint32_t hash = (caller * 0x9e3779b1u ^ callee * 0x85ebca77u) >> 16;
    p2a_id id = s->known[hash % KNOWN];
    if (id < s->arc_n && s->arc[id].caller == caller && s->arc[id].callee == callee)
        return id;
    return s->known[hash % KNOWN] = add_arc(s, caller, callee);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void add_values(double *to, size_t row, const double *value, uint32_t columns)
{
    for (uint32_t c = 0; c < columns; c++)
        to[row * columns + c] += value[c];
}

/* Enters the frame at DEPTH; what it and its arc are, where nothing above is the same, into *first.
 * False after an error. */
static inline bool enter(struct sums *s, const p2a_id *frame, uint32_t depth, struct open *first)
{
    p2a_id f = frame[depth], arc = P2A_NONE;
    uint32_t seen = s->seen[f];
    *first = (struct open){P2A_NONE, P2A_NONE};
    if (seen == P2A_NONE && !p2a_node(s->p, f))
        return false;
    if (seen >= depth || frame[seen] != f) {
        s->seen[f] = depth;
        first->function = f;
    }
    if (depth) {
        arc = find_arc(s, frame[depth - 1], f);
        if (arc == P2A_NONE)
            return false;
        seen = s->arc[arc].seen;
        if (seen >= depth || s->path[seen] != arc) {
            s->arc[arc].seen = depth;
            first->arc = arc;
        }
    }
    s->path[depth] = arc;
    return true;
}

static void add_totals(struct sums *s, const struct open *to, const double *value)
{
    struct p2a_graph *g = &s->p->graph;
    if (to->function != P2A_NONE)
        add_values(g->total, to->function, value, s->p->columns);
    if (to->arc != P2A_NONE)
        add_values(g->arc_total, to->arc, value, s->p->columns);
}

/* Closes what is deeper than DEPTH. */
static void close_below(struct sums *s, uint32_t depth)
{
    uint32_t columns = s->p->columns;
    for (; s->open_n > depth; s->open_n--) {
        double *start = s->start + (size_t)(s->open_n - 1) * columns;
        for (uint32_t c = 0; c < columns; c++)
            start[c] = s->sum[c] - start[c];
        add_totals(s, &s->open[s->open_n - 1], start);
    }
}

static bool add_row(struct sums *s, uint32_t i)
{
    const struct p2a_stack *row = &s->stacks->row[i];
    const p2a_id *frame = s->stacks->frame + row->frame;
    uint32_t columns = s->p->columns, next = i + 1 < s->stacks->n ? row[1].shared : 0;
    const double *value = s->stacks->self + (size_t)i * columns;
    for (uint32_t d = row->shared; d < row->frame_n; d++) {
        struct open first;
        if (!enter(s, frame, d, &first))
            return false;
        if (d >= next) {
            add_totals(s, &first, value);
            continue;
        }
        s->open[d] = first;
        s->open_n = d + 1;
        for (uint32_t c = 0; c < columns; c++)
            s->start[(size_t)d * columns + c] = s->sum[c];
    }
    add_values(s->p->graph.self, frame[row->frame_n - 1], value, columns);
    if (row->frame_n > 1)
        add_values(s->p->graph.arc_self, s->path[row->frame_n - 1], value, columns);
    add_values(s->sum, 0, value, columns);
    return true;
}

static bool add_rows(struct sums *s)
{
    enum { AHEAD = 4, LINE = 16 }; /* frames in a cache line */
    const struct p2a_stacks *stacks = s->stacks;
    for (uint32_t i = 0; i < stacks->n; i++) {
        close_below(s, stacks->row[i].shared);
        if (!add_row(s, i))
            return false;
        const struct p2a_stack *ahead = &stacks->row[i + AHEAD < stacks->n ? i + AHEAD : i];
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
    s->seen = malloc(((size_t)s->p->functions.n + 1) * sizeof *s->seen);
    s->known = malloc(KNOWN * sizeof *s->known);
    s->path = malloc(depth * sizeof *s->path);
    s->open = malloc(depth * sizeof *s->open);
    s->start = malloc((depth * columns + 1) * sizeof *s->start);
    s->sum = calloc(columns + 1, sizeof *s->sum);
    if (!s->seen || !s->known || !s->path || !s->open || !s->start || !s->sum) {
        p2a_fail(s->p, P2A_SYSTEM, "out of memory");
        return false;
    }
    for (uint32_t f = 0; f < s->p->functions.n; f++)
        s->seen[f] = P2A_NONE;
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
    struct sums s = {.p = p, .stacks = &p->core->stacks};
    if (start_sums(&s) && add_rows(&s)) {
        say_what_is_known(&p->graph);
        p->facts |= P2A_GRAPH;
    } else {
        p2a_drop_derived(p);
    }
    free(s.seen);
    free(s.arc);
    free(s.known);
    free(s.path);
    free(s.open);
    free(s.start);
    free(s.sum);
    return p2a_take_error(p, error);
}
