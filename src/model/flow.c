/* flow.c - what follows from self per function and inclusive cost per arc:
 *
 *     total(f) = self(f) + Σ total(arcs out of f, but not to itself)        outside cycles
 *     total(K) = Σ self of K's members + Σ total(arcs that leave K)         for a cycle as a whole
 *     total(f) ≤ the first of these, total(K), and Σ total(arcs to f, but not from itself) + what
 *                of total(K) no arc that enters K explains                   in a cycle
 *
 * and the same turned round, as whole-number costs of arcs (flow.h). Both walk the components of
 * the graph, which are numbered so that callees come before their callers. */
#include "model/flow.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/crew.h"
#include "base/fetch.h"
#include "model/core.h"

/* ---- totals ---------------------------------------------------------------------------------- */

struct totals {
    struct p2a_profile *p;
    struct p2a_outs outs;
    struct p2a_components parts;
    bool *wanted;
    bool *entry; /* functions: has calls that no arc explains */
    bool *known; /* components: one of its members has */
    /* Of the column at hand: */
    double *callers; /* functions: Σ total(arcs from others), infinite where one has none */
    double *whole, *entered; /* components: total(K), Σ total(arcs that enter K) */
};

/* Adds one column of the arcs to the nodes' totals, and to what bounds them. */
static void add_arcs(struct totals *t, uint32_t column)
{
    const struct p2a_graph *g = &t->p->graph;
    for (size_t a = 0; a < g->arc_n; a++) {
        p2a_id caller = g->arc[a].caller, callee = g->arc[a].callee;
        double total = g->arc_total[a * t->p->columns + column];
        if (caller == callee)
            continue;
        if (t->wanted[caller])
            g->total[(size_t)caller * t->p->columns + column] += total;
        t->callers[callee] += g->arc[a].has & P2A_HAS_TOTAL ? total : INFINITY;
        if (t->parts.of[caller] != t->parts.of[callee]) {
            t->whole[t->parts.of[caller]] += total;
            t->entered[t->parts.of[callee]] += total;
        }
    }
}

/* In a cycle: the cycle's, and what its callers had below them, with what no arc explains where it
 * may have begun there. */
static double most_of(const struct totals *t, p2a_id f)
{
    uint32_t k = t->parts.of[f];
    double root = t->entry[f] || !t->known[k] ? fmax(t->whole[k] - t->entered[k], 0) : 0;
    return fmin(t->whole[k], t->callers[f] + root);
}

static void column_totals(struct totals *t, uint32_t column)
{
    const struct p2a_graph *g = &t->p->graph;
    for (uint32_t k = 0; k < t->parts.n; k++)
        t->whole[k] = t->entered[k] = 0;
    for (size_t f = 0; f < g->node_n; f++) {
        size_t at = f * t->p->columns + column;
        t->callers[f] = 0;
        t->whole[t->parts.of[f]] += g->self[at];
        if (t->wanted[f])
            g->total[at] = g->self[at];
    }
    add_arcs(t, column);
    for (p2a_id f = 0; f < g->node_n; f++) {
        size_t at = (size_t)f * t->p->columns + column;
        if (t->wanted[f] && t->parts.size[t->parts.of[f]] > 1 && g->total[at] > most_of(t, f))
            g->total[at] = fmax(most_of(t, f), g->self[at]);
    }
}

/* Outside cycles every call is primitive. */
static void fill_primitive(struct p2a_profile *p, const struct p2a_components *parts)
{
    struct p2a_graph *g = &p->graph;
    for (uint32_t f = 0; f < g->node_n; f++) {
        bool alone = parts->size[parts->of[f]] == 1 && p2a_arc_find(p, f, f) == P2A_NONE;
        if (alone && (g->node[f].has & (P2A_HAS_CALLS | P2A_HAS_PRIMITIVE)) == P2A_HAS_CALLS) {
            g->node[f].primitive = g->node[f].calls;
            g->node[f].has |= P2A_HAS_PRIMITIVE;
        }
    }
    for (uint32_t i = 0; i < g->arc_n; i++) {
        struct p2a_arc *a = &g->arc[i];
        bool within = parts->of[a->caller] == parts->of[a->callee];
        if (!within && (a->has & (P2A_HAS_CALLS | P2A_HAS_PRIMITIVE)) == P2A_HAS_CALLS) {
            a->primitive = a->calls;
            a->has |= P2A_HAS_PRIMITIVE;
        }
    }
}

void p2a_explained_calls(const struct p2a_graph *g, uint64_t *calls)
{
    for (uint32_t a = 0; a < g->arc_n; a++)
        calls[g->arc[a].callee] = p2a_add_calls(calls[g->arc[a].callee], g->arc[a].calls);
}

/* CALLS: zeros. */
static void find_entries(struct totals *t, uint64_t *calls)
{
    const struct p2a_graph *g = &t->p->graph;
    p2a_explained_calls(g, calls);
    for (uint32_t f = 0; f < g->node_n; f++) {
        t->entry[f] = g->node[f].calls > calls[f];
        t->known[t->parts.of[f]] |= t->entry[f];
    }
}

static void fill_totals(struct totals *t)
{
    struct p2a_graph *g = &t->p->graph;
    uint32_t bounded = 0;
    for (uint32_t f = 0; f < g->node_n; f++)
        t->wanted[f] = (g->node[f].has & (P2A_HAS_ROW | P2A_HAS_TOTAL)) == P2A_HAS_ROW;
    for (uint32_t c = 0; c < t->p->columns; c++)
        column_totals(t, c);
    for (uint32_t f = 0; f < g->node_n; f++) {
        g->node[f].has |= t->wanted[f] ? P2A_HAS_TOTAL : 0;
        bounded += t->wanted[f] && t->parts.size[t->parts.of[f]] > 1;
    }
    if (bounded) {
        t->p->estimated |= P2A_GRAPH;
        p2a_note(t->p,
                 "totals of %u function%s through others aren't in the file: they are at most "
                 "what is shown",
                 bounded, bounded == 1 ? " that calls itself" : "s that call themselves");
    }
    fill_primitive(t->p, &t->parts);
}

void p2a_totals_from_arcs(struct p2a_profile *p)
{
    struct totals t = {.p = p};
    size_t n = (size_t)p->functions.n + 1;
    if (p2a_profile_status(p) != P2A_OK || !p->graph.node_n)
        return;
    bool ready = p2a_outs_build(p, &t.outs);
    bool found = ready && p2a_components_build(p, &t.outs, &t.parts);
    t.wanted = calloc(n, 3 * sizeof *t.wanted);
    t.callers = calloc(n, 3 * sizeof *t.callers);
    uint64_t *calls = calloc(n, sizeof *calls);
    if (found && t.wanted && t.callers && calls) {
        t.entry = t.wanted + n;
        t.known = t.entry + n;
        t.whole = t.callers + n;
        t.entered = t.whole + n;
        find_entries(&t, calls);
        fill_totals(&t);
    } else {
        p2a_error_memory(&p->core->error);
    }
    free(t.wanted);
    free(t.callers);
    free(calls);
    if (found)
        p2a_components_free(&t.parts);
    if (ready)
        p2a_outs_free(&t.outs);
}

/* ---- whole numbers --------------------------------------------------------------------------- */

uint64_t p2a_whole_number(double value)
{
    if (!(value > 0))
        return 0;
    double whole = floor(value + 0.5);
    if (value >= 4503599627370496.0) /* 2^52: nothing behind the point, and adding 0.5 rounds */
        whole = value;
    return whole >= 18446744073709551615.0 ? UINT64_MAX : (uint64_t)whole;
}

__extension__ typedef unsigned __int128 wide;

void p2a_share(uint64_t total, const uint64_t *weight, size_t n, uint64_t *share)
{
    wide sum = 0, so_far = 0;
    uint64_t given = 0;
    for (size_t i = 0; i < n; i++)
        sum += weight[i];
    unsigned shift = 0; /* so that the product below fits */
    while (sum >> shift > UINT64_MAX)
        shift++;
    for (size_t i = 0; i < n; i++) {
        so_far += weight[i];
        uint64_t upto = sum >> shift ? (uint64_t)((so_far >> shift) * total / (sum >> shift)) : 0;
        share[i] = upto - given;
        given = upto;
    }
}

/* ---- flow ------------------------------------------------------------------------------------ */

/* Sorts the arcs by the component they lead into. IN: where the arcs into each function begin. */
static void sort_arcs(const struct p2a_profile *p, const uint32_t *in, struct p2a_flow *flow)
{
    uint32_t *fill = flow->first + 1; /* as in p2a_ins_build */
    for (p2a_id f = 0; f < p->functions.n; f++)
        fill[flow->parts.of[f] + 1] += in[f + 1] - in[f];
    for (uint32_t k = 0; k < flow->parts.n; k++)
        fill[k + 1] += fill[k];
    for (p2a_id a = 0; a < p->graph.arc_n; a++)
        flow->arcs[fill[flow->parts.of[p->graph.arc[a].callee]]++] = a;
}

/* As in p2a_outs_build, all that is wanted of an arc at once. */
static void sort_calls(const struct p2a_profile *p, struct p2a_flow *flow)
{
    const struct p2a_graph *g = &p->graph;
    uint32_t *fill = flow->out + 1;
    for (p2a_id a = 0; a < g->arc_n; a++)
        fill[g->arc[a].caller + 1]++;
    for (p2a_id f = 0; f < p->functions.n; f++)
        fill[f + 1] += fill[f];
    for (p2a_id a = 0; a < g->arc_n; a++) {
        const struct p2a_arc *arc = &g->arc[a];
        uint64_t calls = arc->calls ? arc->calls : p2a_counts_of(g->arc_before, a).calls;
        flow->place[a] = fill[arc->caller]++;
        flow->call[flow->place[a]] =
            (struct p2a_flow_call){arc->callee, a, arc->has & P2A_HAS_CALLS ? calls : 0};
    }
}

bool p2a_flow_downwards(const struct p2a_profile *p, struct p2a_flow *flow)
{
    size_t n = (size_t)p->functions.n + 1, arcs = (size_t)p->graph.arc_n + 1;
    flow->out = calloc(n + 1, sizeof *flow->out);
    flow->call = malloc(arcs * sizeof *flow->call);
    flow->place = malloc(arcs * sizeof *flow->place);
    flow->arc = calloc(arcs, sizeof *flow->arc);
    if (!flow->out || !flow->call || !flow->place || !flow->arc)
        return false;
    sort_calls(p, flow);
    return true;
}

/* By component. */
static void add_up_calls(const struct p2a_profile *p, struct p2a_flow *flow)
{
    for (uint32_t f = 0; f < p->graph.node_n; f++) {
        uint64_t *calls = &flow->calls[flow->parts.of[f]];
        *calls = p2a_add_calls(*calls, p->graph.node[f].calls);
    }
}

bool p2a_flow_upwards(const struct p2a_profile *p, struct p2a_flow *flow)
{
    size_t n = (size_t)p->functions.n + 1, arcs = (size_t)p->graph.arc_n + 1;
    struct p2a_ins ins = {0};
    flow->first = calloc(n + 1, sizeof *flow->first);
    flow->arcs = calloc(arcs, sizeof *flow->arcs);
    flow->calls = p2a_zeroed(n, sizeof *flow->calls);
    flow->inclusive = calloc(n, sizeof *flow->inclusive);
    flow->scratch = calloc(arcs, 2 * sizeof *flow->scratch);
    flow->picked = calloc(arcs, 2 * sizeof *flow->picked);
    bool done = flow->first && flow->arcs && flow->calls && flow->inclusive && flow->scratch &&
                flow->picked && p2a_ins_build(p, &ins) &&
                p2a_components_upwards(p, &ins, &flow->parts);
    if (done) {
        sort_arcs(p, ins.first, flow);
        add_up_calls(p, flow);
    }
    p2a_ins_free(&ins);
    return done;
}

void p2a_flow_free(struct p2a_flow *flow)
{
    p2a_components_free(&flow->parts);
    free(flow->out);
    free(flow->call);
    free(flow->first);
    free(flow->arcs);
    free(flow->calls);
    free(flow->inclusive);
    free(flow->scratch);
    free(flow->picked);
    free(flow->place);
    free(flow->arc);
    *flow = (struct p2a_flow){0};
}

/* One column's pass. */
struct pass {
    const struct p2a_profile *p;
    struct p2a_flow *flow;
    uint32_t column;
    double scale;
    bool fractional;  /* rounding makes arcs into a component differ from its inclusive cost */
    uint32_t fetched; /* of flow->arcs: what lies anywhere was asked for up to here */
};

static double raw_total(const struct pass *s, p2a_id arc)
{
    return s->p->graph.arc_total[(size_t)arc * s->p->columns + s->column] * s->scale;
}

static bool any_fraction(const struct pass *s)
{
    for (p2a_id a = 0; a < s->p->graph.arc_n; a++) {
        double total = raw_total(s, a);
        if (fabs(total - floor(total + 0.5)) > 1e-9)
            return true;
    }
    return false;
}

static uint64_t weight_of(const struct p2a_arc *arc)
{
    return arc->has & P2A_HAS_CALLS ? arc->calls : 1;
}

/* Calls of a component's members that no arc explains: its own share of a total shared by calls. */
static uint64_t unexplained_calls(const struct pass *s, uint32_t part)
{
    const struct p2a_flow *flow = s->flow;
    uint64_t explained = 0;
    for (uint32_t i = flow->first[part]; i < flow->first[part + 1]; i++)
        explained = p2a_add_calls(explained, weight_of(&s->p->graph.arc[flow->arcs[i]]));
    return flow->calls[part] > explained ? flow->calls[part] - explained : 0;
}

/* Arcs within a component hold its inclusive cost at most; those without a total get a share of it
 * by calls. */
static void set_inner(struct pass *s, uint32_t part, p2a_id a)
{
    struct p2a_flow *flow = s->flow;
    const struct p2a_arc *arc = &s->p->graph.arc[a];
    uint64_t most = flow->inclusive[part].cost, cost = p2a_whole_number(raw_total(s, a));
    if (!(arc->has & P2A_HAS_TOTAL)) {
        double share = (double)weight_of(arc) / fmax((double)flow->calls[part], 1);
        cost = p2a_whole_number((double)most * fmin(share, 1));
        flow->shared++;
    } else if (cost > most) {
        flow->recursive++;
    }
    flow->arc[flow->place[a]] = cost < most ? cost : most;
}

/* The arcs of one sort that enter a component: with a total of their own, or without. */
struct entering {
    p2a_id *arc;
    uint32_t *above; /* the components of their callers */
    uint64_t *want, *cost;
    size_t n;
    uint64_t sum; /* of want, saturated */
};

/* What is there weighs one at least, so that it gets its share of what rounding makes good. */
static uint64_t wanted(const struct pass *s, p2a_id arc)
{
    uint64_t want = p2a_whole_number(raw_total(s, arc));
    return want || !(raw_total(s, arc) > 0) ? want : 1;
}

static void add_entering(struct entering *e, p2a_id arc, uint32_t above, uint64_t want)
{
    e->arc[e->n] = arc;
    e->above[e->n] = above;
    e->want[e->n++] = want;
    e->sum = p2a_add_calls(e->sum, want);
}

/* Takes those with a total of their own, and settles what is within the component. Returns how many
 * are left. */
static size_t gather_known(struct pass *s, uint32_t part, struct entering *e)
{
    const struct p2a_flow *flow = s->flow;
    size_t left = 0;
    for (uint32_t i = flow->first[part]; i < flow->first[part + 1]; i++) {
        p2a_id a = flow->arcs[i];
        const struct p2a_arc *arc = &s->p->graph.arc[a];
        uint32_t above = flow->parts.of[arc->caller];
        if (above == part)
            set_inner(s, part, a);
        else if (arc->has & P2A_HAS_TOTAL)
            add_entering(e, a, above, wanted(s, a));
        else
            left++;
    }
    return left;
}

static void gather_unknown(struct pass *s, uint32_t part, struct entering *e)
{
    const struct p2a_flow *flow = s->flow;
    e->n = 0;
    e->sum = 0;
    for (uint32_t i = flow->first[part]; i < flow->first[part + 1]; i++) {
        const struct p2a_arc *arc = &s->p->graph.arc[flow->arcs[i]];
        uint32_t above = flow->parts.of[arc->caller];
        if (above != part && !(arc->has & P2A_HAS_TOTAL))
            add_entering(e, flow->arcs[i], above, weight_of(arc));
    }
}

/* Σ cost = TOTAL, in shares of what is wanted. */
static void share_out(const struct entering *e, uint64_t total)
{
    if (e->sum == total && total < UINT64_MAX)
        memcpy(e->cost, e->want, e->n * sizeof *e->cost);
    else
        p2a_share(total, e->want, e->n, e->cost);
}

/* Gives the arcs their costs, and their callers' components what comes up through them. */
static void settle(struct pass *s, const struct entering *e, bool rounding)
{
    struct p2a_flow *flow = s->flow;
    for (size_t i = 0; i < e->n; i++) {
        uint32_t above = e->above[i];
        uint64_t cost = e->cost[i], want = e->want[i];
        uint64_t moved = rounding ? (cost > want ? cost - want : want - cost) : 0;
        flow->arc[flow->place[e->arc[i]]] = cost;
        struct p2a_inclusive *sum = &flow->inclusive[above];
        sum->cost = p2a_add_calls(sum->cost, cost);
        sum->blur = p2a_add_calls(sum->blur, p2a_add_calls(moved, 1));
    }
}

/* Arcs with totals keep them, unless they sum to more than there is. What is rounded may miss the
 * inclusive cost by a little; that is made good. Returns what is left for arcs without totals. */
static uint64_t settle_known(struct pass *s, uint32_t part, const struct entering *e)
{
    uint64_t most = s->flow->inclusive[part].cost;
    uint64_t slack = s->fractional ? p2a_add_calls(s->flow->inclusive[part].blur, e->n) : 0;
    uint64_t off = e->sum > most ? e->sum - most : most - e->sum;
    bool rounding = off <= slack;
    if (e->sum > most && !rounding)
        s->flow->cut += (uint32_t)e->n;
    uint64_t target = e->sum > most || rounding ? most : e->sum;
    share_out(e, target);
    settle(s, e, rounding);
    return e->sum ? most - target : most;
}

/* Arcs without totals share what is left by calls, as gprof has it; so do calls from nowhere. */
static void settle_unknown(struct pass *s, uint32_t part, uint64_t left, const struct entering *e)
{
    uint64_t apart = unexplained_calls(s, part), given = left;
    if (apart) {
        given =
            p2a_whole_number((double)left * ((double)e->sum / ((double)e->sum + (double)apart)));
    }
    share_out(e, given < left ? given : left);
    settle(s, e, false);
    s->flow->shared += (uint32_t)e->n;
}

/* Asks for the rows of the arcs that come soon, then for what these lead to, and for that to which
 * their costs go. */
static void fetch_ahead(struct pass *s, uint32_t part)
{
    enum { ROW = 48, PART = 16, ABOVE = 32 }; /* so much behind the rows */
    const struct p2a_graph *g = &s->p->graph;
    const struct p2a_flow *flow = s->flow;
    for (; s->fetched < g->arc_n && s->fetched < flow->first[part + 1] + ROW; s->fetched++) {
        p2a_id arc = flow->arcs[s->fetched];
        p2a_fetch(&g->arc[arc]);
        p2a_fetch(&g->arc_total[(size_t)arc * s->p->columns + s->column]);
        p2a_fetch(&flow->place[arc]);
        if (s->fetched < ABOVE)
            continue;
        p2a_fetch(&flow->parts.of[g->arc[flow->arcs[s->fetched - PART]].caller]);
        arc = flow->arcs[s->fetched - ABOVE];
        uint32_t above = flow->parts.of[g->arc[arc].caller];
        p2a_fetch(&flow->arc[flow->place[arc]]);
        p2a_fetch(&flow->inclusive[above]);
    }
}

/* The component's inclusive cost is complete: everything that leaves it was settled before. */
static void settle_component(struct pass *s, uint32_t part)
{
    struct p2a_flow *flow = s->flow;
    uint32_t arc_n = s->p->graph.arc_n;
    struct entering e = {.arc = flow->picked,
                         .above = flow->picked + arc_n,
                         .want = flow->scratch,
                         .cost = flow->scratch + arc_n};
    size_t unknown = gather_known(s, part, &e);
    uint64_t left = settle_known(s, part, &e);
    if (unknown) {
        gather_unknown(s, part, &e);
        settle_unknown(s, part, left, &e);
    }
}

void p2a_flow_column(const struct p2a_profile *p, struct p2a_flow *flow, uint32_t column,
                     double scale, const uint64_t *self)
{
    struct pass s = {.p = p, .flow = flow, .column = column, .scale = scale};
    s.fractional = any_fraction(&s);
    flow->cut = flow->recursive = flow->shared = 0;
    for (uint32_t k = 0; k < flow->parts.n; k++)
        flow->inclusive[k] = (struct p2a_inclusive){0, flow->parts.size[k]};
    for (uint32_t f = 0; f < p->functions.n; f++) {
        uint64_t *cost = &flow->inclusive[flow->parts.of[f]].cost;
        *cost = p2a_add_calls(*cost, self[f]);
    }
    for (uint32_t k = 0; k < flow->parts.n; k++) {
        fetch_ahead(&s, k);
        settle_component(&s, k);
    }
}
