#include "base/pairs.h"

#include <stdlib.h>
#include <string.h>

#include "base/index.h"

enum { ROOM = 5, NEIGHBOURS = 4, LINE = 64 };

static struct p2a_pair_line *home_of(const struct p2a_pairs *pairs, uint32_t near)
{
    return &pairs->line[near / NEIGHBOURS & (pairs->lines - 1)];
}

static uint32_t hash_of(uint32_t near, uint32_t far)
{
    const uint64_t odd = 0x9e3779b97f4a7c15u ^ p2a_hash_seed() << 1;
    uint64_t hash = ((uint64_t)near << 32 | far) * odd;
    return (uint32_t)((hash ^ hash >> 29) * 0xbf58476d1ce4e5b9u >> 32);
}

/* The slot of the pair, or the free one where it would be. */
static struct p2a_pair *spill_of(const struct p2a_pairs *pairs, uint32_t near, uint32_t far)
{
    uint32_t mask = pairs->room - 1, i = hash_of(near, far) & mask;
    while (pairs->spill[i].id != P2A_PAIR_NONE &&
           (pairs->spill[i].near != near || pairs->spill[i].far != far))
        i = (i + 1) & mask;
    return &pairs->spill[i];
}

uint32_t p2a_pairs_find(const struct p2a_pairs *pairs, uint32_t near, uint32_t far)
{
    if (!pairs->lines)
        return P2A_PAIR_NONE;
    const struct p2a_pair_line *line = home_of(pairs, near);
    for (uint32_t i = 0; i < line->n; i++)
        if (line->pair[i].near == near && line->pair[i].far == far)
            return line->pair[i].id;
    if (line->n < ROOM || !pairs->room)
        return P2A_PAIR_NONE;
    return spill_of(pairs, near, far)->id;
}

static bool widen_spill(struct p2a_pairs *pairs)
{
    struct p2a_pairs wider = {.room = pairs->room ? pairs->room * 2 : 16};
    wider.spill = malloc((size_t)wider.room * sizeof *wider.spill);
    if (!wider.spill)
        return false;
    memset(wider.spill, 0xff, (size_t)wider.room * sizeof *wider.spill);
    for (uint32_t i = 0; i < pairs->room; i++)
        if (pairs->spill[i].id != P2A_PAIR_NONE)
            *spill_of(&wider, pairs->spill[i].near, pairs->spill[i].far) = pairs->spill[i];
    free(pairs->spill);
    pairs->spill = wider.spill;
    pairs->room = wider.room;
    return true;
}

static bool place(struct p2a_pairs *pairs, struct p2a_pair pair)
{
    struct p2a_pair_line *line = home_of(pairs, pair.near);
    if (line->n < ROOM) {
        line->pair[line->n++] = pair;
        return true;
    }
    if (pairs->spilled >= pairs->room / 3 * 2 && !widen_spill(pairs))
        return false;
    *spill_of(pairs, pair.near, pair.far) = pair;
    pairs->spilled++;
    return true;
}

/* What was spilled finds its home again in twice the lines. */
static bool widen(struct p2a_pairs *pairs)
{
    struct p2a_pairs narrow = *pairs;
    uint32_t lines = narrow.lines ? narrow.lines * 2 : 8;
    bool enough = true;
    void *memory = calloc((size_t)lines + 1, LINE);
    if (!memory)
        return false;
    *pairs = (struct p2a_pairs){
        .line = (void *)((char *)memory + (LINE - (uintptr_t)memory % LINE)),
        .lines = lines,
        .n = narrow.n,
        .memory = memory,
    };
    for (uint32_t i = 0; i < narrow.lines; i++)
        for (uint32_t j = 0; j < narrow.line[i].n; j++)
            enough = enough && place(pairs, narrow.line[i].pair[j]);
    for (uint32_t i = 0; i < narrow.room; i++)
        if (narrow.spill[i].id != P2A_PAIR_NONE)
            enough = enough && place(pairs, narrow.spill[i]);
    if (!enough) {
        p2a_pairs_free(pairs);
        *pairs = narrow;
        return false;
    }
    p2a_pairs_free(&narrow);
    return true;
}

bool p2a_pairs_add(struct p2a_pairs *pairs, struct p2a_pair pair)
{
    if (pairs->n >= (uint64_t)pairs->lines * NEIGHBOURS && !widen(pairs))
        return false;
    if (!place(pairs, pair))
        return false;
    pairs->n++;
    return true;
}

void p2a_pairs_free(struct p2a_pairs *pairs)
{
    free(pairs->memory);
    free(pairs->spill);
    *pairs = (struct p2a_pairs){0};
}
