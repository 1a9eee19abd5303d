/* Two profiles, or two sets of runs, side by side. A side's values are the mean of its runs:
 *
 *   column m            Σ values of the runs after / their number
 *   column metrics + m  Σ values of the runs before / their number
 *
 * so each side adds up as a profile does. Trees are compared as trees where every run is one, else
 * all as graphs. Threads have other numbers in every run and are joined. */
#include "model/compare.h"

#include <math.h>
#include <stdlib.h>

#include "model/derive.h"
#include "model/merge.h"

static bool is_tree(const struct p2a_profile *p)
{
    return p->contexts.n && !(p->estimated & P2A_CONTEXTS);
}

static bool all_trees(const struct p2a_comparison *c)
{
    bool tree = true;
    for (size_t i = 0; i < c->before_n; i++)
        tree = tree && is_tree(c->before[i]);
    for (size_t i = 0; i < c->after_n; i++)
        tree = tree && is_tree(c->after[i]);
    return tree;
}

/* Adds RUN, one of N of its side, with its values times FACTOR. */
static enum p2a_status add_run(struct p2a_profile *into, struct p2a_profile *run, bool before,
                               bool tree, double factor, struct p2a_error *error)
{
    struct p2a_mapping m = {
        .into = into, .join_threads = true, .before = before, .matched = before};
    struct p2a_profile *copy = p2a_copy(run, error);
    double *weight = malloc(((size_t)run->columns + 1) * sizeof *weight);
    p2a_id *match = before ? malloc(((size_t)run->functions.n + 1) * sizeof *match) : NULL;
    for (uint32_t i = 0; weight && i < run->columns; i++)
        weight[i] = factor;
    if (copy && (!weight || (before && !match)))
        p2a_error_memory(error);
    m.from = copy;
    m.weight = weight;
    m.function = match;
    if (error->status == P2A_OK && p2a_mapping_check(&m, error) == P2A_OK &&
        p2a_shape(copy, tree, error) == P2A_OK &&
        (!before || p2a_match_functions(into, copy, match)))
        p2a_mapping_add(&m, error);
    p2a_take_error(into, error);
    p2a_mapping_end(&m);
    if (m.function != match)
        free(match);
    free(weight);
    p2a_free(copy);
    return error->status;
}

static enum p2a_status add_side(struct p2a_profile *into, struct p2a_profile *const *runs, size_t n,
                                bool before, bool tree, struct p2a_error *error)
{
    for (size_t i = 0; i < n; i++)
        if (add_run(into, runs[i], before, tree, 1.0 / (double)n, error) != P2A_OK)
            return error->status;
    return P2A_OK;
}

static uint64_t mean(uint64_t sum, size_t n)
{
    return n > 1 ? sum / n + (sum % n * 2 >= n) : sum;
}

static void average_calls(struct p2a_profile *p, const struct p2a_comparison *c)
{
    for (uint32_t i = 0; i < p->contexts.n; i++) {
        p->contexts.row[i].calls = mean(p->contexts.row[i].calls, c->after_n);
        p->contexts.calls_before[i] = mean(p->contexts.calls_before[i], c->before_n);
    }
    for (uint32_t i = 0; i < p->graph.node_n; i++) {
        struct p2a_node *node = &p->graph.node[i];
        node->calls = mean(node->calls, c->after_n);
        node->primitive = mean(node->primitive, c->after_n);
        node->calls_before = mean(node->calls_before, c->before_n);
    }
    for (uint32_t i = 0; i < p->graph.arc_n; i++) {
        p->graph.arc[i].calls = mean(p->graph.arc[i].calls, c->after_n);
        p->graph.arc[i].primitive = mean(p->graph.arc[i].primitive, c->after_n);
    }
}

static void scale(double *values, size_t n, uint32_t columns, uint32_t column, double factor)
{
    for (size_t i = 0; values && i < n; i++)
        values[i * columns + column] *= factor;
}

/* Runs of different length are compared by shares: BEFORE is stretched to AFTER's whole. */
static void normalize(struct p2a_profile *p)
{
    struct p2a_graph *g = &p->graph;
    for (uint32_t m = 0; m < p->metrics.n; m++) {
        uint32_t c = p->metrics.n + m;
        double factor = p2a_whole(p, m) / p2a_whole(p, c);
        if (!(factor > 0) || !isfinite(factor))
            continue;
        scale(p->contexts.self, p->contexts.n, p->columns, c, factor);
        scale(g->self, g->node_n, p->columns, c, factor);
        scale(g->total, g->node_n, p->columns, c, factor);
        scale(g->arc_self, g->arc_n, p->columns, c, factor);
        scale(g->arc_total, g->arc_n, p->columns, c, factor);
        scale(g->line_self, g->line_n, p->columns, c, factor);
        scale(g->site_total, g->site_n, p->columns, c, factor);
        p2a_note(p, "%s before is multiplied by %.4g, to compare shares", p2a_metric_name(p, m),
                 factor);
    }
}

enum p2a_status p2a_diff(const struct p2a_comparison *comparison, struct p2a_profile **result,
                         struct p2a_error *error)
{
    struct p2a_error ours;
    p2a_error_start(&ours, "");
    bool tree = all_trees(comparison);
    struct p2a_profile *p = p2a_profile_new(0);
    *result = NULL;
    if (!p)
        p2a_error_memory(&ours);
    if (p && add_side(p, comparison->after, comparison->after_n, false, tree, &ours) == P2A_OK)
        add_side(p, comparison->before, comparison->before_n, true, tree, &ours);
    if (ours.status == P2A_OK) {
        average_calls(p, comparison);
        if (comparison->normalize)
            normalize(p);
        p->recorded = p->facts;
        p->source = p2a_intern(p, P2A_LIT("comparison"));
        *result = p;
    } else {
        p2a_free(p);
    }
    if (error)
        *error = ours;
    return ours.status;
}
