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

/* Whether a function folds into a call of it further up on the path. */
bool p2a_is_foldable(const struct p2a_profile *p, p2a_id function);

/* Whether one of the profile's stacks has something to fold. False: no memory. */
bool p2a_is_recursive(const struct p2a_profile *p, bool *recursive);

struct p2a_fold {
    /* What comes of the profile's stacks: as much of each as stays in its place, `plain` says, and
     * new rows. Both are sorted, `first` tells which came first, and their frames are those of the
     * profile, to whose own some may be added. None where nothing was to be done, or it is too
     * dear; no rows stay where stacks are taken TOGETHER. */
    struct p2a_stacks stay, fresh; /* stay: the profile's own, but for `first` */
    uint32_t *plain; /* by row of the profile's: frames before the first that folds, or all */
    uint32_t n;      /* of the profile's, that have something to fold */
    /* Paths that are left for a function further up have many more frames than a quarter of the
     * stacks': to walk all costs less then, and not the square of a stack's length. */
    bool dear;
};

/* Folds the profile's stacks, which stand in their order, where RECURSION folds, and, TOGETHER,
 * takes all of them as one thread's. False: no memory. */
bool p2a_fold_stacks(const struct p2a_profile *p, bool recursion, bool together,
                     struct p2a_fold *fold);
void p2a_free_fold(struct p2a_fold *fold);

#endif
