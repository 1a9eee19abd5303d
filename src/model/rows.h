/* Which functions a report lists, and in which order: pstats.Stats' sort_stats, reverse_order and
 * restrictions. */
#ifndef P2A_MODEL_ROWS_H
#define P2A_MODEL_ROWS_H

#include "base/error.h"
#include "prof2any/format.h"

struct p2a_rows {
    p2a_id *function; /* in the order of the report */
    uint32_t n;
    uint32_t all;           /* how many there were before restrictions and limit */
    bool sorted;            /* by a key: else the order is the file's */
    struct p2a_buffer sort; /* the keys in pstats' words: "internal time, call count" */
    struct p2a_buffer said; /* a line per restriction and limit that left rows out, in its words */
};

/* The functions of the graph by the report's sort keys and restrictions; FALLBACK is the sort key
 * where the report names none, NULL for the file's order, which is also the key "none". LIMIT is
 * applied last, 0 for none. P2A_USAGE for a key, a number or a pattern that doesn't work. The
 * caller frees with p2a_rows_free, after an error too.
 *
 * A value that is no number goes behind those that are, a count that isn't known behind those that
 * are. Where the values aren't seconds, "time" in the keys' words is the metric's name. */
enum p2a_status p2a_rows(struct p2a_out *out, const char *fallback, uint64_t limit,
                         struct p2a_rows *rows);
/* The same as pstats does it: a pattern that doesn't compile is a line in `said` and a note, a
 * number that restricts nothing (-1, 1.5) a note; neither leaves rows out. */
enum p2a_status p2a_rows_as_pstats(struct p2a_out *out, const char *fallback, uint64_t limit,
                                   struct p2a_rows *rows);
/* P2A_USAGE for a sort key or a restriction that these would refuse. */
enum p2a_status p2a_rows_check(const struct p2a_report *report, bool as_pstats,
                               struct p2a_error *error);
void p2a_rows_free(struct p2a_rows *rows);

/* Asks for what the rows behind row I are made of: they lie anywhere in tables that no cache holds.
 * For a report that goes through them one after the other. */
void p2a_rows_fetch(const struct p2a_profile *p, const struct p2a_rows *rows, uint32_t i);

/* Σ self of the rows from FROM on, in column 0. */
double p2a_rows_self(const struct p2a_profile *p, const struct p2a_rows *rows, uint32_t from);

#endif
