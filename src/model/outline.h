/* outline.h - call paths as the lines of an indented list, the heaviest first, no more of them than
 * somebody reads. Column 0 is shown; of a comparison both sides, and the larger one is the weight.
 *
 *     row 0   main            depth 0    rows stand in the order of the list: a row's own rows are
 *     row 1     load          depth 1    the deeper ones that follow it
 *     row 2       parse       depth 2
 *     row 3     save          depth 1, last
 *
 * For every row: total = self + Σ total of the rows one deeper + hidden.
 * Σ self + Σ hidden of all rows + hidden of the outline = the whole.
 *
 * Folded, a function stands on a path once: what it does when it is called again below itself is
 * gathered on its first row, with what is called from there. */
#ifndef P2A_MODEL_OUTLINE_H
#define P2A_MODEL_OUTLINE_H

#include "prof2any/format.h"

struct p2a_outline_row {
    p2a_id function; /* P2A_NONE: a thread */
    p2a_id thread;   /* P2A_NONE but for a thread's row */
    uint32_t depth;  /* from 0 */
    uint32_t nested; /* how many calls of it were open at once; 1: it isn't recursive */
    bool last;       /* no row of this depth follows below the same row */
    uint64_t calls;  /* of all its paths */
    double total, self;
    double hidden;                    /* total of what it called that isn't shown */
    double total_before, self_before; /* of a comparison */
    uint64_t calls_before;
};

struct p2a_outline_wanted {
    bool fold;       /* recursion */
    bool threads;    /* a row for each thread, with its paths below */
    bool by_total;   /* the heaviest first, of equals by name; else as recorded */
    double least;    /* rows below this share of the whole are hidden, 0 to 1 */
    uint32_t levels; /* no deeper than this; 0: no such limit */
    uint32_t most;   /* no more rows, the heaviest, of equals the first; 0: no such limit */
};

struct p2a_outline {
    uint32_t n;
    struct p2a_outline_row *row;
    double whole;      /* Σ self of all contexts */
    double hidden;     /* total of the roots that aren't shown */
    uint32_t all;      /* rows there would be, but for least, levels and most … */
    uint32_t too_deep; /* … of these, hidden for their depth */
    uint32_t too_many; /* … and for most */
};

bool p2a_outline_build(const struct p2a_profile *p, const struct p2a_outline_wanted *wanted,
                       struct p2a_outline *outline); /* false: no memory */
void p2a_outline_free(struct p2a_outline *outline);

#endif
