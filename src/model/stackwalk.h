/* Sorted stacks one after the other: those of one table, or of two as if they were one. */
#ifndef P2A_MODEL_STACKWALK_H
#define P2A_MODEL_STACKWALK_H

#include "model/stacks.h"

/* Where the walk is in a table. What its next row shares with the row that was walked last tells in
 * most cases which of two goes first: the one that shares more. */
struct p2a_stack_source {
    const struct p2a_stacks *s;
    const uint32_t *plain; /* by row: how many of its frames there are; NULL: all */
    uint32_t row, end, shared;
};

struct p2a_stack_walk {
    struct p2a_stack_source a, b;
    uint32_t columns;
};

struct p2a_walked {
    struct p2a_stack row;
    double *self;   /* room for a row's values, the caller's */
    uint32_t first; /* when it came; 0 where stacks have no `first` */
};

struct p2a_stack_walk p2a_walk_stacks(const struct p2a_stacks *stacks, uint32_t columns);

/* Tables whose frames are the same array. Of each row of A only its first PLAIN frames are walked:
 * where that isn't all of them without values, and once for all that begin so. Rows that are equal
 * then are one. */
struct p2a_stack_walk p2a_walk_both(const struct p2a_stacks *a, const uint32_t *plain,
                                    const struct p2a_stacks *b, uint32_t columns);

/* Cuts what so many rows of the first table take off the beginning of REST, as a walk of its own:
 * one after the other they come by what REST would have. False: nothing is left. */
bool p2a_cut_walk(struct p2a_stack_walk *rest, uint32_t rows, struct p2a_stack_walk *part);

/* False: there is none any more. */
bool p2a_next_stack(struct p2a_stack_walk *walk, struct p2a_walked *walked);

#endif
