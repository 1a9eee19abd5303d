/* Colours that a project chose: which rule a function falls under, and the rule's hue. */
#ifndef P2A_MODEL_COLORS_H
#define P2A_MODEL_COLORS_H

#include "base/error.h"
#include "prof2any/format.h"

enum { P2A_HUES = 24, P2A_GREY = P2A_HUES }; /* hues are steps of 15 degrees in OKLCH, and grey */

struct p2a_coloring {
    const struct p2a_color *rule; /* the caller's */
    size_t n;
    unsigned char *hue;     /* by rule */
    unsigned char *rule_of; /* by function: 1 + its rule, 0 for none */
    uint32_t function_n;
};

/* End with p2a_coloring_end in any case. */
enum p2a_status p2a_coloring_start(struct p2a_coloring *coloring, const struct p2a_profile *p,
                                   const struct p2a_color *rules, size_t n,
                                   struct p2a_error *error);
void p2a_coloring_end(struct p2a_coloring *coloring);

/* 1 + the rule of FUNCTION, 0 for none; COLORING may be NULL. */
static inline unsigned p2a_coloring_rule(const struct p2a_coloring *coloring, p2a_id function)
{
    return coloring && function < coloring->function_n ? coloring->rule_of[function] : 0;
}

#endif
