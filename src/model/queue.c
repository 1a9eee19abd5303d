#include "model/queue.h"

#include <stdlib.h>

#include "base/arena.h"

static void add_all(struct p2a_queue *q)
{
    struct p2a_way way[P2A_WAYS];
    uint32_t frame = 0, value = 0;
    for (uint32_t i = 0; i < q->n; frame += q->row[i++].frame_n)
        way[i] = (struct p2a_way){q->frame + frame, q->row[i].frame_n, P2A_NONE, q->row[i].thread};
    p2a_paths_ahead(q->p, way, q->n);
    for (uint32_t i = 0; i < q->n; i++) {
        bool added = p2a_path(q->p, P2A_NONE, way[i].thread, way[i].step, way[i].n);
        for (uint32_t end = value + q->row[i].value_n; value < end; value++)
            if (added)
                p2a_context_add(q->p, way[i].step[way[i].n - 1], q->value[value].column,
                                q->value[value].value);
    }
    q->n = q->frame_n = q->value_n = 0;
}

static bool no_memory(struct p2a_queue *q)
{
    p2a_fail(q->p, P2A_SYSTEM, "out of memory");
    return false;
}

bool p2a_queue_frame(struct p2a_queue *q, p2a_id function)
{
    if (!q->open && q->n == P2A_WAYS)
        add_all(q);
    if (!p2a_grow(&q->frame, &q->frame_room, (uint64_t)q->frame_n + 1, sizeof *q->frame))
        return no_memory(q);
    q->frame[q->frame_n++] = function;
    q->open++;
    return true;
}

void p2a_queue_turn(struct p2a_queue *q)
{
    if (!q->open)
        return;
    p2a_id *first = q->frame + q->frame_n - q->open, *last = q->frame + q->frame_n - 1;
    for (; first < last; first++, last--) {
        p2a_id frame = *first;
        *first = *last;
        *last = frame;
    }
}

void p2a_queue_drop(struct p2a_queue *q)
{
    q->frame_n -= q->open;
    q->open = 0;
}

void p2a_queue_close(struct p2a_queue *q, p2a_id thread)
{
    q->row[q->n++] = (struct p2a_queued){.thread = thread, .frame_n = q->open};
    q->open = 0;
}

bool p2a_queue_value(struct p2a_queue *q, uint32_t column, double value)
{
    if (!p2a_grow(&q->value, &q->value_room, (uint64_t)q->value_n + 1, sizeof *q->value))
        return no_memory(q);
    q->value[q->value_n++] = (struct p2a_queued_value){column, value};
    q->row[q->n - 1].value_n++;
    return true;
}

void p2a_queue_end(struct p2a_queue *q)
{
    struct p2a_error ended = q->p->core->error;
    if (ended.status != P2A_OK)
        p2a_take_error(q->p, NULL);
    add_all(q);
    if (ended.status != P2A_OK)
        q->p->core->error = ended;
    free(q->frame);
    free(q->value);
}
