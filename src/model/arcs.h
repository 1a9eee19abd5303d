/* The arcs of a function, for lists of callers and callees. */
#ifndef P2A_MODEL_ARCS_H
#define P2A_MODEL_ARCS_H

#include "prof2any/format.h"

/* Arcs by the function that they are listed with: arc[first[f]] … arc[first[f + 1] - 1]. */
struct p2a_arcs {
    const struct p2a_profile *p;
    bool callers; /* listed with the callee, else with the caller */
    uint32_t *first;
    p2a_id *arc;
};

bool p2a_arcs_build(const struct p2a_profile *p, bool callers,
                    struct p2a_arcs *arcs); /* false: no memory */
/* The N arcs of FUNCTION, the heaviest by the total of metric 0 first, then by calls. NULL: no
 * memory. */
const p2a_id *p2a_arcs_of(struct p2a_arcs *arcs, p2a_id function, uint32_t *n);
void p2a_arcs_free(struct p2a_arcs *arcs);

#endif
