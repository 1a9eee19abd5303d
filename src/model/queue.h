/* Stacks that are added a few at a time. Where contexts are many, each look-up is a wait for
 * memory, and sixteen wait no longer than one (see p2a_paths_ahead). */
#ifndef P2A_MODEL_QUEUE_H
#define P2A_MODEL_QUEUE_H

#include "model/core.h"

/* Zero but for P is an empty one. */
struct p2a_queue {
    struct p2a_profile *p; /* which fails where there is no memory */
    struct p2a_queued {
        p2a_id thread;
        uint32_t frame_n, value_n;
    } row[P2A_WAYS];
    p2a_id *frame; /* of one stack after the other, root first, and of the open one */
    struct p2a_queued_value {
        uint32_t column;
        double value;
    } * value;
    uint32_t n, open, frame_n, frame_room, value_n, value_room;
};

/* The next frame of the open stack. Q->open is how many it has. */
bool p2a_queue_frame(struct p2a_queue *q, p2a_id function);
/* Its last frame was the root. */
void p2a_queue_turn(struct p2a_queue *q);
/* Its frames are forgotten. */
void p2a_queue_drop(struct p2a_queue *q);
/* The open stack, with one frame at least, is whole. */
void p2a_queue_close(struct p2a_queue *q, p2a_id thread);
/* What the last whole stack has itself. */
bool p2a_queue_value(struct p2a_queue *q, uint32_t column, double value);
/* Adds all that are whole, whatever ended the reading, and lets the memory go. */
void p2a_queue_end(struct p2a_queue *q);

#endif
