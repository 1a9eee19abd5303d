/* From call paths to the boxes of a flame graph: merged, ordered, placed, and no more than a
 * picture bears. Column 0 is drawn; negative and undefined values count as zero. Of a comparison,
 * both sides of metric 0 are told, and the width is one side's, or what is larger path by path.
 *
 *     depth 2   |  f     |g|                   row[0] is the whole; rows stand by depth, within a
 *     depth 1   |    main         |  other |   depth from left to right. A box spans [start, end),
 *     depth 0   |          whole             | its children lie side by side from its start. */
#ifndef P2A_MODEL_FRAMES_H
#define P2A_MODEL_FRAMES_H

#include "prof2any/format.h"

#define P2A_FRAME_UNITS 1000000 /* the width of the whole: positions are exact to 0.0001 % */

struct p2a_frame {
    p2a_id parent;   /* a row before this one; P2A_NONE: the whole */
    p2a_id function; /* P2A_NONE: the whole, or a thread */
    p2a_id thread;   /* P2A_NONE but for a thread's box */
    uint32_t depth;
    uint32_t start, end;              /* start < end, within the parent's */
    double wide;                      /* what its width shows: total unless in a comparison */
    double total, self;               /* self: at exactly this path; of a reversed graph, 0 */
    uint64_t calls;                   /* of a reversed graph, calls of the leaf by this path */
    double total_before, self_before; /* of a comparison */
    uint64_t calls_before;
};

/* Of a comparison. LARGER: wide(path) = Σ max(self after, self before) over it and what is below,
 * so that what is gone and what is new both have their place. */
enum p2a_frame_width { P2A_WIDTH_AFTER, P2A_WIDTH_BEFORE, P2A_WIDTH_LARGER };

enum p2a_frame_order { P2A_FRAMES_BY_NAME, P2A_FRAMES_BY_TOTAL, P2A_FRAMES_AS_RECORDED };

struct p2a_frames_wanted {
    bool reverse; /* paths are merged from their leaves: row 1… are where time was spent */
    bool threads; /* a box for each thread between the whole and its roots */
    enum p2a_frame_order order;
    enum p2a_frame_width width; /* of a comparison, else without a meaning */
    double least;               /* boxes below this share of the whole are left out, 0 to 1 */
    uint32_t most;              /* no more boxes than this, the widest; 0: no such limit */
    uint32_t levels;            /* no deeper than this; 0: no such limit */
};

struct p2a_frames {
    size_t n;
    struct p2a_frame *row;
    uint32_t levels;       /* depth of the deepest box + 1 */
    size_t narrow;         /* boxes left out for their width, without those above them, … */
    double narrow_total;   /* … and what they hold */
    double widest_out;     /* the width of the widest of them */
    double deep_total;     /* what lies deeper than the levels wanted */
    size_t negative;       /* values that are below zero, and so count as nothing, … */
    double negative_total; /* … and their sum */
};

/* False: no memory. Memory follows the contexts and the boxes drawn, also for a reversed graph,
 * whose full size is the sum of all depths. */
bool p2a_frames_build(const struct p2a_profile *p, const struct p2a_frames_wanted *wanted,
                      struct p2a_frames *frames);
void p2a_frames_free(struct p2a_frames *frames);

#endif
