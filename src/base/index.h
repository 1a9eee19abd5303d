/* A hash index over the rows of a table: it holds row numbers, the table holds the keys. */
#ifndef P2A_BASE_INDEX_H
#define P2A_BASE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fetch.h"

#define P2A_INDEX_NONE UINT32_MAX

/* Zero is an empty index.
 *   slot:  | hash id | - | hash id | hash id | - | …    open addressing, room a power of two     */
struct p2a_index {
    struct p2a_slot {
        uint32_t hash, id;
    } * slot;
    uint32_t n, room;
};

/* Whether row ID of TABLE has this KEY. */
typedef bool p2a_same(const void *table, uint32_t id, const void *key);

/* Differs from run to run, so that no input can be made of names that all hash alike; nothing that
 * is written may follow its order. */
uint64_t p2a_hash(const void *bytes, size_t n);
/* What makes it differ: where the system has put the program, which an input can't know. */
static inline uint64_t p2a_hash_seed(void)
{
    return (uint64_t)(uintptr_t)&p2a_hash;
}
/* Inline, and with it SAME: what is in most tables is found at the first look. */
static inline uint32_t p2a_index_find(const struct p2a_index *index, uint64_t hash, p2a_same *same,
                                      const void *table, const void *key)
{
    if (!index->room)
        return P2A_INDEX_NONE;
    uint32_t mask = index->room - 1, h = (uint32_t)hash;
    for (uint32_t i = h & mask; index->slot[i].id != P2A_INDEX_NONE; i = (i + 1) & mask)
        if (index->slot[i].hash == h && same(table, index->slot[i].id, key))
            return index->slot[i].id;
    return P2A_INDEX_NONE;
}
static inline void p2a_index_ahead(const struct p2a_index *index, uint64_t hash)
{
    if (index->room)
        p2a_fetch(&index->slot[hash & (index->room - 1)]);
}
/* Adds a row that isn't there yet. False: no memory. */
bool p2a_index_add(struct p2a_index *index, uint64_t hash, uint32_t id);
void p2a_index_free(struct p2a_index *index);

#endif
