/* What holds in every profile, whichever format it came from:
 *
 *   ids       every id names a row; a context's parent stands before it and has its thread
 *   columns   one a metric, or two in a comparison; a profile with rows has a metric
 *   graph     a node for every function; order lists each function with a row once; arcs are unique
 *   lines     Σ lines of F = self(F);  sites: Σ sites of an arc = its calls and total
 *   derived   Σ self of functions = Σ self of contexts = Σ total of roots;  primitive <= calls
 *
 * Sums are compared to 1e-9 of the larger side, or of the largest part, since parts may be
 * negative; those of whole numbers are exact anyway. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/core.h"
#include "model/derive.h"

/* What is added up. */
struct parts {
    struct p2a_sum sum;
    double largest;
    bool any;
};

static void add_part(struct parts *parts, double part)
{
    p2a_sum_add(&parts->sum, part);
    parts->largest = fmax(parts->largest, fabs(part));
    parts->any = true;
}

static bool add_up_to(const struct parts *parts, double whole)
{
    double sum = p2a_sum_value(&parts->sum);
    double most = fmax(parts->largest, fmax(fabs(sum), fabs(whole)));
    return !isfinite(sum) || !isfinite(whole) || fabs(sum - whole) <= 1e-9 * most + 1e-300;
}

static enum p2a_status broken(struct p2a_error *error, const char *law, uint32_t row)
{
    return p2a_error_set(error, P2A_INPUT, "invariant broken at row %u: %s", row, law);
}

static enum p2a_status check_names(const struct p2a_profile *p, struct p2a_error *error)
{
    for (uint32_t i = 0; i < p->functions.n; i++) {
        const struct p2a_function *f = &p->functions.row[i];
        uint32_t n = p->strings.n;
        if (f->name >= n || f->file >= n || f->module >= n || f->qualname >= n)
            return broken(error, "a function's strings exist", i);
    }
    for (uint32_t i = 0; i < p->metrics.n; i++)
        if (p->metrics.row[i].name >= p->strings.n || !(p->metrics.row[i].scale > 0))
            return broken(error, "a metric has a name and a scale", i);
    bool rows = p->contexts.n || p->graph.order_n || p->graph.arc_n;
    if (rows && !p->metrics.n)
        return broken(error, "a profile with rows has a metric", 0);
    if (p->columns != p->metrics.n && p->columns != 2 * p->metrics.n)
        return broken(error, "columns are metrics, or twice that", p->columns);
    return P2A_OK;
}

static enum p2a_status check_contexts(const struct p2a_profile *p, struct p2a_error *error)
{
    const struct p2a_contexts *t = &p->contexts;
    for (uint32_t i = 0; i < t->n; i++) {
        const struct p2a_context *c = &t->row[i];
        if (c->function >= p->functions.n)
            return broken(error, "a context's function exists", i);
        if (c->parent != P2A_NONE && c->parent >= i)
            return broken(error, "a context's parent stands before it", i);
        if (c->thread != P2A_NONE && c->thread >= p->threads.n)
            return broken(error, "a context's thread exists", i);
        if (c->parent != P2A_NONE && t->row[c->parent].thread != c->thread)
            return broken(error, "a context has its parent's thread", i);
    }
    return P2A_OK;
}

static enum p2a_status check_order(const struct p2a_profile *p, struct p2a_error *error)
{
    const struct p2a_graph *g = &p->graph;
    unsigned char *seen = calloc((size_t)p->functions.n + 1, 1);
    enum p2a_status status = P2A_OK;
    if (!seen)
        return p2a_error_memory(error);
    for (uint32_t i = 0; status == P2A_OK && i < g->order_n; i++) {
        p2a_id f = g->order[i];
        if (f >= g->node_n || seen[f] || !(g->node[f].has & P2A_HAS_ROW))
            status = broken(error, "order lists each function with a row once", i);
        else
            seen[f] = 1;
    }
    free(seen);
    return status;
}

static enum p2a_status check_graph(struct p2a_profile *p, struct p2a_error *error)
{
    const struct p2a_graph *g = &p->graph;
    if (!p2a_index_arcs(p))
        return p2a_error_memory(error);
    if ((g->order_n || g->arc_n) && g->node_n != p->functions.n)
        return broken(error, "a graph has a node for every function", g->node_n);
    for (uint32_t i = 0; i < g->arc_n; i++) {
        const struct p2a_arc *a = &g->arc[i];
        if (a->caller >= p->functions.n || a->callee >= p->functions.n)
            return broken(error, "an arc's functions exist", i);
        if (p2a_arc_find(p, a->caller, a->callee) != i)
            return broken(error, "a pair of functions has one arc", i);
        if (!(p->recorded & P2A_GRAPH) && a->primitive > a->calls)
            return broken(error, "primitive calls are some of the calls", i);
    }
    for (uint32_t i = 0; i < g->node_n && !(p->recorded & P2A_GRAPH); i++)
        if (g->node[i].primitive > g->node[i].calls)
            return broken(error, "primitive calls are some of the calls", i);
    return check_order(p, error);
}

/* Σ of the parts' values by owner against the owners' own, where an owner has parts. */
static enum p2a_status check_parts(const struct p2a_profile *p, const char *law, uint32_t owners,
                                   const double *whole, uint32_t parts, const double *part,
                                   const p2a_id *owner, size_t step, struct p2a_error *error)
{
    struct parts *sums = calloc((size_t)owners + 1, sizeof *sums);
    enum p2a_status status = sums ? P2A_OK : p2a_error_memory(error);
    for (uint32_t c = 0; sums && status == P2A_OK && c < p->columns; c++) {
        memset(sums, 0, owners * sizeof *sums);
        for (uint32_t i = 0; status == P2A_OK && i < parts; i++) {
            p2a_id o = *(const p2a_id *)((const char *)owner + i * step);
            if (o >= owners)
                status = broken(error, law, i);
            else
                add_part(&sums[o], part[(size_t)i * p->columns + c]);
        }
        for (uint32_t o = 0; status == P2A_OK && o < owners; o++)
            if (sums[o].any && !add_up_to(&sums[o], whole[(size_t)o * p->columns + c]))
                status = broken(error, law, o);
    }
    free(sums);
    return status;
}

/* Lines may come with contexts alone; then functions' self is what their contexts add up to. */
static enum p2a_status check_lines(const struct p2a_profile *p, struct p2a_error *error)
{
    const struct p2a_graph *g = &p->graph;
    size_t width = p->columns;
    bool graph = g->node_n > 0;
    double *self = graph ? NULL : calloc(p->functions.n * width + 1, sizeof *self);
    if (!graph && !self)
        return p2a_error_memory(error);
    for (size_t i = 0; self && i < p->contexts.n; i++)
        for (size_t c = 0; c < width; c++)
            self[p->contexts.row[i].function * width + c] += p->contexts.self[i * width + c];
    enum p2a_status status = check_parts(
        p, "the lines of a function add up to its self", p->functions.n, self ? self : g->self,
        g->line_n, g->line_self, &g->line[0].function, sizeof *g->line, error);
    free(self);
    return status;
}

static enum p2a_status check_derived(struct p2a_profile *p, struct p2a_error *error)
{
    struct p2a_tree tree;
    bool derived = p->facts & P2A_GRAPH && !(p->recorded & P2A_GRAPH);
    if (!p2a_tree_build(p, &tree))
        return p2a_error_memory(error);
    enum p2a_status status = P2A_OK;
    for (uint32_t c = 0; status == P2A_OK && c < p->columns; c++) {
        struct parts roots = {0}, nodes = {0};
        for (p2a_id i = tree.first; i != P2A_NONE; i = tree.next[i])
            add_part(&roots, tree.total[(size_t)i * p->columns + c]);
        for (size_t i = 0; derived && i < p->graph.node_n; i++)
            add_part(&nodes, p->graph.self[i * p->columns + c]);
        double whole = p2a_whole(p, c);
        if (!add_up_to(&roots, whole))
            status = broken(error, "the roots' totals are the whole", c);
        else if (derived && !add_up_to(&nodes, whole))
            status = broken(error, "functions' self adds up to the whole", c);
    }
    p2a_tree_free(&tree);
    return status;
}

enum p2a_status p2a_check(struct p2a_profile *p, struct p2a_error *error)
{
    const struct p2a_graph *g = &p->graph;
    struct p2a_error ours;
    p2a_error_start(&ours, "");
    enum p2a_status status = p2a_unfold(p, &ours);
    if (status == P2A_OK)
        status = check_names(p, &ours);
    if (status == P2A_OK)
        status = check_contexts(p, &ours);
    if (status == P2A_OK)
        status = check_graph(p, &ours);
    if (status == P2A_OK && g->line_n)
        status = check_lines(p, &ours);
    if (status == P2A_OK && g->site_n)
        status =
            check_parts(p, "the call sites of an arc add up to its total", g->arc_n, g->arc_total,
                        g->site_n, g->site_total, &g->site[0].arc, sizeof *g->site, &ours);
    if (status == P2A_OK && p->contexts.n)
        status = check_derived(p, &ours);
    if (error)
        *error = ours;
    return status;
}
