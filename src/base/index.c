#include "base/index.h"

#include <stdlib.h>

/* xxHash: fast on short keys, well kept, in every distribution; used as a header, nothing is
 * linked. */
#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t p2a_hash(const void *bytes, size_t n)
{
    return XXH3_64bits_withSeed(bytes, n, p2a_hash_seed());
}

static void place(struct p2a_slot *slot, uint32_t mask, struct p2a_slot what)
{
    uint32_t i = what.hash & mask;
    while (slot[i].id != P2A_INDEX_NONE)
        i = (i + 1) & mask;
    slot[i] = what;
}

static bool widen(struct p2a_index *index)
{
    uint64_t room = index->room ? (uint64_t)index->room * 2 : 32;
    if (room > UINT32_MAX)
        return false;
    struct p2a_slot *slot = malloc((size_t)room * sizeof *slot);
    if (!slot)
        return false;
    for (size_t i = 0; i < room; i++)
        slot[i].id = P2A_INDEX_NONE;
    for (uint32_t i = 0; i < index->room; i++)
        if (index->slot[i].id != P2A_INDEX_NONE)
            place(slot, (uint32_t)room - 1, index->slot[i]);
    free(index->slot);
    index->slot = slot;
    index->room = (uint32_t)room;
    return true;
}

bool p2a_index_add(struct p2a_index *index, uint64_t hash, uint32_t id)
{
    if (index->n >= index->room / 3 * 2 && !widen(index))
        return false;
    place(index->slot, index->room - 1, (struct p2a_slot){(uint32_t)hash, id});
    index->n++;
    return true;
}

void p2a_index_free(struct p2a_index *index)
{
    free(index->slot);
    *index = (struct p2a_index){0};
}
