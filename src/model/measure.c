#include "model/measure.h"

#include <stdlib.h>

#include "model/derive.h"
#include "model/estimate.h"
#include "model/walk.h"

static const char no_calls[] = "the profile has no call counts";
static const char no_primitive[] = "the profile doesn't tell primitive calls from others";
static const char no_paths[] = "the profile holds a call graph and no call paths";
static const char no_figure[] = "the profile has no such figure of it";

enum p2a_status p2a_side_start(struct p2a_side *side, struct p2a_profile *p, bool exact,
                               struct p2a_error *error)
{
    *side = (struct p2a_side){.p = p, .exact = exact};
    side->tree = p->facts & P2A_CONTEXTS && !(p->estimated & P2A_CONTEXTS);
    bool lacks_graph = !(p->facts & P2A_GRAPH) && p->facts & P2A_CONTEXTS;
    return lacks_graph ? p2a_derive(p, error) : P2A_OK;
}

void p2a_side_end(struct p2a_side *side)
{
    free(side->deepest);
    free(side->cycle);
    free(side->counts);
}

static void give(struct p2a_figure *figure, double value)
{
    figure->value = value;
}

static double scaled(const struct p2a_side *side, double value, uint32_t column)
{
    return value * side->p->metrics.row[column % side->p->metrics.n].scale;
}

/* Recorded paths are kept as stacks until a figure needs them: most limits don't. */
static bool unfold(struct p2a_side *side, struct p2a_error *error)
{
    return !side->tree || p2a_unfold(side->p, error) == P2A_OK;
}

/* ---- depth ---- */

/* Walks the tree with a count of the frames of each function on the path to where it is. */
static bool find_deepest(struct p2a_side *side)
{
    const struct p2a_profile *p = side->p;
    const struct p2a_context *row = p->contexts.row;
    size_t n = (size_t)p->functions.n + 1;
    struct p2a_tree tree = {0};
    uint32_t *count = calloc(n, sizeof *count);
    side->deepest = calloc(n, sizeof *side->deepest);
    bool enough = count && side->deepest && p2a_tree_build(p, &tree);
    for (p2a_id i = enough ? tree.first : P2A_NONE, last = P2A_NONE; i != P2A_NONE;
         last = i, i = p2a_tree_after(p, &tree, i)) {
        p2a_id f = row[i].function;
        for (; last != row[i].parent; last = row[last].parent)
            count[row[last].function]--;
        if (++count[f] > side->deepest[f])
            side->deepest[f] = count[f];
    }
    free(count);
    p2a_tree_free(&tree);
    return enough;
}

/* Here a function that calls itself is in a cycle, too. */
static bool find_cycles(struct p2a_side *side)
{
    const struct p2a_graph *g = &side->p->graph;
    side->cycle = malloc(((size_t)side->p->functions.n + 1) * sizeof *side->cycle);
    if (!side->cycle || p2a_cycles(side->p, side->cycle) == P2A_NONE)
        return false;
    for (uint32_t a = 0; a < g->arc_n; a++)
        if (g->arc[a].caller == g->arc[a].callee)
            side->cycle[g->arc[a].caller] = 0;
    return true;
}

static enum p2a_status measure_depth(struct p2a_side *side, p2a_id f, struct p2a_figure *figure,
                                     struct p2a_error *error)
{
    if (side->tree) {
        if (!unfold(side, error))
            return error->status;
        if (!side->deepest && !find_deepest(side))
            return p2a_error_memory(error);
        give(figure, side->deepest[f]);
        return P2A_OK;
    }
    if (!side->cycle && !find_cycles(side))
        return p2a_error_memory(error);
    if (side->cycle[f] != P2A_NONE)
        figure->unknown = no_paths;
    give(figure, 1);
    return P2A_OK;
}

/* The most frames of SET (NULL: of all) on one path. */
static enum p2a_status deepest_path(struct p2a_side *side, const struct p2a_set *set,
                                    struct p2a_figure *figure, struct p2a_error *error)
{
    if (!unfold(side, error))
        return error->status;
    const struct p2a_contexts *t = &side->p->contexts;
    uint32_t most = 0, *deep = malloc(((size_t)t->n + 1) * sizeof *deep);
    if (!side->tree)
        figure->unknown = no_paths;
    for (uint32_t i = 0; deep && side->tree && i < t->n; i++) {
        p2a_id f = t->row[i].function;
        deep[i] = t->row[i].parent == P2A_NONE ? 0 : deep[t->row[i].parent];
        deep[i] += !set || (f < set->n && set->in[f]);
        most = deep[i] > most ? deep[i] : most;
    }
    give(figure, most);
    free(deep);
    return deep ? P2A_OK : p2a_error_memory(error);
}

/* ---- functions ---- */

/* Callers, callees or contexts of every function at once. */
static enum p2a_status count(struct p2a_side *side, enum p2a_quantity quantity,
                             struct p2a_error *error)
{
    const struct p2a_profile *p = side->p;
    if (side->counts && side->counted == quantity)
        return P2A_OK;
    if (quantity == P2A_Q_CONTEXTS && !unfold(side, error))
        return error->status;
    free(side->counts);
    side->counts = calloc((size_t)p->functions.n + 1, sizeof *side->counts);
    side->counted = quantity;
    if (!side->counts)
        return p2a_error_memory(error);
    for (uint32_t i = 0; quantity == P2A_Q_CONTEXTS && side->tree && i < p->contexts.n; i++)
        side->counts[p->contexts.row[i].function]++;
    for (uint32_t a = 0; quantity != P2A_Q_CONTEXTS && a < p->graph.arc_n; a++) {
        const struct p2a_arc *arc = &p->graph.arc[a];
        side->counts[quantity == P2A_Q_CALLERS ? arc->callee : arc->caller]++;
    }
    return P2A_OK;
}

static void add_node(const struct p2a_side *side, p2a_id f, enum p2a_quantity quantity,
                     uint32_t column, struct p2a_figure *figure)
{
    const struct p2a_graph *g = &side->p->graph;
    const struct p2a_node *node = &g->node[f];
    size_t value = (size_t)f * side->p->columns + column;
    bool calls = side->p->facts & P2A_CALLS;
    if (quantity == P2A_Q_CALLS) {
        figure->unknown = calls && node->has & P2A_HAS_CALLS ? figure->unknown : no_calls;
        figure->value += (double)node->calls;
    } else if (quantity == P2A_Q_PRIMITIVE) {
        bool known = calls && node->has & P2A_HAS_PRIMITIVE;
        figure->unknown = known ? figure->unknown : calls ? no_primitive : no_calls;
        figure->value += (double)node->primitive;
    } else if (quantity == P2A_Q_SELF) {
        figure->unknown = node->has & P2A_HAS_SELF ? figure->unknown : no_figure;
        figure->value += scaled(side, g->self[value], column);
    } else {
        figure->unknown = node->has & P2A_HAS_TOTAL ? figure->unknown : no_figure;
        figure->value += scaled(side, g->total[value], column);
    }
}

enum p2a_status p2a_measure_function(struct p2a_side *side, p2a_id f, enum p2a_quantity quantity,
                                     uint32_t column, struct p2a_figure *figure,
                                     struct p2a_error *error)
{
    *figure = (struct p2a_figure){.at = f};
    switch (quantity) {
    case P2A_Q_DEPTH:
        return measure_depth(side, f, figure, error);
    case P2A_Q_CALLERS:
    case P2A_Q_CALLEES:
    case P2A_Q_CONTEXTS:
        if (count(side, quantity, error) != P2A_OK)
            return error->status;
        figure->unknown = quantity == P2A_Q_CONTEXTS && !side->tree ? no_paths : NULL;
        give(figure, side->counts[f]);
        return P2A_OK;
    case P2A_Q_FUNCTIONS:
        give(figure, 1);
        return P2A_OK;
    default:
        add_node(side, f, quantity, column, figure);
        return P2A_OK;
    }
}

/* ---- sets ---- */

/* Makes call paths where there are none; false where there won't be any. */
static bool have_paths(struct p2a_side *side, struct p2a_figure *figure, struct p2a_error *error)
{
    struct p2a_profile *p = side->p;
    if (side->tree)
        return unfold(side, error);
    if (side->exact) {
        figure->unknown = no_paths;
        return false;
    }
    figure->estimated = true;
    return p->facts & P2A_CONTEXTS || p2a_estimate(p, false, error) == P2A_OK;
}

static enum p2a_status set_total(struct p2a_side *side, const struct p2a_set *set, uint32_t column,
                                 struct p2a_figure *figure, struct p2a_error *error)
{
    if (!have_paths(side, figure, error))
        return error->status;
    const struct p2a_contexts *t = &side->p->contexts;
    struct p2a_sum sum = {0};
    unsigned char *in = calloc((size_t)t->n + 1, 1);
    if (!in)
        return p2a_error_memory(error);
    for (uint32_t i = 0; i < t->n; i++) {
        p2a_id f = t->row[i].function, parent = t->row[i].parent;
        in[i] = (f < set->n && set->in[f]) || (parent != P2A_NONE && in[parent]);
        if (in[i])
            p2a_sum_add(&sum, t->self[(size_t)i * side->p->columns + column]);
    }
    free(in);
    give(figure, scaled(side, p2a_sum_value(&sum), column));
    return P2A_OK;
}

static bool has_row(const struct p2a_side *side, const struct p2a_set *set, p2a_id f)
{
    return set->in[f] && f < side->p->graph.node_n && side->p->graph.node[f].has & P2A_HAS_ROW;
}

enum p2a_status p2a_measure_set(struct p2a_side *side, const struct p2a_set *set,
                                enum p2a_quantity quantity, uint32_t column,
                                struct p2a_figure *figure, struct p2a_error *error)
{
    const struct p2a_contexts *t = &side->p->contexts;
    *figure = (struct p2a_figure){.at = P2A_NONE};
    if (quantity == P2A_Q_DEPTH)
        return deepest_path(side, set, figure, error);
    if (quantity == P2A_Q_TOTAL && (side->tree || set->count > 1))
        return set_total(side, set, column, figure, error);
    if (quantity == P2A_Q_CONTEXTS) {
        if (!unfold(side, error))
            return error->status;
        figure->unknown = side->tree ? NULL : no_paths;
        for (uint32_t i = 0; side->tree && i < t->n; i++)
            figure->value += t->row[i].function < set->n && set->in[t->row[i].function];
        return P2A_OK;
    }
    if (quantity == P2A_Q_FUNCTIONS) {
        give(figure, set->count);
        return P2A_OK;
    }
    struct p2a_sum sum = {0};
    for (p2a_id f = 0; f < set->n; f++)
        if (has_row(side, set, f)) {
            figure->value = 0;
            add_node(side, f, quantity, column, figure);
            p2a_sum_add(&sum, figure->value);
        }
    figure->value = p2a_sum_value(&sum);
    return P2A_OK;
}

/* ---- the whole run ---- */

static void count_whole(struct p2a_side *side, enum p2a_quantity quantity,
                        struct p2a_figure *figure)
{
    const struct p2a_graph *g = &side->p->graph;
    for (p2a_id f = 0; f < g->node_n; f++)
        if (g->node[f].has & P2A_HAS_ROW && side->p->functions.row[f].kind != P2A_MARKER) {
            if (quantity == P2A_Q_FUNCTIONS)
                figure->value++;
            else
                add_node(side, f, quantity, 0, figure);
        }
}

enum p2a_status p2a_measure_whole(struct p2a_side *side, enum p2a_quantity quantity,
                                  uint32_t column, struct p2a_figure *figure,
                                  struct p2a_error *error)
{
    *figure = (struct p2a_figure){.at = P2A_NONE};
    switch (quantity) {
    case P2A_Q_DEPTH:
        return deepest_path(side, NULL, figure, error);
    case P2A_Q_CONTEXTS:
        if (!unfold(side, error))
            return error->status;
        figure->unknown = side->tree ? NULL : no_paths;
        give(figure, side->tree ? side->p->contexts.n : 0);
        return P2A_OK;
    case P2A_Q_TOTAL:
    case P2A_Q_SELF:
        give(figure, scaled(side, p2a_whole(side->p, column), column));
        return P2A_OK;
    default:
        count_whole(side, quantity, figure);
        return P2A_OK;
    }
}
