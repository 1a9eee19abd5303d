#include "base/sort.h"

#include <stdlib.h>
#include <string.h>

/* Merges from[low, mid) and from[mid, high) into TO. */
static void merge(uint32_t *to, const uint32_t *from, const size_t part[3], p2a_compare *compare,
                  const void *context)
{
    size_t left = part[0], right = part[1];
    for (size_t i = part[0]; i < part[2]; i++) {
        bool take_left =
            right == part[2] || (left < part[1] && compare(context, from[left], from[right]) <= 0);
        to[i] = take_left ? from[left++] : from[right++];
    }
}

bool p2a_sort(uint32_t *ids, size_t n, p2a_compare *compare, const void *context)
{
    uint32_t *spare = malloc((n + 1) * sizeof *spare);
    if (!spare)
        return false;
    uint32_t *from = ids, *to = spare;
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t low = 0; low < n; low += 2 * width) {
            size_t mid = n - low < width ? n : low + width;
            size_t high = n - mid < width ? n : mid + width;
            merge(to, from, (size_t[]){low, mid, high}, compare, context);
        }
        uint32_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != ids)
        memcpy(ids, from, n * sizeof *ids);
    free(spare);
    return true;
}

enum { DIGIT_BITS = 11, DIGITS = 6, DIGIT_VALUES = 1 << DIGIT_BITS };

static unsigned digit_of(uint64_t key, unsigned digit)
{
    return key >> (DIGIT_BITS * digit) & (DIGIT_VALUES - 1);
}

/* Sorts by one digit; COUNT has how often each value of it comes. */
static void sort_by_digit(struct p2a_keyed *to, const struct p2a_keyed *from, size_t n,
                          unsigned digit, size_t count[DIGIT_VALUES])
{
    for (size_t value = 0, place = 0; value < DIGIT_VALUES; value++) {
        size_t next = place + count[value];
        count[value] = place;
        place = next;
    }
    for (size_t i = 0; i < n; i++)
        to[count[digit_of(from[i].key, digit)]++] = from[i];
}

bool p2a_sort_keyed(struct p2a_keyed *rows, size_t n)
{
    struct p2a_keyed *spare = malloc((n + 1) * sizeof *spare), *from = rows, *to = spare;
    size_t(*count)[DIGIT_VALUES] = calloc(DIGITS, sizeof *count);
    bool room = spare && count;
    for (size_t i = 0; room && i < n; i++)
        for (unsigned d = 0; d < DIGITS; d++)
            count[d][digit_of(rows[i].key, d)]++;
    for (unsigned d = 0; room && d < DIGITS && n; d++) {
        if (count[d][digit_of(rows[0].key, d)] == n)
            continue; /* the same in all of them */
        sort_by_digit(to, from, n, d, count[d]);
        struct p2a_keyed *swap = from;
        from = to;
        to = swap;
    }
    if (from != rows)
        memcpy(rows, from, n * sizeof *rows);
    free(spare);
    free(count);
    return room;
}
