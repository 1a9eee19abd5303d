/* excerpt.h - what to draw of a call graph that is too big to be looked at: the functions with the
 * largest totals, each with its hot callers, and what was left out gathered under its caller.
 *
 *     main ──▶ parse ──▶ read        boxes of functions; every one but an entry has a spine link
 *      └─────▶ (12 more)             from the caller that leads to it by the hottest path;
 *                  └────▶ write      a box of the rest: callees of main that are no boxes
 *
 * All values are those of column 0 in raw units, finite and not negative. In a comparison they
 * decide as the larger of the two sides, so that what is gone is drawn as what is new is; a side's
 * own stand beside them. */
#ifndef P2A_MODEL_EXCERPT_H
#define P2A_MODEL_EXCERPT_H

#include "prof2any/format.h"

struct p2a_excerpt_wanted {
    uint32_t nodes, links; /* at most so many functions, and links besides the spine; 0: no limit */
    double node, link;     /* least share of the whole that a function, a link has; 0 to 1 */
    bool compared;         /* the profile is a comparison, of which both sides count */
    double rest;           /* least share that goes into a box of the rest; more than 1: none */
};

/* One side's values of a box or a link; of a profile that is no comparison, side 0 has those that
 * decide. */
struct p2a_figures {
    double self, total;
    uint64_t calls;
};
enum { P2A_OF_AFTER, P2A_OF_BEFORE, P2A_OF_SIDES };

struct p2a_box {
    p2a_id function; /* P2A_NONE: the rest of what box UNDER calls */
    uint32_t under;  /* the box whose link is the spine; P2A_NONE: an entry */
    uint32_t count;  /* functions in it */
    uint32_t depth;  /* boxes above it on the spine */
    double self;     /* of a rest: the sum over its functions */
    double total;    /* of a rest: what goes in from other boxes, not less than is known of one of
                        its functions or of all by themselves; the whole at most */
    double most;     /* of a rest: the largest total of its functions */
    struct p2a_figures side[P2A_OF_SIDES];
    bool overrun; /* in no cycle, and passes on more than its total: figures don't fit */
    p2a_id cycle; /* functions that reach one another by the links drawn; P2A_NONE: in none */
};

struct p2a_link {
    uint32_t from, to; /* boxes */
    p2a_id arc;        /* P2A_NONE: several, from or to a rest */
    uint32_t count;    /* arcs in it */
    uint64_t calls;    /* of both sides of a comparison */
    double total;      /* the arc's, or the sum of the arcs' */
    struct p2a_figures side[P2A_OF_SIDES];
    bool known;       /* the total was recorded: of all arcs in it */
    bool spine, back; /* back: leads to a box above FROM on the spine, or to FROM itself */
};

struct p2a_excerpt {
    uint32_t box_n, function_n; /* boxes of functions come first, a caller before its callees */
    struct p2a_box *box;
    uint32_t link_n;
    struct p2a_link *link; /* by FROM; of one box, the hottest first */
    uint32_t rows;         /* functions with figures of their own in the profile */
    uint32_t gathered;     /* functions that are in a box of the rest */
    uint32_t left_out;     /* functions that are in no box … */
    double left_self;      /* … and their self */
    uint32_t arcs_left_out;
};

/* The graph must be there. False: no memory. */
bool p2a_excerpt_build(const struct p2a_profile *p, const struct p2a_excerpt_wanted *wanted,
                       struct p2a_excerpt *excerpt);
void p2a_excerpt_free(struct p2a_excerpt *excerpt);

#endif
