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
