/* seat.h - stacks out of what the arcs of a call graph offer. */
#ifndef P2A_MODEL_SEAT_H
#define P2A_MODEL_SEAT_H

#include "model/supply.h"

/* A context of the estimate: the callee of its row, called on the path of its parents. */
struct p2a_seat {
    p2a_id parent;   /* lower than its own number; P2A_NONE: a root */
    p2a_id row;      /* of the supply */
    p2a_id function; /* its callee */
    uint32_t depth;  /* 1: a root */
    double mass;     /* of it and what is below it */
    double leaf;     /* self */
    double hidden;   /* in children too small to be contexts of their own */
};

struct p2a_seats {
    uint32_t n, room;
    struct p2a_seat *row;
    uint32_t *walk; /* their numbers as a walk down the tree comes by */
    double hidden;  /* in roots too small to be contexts */
    bool cut;       /* there would have been more contexts than anybody can use */
};

/* Places whole calls, the largest first. Contexts below the share VISIBLE of the whole are hidden.
 * Uses up nothing of S. False: no memory. */
bool p2a_seats_build(const struct p2a_supply *s, double visible, struct p2a_seats *seats);
void p2a_seats_free(struct p2a_seats *seats);

static inline p2a_id p2a_row_callee(const struct p2a_supply *s, p2a_id row)
{
    return row < s->arc_n ? s->p->graph.arc[row].callee : row - s->arc_n;
}

#endif
