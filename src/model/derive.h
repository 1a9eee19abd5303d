/* From call paths to the call graph. */
#ifndef P2A_MODEL_DERIVE_H
#define P2A_MODEL_DERIVE_H

#include "model/core.h"

/* Fills the graph from the contexts, by the equations in derive.c. The profile has no graph yet. */
enum p2a_status p2a_derive(struct p2a_profile *p, struct p2a_error *error);

/* The same, but FUNCTION, a marker, is none: its time is in the totals above it, and nothing else.
 */
enum p2a_status p2a_derive_without(struct p2a_profile *p, p2a_id function, struct p2a_error *error);

/* Forgets the graph but the lines that a reader recorded beside its contexts. */
void p2a_drop_derived(struct p2a_profile *p);

#endif
