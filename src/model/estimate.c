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
 * own functions below one marker at the root. Values that are whole numbers stay whole numbers. */
#include "model/estimate.h"
#include "model/seat.h"

#include <math.h>
#include <stdlib.h>

static const double VISIBLE = 1e-5, VISIBLE_IN_PICTURE = 1e-4;

struct estimate {
    struct p2a_profile *p;
    struct p2a_supply supply;
    struct p2a_seats seats;
    uint32_t *first; /* seat[first[row]] … seat[first[row + 1] - 1]: the seats by the row */
    p2a_id *seat;
    double *leaf;    /* per row, the column at hand */
    double *hidden;  /* per function, the column at hand */
    p2a_id *context; /* per seat */
    double unplaced; /* share of the driving column under markers */
    bool picture;
};

/* ---- contexts -------------------------------------------------------------------------------- */

static bool index_seats(struct estimate *e)
{
    uint32_t rows = e->supply.row_n;
    e->first = calloc((size_t)rows + 2, sizeof *e->first);
    e->seat = malloc(((size_t)e->seats.n + 1) * sizeof *e->seat);
    e->leaf = malloc(((size_t)rows + 1) * sizeof *e->leaf);
    e->hidden = malloc(((size_t)e->supply.function_n + 1) * sizeof *e->hidden);
    e->context = malloc(((size_t)e->seats.n + 1) * sizeof *e->context);
    if (!e->first || !e->seat || !e->leaf || !e->hidden || !e->context)
        return false;
    uint32_t *fill = e->first + 1;
    for (uint32_t i = 0; i < e->seats.n; i++)
        fill[e->seats.row[i].row + 1]++;
    for (uint32_t row = 0; row < rows; row++)
        fill[row + 1] += fill[row];
    for (uint32_t i = 0; i < e->seats.n; i++)
        e->seat[fill[e->seats.row[i].row]++] = i;
    return true;
}

static void add_contexts(struct estimate *e)
{
    for (uint32_t i = 0; i < e->seats.n; i++) {
        const struct p2a_seat *seat = &e->seats.row[i];
        p2a_id parent = seat->parent == P2A_NONE ? P2A_NONE : e->context[seat->parent];
        p2a_id function = p2a_row_callee(&e->supply, seat->row);
        e->context[i] = p2a_context(e->p, parent, function, P2A_NONE);
    }
}

static p2a_id marker_function(struct estimate *e)
{
    struct p2a_str name = e->picture ? P2A_LIT("(below 0.01 %)") : P2A_LIT("(below 0.001 %)");
    struct p2a_function marker = {.name = p2a_intern(e->p, name), .kind = P2A_MARKER};
    return p2a_function(e->p, &marker);
}

/* ---- values ---------------------------------------------------------------------------------- */

/* Deals AMOUNT to the seats by a row, by their leaves, or where all of these are zero, by mass. */
static void deal_to_seats(struct estimate *e, uint32_t row, uint32_t column, double amount,
                          bool whole)
{
    const struct p2a_seat *seat = e->seats.row;
    double leaves = 0, masses = 0;
    for (uint32_t i = e->first[row]; i < e->first[row + 1]; i++) {
        leaves += seat[e->seat[i]].leaf;
        masses += seat[e->seat[i]].mass;
    }
    struct p2a_deal deal = {.amount = amount, .weights = leaves > 0 ? leaves : masses};
    deal.whole = whole;
    for (uint32_t i = e->first[row]; i < e->first[row + 1]; i++) {
        const struct p2a_seat *to = &seat[e->seat[i]];
        double part = p2a_deal_next(&deal, leaves > 0 ? to->leaf : to->mass);
        p2a_context_add(e->p, e->context[e->seat[i]], column, part);
    }
}

/* Writes one column's leaves; what has no seat is left in e->hidden, its sum is returned. */
static double add_leaves(struct estimate *e, uint32_t column, bool whole)
{
    struct p2a_sum sum = {0};
    p2a_supply_leaves(&e->supply, column, e->leaf);
    for (p2a_id f = 0; f < e->supply.function_n; f++)
        e->hidden[f] = 0;
    for (uint32_t row = 0; row < e->supply.row_n; row++) {
        if (!(e->leaf[row] > 0))
            continue;
        if (e->first[row] < e->first[row + 1]) {
            deal_to_seats(e, row, column, e->leaf[row], whole);
        } else {
            e->hidden[p2a_row_callee(&e->supply, row)] += e->leaf[row];
            p2a_sum_add(&sum, e->leaf[row]);
        }
    }
    return p2a_sum_value(&sum);
}

/* For the eye: hidden values sit where contexts were cut off. */
static void mark_hidden(struct estimate *e, p2a_id marker, uint32_t column, double sum, bool whole)
{
    const struct p2a_seats *t = &e->seats;
    struct p2a_deal deal = {.amount = sum, .whole = whole, .weights = t->hidden};
    for (uint32_t i = 0; i < t->n; i++)
        deal.weights += t->row[i].hidden;
    double part = deal.weights > 0 ? p2a_deal_next(&deal, t->hidden) : sum;
    if (part > 0)
        p2a_context_add(e->p, p2a_context(e->p, P2A_NONE, marker, P2A_NONE), column, part);
    for (uint32_t i = 0; i < t->n; i++) {
        part = p2a_deal_next(&deal, t->row[i].hidden);
        if (part > 0)
            p2a_context_add(e->p, p2a_context(e->p, e->context[i], marker, P2A_NONE), column, part);
    }
}

/* For programs: hidden values are leaves of their own functions. */
static void list_hidden(struct estimate *e, p2a_id marker, uint32_t column)
{
    p2a_id root = p2a_context(e->p, P2A_NONE, marker, P2A_NONE);
    for (p2a_id f = 0; f < e->supply.function_n; f++)
        if (e->hidden[f] > 0)
            p2a_context_add(e->p, p2a_context(e->p, root, f, P2A_NONE), column, e->hidden[f]);
}

static void add_values(struct estimate *e)
{
    for (uint32_t column = 0; column < e->p->columns; column++) {
        bool whole = p2a_supply_is_whole(&e->supply, column);
        double hidden = add_leaves(e, column, whole);
        if (!(hidden > 0))
            continue;
        if (column == e->supply.driver && e->supply.whole > 0)
            e->unplaced = fmin(hidden / e->supply.whole, 1);
        p2a_id marker = marker_function(e);
        if (e->picture)
            mark_hidden(e, marker, column, hidden, whole);
        else
            list_hidden(e, marker, column);
    }
}

static double arc_calls(const struct estimate *e, p2a_id id, bool before)
{
    const struct p2a_arc *arc = &e->p->graph.arc[id];
    bool known = arc->has & P2A_HAS_CALLS;
    return known ? (double)(before ? arc->calls_before : arc->calls) : 0;
}

/* Calls along a row on one side of a comparison; those of a root are what no arc explains. */
static double row_calls(const struct estimate *e, uint32_t row, bool before)
{
    const struct p2a_supply *s = &e->supply;
    if (row < s->arc_n)
        return arc_calls(e, row, before);
    p2a_id f = row - s->arc_n;
    const struct p2a_node *node = &e->p->graph.node[f];
    bool known = node->has & P2A_HAS_CALLS;
    double calls = known ? (double)(before ? node->calls_before : node->calls) : 0;
    for (uint32_t i = s->in_first[f]; i < s->in_first[f + 1]; i++)
        calls -= arc_calls(e, s->in_arc[i], before);
    return fmax(calls, 0);
}

/* Deals CALLS along a row to its contexts by mass, at least one each as far as they go. */
static void deal_calls(struct estimate *e, uint32_t row, double calls,
                       void (*add)(struct p2a_profile *, p2a_id, uint64_t))
{
    double seats = e->first[row + 1] - e->first[row], each = calls >= seats ? 1 : 0;
    struct p2a_deal deal = {.amount = calls - each * seats, .whole = true};
    for (uint32_t i = e->first[row]; i < e->first[row + 1]; i++)
        deal.weights += e->seats.row[e->seat[i]].mass;
    for (uint32_t i = e->first[row]; i < e->first[row + 1]; i++) {
        double part = each + p2a_deal_next(&deal, e->seats.row[e->seat[i]].mass);
        add(e->p, e->context[e->seat[i]], part < 0x1p63 ? (uint64_t)part : UINT64_C(1) << 63);
    }
}

static void add_calls(struct estimate *e)
{
    bool both = e->p->columns > e->p->metrics.n;
    for (uint32_t row = 0; row < e->supply.row_n; row++) {
        deal_calls(e, row, row_calls(e, row, false), p2a_context_calls);
        if (both)
            deal_calls(e, row, row_calls(e, row, true), p2a_context_calls_before);
    }
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
static const char *what_is_spent(const struct p2a_supply *s)
{
    const struct p2a_metric *metric = &s->p->metrics.row[s->driver];
    bool seconds = p2a_str_is(p2a_string(s->p, metric->unit), "seconds");
    return seconds ? "the time" : p2a_string(s->p, metric->name).at;
}

static void say(struct estimate *e)
{
    double share = e->p->cycle_share = cycle_share(&e->supply);
    p2a_note(e->p, "the input has no stacks: they are estimated from its call graph");
    if (share > 0)
        p2a_note(e->p, "%.3g %% of %s is spent in cycles, where the nesting is a guess",
                 100 * share, what_is_spent(&e->supply));
    if (e->unplaced >= 0.01)
        p2a_note(e->p,
                 "%.2g %% of %s is in stacks too small to place: it stands under marked frames",
                 100 * e->unplaced, what_is_spent(&e->supply));
    if (e->seats.cut)
        p2a_note(e->p, "the estimate was cut short after %u stacks: the rest is in marked frames",
                 e->seats.n);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static bool run(struct estimate *e)
{
    double visible = e->picture ? VISIBLE_IN_PICTURE : VISIBLE;
    if (!p2a_supply_build(e->p, &e->supply) || !p2a_seats_build(&e->supply, visible, &e->seats) ||
        !index_seats(e))
        return false;
    add_contexts(e);
    add_values(e);
    add_calls(e);
    say(e);
    return true;
}

static void end(struct estimate *e)
{
    p2a_supply_free(&e->supply);
    p2a_seats_free(&e->seats);
    free(e->first);
    free(e->seat);
    free(e->leaf);
    free(e->hidden);
    free(e->context);
}

enum p2a_status p2a_estimate(struct p2a_profile *p, bool picture, struct p2a_error *error)
{
    struct estimate e = {.p = p, .picture = picture};
    p2a_drop_contexts(p);
    bool room = run(&e);
    end(&e);
    if (!room)
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
