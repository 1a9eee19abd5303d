/* A module is part of what a function is, and not every format says it:
 *
 *   main  app.py:12  __main__    of a recording  \  one function
 *   main  app.py:12              of cProfile's   /
 *
 * Where a third is of that name and place it isn't known which two are one, and none are. */
#include "model/alike.h"

#include <stdlib.h>

#include "base/sort.h"

static int order(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int by_place(const void *context, uint32_t left, uint32_t right)
{
    const struct p2a_function *a = (const struct p2a_function *)context + left;
    const struct p2a_function *b = (const struct p2a_function *)context + right;
    int file = order(a->file, b->file), name = order(a->name, b->name);
    int line = order(a->line, b->line);
    return file ? file : name ? name : line ? line : order(a->kind, b->kind);
}

bool p2a_find_alike(const struct p2a_function *function, uint32_t n, p2a_id *other)
{
    uint32_t *id = malloc(((size_t)n + 1) * sizeof *id);
    uint32_t placed = 0;
    for (uint32_t i = 0; i < n; i++) {
        other[i] = P2A_NONE;
        if (id && function[i].file)
            id[placed++] = i;
    }
    if (!id || !p2a_sort(id, placed, by_place, function)) {
        free(id);
        return false;
    }
    for (uint32_t i = 0, end; i < placed; i = end) {
        for (end = i + 1; end < placed && by_place(function, id[i], id[end]) == 0;)
            end++;
        if (end != i + 2 || !function[id[i]].module == !function[id[i + 1]].module)
            continue;
        other[id[i]] = id[i + 1];
        other[id[i + 1]] = id[i];
    }
    free(id);
    return true;
}
