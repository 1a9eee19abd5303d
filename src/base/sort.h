/* A stable sort whose comparison has a context: qsort has neither. */
#ifndef P2A_BASE_SORT_H
#define P2A_BASE_SORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "prof2any/format.h"

/* Negative, 0 or positive as A goes before, with or after B. */
typedef int p2a_compare(const void *context, uint32_t a, uint32_t b);

/* Sorts the N ids; equal ones keep their order. Ends after n log n comparisons whatever they say.
 * False: no memory, the ids are as they were. */
bool p2a_sort(uint32_t *ids, size_t n, p2a_compare *compare, const void *context);

/* Ids by a number, the smallest first. */
struct p2a_keyed {
    uint64_t key;
    uint32_t id;
};
/* Stable, and without comparing: in time that grows as N does. False: no memory. */
bool p2a_sort_keyed(struct p2a_keyed *rows, size_t n);

/* Sorts N ids by their texts, TEXT[id], byte by byte; of two that begin alike the shorter one goes
 * first. Stable; the time is that of looking at each byte that tells two apart a few times. False:
 * no memory, the ids are as they were. */
bool p2a_sort_texts(uint32_t *ids, size_t n, const struct p2a_str *text);

#endif
