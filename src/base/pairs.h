/* A map from pairs of ids to an id: the steps of a tree (parent, function), the arcs of a graph
 * (caller, callee). It is what reading spends its time in, so it is made for few cache misses.
 *
 *   line:   | near far id | near far id | near far id | near far id | near far id | n |  64 bytes
 *   spill:  | - | near far id | near far id | - | …     open addressing by the hash of the pair
 *
 * A pair's home is the line of its NEAR id, four neighbours to a line: what is added together is
 * found together. What a full line has no room for goes to the spill, where pairs stand by the
 * first bits of their hash, so that they are moved to a larger one in their order. Nothing is ever
 * taken out, so a line with room says that the pair isn't there. */
#ifndef P2A_BASE_PAIRS_H
#define P2A_BASE_PAIRS_H

#include <stdbool.h>
#include <stdint.h>

#define P2A_PAIR_NONE UINT32_MAX
/* NEAR ids from here on are few: there are lines for those below. */
#define P2A_PAIR_FEW (UINT32_C(1) << 31)

struct p2a_pair {
    uint32_t near, far, id;
};

/* Zero is an empty map. */
struct p2a_pairs {
    struct p2a_pair_line {
        struct p2a_pair pair[5];
        uint32_t n;
    } * line;
    void *memory;           /* that the lines are aligned in */
    struct p2a_pair *spill; /* with ~id, so that 0 is free */
    uint32_t lines, room;   /* of line and spill: powers of two, or 0 */
    uint32_t n, spilled;    /* pairs in all, and of these in the spill */
    uint32_t farthest;      /* the largest NEAR, but for those that are few */
};

uint32_t p2a_pairs_find(const struct p2a_pairs *pairs, uint32_t near, uint32_t far);
/* Asks for the memory in which the pair is going to be looked for, where there is much of that. */
void p2a_pairs_ahead(const struct p2a_pairs *pairs, uint32_t near, uint32_t far);
/* Adds a pair that isn't there yet. False: no memory. */
bool p2a_pairs_add(struct p2a_pairs *pairs, struct p2a_pair pair);
void p2a_pairs_free(struct p2a_pairs *pairs);

#endif
