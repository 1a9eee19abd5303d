/* Stacks with values, as profilers that sample have them. Sorted, what a stack shares with the one
 * before it stands there:
 *
 *   row 0   main load read          shared 0        contexts   main load read
 *   row 1   main load read parse    shared 3                   parse
 *   row 2   main save               shared 1                   save
 *
 * So stacks stand for contexts: the frames behind the shared ones, in this order. A profile keeps
 * them in their place where the caller of p2a_load allows it, at a tenth of the memory, until
 * somebody asks for contexts: sums need none, and a picture few of them. Only where all values are
 * whole numbers below 2^53, so that whichever way they are added up gives the same. */
#ifndef P2A_MODEL_STACKS_H
#define P2A_MODEL_STACKS_H

#include "base/sort.h"
#include "model/stackframes.h"

struct p2a_stack {
    uint32_t frame, frame_n; /* in frames, root first; at least one */
    uint32_t shared;         /* frames that are those of the row before, of the same thread */
    p2a_id thread;
};

/* Arrays are malloc'ed. */
struct p2a_stacks {
    uint32_t n;
    struct p2a_stack *row;
    struct p2a_stack_frames frames;
    double *self; /* [row * columns + column] */
    /* By row: when it came first, of all. In this order contexts are made as if one stack after the
     * other had been added; NULL: in the order of the rows. */
    uint32_t *first;
    uint32_t deepest;
    uint64_t context_n; /* that they stand for */
};

/* Takes rows in any order, and adds those up that are equal; of these, FIRST is the least.
 * False: no memory. */
bool p2a_stacks_sort(struct p2a_stacks *stacks, uint32_t functions, uint32_t columns);
/* The same beside them: SORTED, empty at first, has rows of the others' frames. */
bool p2a_stacks_sorted(const struct p2a_stacks *stacks, uint32_t functions, uint32_t columns,
                       struct p2a_stacks *sorted);
/* With how many frames both begin; FRAMES are those of their stacks. */
uint32_t p2a_shared_frames(struct p2a_stack_frames frames, const struct p2a_stack *a,
                           const struct p2a_stack *b);
/* Asks for the frames of a row from FROM on. */
static inline void p2a_frames_ahead(const struct p2a_stacks *stacks, uint32_t row, uint32_t from)
{
    const struct p2a_stack *s = &stacks->row[row];
    p2a_fetch_frames(p2a_frames_from(stacks->frames, s->frame), from, s->frame_n);
}
/* Asks for those of a row that is to be looked at soon, if there is one. */
static inline void p2a_stacks_ahead(const struct p2a_stacks *stacks, uint32_t row)
{
    if (row < stacks->n)
        p2a_frames_ahead(stacks, row, 0);
}
/* The same of those alone that it doesn't share with the row before. */
static inline void p2a_own_frames_ahead(const struct p2a_stacks *stacks, uint32_t row)
{
    if (row < stacks->n)
        p2a_frames_ahead(stacks, row, stacks->row[row].shared);
}
/* Rows as they came, by `first`; malloc'ed. NULL: no memory. */
struct p2a_keyed *p2a_stacks_as_they_came(const struct p2a_stacks *stacks);
/* Makes sorted stacks the contexts of a profile that has none, or keeps them in their place where
 * it is lazy; they are its own from here on. False after an error. */
bool p2a_stacks_take(struct p2a_profile *p, struct p2a_stacks *stacks);
void p2a_stacks_free(struct p2a_stacks *stacks);

/* Moves contexts to where they stand in the order of FIRST, when each came first; one stack's from
 * its root on, as they do now. They get ROOM rows; FIRST becomes where they stand. False: no
 * memory, and they are as they were. */
bool p2a_contexts_order(struct p2a_contexts *contexts, uint32_t room, uint32_t columns,
                        uint32_t *first);

/* Those of the profile, n 0 where it has none. */
const struct p2a_stacks *p2a_stacks_of(const struct p2a_profile *p);

/* Puts contexts in the place of the profile's stacks, and rows in that of packed lines, if it has
 * any. */
enum p2a_status p2a_unfold(struct p2a_profile *p, struct p2a_error *error);
/* The contexts of stacks alone, as a profile that borrows all else from P and is let go by
 * p2a_let_go. Of those whose total in column 0 is below LEAST only the first on a path is there,
 * which has all that is below as its own. False: no memory. */
bool p2a_lend(const struct p2a_profile *p, const struct p2a_stacks *stacks, double least,
              struct p2a_profile *lent);
/* The same of what a walk comes by, which stands for *CONTEXTS. */
struct p2a_stack_walk;
bool p2a_lend_walked(const struct p2a_profile *p, struct p2a_stack_walk *walk, double least,
                     struct p2a_profile *lent, uint64_t *contexts);
void p2a_let_go(struct p2a_profile *lent);

/* What somebody goes through who wants paths, whatever they are kept as: stacks that stand in their
 * order, else contexts, which are lent where stacks would have to be put in theirs. */
struct p2a_paths {
    const struct p2a_profile *p;     /* all else, too */
    const struct p2a_stacks *stacks; /* rows are these; NULL: the contexts of p */
    uint32_t n;
    const double *self; /* [row * columns + column] */
    struct p2a_profile lent;
};
bool p2a_paths_begin(const struct p2a_profile *p, struct p2a_paths *paths); /* false: no memory */
void p2a_paths_end(struct p2a_paths *paths);

/* Adds up column 0 of contexts, or of the stacks in their place, by function; what is below zero
 * counts as nothing. */
void p2a_self_by_function(const struct p2a_profile *p, double *self);

#endif
