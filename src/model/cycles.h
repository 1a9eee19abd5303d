/* cycles.h - the strongly connected components of the call graph, every function in one. */
#ifndef P2A_MODEL_CYCLES_H
#define P2A_MODEL_CYCLES_H

#include "prof2any/format.h"

/* The arcs out of every function, as ranges of one array, in the order of the arc table:
 *
 *     arc[first[f]] … arc[first[f + 1] - 1]     are the arcs whose caller is f
 *
 * first has functions.n + 1 rows, arc and callee have arc_n. Walks along the graph read callee here
 * in a row: the arcs themselves lie anywhere in a table much larger than any cache. */
struct p2a_outs {
    uint32_t *first;
    p2a_id *arc;
    p2a_id *callee; /* of each of them */
};
bool p2a_outs_build(const struct p2a_profile *p, struct p2a_outs *outs); /* false: no memory */
void p2a_outs_free(struct p2a_outs *outs);

/* The same the other way round: caller[first[f]] … caller[first[f + 1] - 1] call f. */
struct p2a_ins {
    uint32_t *first;
    p2a_id *caller;
};
bool p2a_ins_build(const struct p2a_profile *p, struct p2a_ins *ins); /* false: no memory */
void p2a_ins_free(struct p2a_ins *ins);

/* Components are numbered in reverse topological order: an arc that leaves its component leads to
 * one with a lower number, so that a walk upwards sees every callee before its callers. */
struct p2a_components {
    uint32_t n;
    p2a_id *of;     /* functions.n rows: the function's component */
    uint32_t *size; /* n rows: members */
};
/* OUTS are those of P. False: no memory. */
bool p2a_components_build(const struct p2a_profile *p, const struct p2a_outs *outs,
                          struct p2a_components *components);
/* The same ones, found upwards; their numbers may be others. */
bool p2a_components_upwards(const struct p2a_profile *p, const struct p2a_ins *ins,
                            struct p2a_components *components);
void p2a_components_free(struct p2a_components *components);

#endif
