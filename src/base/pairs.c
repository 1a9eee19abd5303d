#include "base/pairs.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/fetch.h"
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

static bool is_free(const struct p2a_pair *slot)
{
    return slot->id == 0;
}

static uint32_t home_in_spill(const struct p2a_pairs *pairs, uint32_t near, uint32_t far)
{
    return (uint32_t)((uint64_t)hash_of(near, far) * pairs->room >> 32);
}

/* The slot of the pair, or the free one where it would be. */
static struct p2a_pair *spill_of(const struct p2a_pairs *pairs, uint32_t near, uint32_t far)
{
    uint32_t i = home_in_spill(pairs, near, far);
    while (!is_free(&pairs->spill[i]) &&
           (pairs->spill[i].near != near || pairs->spill[i].far != far))
        i = (i + 1) & (pairs->room - 1);
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
    return ~spill_of(pairs, near, far)->id;
}

void p2a_pairs_ahead(const struct p2a_pairs *pairs, uint32_t near, uint32_t far)
{
    enum { MUCH = 1 << 15 }; /* pairs */
    if (pairs->n < MUCH)
        return;
    p2a_fetch(home_of(pairs, near));
    if (pairs->room)
        p2a_fetch(&pairs->spill[home_in_spill(pairs, near, far)]);
}

static void put_in_spill(struct p2a_pairs *pairs, struct p2a_pair pair)
{
    struct p2a_pair *slot = spill_of(pairs, pair.near, pair.far);
    *slot = pair;
    slot->id = ~pair.id;
    pairs->spilled++;
}

static bool put_at_home(struct p2a_pairs *pairs, struct p2a_pair pair)
{
    struct p2a_pair_line *line = home_of(pairs, pair.near);
    if (line->n == ROOM)
        return false;
    line->pair[line->n++] = pair;
    return true;
}

/* Pairs that have room at home by now go there. False: no memory. */
static bool make_spill(struct p2a_pairs *pairs, uint32_t room)
{
    struct p2a_pair *old = pairs->spill, *spill = p2a_zeroed(room, sizeof *spill);
    uint32_t n = pairs->room;
    if (!spill)
        return false;
    pairs->spill = spill;
    pairs->room = room;
    pairs->spilled = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct p2a_pair pair = {old[i].near, old[i].far, ~old[i].id};
        if (!is_free(&old[i]) && !put_at_home(pairs, pair))
            put_in_spill(pairs, pair);
    }
    free(old);
    return true;
}

/* Twice the lines. False: no memory. */
static bool widen(struct p2a_pairs *pairs)
{
    struct p2a_pairs wide = *pairs;
    wide.lines = pairs->lines ? pairs->lines * 2 : 8;
    wide.memory = p2a_zeroed((size_t)wide.lines + 1, LINE);
    if (!wide.memory)
        return false;
    wide.line = (void *)((char *)wide.memory + (LINE - (uintptr_t)wide.memory % LINE));
    for (uint32_t i = 0; i < pairs->lines; i++)
        for (uint32_t j = 0; j < pairs->line[i].n; j++)
            put_at_home(&wide, pairs->line[i].pair[j]);
    if (wide.room && !make_spill(&wide, wide.room)) {
        free(wide.memory);
        return false;
    }
    free(pairs->memory);
    *pairs = wide;
    return true;
}

/* Whether more lines would be used: there are no more homes than there are ids. */
static bool is_narrow(const struct p2a_pairs *pairs, uint32_t near)
{
    return !pairs->lines ||
           (pairs->n >= (uint64_t)pairs->lines * NEIGHBOURS && near / NEIGHBOURS >= pairs->lines);
}

bool p2a_pairs_add(struct p2a_pairs *pairs, struct p2a_pair pair)
{
    if (pair.near > pairs->farthest && pair.near < P2A_PAIR_FEW)
        pairs->farthest = pair.near;
    if (is_narrow(pairs, pairs->farthest) && !widen(pairs))
        return false;
    if (!put_at_home(pairs, pair)) {
        uint32_t room = pairs->room ? pairs->room * 2 : 16;
        if (pairs->spilled >= pairs->room / 3 * 2 && !make_spill(pairs, room))
            return false;
        put_in_spill(pairs, pair);
    }
    pairs->n++;
    return true;
}

void p2a_pairs_free(struct p2a_pairs *pairs)
{
    free(pairs->memory);
    free(pairs->spill);
    *pairs = (struct p2a_pairs){0};
}
