/* side.h - one side of a comparison as a profile of its own: its functions have the same ids, its
 * columns are those of the metrics, and its graph has the arcs that the side has. */
#ifndef P2A_MODEL_SIDE_H
#define P2A_MODEL_SIDE_H

#include "prof2any/format.h"

/* LENT borrows all but its graph's nodes and arcs from P, and is let go by p2a_let_side_go. False:
 * no memory. */
bool p2a_lend_side(const struct p2a_profile *p, bool before, struct p2a_profile *lent);
void p2a_let_side_go(struct p2a_profile *lent);

#endif
