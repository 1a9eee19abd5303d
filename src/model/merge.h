/* Putting the rows of one profile into another. */
#ifndef P2A_MODEL_MERGE_H
#define P2A_MODEL_MERGE_H

#include "model/core.h"

/* FROM's ids in INTO, and what FROM's values are multiplied by. */
struct p2a_mapping {
    struct p2a_profile *into;
    const struct p2a_profile *from;
    p2a_id *function; /* filled by the caller where `matched`, by the functions' identity else */
    bool matched;
    bool join_threads;    /* threads aren't told apart */
    bool before;          /* FROM's values are the ones before, of a comparison */
    const double *weight; /* by metric of FROM; NULL: 1 */
    p2a_id *thread, *column;
    double *factor; /* by column of from */
    bool both;      /* the graph beside the tree as well */
    bool uncounted; /* calls of contexts aren't added */
};

/* Whether the profile has a metric of that name. */
bool p2a_measures(const struct p2a_profile *p, const char *name);
/* Metrics join by name and unit; P2A_INPUT for the same name in another unit, or none in common. */
enum p2a_status p2a_mapping_check(const struct p2a_mapping *mapping, struct p2a_error *error);
/* Adds the rows: contexts where both sides are trees (or INTO is empty), else the graph. */
enum p2a_status p2a_mapping_add(struct p2a_mapping *mapping, struct p2a_error *error);
void p2a_mapping_end(struct p2a_mapping *mapping);

/* Whether a graph was recorded beside the call paths, and says more than follows from them. */
bool p2a_has_own_graph(const struct p2a_profile *p);
/* Shapes for a sum: a tree loses its graph, or, of BOTH, has one beside it; else contexts become
 * the graph. */
enum p2a_status p2a_shape(struct p2a_profile *p, bool tree, bool both, struct p2a_error *error);

#endif
