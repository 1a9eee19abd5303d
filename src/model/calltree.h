/* A call tree as files have it: nodes by numbers of their own, in any order, children perhaps
 * before their parents; and samples that name nodes. It becomes contexts when all has been read.
 *
 *     file:   5 -> 2, 2 -> 9, node 9 = f          row:  | 5 | 2: parent 0 | 9: parent 1, f |
 */
#ifndef P2A_MODEL_CALLTREE_H
#define P2A_MODEL_CALLTREE_H

#include "base/index.h"
#include "prof2any/format.h"

struct p2a_calltree_node {
    uint64_t id;
    uint32_t parent; /* row; P2A_NONE: a root */
    p2a_id function; /* P2A_NONE: never described */
    p2a_id context;  /* once filled in; P2A_NONE: no frame */
    double value;
};

/* Zero is an empty tree. After a call that had no memory, `failed` is set and rows are P2A_NONE. */
struct p2a_calltree {
    struct p2a_calltree_node *node;
    uint32_t n, room;
    struct p2a_index row_of;
    struct p2a_calltree_sample {
        uint32_t row, order;
        double time;
    } * sample;
    uint32_t sample_n, sample_room;
    uint32_t unordered; /* samples that stand before an earlier one */
    uint32_t looped;    /* nodes cut off because they are their own callers */
    bool failed;
};

uint32_t p2a_calltree_add(struct p2a_calltree *t); /* a node without number */
void p2a_calltree_number(struct p2a_calltree *t, uint32_t row, uint64_t id);
uint32_t p2a_calltree_row(struct p2a_calltree *t, uint64_t id);        /* finds or adds */
uint32_t p2a_calltree_find(const struct p2a_calltree *t, uint64_t id); /* P2A_NONE: not there */

/* From TIME on the node ROW is what runs. P2A_NONE: nothing does. */
void p2a_calltree_sample(struct p2a_calltree *t, uint32_t row, double time);
/* Adds to every node the times for which it ran: until the next sample, in the order of their
 * times, the last one until END where that is later. */
void p2a_calltree_pass(struct p2a_calltree *t, double end);

/* Makes contexts of the nodes and adds their values in COLUMN. A root "(root)" and a node that was
 * never described are no frames of their children; values of their own get one. False: no memory.
 */
bool p2a_calltree_fill(struct p2a_calltree *t, struct p2a_profile *p, p2a_id thread,
                       uint32_t column);
void p2a_calltree_free(struct p2a_calltree *t);

#endif
