/* What has changed between the two sides of a comparison, function by function, and what is only
 * noise.
 *
 *     self has changed      its own doing          self, calls, being new or gone
 *     total alone           through what it calls  every caller of what has got slower
 *     neither               not named: a line says how many, and what they sum up to
 *
 * has changed: |median after - median before| > threshold * the larger whole, and the ranges of the
 * runs don't overlap. Calls are counted, so that any difference of theirs is a change, if all runs
 * of one side differ from all of the other. */
#ifndef P2A_MODEL_CHANGES_H
#define P2A_MODEL_CHANGES_H

#include "prof2any/format.h"

enum p2a_change_kind { P2A_UNCHANGED, P2A_THROUGH, P2A_OWN_CALLS, P2A_OWN_SELF, P2A_GONE, P2A_NEW };

enum { P2A_AFTER, P2A_EARLIER, P2A_BOTH }; /* rows of what has two sides */

struct p2a_change {
    p2a_id function;
    enum p2a_change_kind kind;
    bool noisy; /* not named, though the medians differ by more than the threshold */
    bool self_known, total_known, calls_known;
    struct p2a_range self[P2A_BOTH], total[P2A_BOTH]; /* raw values of metric 0 */
    struct p2a_range calls[P2A_BOTH];
};

struct p2a_changes {
    uint32_t n; /* own, then through, then the others */
    struct p2a_change *row;
    uint32_t own, through, noisy;
    double others; /* change of self of the functions that aren't named, together */
    bool several;  /* runs: values are medians, with ranges */
    bool calls;    /* are known */
    double whole[P2A_BOTH];
    double threshold, least; /* a share, and what that is */
    uint32_t restricted;     /* functions that the report's restrictions leave out */
};

/* The changes of the functions that the report's restrictions leave, in the order of its sort keys,
 * else the largest first. P2A_USAGE as p2a_rows. The caller frees with p2a_changes_free, after an
 * error too. The profile is a comparison and has its graph. */
enum p2a_status p2a_changes(struct p2a_out *out, struct p2a_changes *changes);
void p2a_changes_free(struct p2a_changes *changes);

/* Whether the side has anything of the function. */
bool p2a_change_is_on(const struct p2a_change *change, unsigned side);
double p2a_change_of(const struct p2a_range sides[P2A_BOTH]); /* of the medians */

/* "new", "gone", "self", "calls", "through", "" */
const char *p2a_change_word(enum p2a_change_kind kind);

/* ---- in words (changelines.c); the profile has a metric ---- */

enum p2a_change_column {
    P2A_SELF_CHANGE, /* "+120 ms" */
    P2A_SELF_RATIO,  /* "+50 %", "new" */
    P2A_SELF_BEFORE, /* "240 ms", with several runs "240 ms (231 ms to 255 ms)"; "-" where the side
                        hasn't the function */
    P2A_SELF_AFTER,
    P2A_TOTAL_CHANGE,
    P2A_TOTAL_RATIO,
    P2A_TOTAL_BEFORE,
    P2A_TOTAL_AFTER,
    P2A_CALLS_CHANGE, /* "12", "12 → 24" */
    P2A_CHANGE_COLUMNS
};
enum { P2A_CHANGE_CELL = 512 };
void p2a_change_cell(const struct p2a_profile *p, const struct p2a_change *change,
                     enum p2a_change_column column, char text[P2A_CHANGE_CELL]);

/* Sentences, added to TO. */
void p2a_change_sides(const struct p2a_profile *p, const struct p2a_changes *changes,
                      struct p2a_buffer *to); /* "1.37 s → 2.63 s" */
void p2a_change_whole(const struct p2a_profile *p, const struct p2a_changes *changes,
                      struct p2a_buffer *to); /* ", +1.26 s, +92.1 % in 450 functions" */
void p2a_change_own(const struct p2a_profile *p, const struct p2a_changes *changes,
                    struct p2a_buffer *to); /* "changed themselves by more than 1 % of 2.63 s" */
/* What isn't named, a line each. */
void p2a_change_others(const struct p2a_profile *p, const struct p2a_changes *changes,
                       struct p2a_buffer *to);

/* How a comparison looks as lines of text. */
struct p2a_change_look {
    size_t width; /* cells; 0: no limit */
    bool color, ascii;
    uint64_t limit; /* functions at most, of those changed themselves and of the others; 0: all */
};

/* Writes the comparison as lines for a terminal, a log or a file. */
enum p2a_status p2a_put_changes(struct p2a_out *out, const struct p2a_change_look *look);

#endif
