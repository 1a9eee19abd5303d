/* A pile of stacks as they come, which grows with those that are different: where there is much of
 * it, equal ones are added up. */
#ifndef P2A_MODEL_PILE_H
#define P2A_MODEL_PILE_H

#include "model/stacks.h"

/* Zero but for columns is an empty one. */
struct p2a_pile {
    struct p2a_stacks stacks;
    uint32_t columns;
    uint32_t frame_n, frame_room, row_room, self_room, first_room;
    uint32_t count;  /* stacks so far */
    uint32_t enough; /* frames; more of them than this are sorted; 0: 2^25, 128 MB */
};

/* Adds a stack of FRAME_N functions of which KEPT are those of the one before, and so many VALUES
 * as there are columns. Returns where the others go, wide ones; NULL: no memory. */
p2a_id *p2a_pile_add(struct p2a_pile *pile, p2a_id thread, uint32_t kept, uint32_t frame_n,
                     const double *values);
void p2a_pile_drop(struct p2a_pile *pile); /* the one added last */
/* Adds equal ones up if there are enough; the next stack keeps nothing of the one before. False: no
 * memory. */
bool p2a_pile_settle(struct p2a_pile *pile, uint32_t functions);
/* Adds a batch of stacks, sorted and equal ones added up; the pile has no `first` then. The batch
 * stays the caller's; all have frames that are as wide. */
bool p2a_pile_put(struct p2a_pile *pile, const struct p2a_stacks *batch, uint32_t functions);
/* Doubles the columns; the second half is 0. */
bool p2a_pile_compare(struct p2a_pile *pile);
/* Makes them the contexts of a profile that has none, as p2a_stacks_take does, and is empty. False
 * after an error of the profile's. */
bool p2a_pile_take(struct p2a_pile *pile, struct p2a_profile *p);
void p2a_pile_clear(struct p2a_pile *pile); /* what it has, not its room */
void p2a_pile_free(struct p2a_pile *pile);

#endif
