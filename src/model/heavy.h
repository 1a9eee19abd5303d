/* Stacks whose frames are text, of which only what lies on heavy paths is read. Where nearly all
 * stacks are different most of their frames are on no path that a picture has room for:
 *
 *     main;load;read;utf8 1      of 9, 3 is heavy:     contexts    main          1
 *     main;load;parse 4                                              load        0
 *     main;load;read 1                                                 read      2: too light
 *     main 1                                                           parse     4
 *     main;save;open 2                                               save        2: too light
 *
 * It is what p2a_lend makes of the same stacks: of contexts whose total is below the least one only
 * the first on a path is there, which has all that is below as its own. */
#ifndef P2A_MODEL_HEAVY_H
#define P2A_MODEL_HEAVY_H

#include "prof2any/format.h"

/* A stack from its next frame on. */
struct p2a_unread {
    const char *at; /* "parse;step" */
    uint32_t left;  /* its bytes and one more; 0: there is no frame any more */
    uint32_t came;  /* its number, in the order of the input */
    double value;   /* all of them as p2a_exact_sum has them */
};

struct p2a_heavy {
    struct p2a_unread *stack; /* in their order, each with a frame at least; they are used up */
    uint32_t n;
    double least;
    /* The function of a frame, another one for each text; P2A_NONE after an error of the
     * profile's. */
    p2a_id (*function)(void *owner, struct p2a_str frame);
    void *owner;
};

/* Makes the contexts of a profile that has none, in the order in which they came. False after an
 * error of the profile's. */
bool p2a_heavy_contexts(struct p2a_profile *p, const struct p2a_heavy *heavy);

#endif
