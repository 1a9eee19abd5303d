/* What limits are about, in one profile: which functions, and their figures.
 *
 * A set S of functions on a tree, n a context, "in" for n's function or one above it being of S:
 *   total(S) = Σ self(n), n in S        self(S) = Σ self(n), n at S       calls(S) = Σ calls(n), n
 * at S
 *
 * A path a -> ... -> b is followed from every a down; it ends in the contexts at b, and its figures
 * are those of them and of what is below them. Where there is a graph alone, functions by
 * themselves and arcs have the recorded figures; sets and longer paths are estimated. */
#ifndef P2A_MODEL_MEASURE_H
#define P2A_MODEL_MEASURE_H

#include "model/core.h"
#include "model/limit.h"

/* A profile that is held against limits. */
struct p2a_side {
    struct p2a_profile *p;
    bool tree;         /* its paths were recorded */
    bool exact;        /* paths aren't estimated */
    uint32_t *deepest; /* by function: how many of it stand on one path; made when needed */
    p2a_id *cycle;
    uint32_t *counts; /* by function: its callers, callees or contexts, as COUNTED says */
    enum p2a_quantity counted;
};

/* The functions that a step of a limit is about. */
struct p2a_set {
    unsigned char *in; /* by function */
    uint32_t n, count; /* length of in; functions in it that have figures of their own */
    bool any;          /* even one without figures */
};

/* A figure; UNKNOWN is why there is none, a sentence that goes on from "...: ". */
struct p2a_figure {
    double value;
    const char *unknown;
    bool estimated, nothing; /* nothing: there is no such path */
    p2a_id at;               /* of a path: the function or, in a tree, the context it ends in */
};

/* Makes the graph where it isn't there. */
enum p2a_status p2a_side_start(struct p2a_side *side, struct p2a_profile *p, bool exact,
                               struct p2a_error *error);
void p2a_side_end(struct p2a_side *side);

/* The functions of the step; set->in is to be freed. */
enum p2a_status p2a_set_of(struct p2a_side *side, enum p2a_whom whom, const char *pattern,
                           struct p2a_set *set, struct p2a_error *error);

/* Figures, scaled to the unit of the metric COLUMN where they are of one. Where they fail it is for
 * want of memory. */
enum p2a_status p2a_measure_whole(struct p2a_side *side, enum p2a_quantity quantity,
                                  uint32_t column, struct p2a_figure *figure,
                                  struct p2a_error *error);
enum p2a_status p2a_measure_function(struct p2a_side *side, p2a_id function,
                                     enum p2a_quantity quantity, uint32_t column,
                                     struct p2a_figure *figure, struct p2a_error *error);
enum p2a_status p2a_measure_set(struct p2a_side *side, const struct p2a_set *set,
                                enum p2a_quantity quantity, uint32_t column,
                                struct p2a_figure *figure, struct p2a_error *error);
/* SETS are those of the steps of TERMS; P2A_Q_PATH: `nothing` says whether it is there. */
enum p2a_status p2a_measure_path(struct p2a_side *side, const struct p2a_terms *terms,
                                 const struct p2a_set *sets, uint32_t column,
                                 struct p2a_figure *figure, struct p2a_error *error);

/* Appends a path that ends at figure->at, as "main → handler → get", to TEXT. */
enum p2a_status p2a_spell_path(struct p2a_side *side, const struct p2a_terms *terms,
                               const struct p2a_set *sets, const struct p2a_figure *figure,
                               struct p2a_buffer *text, struct p2a_error *error);

#endif
