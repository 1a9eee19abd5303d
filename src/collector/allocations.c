/* Counts allocations: stands in for the interpreter's allocators, in front of whatever is there.
 *
 *     what asks ──> [one of DOMAINS stands-ins] ──> the allocator that was there ──> RAW's stand-in
 *                     counts, unless inside                    (larger blocks, arenas) inside:
 * passes on
 *
 * malloc, calloc and realloc count as one allocation of the size that was asked for. A stand-in
 * knows whom to charge where the caller has the interpreter's lock, as those of MEM and OBJ must;
 * others, of RAW, are not counted, nor is what the recorder itself asks for. */
#include "collector/profiler.h"

#include <stdlib.h>

enum { DOMAINS = 3 };
static const PyMemAllocatorDomain domains[DOMAINS] = {PYMEM_DOMAIN_RAW, PYMEM_DOMAIN_MEM,
                                                      PYMEM_DOMAIN_OBJ};

/* It is given up, not freed, where another stand-in has come in front of it meanwhile: that one
 * leads here for ever. */
struct p2a_allocators {
    struct p2a_profiler *profiler; /* NULL: given up */
    bool inside;
    struct stand_in {
        struct p2a_allocators *all;
        bool raw;
        PyMemAllocatorEx behind;
    } domain[DOMAINS];
};

/* ---- counting -------------------------------------------------------------------------------- */

#if PY_VERSION_HEX >= 0x030D0000
#define THREAD_STATE() PyThreadState_GetUnchecked()
#else
#define THREAD_STATE() _PyThreadState_UncheckedGet()
#endif

/* The state of the calling thread if it has the lock, else NULL. */
static PyThreadState *own_state(bool raw)
{
    PyThreadState *state = THREAD_STATE();
#if !P2A_MONITORING
    /* Whoever has the lock is at THREAD_STATE; that may be another thread. */
    if (raw && state != PyGILState_GetThisThreadState())
        return NULL;
#else
    (void)raw;
#endif
    return state;
}

/* Begins an allocation: true where it is counted, and then whatever it asks for itself isn't. */
static bool begin(const struct stand_in *s, size_t size)
{
    struct p2a_allocators *all = s->all;
    PyThreadState *state = all->profiler ? own_state(s->raw) : NULL;
    if (!state || all->inside || all->profiler->describing)
        return false;
    struct p2a_rec_thread *t = p2a_events_thread(all->profiler, state);
    if (t)
        p2a_count(t, size);
    all->inside = true;
    return true;
}

static void end(const struct stand_in *s, bool began)
{
    if (began)
        s->all->inside = false;
}

static void *count_malloc(void *context, size_t size)
{
    const struct stand_in *s = context;
    bool counted = begin(s, size);
    void *memory = s->behind.malloc(s->behind.ctx, size);
    end(s, counted);
    return memory;
}

static void *count_calloc(void *context, size_t n, size_t size)
{
    const struct stand_in *s = context;
    bool counted = begin(s, n * size);
    void *memory = s->behind.calloc(s->behind.ctx, n, size);
    end(s, counted);
    return memory;
}

static void *count_realloc(void *context, void *memory, size_t size)
{
    const struct stand_in *s = context;
    bool counted = begin(s, size);
    memory = s->behind.realloc(s->behind.ctx, memory, size);
    end(s, counted);
    return memory;
}

static void pass_free(void *context, void *memory)
{
    const struct stand_in *s = context;
    s->behind.free(s->behind.ctx, memory);
}

/* ---- standing in ----------------------------------------------------------------------------- */

bool p2a_allocations_on(struct p2a_profiler *p)
{
    struct p2a_allocators *all = calloc(1, sizeof *all);
    if (!all) {
        PyErr_NoMemory();
        return false;
    }
    all->profiler = p;
    p->allocators = all;
    for (int i = 0; i < DOMAINS; i++) {
        struct stand_in *s = &all->domain[i];
        PyMemAllocatorEx in_front = {s, count_malloc, count_calloc, count_realloc, pass_free};
        s->all = all;
        s->raw = domains[i] == PYMEM_DOMAIN_RAW;
        PyMem_GetAllocator(domains[i], &s->behind);
        PyMem_SetAllocator(domains[i], &in_front);
    }
    return true;
}

void p2a_allocations_off(struct p2a_profiler *p)
{
    struct p2a_allocators *all = p->allocators;
    bool removed = true;
    if (!all)
        return;
    p->allocators = NULL;
    all->profiler = NULL;
    for (int i = 0; i < DOMAINS; i++) {
        PyMemAllocatorEx now;
        PyMem_GetAllocator(domains[i], &now);
        if (now.ctx == &all->domain[i])
            PyMem_SetAllocator(domains[i], &all->domain[i].behind);
        else
            removed = false;
    }
    if (removed)
        free(all);
}
