/* estimate.c - call paths from a call graph that has none: a first-order estimate, under a
 * contract.
 *
 *   Σ leaves at F = self(F) for every function and every column, recursion and cycles included, and
 *   the whole = Σ self. A leaf under its caller carries the arc's own self, where the file has it.
 *
 *   Roots are taken per strongly connected component: Σ self of its members + totals of arcs
 * leaving it - totals of arcs entering it; the entry is the member with calls that no arc explains.
 *
 *   Without recursion every arc's total is reproduced, as far as contexts are visible. What falls
 *   below the visible share appears under a marked frame, never dropped or moved to another
 * function.
 *
 * supply.c makes the offer, balance.c completes it inside cycles, seat.c seats calls; here the
 * leaves are made exact and the contexts written:
 *
 *   leaf_k(context by arc) = self_k(arc) * leaf(context) / Σ leaf(contexts by the arc)
 *
 * and the self of arcs that no visible context came by is hidden. A picture shows hidden values in
 * marker frames below the contexts that they were cut from; for programs they are leaves of their
 * own functions below one marker at the root. Values that are whole numbers stay whole numbers.
 *
 * A comparison has one set of contexts, seated by both sides together. How much of a context is one
 * side's follows from its arc and from how its caller differs from the caller's function as such:
 *
 *   odds(context) = odds(arc) * odds(caller's context) / odds(caller)      odds: after to before
 *
 * so that what is below a path that is gone is gone, and a side's values are dealt to its own. So
 * what both have in common is guessed alike. Where they begin at other functions, as the runs of
 * two profilers do, that would put one side's calls where only the other has been: each is
 * estimated by itself then. */
#include "model/estimate.h"
#include "base/crew.h"
#include "base/fetch.h"
#include "model/seat.h"
#include "model/side.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 1 << 12 }; /* contexts, or arcs, for which two threads pay */
static const double VISIBLE = 1e-5, VISIBLE_IN_PICTURE = 1e-4;

/* A seat as values are dealt to it. */
struct share {
    double leaf, mass, after;
    uint32_t seat;
};

/* A column of the graph's. */
struct part {
    double *leaf; /* per row */
    struct p2a_sum hidden;
    bool whole;
};

struct estimate {
    struct p2a_profile *p;          /* gets the contexts */
    const struct p2a_profile *from; /* has the graph: p, or a side of it */
    uint32_t column;                /* of p, which is the first of `from` */
    struct p2a_supply supply;
    struct p2a_seats seats;
    uint32_t *first; /* share[first[row]] … share[first[row + 1] - 1]: the seats by the row */
    struct share *share;
    struct part *part; /* per column */
    double *hidden;    /* per column and function: what has no seat; then the sum per column */
    p2a_id *context;   /* per seat */
    p2a_id *marked;    /* marker contexts: per seat or function, and the one at the root */
    p2a_id (*add)(struct p2a_profile *, p2a_id parent, p2a_id function, p2a_id thread);
    double *after;   /* of a comparison, per seat: how much of it is AFTER's, 0 to 1; else NULL */
    double unplaced; /* share of the driving column under markers */
    double cycles;   /* … in functions that call themselves */
    uint32_t driver; /* the metric that drives */
    uint32_t cut;    /* how many stacks there are, where there would have been more; else 0 */
    bool picture;
};

/* ---- contexts -------------------------------------------------------------------------------- */

static size_t root_mark(const struct estimate *e)
{
    return e->picture ? e->seats.n : e->supply.function_n;
}

static bool make_parts(struct estimate *e)
{
    size_t rows = e->supply.row_n, columns = e->from->columns;
    e->part = calloc(columns + 1, sizeof *e->part);
    double *leaf = malloc((rows * columns + 1) * sizeof *leaf);
    if (!e->part || !leaf) {
        free(leaf);
        return false;
    }
    e->part->leaf = leaf;
    for (uint32_t column = 0; column < columns; column++)
        e->part[column].leaf = leaf + column * rows;
    return true;
}

static bool make_tables(struct estimate *e)
{
    size_t rows = e->supply.row_n, seats = e->seats.n, functions = e->supply.function_n;
    e->first = calloc(rows + 2, sizeof *e->first);
    e->share = malloc((seats + 1) * sizeof *e->share);
    e->hidden = calloc((functions + 1) * e->from->columns + 1, sizeof *e->hidden);
    e->context = malloc((seats + 1) * sizeof *e->context);
    e->marked = malloc((root_mark(e) + 1) * sizeof *e->marked);
    if (e->marked)
        memset(e->marked, 0xFF, (root_mark(e) + 1) * sizeof *e->marked);
    return e->first && e->share && e->hidden && e->context && e->marked;
}

enum { SEATS_AHEAD = 16, ROWS_AHEAD = 8 };

/* What a walk down the tree comes by soon is asked for: a seat first, ... */
static void seat_ahead(const struct p2a_seats *seats, uint32_t k)
{
    if (seats->n - k <= SEATS_AHEAD)
        return;
    const struct p2a_seat *seat = &seats->row[seats->walk[k + SEATS_AHEAD]];
    p2a_fetch(&seat->row);
    p2a_fetch(&seat->leaf);
}

/* ... and when it is there what is looked up by its row. */
static uint32_t row_ahead(const struct p2a_seats *seats, uint32_t k)
{
    k = seats->n - k > ROWS_AHEAD ? k + ROWS_AHEAD : k;
    return seats->row[seats->walk[k]].row;
}

static bool add_contexts(void *of)
{
    struct estimate *e = of;
    for (uint32_t k = 0; k < e->seats.n; k++) {
        uint32_t i = e->seats.walk[k];
        const struct p2a_seat *seat = &e->seats.row[i];
        p2a_id parent = seat->parent == P2A_NONE ? P2A_NONE : e->context[seat->parent];
        seat_ahead(&e->seats, k);
        e->context[i] = e->add(e->p, parent, seat->function, P2A_NONE);
    }
    return true;
}

static bool put_seats_by_row(void *of)
{
    struct estimate *e = of;
    uint32_t *fill = e->first + 1;
    for (uint32_t i = 0; i < e->seats.n; i++)
        fill[e->seats.row[i].row + 1]++;
    for (uint32_t row = 0; row < e->supply.row_n; row++)
        fill[row + 1] += fill[row];
    for (uint32_t k = 0; k < e->seats.n; k++) {
        uint32_t i = e->seats.walk[k];
        const struct p2a_seat *seat = &e->seats.row[i];
        double after = e->after ? e->after[i] : 1;
        seat_ahead(&e->seats, k);
        p2a_fetch(&e->share[fill[row_ahead(&e->seats, k)]]);
        e->share[fill[seat->row]++] = (struct share){seat->leaf, seat->mass, after, i};
    }
    return true;
}

static p2a_id marker_function(struct estimate *e)
{
    struct p2a_str name = e->picture ? P2A_LIT("(below 0.01 %)") : P2A_LIT("(below 0.001 %)");
    struct p2a_function marker = {.name = p2a_intern(e->p, name), .kind = P2A_MARKER};
    return p2a_function(e->p, &marker);
}

/* ---- calls ---------------------------------------------------------------------------------- */

static double arc_calls(const struct estimate *e, p2a_id id, bool before)
{
    const struct p2a_graph *g = &e->from->graph;
    uint64_t calls = before ? p2a_counts_of(g->arc_before, id).calls : g->arc[id].calls;
    return g->arc[id].has & P2A_HAS_CALLS ? (double)calls : 0;
}

/* Calls along a row on one side of a comparison; those of a root are what no arc explains. */
static double row_calls(const struct estimate *e, uint32_t row, bool before)
{
    const struct p2a_supply *s = &e->supply;
    if (row < s->arc_n)
        return arc_calls(e, row, before);
    p2a_id f = row - s->arc_n;
    const struct p2a_graph *g = &e->from->graph;
    uint64_t counted = before ? p2a_counts_of(g->node_before, f).calls : g->node[f].calls;
    double calls = g->node[f].has & P2A_HAS_CALLS ? (double)counted : 0;
    for (uint32_t i = s->in_first[f]; i < s->in_first[f + 1]; i++)
        calls -= arc_calls(e, s->in_arc[i], before);
    return fmax(calls, 0);
}

/* ---- the sides of a comparison --------------------------------------------------------------- */

/* AFTER's part of what both sides have, -1 where neither has anything. */
static double part_of(double after, double before)
{
    double sum = p2a_sane(after) + p2a_sane(before);
    return sum > 0 ? p2a_sane(after) / sum : -1;
}

static double part_of_values(const struct estimate *e, const double *values, uint32_t row)
{
    const double *v = values + (size_t)row * e->from->columns;
    return part_of(v[e->supply.driver], v[e->supply.second]);
}

/* By calls, as far as they are counted: where they are the same, times differ everywhere alike. */
static double part_of_function(const struct estimate *e, p2a_id f)
{
    const struct p2a_node *node = &e->from->graph.node[f];
    struct p2a_counts before = p2a_counts_of(e->from->graph.node_before, f);
    double part = part_of((double)node->calls, (double)before.calls);
    if (part < 0 && node->has & P2A_HAS_TOTAL)
        part = part_of_values(e, e->from->graph.total, f);
    return part < 0 ? part_of_values(e, e->from->graph.self, f) : part;
}

/* What one side's arcs explain is no root of that side. */
static double part_of_root(const struct estimate *e, uint32_t row)
{
    double part = part_of(row_calls(e, row, false), row_calls(e, row, true));
    return part < 0 ? part_of_function(e, row - e->supply.arc_n) : part;
}

static double part_of_row(const struct estimate *e, uint32_t row)
{
    if (row >= e->supply.arc_n)
        return part_of_root(e, row);
    const struct p2a_arc *arc = &e->from->graph.arc[row];
    struct p2a_counts before = p2a_counts_of(e->from->graph.arc_before, row);
    double part = part_of((double)arc->calls, (double)before.calls);
    bool total = arc->has & P2A_HAS_TOTAL;
    return part < 0 && total ? part_of_values(e, e->from->graph.arc_total, row) : part;
}

static double combine(double arc, double context, double function)
{
    double after = function > 0 ? arc * (context / function) : 0;
    double before = function < 1 ? (1 - arc) * ((1 - context) / (1 - function)) : 0;
    return after + before > 0 ? after / (after + before) : context;
}

/* False: no memory. */
static bool find_sides(struct estimate *e)
{
    if (e->supply.second == P2A_NONE)
        return true;
    e->after = malloc(((size_t)e->seats.n + 1) * sizeof *e->after);
    for (uint32_t i = 0; e->after && i < e->seats.n; i++) {
        const struct p2a_seat *seat = &e->seats.row[i];
        double part = part_of_row(e, seat->row);
        if (seat->parent == P2A_NONE) {
            e->after[i] = part < 0 ? 0.5 : part;
            continue;
        }
        p2a_id caller = e->seats.row[seat->parent].function;
        double function = part_of_function(e, caller);
        double context = e->after[seat->parent];
        e->after[i] = part < 0 || function < 0 ? context : combine(part, context, function);
    }
    return e->after;
}

/* How much of a seat is the side's that COLUMN is of, where so much is AFTER's. */
static double side_of(const struct estimate *e, double after, uint32_t column)
{
    if (!e->after)
        return 1;
    return column < e->from->metrics.n ? after : 1 - after;
}

/* ---- values ---------------------------------------------------------------------------------- */

enum measure { SIDED_LEAF, SIDED_MASS, LEAF, MASS, MEASURES };

static double weigh(const struct estimate *e, const struct share *share, uint32_t column,
                    enum measure measure)
{
    bool sided = measure == SIDED_LEAF || measure == SIDED_MASS;
    double side = sided ? side_of(e, share->after, column) : 1;
    return side * (measure == SIDED_LEAF || measure == LEAF ? share->leaf : share->mass);
}

/* The context of a share that is dealt to soon; P2A_NONE. */
static p2a_id context_ahead(const struct estimate *e, const struct share *share)
{
    enum { AHEAD = 8 };
    bool any = e->share + e->seats.n - share > AHEAD;
    return any ? e->context[share[AHEAD].seat] : P2A_NONE;
}

/* Deals AMOUNT to the seats by a row: by the first measure of which they have anything, the leaves
 * of the column's own side before all. */
static void deal_to_seats(struct estimate *e, uint32_t row, uint32_t column, double amount)
{
    const struct share *begin = e->share + e->first[row], *end = e->share + e->first[row + 1];
    struct p2a_deal deal = {.amount = amount, .whole = e->part[column].whole};
    enum measure measure = SIDED_LEAF;
    for (; measure < MEASURES; measure++) {
        for (const struct share *share = begin; share < end; share++)
            deal.weights += weigh(e, share, column, measure);
        if (deal.weights > 0 || measure == MASS)
            break;
    }
    for (const struct share *share = begin; share < end; share++) {
        p2a_id ahead = context_ahead(e, share);
        if (ahead != P2A_NONE)
            p2a_fetch(&e->p->contexts.self[(size_t)ahead * e->p->columns + e->column + column]);
        double part = p2a_deal_next(&deal, weigh(e, share, column, measure));
        p2a_context_add(e->p, e->context[share->seat], e->column + column, part);
    }
}

static double *hidden_of(const struct estimate *e, uint32_t column)
{
    return e->hidden + (size_t)column * (e->supply.function_n + 1);
}

static double *hidden_sum(const struct estimate *e, uint32_t column)
{
    return hidden_of(e, column) + e->supply.function_n;
}

static void add_leaf(struct estimate *e, uint32_t row, uint32_t column)
{
    struct part *part = &e->part[column];
    double leaf = part->leaf[row];
    if (!(leaf > 0))
        return;
    if (e->first[row] < e->first[row + 1]) {
        deal_to_seats(e, row, column, leaf);
    } else {
        hidden_of(e, column)[p2a_row_callee(&e->supply, row)] += leaf;
        p2a_sum_add(&part->hidden, leaf);
    }
}

static bool add_all_leaves(void *of)
{
    struct estimate *e = of;
    for (uint32_t row = 0; row < e->supply.row_n; row++)
        for (uint32_t column = 0; column < e->from->columns; column++)
            add_leaf(e, row, column);
    for (uint32_t column = 0; column < e->from->columns; column++)
        *hidden_sum(e, column) = p2a_sum_value(&e->part[column].hidden);
    return true;
}

/* The marker context that mark I stands for. */
static p2a_id mark(struct estimate *e, size_t i, p2a_id parent, p2a_id function)
{
    if (e->marked[i] == P2A_NONE)
        e->marked[i] = e->add(e->p, parent, function, P2A_NONE);
    return e->marked[i];
}

static double hidden_below(const struct estimate *e, uint32_t seat, uint32_t column)
{
    return e->seats.row[seat].hidden * side_of(e, e->after ? e->after[seat] : 1, column);
}

/* For the eye: hidden values sit where contexts were cut off. */
static void mark_hidden(struct estimate *e, p2a_id marker, uint32_t column, double sum)
{
    const struct p2a_seats *t = &e->seats;
    struct p2a_deal deal = {.amount = sum, .whole = e->part[column].whole, .weights = t->hidden};
    for (uint32_t k = 0; k < t->n; k++)
        deal.weights += hidden_below(e, t->walk[k], column);
    double part = deal.weights > 0 ? p2a_deal_next(&deal, t->hidden) : sum;
    if (part > 0)
        p2a_context_add(e->p, mark(e, root_mark(e), P2A_NONE, marker), e->column + column, part);
    for (uint32_t k = 0; k < t->n; k++) {
        uint32_t i = t->walk[k];
        part = p2a_deal_next(&deal, hidden_below(e, i, column));
        if (part > 0)
            p2a_context_add(e->p, mark(e, i, e->context[i], marker), e->column + column, part);
    }
}

/* For programs: hidden values are leaves of their own functions. */
static void list_hidden(struct estimate *e, p2a_id marker, uint32_t column)
{
    p2a_id root = mark(e, root_mark(e), P2A_NONE, marker);
    const double *hidden = hidden_of(e, column);
    for (p2a_id f = 0; f < e->supply.function_n; f++)
        if (hidden[f] > 0)
            p2a_context_add(e->p, mark(e, f, root, f), e->column + column, hidden[f]);
}

static void add_hidden(struct estimate *e)
{
    for (uint32_t column = 0; column < e->from->columns; column++) {
        double hidden = *hidden_sum(e, column);
        if (!(hidden > 0))
            continue;
        if (column == e->supply.driver && e->supply.whole > 0)
            e->unplaced = fmax(e->unplaced, fmin(hidden / e->supply.whole, 1));
        p2a_id marker = marker_function(e);
        if (e->picture)
            mark_hidden(e, marker, column, hidden);
        else
            list_hidden(e, marker, column);
    }
}

/* Deals CALLS along a row to its contexts of the side by mass, at least one each as far as they go.
 * COLUMN: one of the side's. */
static void deal_calls(struct estimate *e, uint32_t row, double calls, uint32_t column,
                       void (*add)(struct p2a_profile *, p2a_id, uint64_t))
{
    const struct share *begin = e->share + e->first[row], *end = e->share + e->first[row + 1];
    double seats = 0;
    struct p2a_deal deal = {.whole = true};
    for (const struct share *share = begin; share < end; share++) {
        seats += side_of(e, share->after, column) > 0;
        deal.weights += weigh(e, share, column, SIDED_MASS);
    }
    double each = calls >= seats ? 1 : 0;
    deal.amount = calls - each * seats;
    for (const struct share *share = begin; share < end; share++) {
        p2a_id ahead = context_ahead(e, share);
        if (ahead != P2A_NONE && e->p->contexts.calls)
            p2a_fetch(&e->p->contexts.calls[ahead]);
        double part = p2a_deal_next(&deal, weigh(e, share, column, SIDED_MASS));
        part += side_of(e, share->after, column) > 0 ? each : 0;
        add(e->p, e->context[share->seat], part < 0x1p63 ? (uint64_t)part : UINT64_C(1) << 63);
    }
}

static bool add_calls(void *of)
{
    struct estimate *e = of;
    bool both = e->from->columns > e->from->metrics.n;
    for (uint32_t row = 0; row < e->supply.row_n; row++) {
        deal_calls(e, row, row_calls(e, row, false), 0,
                   e->column ? p2a_context_calls_before : p2a_context_calls);
        if (both)
            deal_calls(e, row, row_calls(e, row, true), e->from->metrics.n,
                       p2a_context_calls_before);
    }
    return true;
}

/* ---- what to say about it -------------------------------------------------------------------- */

/* Σ self of functions that can call themselves, directly or through others. */
static double cycle_share(const struct p2a_supply *s)
{
    double sum = 0;
    for (p2a_id f = 0; f < s->function_n; f++)
        if (p2a_supply_in_cycle(s, f))
            sum += s->self[f];
    return s->whole > 0 ? fmin(sum / s->whole, 1) : 0;
}

/* "the time", or the metric's own name. */
static const char *what_is_spent(const struct estimate *e)
{
    bool seconds = strcmp(p2a_metric_unit(e->p, e->driver), "seconds") == 0;
    return seconds ? "the time" : p2a_metric_name(e->p, e->driver);
}

static void say(const struct estimate *e)
{
    const char *what = what_is_spent(e);
    e->p->cycle_share = e->cycles;
    p2a_note(e->p, "the input has no stacks: they are estimated from its call graph");
    if (e->cycles > 0)
        p2a_note(e->p, "%.3g %% of %s is spent in cycles, where the nesting is a guess",
                 100 * e->cycles, what);
    if (e->unplaced >= 0.01)
        p2a_note(e->p,
                 "%.2g %% of %s is in stacks too small to place: it stands under marked frames",
                 100 * e->unplaced, what);
    if (e->cut)
        p2a_note(e->p, "the estimate was cut short after %u stacks: the rest is in marked frames",
                 e->cut);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static bool seat_calls(void *of)
{
    struct estimate *e = of;
    double visible = e->picture ? VISIBLE_IN_PICTURE : VISIBLE;
    return p2a_seats_build(&e->supply, visible, &e->seats);
}

static bool find_leaves(void *of)
{
    struct estimate *e = of;
    e->cycles = fmax(e->cycles, cycle_share(&e->supply));
    for (uint32_t column = 0; column < e->from->columns; column++) {
        e->part[column].whole = p2a_supply_is_whole(&e->supply, column);
        p2a_supply_leaves(&e->supply, column, e->part[column].leaf);
    }
    return true;
}

static bool place_all(struct estimate *e)
{
    e->add = e->p->contexts.n ? p2a_context : p2a_context_new; /* another side's may be there */
    if (!p2a_supply_build(e->from, &e->supply) || !make_parts(e) ||
        !p2a_do_both(seat_calls, find_leaves, e, e->supply.row_n < MANY) || !make_tables(e) ||
        !find_sides(e))
        return false;
    bool alone = e->seats.n < MANY;
    if (!p2a_do_both(add_contexts, put_seats_by_row, e, alone) ||
        !p2a_do_both(add_calls, add_all_leaves, e, alone))
        return false;
    add_hidden(e); /* brings a function that the graph has no node for yet */
    e->driver = e->supply.driver;
    e->cut += e->seats.cut ? e->seats.n : 0;
    return true;
}

static void end_placing(struct estimate *e)
{
    p2a_supply_free(&e->supply);
    p2a_seats_free(&e->seats);
    free(e->first);
    free(e->share);
    free(e->part ? e->part->leaf : NULL);
    free(e->part);
    free(e->hidden);
    free(e->context);
    free(e->marked);
    free(e->after);
    e->first = e->context = e->marked = NULL;
    e->share = NULL;
    e->part = NULL;
    e->hidden = e->after = NULL;
}

static bool place(struct estimate *e)
{
    bool room = place_all(e);
    end_placing(e);
    return room;
}

static bool place_side(struct estimate *e, bool before)
{
    struct p2a_profile lent;
    if (!p2a_lend_side(e->p, before, &lent))
        return false;
    e->from = &lent;
    e->column = before ? e->p->metrics.n : 0;
    bool room = place(e);
    p2a_let_side_go(&lent);
    return room;
}

/* Calls of functions that no arc explains: CALLS[f * 2 + side], side 0 after, 1 before. */
static void count_unexplained(const struct p2a_profile *p, double *calls)
{
    const struct p2a_graph *g = &p->graph;
    for (p2a_id f = 0; f < g->node_n; f++) {
        calls[f * 2] = (double)g->node[f].calls;
        calls[f * 2 + 1] = (double)p2a_counts_of(g->node_before, f).calls;
    }
    for (p2a_id a = 0; a < g->arc_n; a++) {
        calls[g->arc[a].callee * 2] -= (double)g->arc[a].calls;
        calls[g->arc[a].callee * 2 + 1] -= (double)p2a_counts_of(g->arc_before, a).calls;
    }
}

static void note_apart(struct p2a_profile *p, p2a_id f, bool after)
{
    struct p2a_buffer text = {0};
    struct p2a_str name = p2a_spell(p, f, P2A_NAMES_SHORT, &text);
    p2a_note(p,
             "stacks of the profile %s begin at %.*s, which others call in the one %s: each side's "
             "stacks are estimated by themselves; --hide or --root may make both begin at one "
             "function",
             after ? "after" : "before", (int)name.n, name.at, after ? "before" : "after");
    p2a_buffer_free(&text);
}

/* Whether a function with much of one side below it is where that side begins, while the other
 * comes to it from elsewhere. */
static bool begin_apart(struct p2a_profile *p, const double *calls)
{
    static const double MUCH = 0.05;
    const struct p2a_graph *g = &p->graph;
    for (p2a_id f = 0; f < g->node_n; f++) {
        const double *total = g->total + (size_t)f * p->columns;
        bool both = g->node[f].calls && p2a_counts_of(g->node_before, f).calls;
        bool after = calls[f * 2] > 0, before = calls[f * 2 + 1] > 0;
        uint32_t column = after ? 0 : p->metrics.n;
        if (!both || after == before || !(total[column] > MUCH * p2a_whole(p, column)))
            continue;
        note_apart(p, f, after);
        return true;
    }
    return false;
}

/* False: no memory. */
static bool find_apart(struct p2a_profile *p, bool *apart)
{
    double *calls = NULL;
    *apart = false;
    if (p->columns == p->metrics.n)
        return true;
    calls = calloc((size_t)p->graph.node_n + 1, 2 * sizeof *calls);
    if (calls) {
        count_unexplained(p, calls);
        *apart = begin_apart(p, calls);
    }
    free(calls);
    return calls;
}

static bool run(struct estimate *e)
{
    bool apart;
    if (!find_apart(e->p, &apart))
        return false;
    if (apart ? !place_side(e, false) || !place_side(e, true) : !place(e))
        return false;
    say(e);
    return true;
}

enum p2a_status p2a_estimate(struct p2a_profile *p, bool picture, struct p2a_error *error)
{
    struct estimate e = {.p = p, .from = p, .picture = picture};
    p2a_drop_contexts(p);
    if (!run(&e))
        p2a_error_memory(&p->core->error);
    if (p2a_profile_status(p) == P2A_OK)
        p2a_finish(p);
    if (p2a_profile_status(p) != P2A_OK) {
        p2a_drop_contexts(p);
        return p2a_take_error(p, error);
    }
    p->facts |= P2A_CONTEXTS;
    p->estimated |= P2A_CONTEXTS;
    return P2A_OK;
}
