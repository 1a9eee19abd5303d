/* Pieces go round in a ring:
 *
 *     ring:   | taken | ready | begun | begun | cut | cut | free |
 *               taken ^          begun ------------ ^     ^ cut
 *
 * Whoever is free begins the next that was cut; the caller takes them as they are ready. */
#include "base/crew.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>

enum {
    THREADS = 8, /* more would wait for the one that takes */
    AHEAD = 2,   /* pieces in the ring for each of them */
    STACK = 1 << 20,
    LINE = 64 /* of a cache: apart by so much, one thread's writing doesn't delay another */
};

struct place {
    void *piece, *desk;
    bool ready, good;
};

struct p2a_crew {
    const struct p2a_crew_work *work;
    void *owner;
    struct place ring[THREADS * AHEAD];
    size_t room;
    void *desk[THREADS]; /* the caller's is the first */
    pthread_t thread[THREADS];
    size_t threads;  /* that were started */
    cpu_set_t cores; /* that they may go to */
    size_t taken;
    enum p2a_crew_end end; /* so far */
    /* Under the lock: */
    size_t cut, begun, made; /* pieces so far */
    size_t seated;
    bool over;
    pthread_mutex_t lock;
    pthread_cond_t more, ready;
};

/* ---- any thread ---- */

/* Whether there is a piece to be made now. */
static bool can_begin(const struct p2a_crew *crew)
{
    return crew->begun < crew->cut && (!crew->work->in_turn || crew->begun == crew->made);
}

/* Makes the next piece. Called and left with the lock. */
static void make_next(struct p2a_crew *crew, void *desk)
{
    struct place *place = &crew->ring[crew->begun++ % crew->room];
    pthread_mutex_unlock(&crew->lock);
    place->desk = desk;
    bool good = crew->work->make(crew->owner, desk, place->piece);
    pthread_mutex_lock(&crew->lock);
    place->good = good;
    place->ready = true;
    crew->made++;
    pthread_cond_signal(&crew->ready);
}

static void *help(void *argument)
{
    struct p2a_crew *crew = argument;
    sched_setaffinity(0, sizeof crew->cores, &crew->cores);
    pthread_mutex_lock(&crew->lock);
    void *desk = crew->desk[++crew->seated];
    while (!crew->over)
        if (can_begin(crew))
            make_next(crew, desk);
        else
            pthread_cond_wait(&crew->more, &crew->lock);
    pthread_mutex_unlock(&crew->lock);
    return NULL;
}

/* ---- the caller's ---- */

/* Whether the caller makes the next piece. What is made in turn stays with the thread that makes
 * it: it would begin no other one meanwhile. */
static bool makes_next(const struct p2a_crew *crew)
{
    return can_begin(crew) && !(crew->work->in_turn && crew->threads);
}

/* Called and left with the lock. */
static enum p2a_crew_end take_next(struct p2a_crew *crew)
{
    struct place *place = &crew->ring[crew->taken++ % crew->room];
    while (!place->ready)
        if (makes_next(crew))
            make_next(crew, crew->desk[0]);
        else
            pthread_cond_wait(&crew->ready, &crew->lock);
    if (!place->good)
        return P2A_CREW_NO_MEMORY;
    pthread_mutex_unlock(&crew->lock);
    bool more = !crew->work->take || crew->work->take(crew->owner, place->desk, place->piece);
    pthread_mutex_lock(&crew->lock);
    return more ? P2A_CREW_DONE : P2A_CREW_STOPPED;
}

/* Takes until no more than so many are left. */
static void take_down_to(struct p2a_crew *crew, size_t left)
{
    pthread_mutex_lock(&crew->lock);
    while (crew->end == P2A_CREW_DONE && crew->cut - crew->taken > left)
        crew->end = take_next(crew);
    pthread_mutex_unlock(&crew->lock);
}

size_t p2a_cores(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? (size_t)CPU_COUNT(&set) : 1;
}

/* Room for what THREADS of them need; false without memory. */
static bool furnish(struct p2a_crew *crew, size_t threads)
{
    crew->room = threads * AHEAD;
    for (size_t i = 0; i < threads; i++)
        if (!(crew->desk[i] = calloc(1, crew->work->desk_size + LINE)))
            return false;
    for (size_t i = 0; i < crew->room; i++)
        if (!(crew->ring[i].piece = calloc(1, crew->work->piece_size + LINE)))
            return false;
    return true;
}

/* New threads often begin where the caller runs, and wait there for milliseconds before another
 * core takes them. So they begin on another, and may go anywhere from there on. */
static void begin_elsewhere(struct p2a_crew *crew, pthread_attr_t *attributes)
{
    cpu_set_t others;
    int here = sched_getcpu();
    if (sched_getaffinity(0, sizeof crew->cores, &crew->cores) != 0 || here < 0 ||
        here >= CPU_SETSIZE)
        return;
    others = crew->cores;
    CPU_CLR((size_t)here, &others);
    if (CPU_COUNT(&others) > 0)
        pthread_attr_setaffinity_np(attributes, sizeof others, &others);
}

/* Signals stay with the threads of the program. */
static void start_threads(struct p2a_crew *crew, size_t threads)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    if (threads == 1 || pthread_attr_init(&attributes) != 0)
        return;
    pthread_attr_setstacksize(&attributes, STACK);
    begin_elsewhere(crew, &attributes);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (crew->threads + 1 < threads &&
           pthread_create(&crew->thread[crew->threads], &attributes, help, crew) == 0)
        crew->threads++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
}

static void let_go(const struct p2a_crew *crew, void (*release)(const void *owner, void *of),
                   void *of)
{
    if (of && release)
        release(crew->owner, of);
    free(of);
}

static void dismiss(struct p2a_crew *crew)
{
    for (size_t i = 0; i < crew->threads; i++)
        pthread_join(crew->thread[i], NULL);
    for (size_t i = 0; i < THREADS * AHEAD; i++)
        let_go(crew, crew->work->free_piece, crew->ring[i].piece);
    for (size_t i = 0; i < THREADS; i++)
        let_go(crew, crew->work->free_desk, crew->desk[i]);
    pthread_cond_destroy(&crew->ready);
    pthread_cond_destroy(&crew->more);
    pthread_mutex_destroy(&crew->lock);
    free(crew);
}

struct p2a_crew *p2a_crew_begin(const struct p2a_crew_work *work, void *owner, bool alone)
{
    size_t threads = alone ? 1 : p2a_cores(), most = work->in_turn ? 2 : THREADS;
    struct p2a_crew *crew = calloc(1, sizeof *crew);
    if (!crew)
        return NULL;
    if (threads > most)
        threads = most;
    crew->work = work;
    crew->owner = owner;
    pthread_mutex_init(&crew->lock, NULL);
    pthread_cond_init(&crew->more, NULL);
    pthread_cond_init(&crew->ready, NULL);
    if (!furnish(crew, threads)) {
        dismiss(crew);
        return NULL;
    }
    start_threads(crew, threads);
    return crew;
}

void *p2a_crew_piece(struct p2a_crew *crew)
{
    take_down_to(crew, crew->room - 1);
    return crew->end == P2A_CREW_DONE ? crew->ring[crew->cut % crew->room].piece : NULL;
}

void p2a_crew_make(struct p2a_crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    crew->ring[crew->cut++ % crew->room].ready = false;
    pthread_cond_signal(&crew->more);
    pthread_mutex_unlock(&crew->lock);
}

enum p2a_crew_end p2a_crew_end(struct p2a_crew *crew)
{
    take_down_to(crew, 0);
    enum p2a_crew_end end = crew->end;
    pthread_mutex_lock(&crew->lock);
    crew->over = true;
    pthread_cond_broadcast(&crew->more);
    pthread_mutex_unlock(&crew->lock);
    dismiss(crew);
    return end;
}

enum p2a_crew_end p2a_crew_run(const struct p2a_crew_work *work, void *owner, bool alone)
{
    struct p2a_crew *crew = p2a_crew_begin(work, owner, alone);
    void *piece;
    if (!crew)
        return P2A_CREW_NO_MEMORY;
    while ((piece = p2a_crew_piece(crew)) && work->cut(owner, piece))
        p2a_crew_make(crew);
    return p2a_crew_end(crew);
}

/* ---- two things ---- */

struct both {
    bool (*task[2])(void *of);
    void *of;
    size_t cut;
};

static bool cut_task(void *owner, void *piece)
{
    struct both *both = owner;
    *(size_t *)piece = both->cut;
    return both->cut++ < 2;
}

static bool do_task(const void *owner, void *desk, void *piece)
{
    const struct both *both = owner;
    (void)desk;
    return both->task[*(size_t *)piece](both->of);
}

bool p2a_do_both(bool (*one)(void *of), bool (*other)(void *of), void *of, bool alone)
{
    static const struct p2a_crew_work work = {
        .piece_size = sizeof(size_t), .cut = cut_task, .make = do_task};
    struct both both = {.task = {one, other}, .of = of};
    return p2a_crew_run(&work, &both, alone) == P2A_CREW_DONE;
}
