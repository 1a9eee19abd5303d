#include "model/side.h"

#include <stdlib.h>
#include <string.h>

#include "model/core.h"

struct side {
    const struct p2a_profile *p;
    struct p2a_graph *to;
    uint32_t metrics, offset; /* columns of the side, and where they begin */
    bool before;
};

static bool has_value(const struct side *s, const double *values, uint32_t row)
{
    const double *value = values + (size_t)row * s->p->columns + s->offset;
    for (uint32_t m = 0; m < s->metrics; m++)
        if (value[m] != 0)
            return true;
    return false;
}

static struct p2a_counts node_counts(const struct side *s, p2a_id f)
{
    const struct p2a_node *node = &s->p->graph.node[f];
    return s->before ? p2a_counts_of(s->p->graph.node_before, f)
                     : (struct p2a_counts){node->calls, node->primitive};
}

static struct p2a_counts arc_counts(const struct side *s, p2a_id a)
{
    const struct p2a_arc *arc = &s->p->graph.arc[a];
    return s->before ? p2a_counts_of(s->p->graph.arc_before, a)
                     : (struct p2a_counts){arc->calls, arc->primitive};
}

/* What the other side alone was recorded with says nothing about this one. */
static unsigned known_of_arcs(const struct side *s)
{
    unsigned known = 0;
    for (p2a_id a = 0; a < s->p->graph.arc_n; a++) {
        struct p2a_counts counts = arc_counts(s, a);
        known |= counts.calls ? P2A_HAS_CALLS : 0;
        known |= counts.primitive ? P2A_HAS_PRIMITIVE : 0;
        known |= has_value(s, s->p->graph.arc_total, a) ? P2A_HAS_TOTAL : 0;
        known |= has_value(s, s->p->graph.arc_self, a) ? P2A_HAS_SELF : 0;
    }
    return known;
}

static unsigned known_of_nodes(const struct side *s)
{
    unsigned known = ~(unsigned)(P2A_HAS_CALLS | P2A_HAS_PRIMITIVE | P2A_HAS_TOTAL);
    for (p2a_id f = 0; f < s->p->graph.node_n; f++) {
        struct p2a_counts counts = node_counts(s, f);
        known |= counts.calls ? P2A_HAS_CALLS : 0;
        known |= counts.primitive ? P2A_HAS_PRIMITIVE : 0;
        known |= has_value(s, s->p->graph.total, f) ? P2A_HAS_TOTAL : 0;
    }
    return known;
}

static void copy_values(const struct side *s, const double *from, uint32_t row, double *to,
                        uint32_t to_row)
{
    memcpy(to + (size_t)to_row * s->metrics, from + (size_t)row * s->p->columns + s->offset,
           s->metrics * sizeof *to);
}

static void copy_nodes(const struct side *s)
{
    const struct p2a_graph *g = &s->p->graph;
    unsigned known = known_of_nodes(s);
    for (p2a_id f = 0; f < g->node_n; f++) {
        struct p2a_counts counts = node_counts(s, f);
        s->to->node[f] = g->node[f];
        s->to->node[f].has &= known;
        s->to->node[f].calls = counts.calls;
        s->to->node[f].primitive = counts.primitive;
        copy_values(s, g->self, f, s->to->self, f);
        copy_values(s, g->total, f, s->to->total, f);
    }
    s->to->node_n = g->node_n;
}

static void copy_arcs(const struct side *s)
{
    const struct p2a_graph *g = &s->p->graph;
    unsigned known = known_of_arcs(s);
    for (p2a_id a = 0; a < g->arc_n; a++) {
        struct p2a_counts counts = arc_counts(s, a);
        if (!counts.calls && !has_value(s, g->arc_total, a) && !has_value(s, g->arc_self, a))
            continue;
        struct p2a_arc *arc = &s->to->arc[s->to->arc_n];
        *arc = g->arc[a];
        arc->has &= known;
        arc->calls = counts.calls;
        arc->primitive = counts.primitive;
        copy_values(s, g->arc_self, a, s->to->arc_self, s->to->arc_n);
        copy_values(s, g->arc_total, a, s->to->arc_total, s->to->arc_n++);
    }
}

bool p2a_lend_side(const struct p2a_profile *p, bool before, struct p2a_profile *lent)
{
    size_t nodes = (size_t)p->graph.node_n + 1, arcs = (size_t)p->graph.arc_n + 1;
    struct p2a_graph *g = &lent->graph;
    *lent = *p;
    lent->columns = p->metrics.n;
    lent->functions.n = p->graph.node_n;
    *g = (struct p2a_graph){.node = malloc(nodes * sizeof *g->node),
                            .self = calloc(nodes, (lent->columns + 1) * sizeof *g->self),
                            .total = calloc(nodes, (lent->columns + 1) * sizeof *g->total),
                            .arc = malloc(arcs * sizeof *g->arc),
                            .arc_self = calloc(arcs, (lent->columns + 1) * sizeof *g->arc_self),
                            .arc_total = calloc(arcs, (lent->columns + 1) * sizeof *g->arc_total)};
    struct side s = {.p = p,
                     .to = g,
                     .metrics = p->metrics.n,
                     .offset = before ? p->metrics.n : 0,
                     .before = before};
    bool lends = g->node && g->self && g->total && g->arc && g->arc_self && g->arc_total;
    if (lends) {
        copy_nodes(&s);
        copy_arcs(&s);
    } else {
        p2a_let_side_go(lent);
    }
    return lends;
}

void p2a_let_side_go(struct p2a_profile *lent)
{
    struct p2a_graph *g = &lent->graph;
    void *all[] = {g->node, g->self, g->total, g->arc, g->arc_self, g->arc_total};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    *g = (struct p2a_graph){0};
}
