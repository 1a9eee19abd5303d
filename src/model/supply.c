/* supply.c - makes one consistent offer of what a graph says. With self, total and calls of a file:
 *
 *     calls(ROOT -> F) = calls(F) - Σ calls of the arcs into F
 *     flow(ROOT -> component) = Σ self of the members + totals of arcs leaving it - of arcs
 * entering
 *
 * and that flow goes to the members with calls that no arc explains. What a file leaves out is
 * filled in by the plainest rule there is:
 *
 *     no total (integer callers)   the callee's total in proportion to calls
 *     no self (callgrind)          the callee's self in proportion to flow; in recursion, to calls
 *     no primitive calls           the total counts nested calls at every level, as callgrind's
 * does */
#include "model/supply.h"
#include "base/crew.h"

#include <math.h>
#include <stdlib.h>

enum { MANY = 1 << 14 }; /* arcs that two threads pay for */

/* ---- dealing out ----------------------------------------------------------------------------- */

double p2a_deal_next(struct p2a_deal *deal, double weight)
{
    if (!(deal->weights > 0))
        return 0;
    if (!deal->whole)
        return deal->amount * (weight / deal->weights);
    deal->run += weight;
    double upto = p2a_round_down(deal->amount * (deal->run / deal->weights) + 0.5);
    if (upto > deal->amount)
        upto = deal->amount;
    double part = weight > 0 ? upto - deal->given : 0;
    deal->given += part;
    return part;
}

/* ---- functions ------------------------------------------------------------------------------- */

static double driving(const struct p2a_supply *s, const double *values, uint32_t row)
{
    if (!values)
        return 0;
    const double *v = values + (size_t)row * s->p->columns;
    return p2a_sane(v[s->driver]) + (s->second == P2A_NONE ? 0 : p2a_sane(v[s->second]));
}

static double column_whole(const struct p2a_supply *s, uint32_t column)
{
    struct p2a_sum sum = {0};
    for (uint32_t f = 0; f < s->function_n; f++)
        p2a_sum_add(&sum, p2a_sane(s->p->graph.self[(size_t)f * s->p->columns + column]));
    return p2a_sum_value(&sum);
}

/* The first metric drives, unless it is all zeros; a comparison is driven by before + after. */
static void choose_driver(struct p2a_supply *s)
{
    uint32_t metrics = s->p->metrics.n;
    bool both = s->p->columns > metrics;
    s->driver = 0;
    for (uint32_t m = 0; m < metrics; m++) {
        s->driver = m;
        s->second = both ? metrics + m : P2A_NONE;
        s->whole = column_whole(s, m) + (both ? column_whole(s, metrics + m) : 0);
        if (s->whole > 0)
            return;
    }
    s->driver = 0;
}

bool p2a_supply_in_cycle(const struct p2a_supply *s, p2a_id f)
{
    if (s->parts.size[s->parts.of[f]] > 1)
        return true;
    for (uint32_t i = s->in_first[f]; i < s->in_first[f + 1]; i++)
        if (s->p->graph.arc[s->in_arc[i]].caller == f)
            return true;
    return false;
}

static void load_functions(struct p2a_supply *s)
{
    const struct p2a_graph *g = &s->p->graph;
    for (p2a_id f = 0; f < s->function_n; f++) {
        s->self[f] = driving(s, g->self, f);
        double inclusive = g->node[f].has & P2A_HAS_TOTAL ? driving(s, g->total, f) : 0;
        double below = s->self[f];
        for (uint32_t i = s->outs.first[f]; i < s->outs.first[f + 1]; i++) {
            p2a_id a = s->outs.arc[i];
            if (!p2a_supply_recursive(s, a))
                below += driving(s, g->arc_total, a);
        }
        bool said = inclusive >= s->self[f] && g->node[f].has & P2A_HAS_TOTAL;
        s->inclusive[f] = said ? inclusive : below;
    }
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* A comparison has the calls of both sides, as it has their values. */
static double both_counts(const struct p2a_supply *s, uint64_t after, uint64_t before)
{
    return (double)after + (s->second == P2A_NONE ? 0 : (double)before);
}

static void load_calls(struct p2a_supply *s)
{
    const struct p2a_graph *g = &s->p->graph;
    for (p2a_id a = 0; a < s->arc_n; a++) {
        const struct p2a_arc *arc = &g->arc[a];
        struct p2a_counts before = p2a_counts_of(g->arc_before, a);
        s->calls[a] = arc->has & P2A_HAS_CALLS ? both_counts(s, arc->calls, before.calls) : 0;
        s->primitive[a] = s->calls[a];
        if (p2a_supply_recursive(s, a) && arc->has & P2A_HAS_PRIMITIVE)
            s->primitive[a] = fmin(both_counts(s, arc->primitive, before.primitive), s->calls[a]);
    }
    for (p2a_id f = 0; f < s->function_n; f++) {
        const struct p2a_node *node = &g->node[f];
        struct p2a_counts before = p2a_counts_of(g->node_before, f);
        double calls = node->has & P2A_HAS_CALLS ? both_counts(s, node->calls, before.calls) : 0;
        for (uint32_t i = s->in_first[f]; i < s->in_first[f + 1]; i++)
            calls -= s->calls[s->in_arc[i]];
        s->calls[s->arc_n + f] = s->primitive[s->arc_n + f] = fmax(calls, 0);
    }
}

/* How often each component is entered, from outside or from nowhere. */
static void count_entries(const struct p2a_supply *s, double *entries)
{
    for (p2a_id f = 0; f < s->function_n; f++)
        entries[s->parts.of[f]] += s->calls[s->arc_n + f];
    for (p2a_id a = 0; a < s->arc_n; a++)
        if (!p2a_supply_recursive(s, a))
            entries[s->parts.of[s->p->graph.arc[a].callee]] += s->calls[a];
}

static double times_nested(double calls, double primitive)
{
    return primitive >= 1 && calls > primitive ? 0.5 * log2(calls / primitive) : 0;
}

static bool has(const struct p2a_supply *s, p2a_id arc, unsigned what)
{
    return s->p->graph.arc[arc].has & what;
}

/* Arcs of a cycle whose total counts every level: how much of it is outermost is a guess. */
static void split_nested_total(struct p2a_supply *s, p2a_id a, double entries)
{
    s->flow[a] = s->total[a];
    s->primitive[a] = fmin(s->calls[a], fmax(entries, 1));
    s->total[a] /= 1 + times_nested(s->calls[a], s->primitive[a]);
}

static void load_totals(struct p2a_supply *s, const double *entries)
{
    const struct p2a_graph *g = &s->p->graph;
    for (p2a_id a = 0; a < s->arc_n; a++) {
        if (!has(s, a, P2A_HAS_TOTAL))
            continue;
        s->flow[a] = s->total[a] = driving(s, g->arc_total, a);
        if (!p2a_supply_recursive(s, a))
            continue;
        if (has(s, a, P2A_HAS_PRIMITIVE))
            s->flow[a] += s->total[a] * times_nested(s->calls[a], s->primitive[a]);
        else
            split_nested_total(s, a, entries[s->parts.of[g->arc[a].callee]]);
    }
}

/* Totals that the file leaves out. What enters F from outside its cycle makes all its primitive
 * calls, as far as they go; within the cycle every call gets an even share. */
static void guess_totals(struct p2a_supply *s, p2a_id f)
{
    const struct p2a_node *node = &s->p->graph.node[f];
    double entering = s->calls[s->arc_n + f], all = entering, left = s->inclusive[f];
    uint32_t guessed = 0;
    for (uint32_t i = s->in_first[f]; i < s->in_first[f + 1]; i++) {
        p2a_id a = s->in_arc[i];
        bool known = has(s, a, P2A_HAS_TOTAL), outside = !p2a_supply_recursive(s, a);
        all += s->calls[a];
        entering += outside && !known ? s->calls[a] : 0;
        left -= outside && known ? s->total[a] : 0;
        guessed += !known;
    }
    double primitive =
        node->has & P2A_HAS_PRIMITIVE
            ? both_counts(s, node->primitive, p2a_counts_of(s->p->graph.node_before, f).primitive)
            : entering;
    for (uint32_t i = s->in_first[f]; guessed && i < s->in_first[f + 1]; i++) {
        p2a_id a = s->in_arc[i];
        bool outside = !p2a_supply_recursive(s, a);
        if (has(s, a, P2A_HAS_TOTAL))
            continue;
        double share =
            all > 0 ? s->calls[a] / (outside ? fmax(primitive, entering) : all) : 1.0 / guessed;
        s->total[a] = share > 0 && left > 0 ? (outside ? left : s->inclusive[f]) * share : 0;
        if (!outside && !has(s, a, P2A_HAS_PRIMITIVE))
            s->primitive[a] = fmin(s->calls[a], fmax(1, primitive * share));
        s->flow[a] = s->total[a] * (outside ? 1 : 1 + times_nested(s->calls[a], s->primitive[a]));
    }
}

/* ---- roots ----------------------------------------------------------------------------------- */

static void component_flow(const struct p2a_supply *s, double *flow)
{
    for (p2a_id f = 0; f < s->function_n; f++)
        flow[s->parts.of[f]] += s->self[f];
    for (p2a_id a = 0; a < s->arc_n; a++) {
        const struct p2a_arc *arc = &s->p->graph.arc[a];
        if (p2a_supply_recursive(s, a))
            continue;
        flow[s->parts.of[arc->caller]] += s->total[a];
        flow[s->parts.of[arc->callee]] -= s->total[a];
    }
}

/* How much speaks for F as the place where its component is entered: what its unexplained calls
 * took. */
static double entry_weight(const struct p2a_supply *s, p2a_id f)
{
    const struct p2a_node *node = &s->p->graph.node[f];
    double calls = s->calls[s->arc_n + f];
    double primitive =
        node->has & P2A_HAS_PRIMITIVE
            ? both_counts(s, node->primitive, p2a_counts_of(s->p->graph.node_before, f).primitive)
            : calls;
    return calls > 0 ? calls * (s->inclusive[f] / fmax(primitive, calls)) : 0;
}

/* The flow of a component goes to its entries; with none, to the member with the largest total. */
static void place_roots(struct p2a_supply *s, const double *flow, double *weights, p2a_id *largest)
{
    for (p2a_id f = 0; f < s->function_n; f++) {
        p2a_id c = s->parts.of[f];
        weights[c] += entry_weight(s, f);
        if (largest[c] == P2A_NONE || s->inclusive[f] > s->inclusive[largest[c]])
            largest[c] = f;
    }
    for (p2a_id f = 0; f < s->function_n; f++) {
        p2a_id c = s->parts.of[f], row = s->arc_n + f;
        double share = weights[c] > 0 ? entry_weight(s, f) / weights[c] : largest[c] == f;
        if (flow[c] > P2A_NOISE * s->whole)
            s->flow[row] = s->total[row] = flow[c] * share;
    }
}

static bool find_roots(struct p2a_supply *s)
{
    double *flow = calloc((size_t)s->parts.n + 1, 2 * sizeof *flow);
    p2a_id *largest = malloc(((size_t)s->parts.n + 1) * sizeof *largest);
    bool room = flow && largest;
    if (room) {
        for (uint32_t c = 0; c < s->parts.n; c++)
            largest[c] = P2A_NONE;
        component_flow(s, flow);
        place_roots(s, flow, flow + s->parts.n, largest);
    }
    free(flow);
    free(largest);
    return room;
}

/* ---- self along the rows --------------------------------------------------------------------- */

bool p2a_supply_is_whole(const struct p2a_supply *s, uint32_t column)
{
    for (uint32_t f = 0; f < s->function_n; f++) {
        double self = p2a_sane(s->p->graph.self[(size_t)f * s->p->columns + column]);
        if (self > 9007199254740992.0 || self != floor(self))
            return false;
    }
    return true;
}

/* LEAF of the rows into F that the file gives no self for becomes their share of REST. */
static void guess_leaves(const struct p2a_supply *s, p2a_id f, double rest, double *leaf)
{
    const double *weight = p2a_supply_in_cycle(s, f) ? s->calls : s->flow;
    for (int attempt = 0; attempt < 2; attempt++) {
        double sum = weight[s->arc_n + f];
        for (uint32_t i = s->in_first[f]; i < s->in_first[f + 1]; i++)
            if (!has(s, s->in_arc[i], P2A_HAS_SELF))
                sum += weight[s->in_arc[i]];
        if (sum > 0) {
            leaf[s->arc_n + f] = rest * (weight[s->arc_n + f] / sum);
            for (uint32_t i = s->in_first[f]; i < s->in_first[f + 1]; i++)
                if (!has(s, s->in_arc[i], P2A_HAS_SELF))
                    leaf[s->in_arc[i]] = rest * (weight[s->in_arc[i]] / sum);
            return;
        }
        weight = weight == s->calls ? s->flow : s->calls;
    }
}

/* Gives every row into F a weight: what the file says is its self, and shares of what that leaves.
 */
static void weigh_leaves(const struct p2a_supply *s, p2a_id f, uint32_t column, double self,
                         double *leaf)
{
    const struct p2a_graph *g = &s->p->graph;
    p2a_id root = s->arc_n + f;
    double known = 0;
    bool guess = false;
    leaf[root] = 0;
    for (uint32_t i = s->in_first[f]; i < s->in_first[f + 1]; i++) {
        p2a_id a = s->in_arc[i];
        leaf[a] =
            has(s, a, P2A_HAS_SELF) ? p2a_sane(g->arc_self[(size_t)a * s->p->columns + column]) : 0;
        known += leaf[a];
        guess |= !has(s, a, P2A_HAS_SELF);
    }
    double rest = self - known;
    if (guess && rest > 0)
        guess_leaves(s, f, rest, leaf);
    else if (rest > P2A_NOISE * self && (s->flow[root] > 0 || known <= 0))
        leaf[root] = rest;
}

void p2a_supply_leaves(const struct p2a_supply *s, uint32_t column, double *leaf)
{
    bool whole = p2a_supply_is_whole(s, column);
    for (p2a_id f = 0; f < s->function_n; f++) {
        double self = p2a_sane(s->p->graph.self[(size_t)f * s->p->columns + column]);
        weigh_leaves(s, f, column, self, leaf);
        struct p2a_deal deal = {.amount = self, .whole = whole};
        for (uint32_t i = s->in_first[f]; i < s->in_first[f + 1]; i++)
            deal.weights += leaf[s->in_arc[i]];
        if (!(deal.weights + leaf[s->arc_n + f] > 0))
            leaf[s->arc_n + f] = self;
        deal.weights += leaf[s->arc_n + f];
        for (uint32_t i = s->in_first[f]; i < s->in_first[f + 1]; i++)
            leaf[s->in_arc[i]] = p2a_deal_next(&deal, leaf[s->in_arc[i]]);
        leaf[s->arc_n + f] = p2a_deal_next(&deal, leaf[s->arc_n + f]);
    }
}

static bool driving_leaves(struct p2a_supply *s)
{
    p2a_supply_leaves(s, s->driver, s->leaf);
    if (s->second == P2A_NONE)
        return true;
    double *more = calloc((size_t)s->row_n + 1, sizeof *more);
    if (!more)
        return false;
    p2a_supply_leaves(s, s->second, more);
    for (uint32_t row = 0; row < s->row_n; row++)
        s->leaf[row] += more[row];
    free(more);
    return true;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void index_ins(struct p2a_supply *s)
{
    const struct p2a_arc *arc = s->p->graph.arc;
    uint32_t *fill = s->in_first + 1;
    for (p2a_id a = 0; a < s->arc_n; a++)
        fill[arc[a].callee + 1]++;
    for (p2a_id f = 0; f < s->function_n; f++)
        fill[f + 1] += fill[f];
    for (p2a_id a = 0; a < s->arc_n; a++)
        s->in_arc[fill[arc[a].callee]++] = a;
}

static bool make_room(struct p2a_supply *s)
{
    size_t functions = (size_t)s->function_n + 2, rows = (size_t)s->row_n + 1;
    s->in_first = calloc(functions, sizeof *s->in_first);
    s->in_arc = calloc((size_t)s->arc_n + 1, sizeof *s->in_arc);
    s->self = calloc(functions, 2 * sizeof *s->self);
    s->calls = calloc(rows, 5 * sizeof *s->calls);
    if (!s->in_first || !s->in_arc || !s->self || !s->calls)
        return false;
    s->inclusive = s->self + functions;
    s->primitive = s->calls + rows;
    s->total = s->primitive + rows;
    s->flow = s->total + rows;
    s->leaf = s->flow + rows;
    return true;
}

static bool find_components(void *supply)
{
    struct p2a_supply *s = supply;
    return p2a_components_build(s->p, &s->outs, &s->parts);
}

static bool find_ins(void *supply)
{
    if (!make_room(supply))
        return false;
    index_ins(supply);
    return true;
}

static bool fill(struct p2a_supply *s)
{
    double *entries = calloc((size_t)s->parts.n + 1, sizeof *entries);
    if (!entries)
        return false;
    choose_driver(s);
    load_functions(s);
    load_calls(s);
    count_entries(s, entries);
    load_totals(s, entries);
    free(entries);
    for (p2a_id f = 0; f < s->function_n; f++)
        guess_totals(s, f);
    return p2a_supply_mend(s) && find_roots(s) && p2a_supply_balance(s) && driving_leaves(s);
}

bool p2a_supply_build(const struct p2a_profile *p, struct p2a_supply *s)
{
    *s = (struct p2a_supply){.p = p, .second = P2A_NONE};
    s->function_n = p->columns ? p->graph.node_n : 0; /* without a metric there is nothing */
    s->arc_n = p->columns ? p->graph.arc_n : 0;
    s->row_n = s->arc_n + s->function_n;
    if (!p2a_outs_build(p, &s->outs) ||
        !p2a_do_both(find_components, find_ins, s, s->arc_n < MANY) || !fill(s)) {
        p2a_supply_free(s);
        return false;
    }
    return true;
}

void p2a_supply_free(struct p2a_supply *s)
{
    p2a_outs_free(&s->outs);
    p2a_components_free(&s->parts);
    free(s->in_first);
    free(s->in_arc);
    free(s->self);
    free(s->calls);
    *s = (struct p2a_supply){0};
}
