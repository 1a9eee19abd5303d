#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

/*   chunk:  [ older | used | room ][ ... used ...... | ... free ... ]   */
struct p2a_chunk {
    struct p2a_chunk *older;
    size_t used, room;
    _Alignas(max_align_t) char bytes[];
};

enum { CHUNK = 1 << 16 };

static struct p2a_chunk *new_chunk(struct p2a_arena *arena, size_t size)
{
    size_t room = size > CHUNK ? size : CHUNK;
    struct p2a_chunk *chunk = malloc(sizeof *chunk + room);
    if (!chunk)
        return NULL;
    chunk->older = arena->newest;
    chunk->used = 0;
    chunk->room = room;
    return arena->newest = chunk;
}

void *p2a_arena_take(struct p2a_arena *arena, size_t size)
{
    const size_t align = _Alignof(max_align_t);
    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + align - 1) / align * align;
    struct p2a_chunk *chunk = arena->newest;
    if (!chunk || chunk->room - chunk->used < size)
        chunk = new_chunk(arena, size);
    if (!chunk)
        return NULL;
    void *taken = chunk->bytes + chunk->used;
    chunk->used += size;
    return taken;
}

char *p2a_arena_copy(struct p2a_arena *arena, const char *bytes, size_t n)
{
    char *copy = p2a_arena_take(arena, n + 1);
    if (!copy)
        return NULL;
    if (n)
        memcpy(copy, bytes, n);
    copy[n] = '\0';
    return copy;
}

void p2a_arena_free(struct p2a_arena *arena)
{
    while (arena->newest) {
        struct p2a_chunk *older = arena->newest->older;
        free(arena->newest);
        arena->newest = older;
    }
}

bool p2a_grow(void *array_pointer, uint32_t *room, uint64_t need, size_t size)
{
    if (need <= *room)
        return true;
    uint64_t wanted = (uint64_t)*room * 2;
    if (wanted < need)
        wanted = need;
    if (wanted < 16)
        wanted = 16;
    if (wanted > UINT32_MAX || (size && wanted > SIZE_MAX / 2 / size))
        return false;
    void *array;
    memcpy(&array, array_pointer, sizeof array);
    array = realloc(array, (size_t)wanted * size + (size == 0));
    if (!array)
        return false;
    memcpy(array_pointer, &array, sizeof array);
    *room = (uint32_t)wanted;
    return true;
}

void *p2a_zeroed(size_t n, size_t size)
{
    if (size && n > SIZE_MAX / 2 / size)
        return NULL;
    size_t bytes = n * size;
    void *array = malloc(bytes + (bytes == 0));
    __asm__("" : : "r"(array) : "memory"); /* else the compiler makes this and memset a calloc */
    return array ? memset(array, 0, bytes) : NULL;
}
