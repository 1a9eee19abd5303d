/* Work in pieces on all cores. A piece is made by itself, on whichever thread is free; what came of
 * it is taken on the caller's, in the order in which pieces were cut. So what comes out doesn't
 * depend on how many threads there are.
 *
 *     cut     | piece | piece | piece | piece | …        the caller
 *     make      desk 1  desk 0  desk 1  …                each thread at a desk of its own
 *     take      ---------------------------->            the caller, who makes, too, if he waits
 *
 * Who has the work before him has it done by p2a_crew_run; whom it comes to bit by bit begins a
 * crew, and fills pieces himself. */
#ifndef P2A_BASE_CREW_H
#define P2A_BASE_CREW_H

#include <stdbool.h>
#include <stddef.h>

struct p2a_crew_work {
    size_t desk_size;  /* of what a thread keeps from piece to piece, zero at first */
    size_t piece_size; /* of a piece, zero at first, used again and again */
    bool in_turn;      /* pieces are made in their order, one at a time: each goes on where that
                          before it ended */
    /* The next piece; false: there is none any more. Of p2a_crew_run alone. */
    bool (*cut)(void *owner, void *piece);
    /* Must not touch what cut and take change. False: no memory. */
    bool (*make)(const void *owner, void *desk, void *piece);
    /* False: nothing more is wanted. NULL: there is nothing to be taken. */
    bool (*take)(void *owner, void *desk, void *piece);
    /* What they have besides themselves; NULL: nothing. */
    void (*free_desk)(const void *owner, void *desk);
    void (*free_piece)(const void *owner, void *piece);
};

enum p2a_crew_end { P2A_CREW_DONE, P2A_CREW_STOPPED, P2A_CREW_NO_MEMORY };

/* On as many threads as there are cores, or on the caller's ALONE. */
enum p2a_crew_end p2a_crew_run(const struct p2a_crew_work *work, void *owner, bool alone);

/* The same while the owner goes on: NULL where there is no memory. */
struct p2a_crew *p2a_crew_begin(const struct p2a_crew_work *work, void *owner, bool alone);
/* A piece that is free to be filled, once those before are taken as far as that needs; NULL where
 * nothing is to be made any more. */
void *p2a_crew_piece(struct p2a_crew *crew);
void p2a_crew_make(struct p2a_crew *crew); /* it is filled */
/* When all are taken that are to be; CREW is gone. */
enum p2a_crew_end p2a_crew_end(struct p2a_crew *crew);

/* Does two things at the same time, or, ALONE, one after the other; neither must touch what the
 * other changes. False: one of them was, or there is no memory. */
bool p2a_do_both(bool (*one)(void *of), bool (*other)(void *of), void *of, bool alone);

size_t p2a_cores(void);

#endif
