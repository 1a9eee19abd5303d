/* Pieces go round in a ring:
 *
 *     ring:   | taken | ready | begun | begun | cut | cut | free |
 *               taken ^          begun ------------ ^     ^ cut
 *
 * Whoever is free begins the next that was cut; the caller takes them as they are ready. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>

#include "io/source.h"

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
enum { PIECE = 1 << 8 }; /* so that small inputs have borders */
#else
enum { PIECE = 1 << 20 };
#endif
enum {
    ENOUGH = 8 << 20, /* less isn't worth a thread */
    THREADS = 8,      /* more would wait for the one that takes */
    AHEAD = 2,        /* pieces in the ring for each of them */
    STACK = 1 << 20
};

struct piece {
    struct p2a_str lines;
    void *desk, *parsed;
    bool ready, good;
};

struct crew {
    const struct p2a_pieces *work;
    const void *reader;
    struct piece ring[THREADS * AHEAD];
    size_t room;
    void *desk[THREADS]; /* the caller's is the first */
    pthread_t thread[THREADS];
    size_t threads; /* that were started */
    /* Under the lock: */
    size_t cut, begun; /* pieces so far */
    size_t seated;
    bool over;
    pthread_mutex_t lock;
    pthread_cond_t more, ready;
};

/* ---- any thread ---- */

/* Parses the next piece. Called and left with the lock. */
static void parse_next(struct crew *crew, void *desk)
{
    struct piece *piece = &crew->ring[crew->begun++ % crew->room];
    pthread_mutex_unlock(&crew->lock);
    piece->desk = desk;
    bool good = crew->work->parse(crew->reader, desk, piece->lines, piece->parsed);
    pthread_mutex_lock(&crew->lock);
    piece->good = good;
    piece->ready = true;
    pthread_cond_signal(&crew->ready);
}

static void *help(void *argument)
{
    struct crew *crew = argument;
    pthread_mutex_lock(&crew->lock);
    void *desk = crew->desk[++crew->seated];
    while (!crew->over)
        if (crew->begun < crew->cut)
            parse_next(crew, desk);
        else
            pthread_cond_wait(&crew->more, &crew->lock);
    pthread_mutex_unlock(&crew->lock);
    return NULL;
}

/* ---- the caller's ---- */

/* Fills the ring from what is left of the input. */
static void cut_pieces(struct crew *crew, size_t taken, struct p2a_str *left)
{
    size_t n;
    while (crew->cut - taken < crew->room && (n = p2a_whole_lines(*left, PIECE)) > 0) {
        struct piece *piece = &crew->ring[crew->cut++ % crew->room];
        piece->lines = (struct p2a_str){left->at, n};
        piece->ready = false;
        *left = (struct p2a_str){left->at + n, left->n - n};
        pthread_cond_signal(&crew->more);
    }
}

/* False where there is no piece any more, or none is wanted. */
static bool take_next(struct crew *crew, struct p2a_in *in, void *reader, size_t taken)
{
    struct piece *piece = &crew->ring[taken % crew->room];
    while (taken < crew->cut && !piece->ready)
        if (crew->begun < crew->cut)
            parse_next(crew, crew->desk[0]);
        else
            pthread_cond_wait(&crew->ready, &crew->lock);
    if (taken == crew->cut)
        return false;
    pthread_mutex_unlock(&crew->lock);
    bool good = piece->good && crew->work->take(reader, piece->desk, piece->parsed);
    if (!piece->good)
        p2a_in_no_memory(in);
    p2a_consume(in, piece->lines.n);
    pthread_mutex_lock(&crew->lock);
    return good;
}

static bool read_together(struct crew *crew, struct p2a_in *in, void *reader)
{
    struct p2a_str left = p2a_in_memory(in);
    size_t taken = 0;
    pthread_mutex_lock(&crew->lock);
    cut_pieces(crew, taken, &left);
    while (take_next(crew, in, reader, taken))
        cut_pieces(crew, ++taken, &left);
    bool all = taken == crew->cut;
    crew->over = true;
    pthread_cond_broadcast(&crew->more);
    pthread_mutex_unlock(&crew->lock);
    return all;
}

static size_t cores(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? (size_t)CPU_COUNT(&set) : 1;
}

/* Room for what THREADS of them need; false without memory. */
static bool furnish(struct crew *crew, size_t threads)
{
    crew->room = threads * AHEAD;
    for (size_t i = 0; i < threads; i++)
        if (!(crew->desk[i] = calloc(1, crew->work->desk_size)))
            return false;
    for (size_t i = 0; i < crew->room; i++)
        if (!(crew->ring[i].parsed = calloc(1, crew->work->piece_size)))
            return false;
    return true;
}

/* Signals stay with the threads of the program. */
static void start_threads(struct crew *crew, size_t threads)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    if (pthread_attr_init(&attributes) != 0)
        return;
    pthread_attr_setstacksize(&attributes, STACK);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (crew->threads + 1 < threads &&
           pthread_create(&crew->thread[crew->threads], &attributes, help, crew) == 0)
        crew->threads++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
}

static void dismiss(struct crew *crew)
{
    for (size_t i = 0; i < crew->threads; i++)
        pthread_join(crew->thread[i], NULL);
    for (size_t i = 0; i < THREADS * AHEAD; i++)
        if (crew->ring[i].parsed) {
            crew->work->free_piece(crew->ring[i].parsed);
            free(crew->ring[i].parsed);
        }
    for (size_t i = 0; i < THREADS; i++)
        if (crew->desk[i]) {
            crew->work->free_desk(crew->desk[i]);
            free(crew->desk[i]);
        }
    pthread_cond_destroy(&crew->ready);
    pthread_cond_destroy(&crew->more);
    pthread_mutex_destroy(&crew->lock);
    free(crew);
}

/* Reads what is in memory up to its last whole line; false: nothing more is wanted. */
static bool read_at_once(struct p2a_in *in, const struct p2a_pieces *work, void *reader)
{
    size_t threads = p2a_in_memory(in).n < ENOUGH ? 1 : cores();
    struct crew *crew = threads > 1 ? calloc(1, sizeof *crew) : NULL;
    bool all = true;
    if (!crew)
        return true;
    if (threads > THREADS)
        threads = THREADS;
    crew->work = work;
    crew->reader = reader;
    pthread_mutex_init(&crew->lock, NULL);
    pthread_cond_init(&crew->more, NULL);
    pthread_cond_init(&crew->ready, NULL);
    if (furnish(crew, threads)) {
        start_threads(crew, threads);
        all = read_together(crew, in, reader);
    }
    dismiss(crew);
    return all;
}

/* ---- one thread ---- */

static void read_alone(struct p2a_in *in, const struct p2a_pieces *work, void *reader)
{
    void *desk = calloc(1, work->desk_size), *piece = calloc(1, work->piece_size);
    bool enough = desk && piece;
    struct p2a_str lines;
    while (enough && p2a_lines_ahead(in, PIECE, &lines)) {
        enough = work->parse(reader, desk, lines, piece);
        if (!enough || !work->take(reader, desk, piece))
            break;
        p2a_consume(in, lines.n);
    }
    if (!enough)
        p2a_in_no_memory(in);
    if (piece)
        work->free_piece(piece);
    if (desk)
        work->free_desk(desk);
    free(piece);
    free(desk);
}

void p2a_read_pieces(struct p2a_in *in, const struct p2a_pieces *work, void *reader)
{
    if (read_at_once(in, work, reader))
        read_alone(in, work, reader);
}
