/* Memory that is given back all at once. */
#ifndef P2A_BASE_ARENA_H
#define P2A_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero is an empty arena. */
struct p2a_arena {
    struct p2a_chunk *newest;
};

/* SIZE bytes aligned for any type; NULL without memory. */
void *p2a_arena_take(struct p2a_arena *arena, size_t size);
/* A copy with a NUL behind it. */
char *p2a_arena_copy(struct p2a_arena *arena, const char *bytes, size_t n);
void p2a_arena_free(struct p2a_arena *arena);

/* Makes room for NEED elements of SIZE bytes in a malloc'ed array, at least doubling it. False
 * leaves everything as it was: no memory, or a size that doesn't fit. */
bool p2a_grow(void *array_pointer, uint32_t *room, uint64_t need, size_t size);

/* As calloc, with its pages in memory: of those that calloc leaves to the kernel, one that is read
 * before it is written to is made twice, and the second time all cores that have the process wait.
 * For large tables that are looked into before they are filled. */
void *p2a_zeroed(size_t n, size_t size);

#endif
