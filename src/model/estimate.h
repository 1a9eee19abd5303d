/* From a call graph to call paths, estimated. */
#ifndef P2A_MODEL_ESTIMATE_H
#define P2A_MODEL_ESTIMATE_H

#include "model/core.h"

enum p2a_status p2a_estimate(struct p2a_profile *p, bool picture, struct p2a_error *error);

#endif
