/* A comparison is a profile: its first columns are AFTER's values, the second set BEFORE's. */
#ifndef P2A_MODEL_COMPARE_H
#define P2A_MODEL_COMPARE_H

#include "model/core.h"

/* Which function of INTO each function of BEFORE is: match[id], an array of before->functions.n.
 * Code moves between versions, so lines may differ; what has no counterpart is added to INTO.
 * *ELSEWHERE: how many have none for the folder of their file alone. False after an error of
 * INTO's. */
bool p2a_match_functions(struct p2a_profile *into, const struct p2a_profile *before, p2a_id *match,
                         uint32_t *elsewhere);

#endif
