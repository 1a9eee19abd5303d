/* flow.h - whole-number costs for formats that know self per function and inclusive cost per arc,
 * and whose readers add up the rest:
 *
 *     inclusive(component) = Σ self of its members + Σ cost of the arcs that leave it
 *     Σ cost of the arcs that enter it <= inclusive(component)
 *
 * With both, every unit of self goes up to the roots once at most, so nothing that is added up this
 * way exceeds the whole, however inconsistent the profile. */
#ifndef P2A_MODEL_FLOW_H
#define P2A_MODEL_FLOW_H

#include "model/cycles.h"

struct p2a_flow {
    uint32_t *out; /* call[out[f]] … call[out[f + 1] - 1]: the arcs out of function f */
    struct p2a_flow_call {
        p2a_id callee, arc;
        uint64_t calls; /* where a comparison has none, those before */
    } * call;
    struct p2a_components parts;
    uint32_t *first; /* arcs[first[k]] … arcs[first[k + 1] - 1]: the arcs into component k */
    p2a_id *arcs;
    uint64_t *calls; /* per component: Σ calls of its members */
    struct p2a_inclusive {
        uint64_t cost;
        uint64_t blur;  /* how far rounding may have moved it */
    } * inclusive;      /* per component */
    uint64_t *scratch;  /* 2 * arc_n rows */
    p2a_id *picked;     /* scratch, 2 * arc_n rows */
    uint32_t *place;    /* per arc: where it is in call */
    uint64_t *arc;      /* in the order of call: the result of the latest p2a_flow_column */
    uint32_t cut;       /* arcs that entered a component with more than its inclusive cost */
    uint32_t recursive; /* arcs within a component that held more than that */
    uint32_t shared;    /* arcs without a total of their own, given a share by calls */
};

/* What has to be known before a column is: what follows from who calls, and from who is called. The
 * two may be found at the same time. FLOW is zero before, and to be freed whatever they return;
 * false: no memory. */
bool p2a_flow_downwards(const struct p2a_profile *p, struct p2a_flow *flow);
bool p2a_flow_upwards(const struct p2a_profile *p, struct p2a_flow *flow);
/* Costs of the arcs for one column, in units of 1 / SCALE of its raw values; SELF is the
 * whole-number self of every function (functions.n rows). The counts hold for this column. */
void p2a_flow_column(const struct p2a_profile *p, struct p2a_flow *flow, uint32_t column,
                     double scale, const uint64_t *self);
void p2a_flow_free(struct p2a_flow *flow);

/* Adds to CALLS, by function, the calls that arcs explain. */
void p2a_explained_calls(const struct p2a_graph *graph, uint64_t *calls);

/* TOTAL in shares of the N weights: Σ share = TOTAL, each off by less than one, zeros stay zero.
 * Weights that sum to TOTAL come out as they are; without any weight all shares are zero. */
void p2a_share(uint64_t total, const uint64_t *weight, size_t n, uint64_t *share);

/* VALUE as the nearest whole number; what is negative or no number is 0, what is too big 2^64-1. */
uint64_t p2a_whole_number(double value);

#endif
