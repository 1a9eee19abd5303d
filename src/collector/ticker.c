/* The ticker of P2A_REC_MODE_SAMPLED: a thread that wakes up every so often and gives the node at
 * which each thread stands what has passed since the last time. It is the only one that adds time,
 * the recorded threads only say where they stand. */
#include <errno.h>
#include <signal.h>

#include "collector/inside.h"

static void charge(struct p2a_track *k)
{
    struct p2a_rec_thread *t = k->thread;
    if (__atomic_load_n(&t->state, __ATOMIC_ACQUIRE) != P2A_REC_ALIVE)
        return;
    uint64_t now = p2a_thread_ticks(k);
    if ((int64_t)(now - t->last) <= 0)
        return;
    struct p2a_rec_node *n = p2a_current(t);
    __atomic_store_n(&n->self, n->self + (now - t->last), __ATOMIC_RELAXED);
    t->last = now;
}

static void charge_all(struct p2a_recorder *r)
{
    struct p2a_track *k = __atomic_load_n(&r->newest, __ATOMIC_ACQUIRE);
    for (; k; k = k->older)
        charge(k);
}

static void *tick(void *recorder)
{
    struct p2a_recorder *r = recorder;
    uint64_t next = p2a_clock_ns(CLOCK_MONOTONIC);
    pthread_mutex_lock(&r->ticker.lock);
    while (!r->ticker.stop) {
        uint64_t now = p2a_clock_ns(CLOCK_MONOTONIC);
        next = next + r->period_us * UINT64_C(1000);
        if (next < now)
            next = now + r->period_us * UINT64_C(1000);
        struct timespec at = {(time_t)(next / 1000000000), (long)(next % 1000000000)};
        if (pthread_cond_timedwait(&r->ticker.wake, &r->ticker.lock, &at) == ETIMEDOUT)
            charge_all(r);
    }
    pthread_mutex_unlock(&r->ticker.lock);
    return NULL;
}

/* The program's signals are not for this thread. */
static int start_thread(struct p2a_recorder *r)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&r->ticker.thread, NULL, tick, r);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

bool p2a_ticker_start(struct p2a_recorder *r)
{
    pthread_condattr_t monotonic;
    r->ticker.stop = false;
    pthread_mutex_init(&r->ticker.lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&r->ticker.wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    errno = start_thread(r);
    r->ticker.runs = errno == 0;
    return r->ticker.runs;
}

void p2a_ticker_stop(struct p2a_recorder *r)
{
    if (!r->ticker.runs)
        return;
    r->ticker.runs = false;
    pthread_mutex_lock(&r->ticker.lock);
    r->ticker.stop = true;
    pthread_cond_signal(&r->ticker.wake);
    pthread_mutex_unlock(&r->ticker.lock);
    pthread_join(r->ticker.thread, NULL);
    pthread_cond_destroy(&r->ticker.wake);
    pthread_mutex_destroy(&r->ticker.lock);
    charge_all(r);
}
