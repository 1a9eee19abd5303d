/* Which functions a report lists, and in which order: pstats.Stats' sort_stats, reverse_order and
 * restrictions. */
#ifndef P2A_MODEL_ROWS_H
#define P2A_MODEL_ROWS_H

#include "prof2any/format.h"

struct p2a_rows {
    p2a_id *function; /* in the order of the report */
    uint32_t n;
    uint32_t all;           /* how many there were before restrictions and limit */
    bool sorted;            /* by a key: else the order is the file's */
    struct p2a_buffer sort; /* the keys in pstats' words: "internal time, call count" */
    struct p2a_buffer said; /* a line per restriction, as pstats words it */
    size_t name_width;      /* of the widest name before restrictions */
};

/* The functions of the graph by the report's sort keys and restrictions; FALLBACK is the sort key
 * where the report names none, NULL for the file's order. LIMIT is applied last, 0 for none.
 * P2A_USAGE, with pstats' own words, for a key or a pattern that doesn't exist. The caller frees
 * with p2a_rows_free, after an error too. */
enum p2a_status p2a_rows(struct p2a_out *out, const char *fallback, uint64_t limit,
                         struct p2a_rows *rows);
void p2a_rows_free(struct p2a_rows *rows);

#endif
