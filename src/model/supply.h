/* supply.h - what a call graph offers to whoever rebuilds its stacks: how much flows through every
 * arc, in how many calls, and how much of it stays in the callee.
 *
 *   row:    0 … arc_n - 1            the arcs of the graph, by their ids
 *           arc_n + f                ROOT -> f, for every f: the calls that no arc explains
 *
 * All values are those of the driving column (the first metric; before + after in a comparison), in
 * raw units, finite and not negative; what isn't counts as zero. */
#ifndef P2A_MODEL_SUPPLY_H
#define P2A_MODEL_SUPPLY_H

#include "model/core.h"
#include "model/cycles.h"

#define P2A_NOISE 1e-9 /* share of a sum below which a difference is rounding */

struct p2a_supply {
    const struct p2a_profile *p;
    struct p2a_outs outs;
    struct p2a_components parts;
    uint32_t *in_first; /* as in p2a_outs, for the arcs into every function */
    p2a_id *in_arc;
    uint32_t function_n, arc_n, row_n;
    uint32_t driver, second;  /* the driving column, and P2A_NONE or the one added to it */
    double whole;             /* Σ self */
    double *self, *inclusive; /* of functions */
    /* Of rows: */
    double *calls, *primitive; /* 0: not known; primitive: made while the arc was not active */
    double *total;             /* value below the calls that are primitive */
    double *flow;              /* value below all calls: what is nested counts at every level */
    double *leaf;              /* of that, self of the callee; sums to self over the rows into it */
};

bool p2a_supply_build(const struct p2a_profile *p, struct p2a_supply *s); /* false: no memory */
void p2a_supply_free(struct p2a_supply *s);

/* Self of the callee along every row, in one column: Σ over the rows into F = self(F) of the
 * column, in whole numbers where the column's selfs are. LEAF has row_n rows. */
void p2a_supply_leaves(const struct p2a_supply *s, uint32_t column, double *leaf);
bool p2a_supply_is_whole(const struct p2a_supply *s, uint32_t column);

static inline bool p2a_supply_recursive(const struct p2a_supply *s, p2a_id arc)
{
    const struct p2a_arc *a = &s->p->graph.arc[arc];
    return s->parts.of[a->caller] == s->parts.of[a->callee];
}

bool p2a_supply_in_cycle(const struct p2a_supply *s, p2a_id function); /* of one function, too */

/* mend.c: makes totals fit together where the file's don't. */
bool p2a_supply_mend(struct p2a_supply *s); /* false: no memory */

/* balance.c: finds flow >= total for the rows where calls are nested, so that in every function
 * flow in = self + flow out. */
bool p2a_supply_balance(struct p2a_supply *s); /* false: no memory */

/* Deals an amount out in proportion to weights, one after the other. In whole numbers each part is
 * the step that the rounded running sum makes: the parts sum to the amount exactly, none is off by
 * one or more, and a weight of zero gets nothing. */
struct p2a_deal {
    double amount,
        weights; /* weights: their sum, added up in the order in which they are dealt to */
    double run, given;
    bool whole;
};
double p2a_deal_next(struct p2a_deal *deal, double weight);

/* As floor of what isn't negative, in a few instructions. */
static inline double p2a_round_down(double value)
{
    return value < 0x1p62 ? (double)(int64_t)value : value;
}

/* A value as a weight: NaN, infinite and negative ones, and those past 1e100, are zero. */
static inline double p2a_sane(double value)
{
    return value > 0 && value <= 1e100 ? value : 0;
}

#endif
