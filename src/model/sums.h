/* The graph of stacks, without contexts in between. What it holds, and in which order, is what
 * src/model/derive.c makes of the contexts that they stand for. */
#ifndef P2A_MODEL_SUMS_H
#define P2A_MODEL_SUMS_H

#include "prof2any/format.h"

enum p2a_status p2a_sum_stacks(struct p2a_profile *p, struct p2a_error *error);

#endif
