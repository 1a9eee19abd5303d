/* hot.h - what happens at every event, and nothing else. All of it is a few loads and stores on two
 * cache lines: the thread's record and the current node; on a call, the child's node as well.
 *
 *     thread.at ──> node ── down ──> child entered last ── ring ──> the one entered after it ...
 *
 * A program that goes round a loop calls the same functions in the same order: after the child
 * entered last comes, most often, that child again or the next one in the ring.
 *
 * A thread's record and the nodes of its tree are written by that thread alone; with
 * P2A_REC_MODE_SAMPLED, self is the ticker's. Everything that isn't here is in recorder.c. */
#ifndef P2A_COLLECTOR_HOT_H
#define P2A_COLLECTOR_HOT_H

#include <stddef.h>

#include "collector/clock.h"
#include "collector/recording.h"

#define P2A_LIKELY(x)   __builtin_expect(!!(x), 1)
#define P2A_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define P2A_HOT         static inline __attribute__((always_inline))

/* node.flags: leaving such a node is more than going up. */
enum { P2A_NODE_ROOT = 1, P2A_NODE_FOLDED = 2, P2A_NODE_STARTS_THREADS = 4 };

/* recorder.c: entering where no node is at hand, and leaving a node with flags. WHAT is handed to
 * the owner's describe(). */
void p2a_enter_slowly(struct p2a_rec_thread *t, uint64_t key, const void *what);
void p2a_leave_slowly(struct p2a_rec_thread *t);
uint64_t p2a_ticks(struct p2a_rec_thread *t); /* of the clock that the recording has */

P2A_HOT struct p2a_rec_node *p2a_current(struct p2a_rec_thread *t)
{
    int64_t at = __atomic_load_n(&t->at, __ATOMIC_RELAXED);
    return (struct p2a_rec_node *)(void *)((char *)t + at);
}

P2A_HOT void p2a_move(struct p2a_rec_thread *t, const struct p2a_rec_node *to)
{
    __atomic_store_n(&t->at, (const char *)to - (const char *)t, __ATOMIC_RELAXED);
}

/* The three ways to take time, one of which every recording has; each is compiled into the
 * callbacks of its own. They give the current node what passed since the last event. */
typedef void p2a_charge(struct p2a_rec_thread *t, struct p2a_rec_node *current);

P2A_HOT void p2a_charge_until(struct p2a_rec_thread *t, struct p2a_rec_node *current, uint64_t now)
{
    current->self += now - t->last;
    t->last = now;
}

P2A_HOT void p2a_charge_counter(struct p2a_rec_thread *t, struct p2a_rec_node *current)
{
    p2a_charge_until(t, current, p2a_counter());
}

P2A_HOT void p2a_charge_clock(struct p2a_rec_thread *t, struct p2a_rec_node *current)
{
    p2a_charge_until(t, current, p2a_ticks(t));
}

P2A_HOT void p2a_charge_nothing(struct p2a_rec_thread *t, struct p2a_rec_node *current)
{
    (void)t;
    (void)current;
}

/* The child with KEY where it stands at hand, else NULL. */
P2A_HOT struct p2a_rec_node *p2a_near_child(struct p2a_rec_node *n, uint64_t key)
{
    enum { REACH = 3 };
    if (P2A_UNLIKELY(!n->down))
        return NULL;
    struct p2a_rec_node *c = n + n->down;
    for (int i = 0; c->key != key; i++, c += c->ring)
        if (i == REACH)
            return NULL;
    return c;
}

P2A_HOT void p2a_enter(struct p2a_rec_thread *t, uint64_t key, const void *what, p2a_charge *charge)
{
    struct p2a_rec_node *n = p2a_current(t);
    charge(t, n);
    struct p2a_rec_node *c = p2a_near_child(n, key);
    if (P2A_UNLIKELY(!c)) {
        p2a_enter_slowly(t, key, what);
        return;
    }
    c->calls++;
    n->down = (uint32_t)(c - n);
    p2a_move(t, c);
}

P2A_HOT void p2a_leave(struct p2a_rec_thread *t, p2a_charge *charge)
{
    struct p2a_rec_node *n = p2a_current(t);
    charge(t, n);
    if (P2A_UNLIKELY(n->flags)) {
        p2a_leave_slowly(t);
        return;
    }
    p2a_move(t, n - n->up);
}

/* An allocation of the calling thread, which T is the record of. */
P2A_HOT void p2a_count(struct p2a_rec_thread *t, uint64_t bytes)
{
    struct p2a_rec_node *n = p2a_current(t);
    n->allocations++;
    n->bytes += bytes;
}

#endif
