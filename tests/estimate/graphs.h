/* Graphs without stacks, and what every estimate of their stacks has to keep. */
#ifndef TEST_GRAPHS_H
#define TEST_GRAPHS_H

#include <math.h>

#include "model/estimate.h"
#include "unit/make.h"

/* The graph that the stacks give, every context called once or more; the stacks are forgotten. */
static inline struct p2a_profile *graph_of(const char *const *stacks)
{
    struct p2a_error error = {0};
    struct p2a_profile *p = make_tree(stacks);
    for (uint32_t i = 0; i < p->contexts.n; i++)
        if (p2a_calls_of(&p->contexts, i) == 0)
            p2a_context_calls(p, i, 1);
    assert_int_equal(p2a_derive(p, &error), P2A_OK);
    p2a_drop_contexts(p);
    p->recorded = P2A_GRAPH | P2A_CALLS;
    return p;
}

static inline void estimate(struct p2a_profile *p, bool picture)
{
    struct p2a_error error = {0};
    if (p2a_estimate(p, picture, &error) != P2A_OK)
        fail_msg("%s", error.message);
    assert_true(p->facts & P2A_CONTEXTS || p->contexts.n == 0);
    assert_true(p->estimated & P2A_CONTEXTS);
}

static inline double worth(double value)
{
    return value > 0 && value <= 1e100 ? value : 0;
}

/* Σ leaves at every function, for one column; functions.n rows that the caller frees. */
static inline double *leaves_of(const struct p2a_profile *p, uint32_t column)
{
    struct p2a_sum *sum = calloc(p->functions.n + 1, sizeof *sum);
    double *leaves = calloc(p->functions.n + 1, sizeof *leaves);
    assert_true(sum && leaves);
    for (uint32_t i = 0; i < p->contexts.n; i++) {
        double self = p->contexts.self[(size_t)i * p->columns + column];
        assert_true(self >= 0);
        p2a_sum_add(&sum[p->contexts.row[i].function], self);
    }
    for (p2a_id f = 0; f < p->functions.n; f++)
        leaves[f] = p2a_sum_value(&sum[f]);
    free(sum);
    return leaves;
}

static inline void assert_same(double a, double b, bool exactly, const char *what)
{
    double most = fmax(fabs(a), fabs(b));
    if (!(exactly ? a == b : fabs(a - b) <= 1e-12 * most + 1e-300))
        fail_msg("%s: %.17g is not %.17g", what, a, b);
}

static inline bool column_is_whole(const struct p2a_profile *p, uint32_t column)
{
    for (p2a_id f = 0; f < p->graph.node_n; f++) {
        double self = worth(p->graph.self[(size_t)f * p->columns + column]);
        if (self != floor(self) || self > 9007199254740992.0)
            return false;
    }
    return true;
}

/* Σ leaves at F = self(F) for every function and column; exactly, where these are whole numbers. */
static inline void assert_conserved(const struct p2a_profile *p)
{
    for (uint32_t column = 0; column < p->columns; column++) {
        double *leaves = leaves_of(p, column);
        bool whole = column_is_whole(p, column);
        for (p2a_id f = 0; f < p->graph.node_n; f++) {
            const char *name = p2a_string(p, p->functions.row[f].name).at;
            bool marker = p->functions.row[f].kind == P2A_MARKER;
            double self = marker ? 0 : worth(p->graph.self[(size_t)f * p->columns + column]);
            assert_same(leaves[f], self, whole, name);
        }
        free(leaves);
    }
}

/* In a picture, markers hold what is missing elsewhere: no function has more than its self, and the
 * whole is the whole. */
static inline void assert_whole_is_kept(const struct p2a_profile *p)
{
    for (uint32_t column = 0; column < p->columns; column++) {
        double *leaves = leaves_of(p, column);
        bool whole = column_is_whole(p, column);
        struct p2a_sum drawn = {0}, said = {0};
        for (p2a_id f = 0; f < p->graph.node_n; f++) {
            double self = worth(p->graph.self[(size_t)f * p->columns + column]);
            if (p->functions.row[f].kind != P2A_MARKER)
                assert_true(leaves[f] <= self * (whole ? 1 : 1 + 1e-12) + 1e-300);
            p2a_sum_add(&drawn, leaves[f]);
            p2a_sum_add(&said, self);
        }
        assert_same(p2a_sum_value(&drawn), p2a_sum_value(&said), whole, "the whole");
        free(leaves);
    }
}

/* Σ mass of the roots for a function. */
static inline double root_total(const struct p2a_profile *p, p2a_id function)
{
    struct p2a_tree tree;
    double total = 0;
    assert_true(p2a_tree_build(p, &tree));
    for (p2a_id c = tree.first; c != P2A_NONE; c = tree.next[c])
        if (p->contexts.row[c].function == function)
            total += tree.total[(size_t)c * p->columns];
    p2a_tree_free(&tree);
    return total;
}

static inline uint32_t draw(uint64_t *state, uint32_t below)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((*state >> 33) % below);
}

#endif
