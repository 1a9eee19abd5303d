/* fold.h - stacks as an indented list shows them: folded, a function stands on a path once, and
 * what it does when it is called again below itself is with its first call, as src/model/outline
 * says. Builtins don't fold.
 *
 *     stack   main visit walk visit print 5     folded   main visit print      5
 *                                                        main visit walk       0
 *
 * A path that is left for a function further up is kept, with nothing of its own, so that there are
 * as many paths as there are nodes. */
#ifndef P2A_MODEL_FOLD_H
#define P2A_MODEL_FOLD_H

#include "model/stacks.h"

/* RECURSIVE, by row of the profile's stacks, 0 at first: whether it has something to fold. *N: how
 * many have. False: no memory. */
bool p2a_find_recursive(const struct p2a_profile *p, unsigned char *recursive, uint32_t *n);

/* Whether a function folds into a call of it further up on the path. */
bool p2a_is_foldable(const struct p2a_profile *p, p2a_id function);

/* The profile's stacks, which stand in their order, with those folded that are RECURSIVE, and,
 * TOGETHER, all of one thread. They are sorted, and `first` tells which came first; their frames
 * stay the profile's, to whose own some may be added. None, where the paths that are left for a
 * function further up have many more frames than a quarter of the stacks': to walk all costs less
 * then, and not the square of a stack's length. False: no memory. */
bool p2a_fold_stacks(const struct p2a_profile *p, const unsigned char *recursive, bool together,
                     struct p2a_stacks *folded);
void p2a_free_folded(struct p2a_stacks *folded);

#endif
