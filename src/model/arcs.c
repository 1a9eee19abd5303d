#include "model/arcs.h"

#include <math.h>
#include <stdlib.h>

#include "base/sort.h"

static p2a_id listed_with(const struct p2a_arcs *arcs, p2a_id arc)
{
    const struct p2a_arc *a = &arcs->p->graph.arc[arc];
    return arcs->callers ? a->callee : a->caller;
}

bool p2a_arcs_build(const struct p2a_profile *p, bool callers, struct p2a_arcs *arcs)
{
    uint32_t n = p->graph.arc_n, functions = p->functions.n;
    *arcs = (struct p2a_arcs){.p = p, .callers = callers};
    arcs->first = calloc((size_t)functions + 2, sizeof *arcs->first);
    arcs->arc = malloc(((size_t)n + 1) * sizeof *arcs->arc);
    if (!arcs->first || !arcs->arc)
        return false;
    for (p2a_id i = 0; i < n; i++)
        arcs->first[listed_with(arcs, i) + 2]++;
    for (size_t f = 2; f < (size_t)functions + 2; f++)
        arcs->first[f] += arcs->first[f - 1];
    for (p2a_id i = 0; i < n; i++)
        arcs->arc[arcs->first[listed_with(arcs, i) + 1]++] = i;
    return true;
}

/* What isn't known or no number weighs nothing. */
static double weight(const struct p2a_arcs *arcs, p2a_id arc)
{
    const struct p2a_graph *g = &arcs->p->graph;
    double total = g->arc_total[(size_t)arc * arcs->p->columns];
    return g->arc[arc].has & P2A_HAS_TOTAL && !isnan(total) ? total : 0;
}

static int heaviest_first(const void *context, uint32_t a, uint32_t b)
{
    const struct p2a_arcs *arcs = context;
    double x = weight(arcs, a), y = weight(arcs, b);
    const struct p2a_arc *arc = arcs->p->graph.arc;
    if (x < y || x > y)
        return x > y ? -1 : 1;
    return (arc[a].calls < arc[b].calls) - (arc[a].calls > arc[b].calls);
}

const p2a_id *p2a_arcs_of(struct p2a_arcs *arcs, p2a_id function, uint32_t *n)
{
    p2a_id *arc = arcs->arc + arcs->first[function];
    *n = arcs->first[function + 1] - arcs->first[function];
    return arcs->p->columns == 0 || p2a_sort(arc, *n, heaviest_first, arcs) ? arc : NULL;
}

void p2a_arcs_free(struct p2a_arcs *arcs)
{
    free(arcs->first);
    free(arcs->arc);
    *arcs = (struct p2a_arcs){0};
}
