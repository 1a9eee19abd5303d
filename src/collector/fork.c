/* A forked child inherits the mapping of its parent's file, and must not write there. What it may
 * do between fork() and a recording of its own is nothing, so the child gets zeros in place of the
 * file at once, where whatever thread it has stands at a root. It is behind the header, which may
 * still be written to:
 *
 *     parent    | header | s    | thread | s | nodes ...        the file, shared
 *     child     | 0   0  | root | thread | 0   0  0             the same addresses, its own memory
 *
 * Before that the parent notes the path that is open, for the child to stand on in its recording.
 *
 * pthread_atfork hands over no argument; so there is a static list of recorders. */
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "collector/inside.h"

static struct p2a_recorder *recorders;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct p2a_track *own_track(const struct p2a_recorder *r)
{
    uint64_t tid = (uint64_t)syscall(SYS_gettid);
    for (struct p2a_track *k = r->newest; k; k = k->older)
        if (k->thread->tid == tid && k->thread->state == P2A_REC_ALIVE)
            return k;
    return NULL;
}

static bool note(struct p2a_parted *p, uint32_t function)
{
    if (p->n == p->room) {
        uint32_t more = p->room ? p->room * 2 : 256;
        uint32_t *wide = realloc(p->function, more * sizeof *wide);
        if (!wide)
            return false;
        p->function = wide;
        p->room = more;
    }
    p->function[p->n++] = function;
    return true;
}

/* Of the calling thread, the top first, the root left out. Without memory, none of it. */
static void note_path(struct p2a_recorder *r)
{
    struct p2a_parted *p = &r->parted;
    struct p2a_track *k = own_track(r);
    p->n = 0;
    if (!k)
        return;
    const struct p2a_rec_node *n = p2a_current(k->thread);
    bool enough = true;
    if (n->flags & P2A_NODE_FOLDED) {
        for (uint32_t i = p2a_fold_depth(k); enough && i-- > 0;)
            enough = note(p, p2a_fold_step(k, i));
        n -= n->up;
    }
    for (; enough && n->up; n -= n->up)
        enough = note(p, n->function);
    if (!enough)
        p->n = 0;
}

static void before_fork(void)
{
    pthread_mutex_lock(&lock);
    for (struct p2a_recorder *r = recorders; r; r = r->next)
        note_path(r);
}

static void after_in_parent(void)
{
    pthread_mutex_unlock(&lock);
}

static void part(struct p2a_recorder *r)
{
    r->ticker.runs = false; /* no other thread came along */
    if (r->map.fd < 0 || !p2a_mapping_blank(&r->map))
        return;
    r->dead = true;
    struct p2a_rec_node *root = (struct p2a_rec_node *)(void *)r->map.base + P2A_REC_FIRST;
    root->flags = P2A_NODE_ROOT;
    for (struct p2a_track *k = r->newest; k; k = k->older) {
        p2a_set_track(k->thread, k);
        k->thread->root = (char *)root - (char *)k->thread;
        p2a_move(k->thread, root);
    }
}

static void after_in_child(void)
{
    for (struct p2a_recorder *r = recorders; r; r = r->next)
        part(r);
    pthread_mutex_unlock(&lock);
}

static int handlers_error;

static void add_handlers(void)
{
    handlers_error = pthread_atfork(before_fork, after_in_parent, after_in_child);
}

int p2a_fork_watch(struct p2a_recorder *r)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, add_handlers);
    if (handlers_error)
        return handlers_error;
    pthread_mutex_lock(&lock);
    r->next = recorders;
    recorders = r;
    pthread_mutex_unlock(&lock);
    return 0;
}

void p2a_fork_forget(struct p2a_recorder *r)
{
    pthread_mutex_lock(&lock);
    struct p2a_recorder **at = &recorders;
    while (*at && *at != r)
        at = &(*at)->next;
    if (*at)
        *at = r->next;
    pthread_mutex_unlock(&lock);
    free(r->parted.function);
    r->parted = (struct p2a_parted){0};
}

/* The path that FROM's thread had open, made anew with no calls; the thread then stands at its end.
 * False: it ends where the new recording ended. */
static bool walk_again(const struct p2a_recorder *from, struct p2a_recorder *r,
                       struct p2a_rec_thread *t)
{
    struct p2a_track *k = p2a_track_of(t);
    for (uint32_t i = from->parted.n; i-- > 0;) {
        const struct p2a_known *f = &from->known[from->parted.function[i] - 1];
        uint32_t function = p2a_known_function(r, f->key);
        if (!function && r->asks->repeat(r->owner, r, f->key, f->object))
            function = p2a_known_function(r, f->key);
        struct p2a_rec_node *n =
            function ? p2a_new_node(k, p2a_current(t), function, f->key, f->flags) : NULL;
        if (!n)
            return false;
        p2a_move(t, n);
    }
    return true;
}

struct p2a_recorder *p2a_recorder_reopen(struct p2a_recorder *from,
                                         const struct p2a_recorder_options *options,
                                         struct p2a_rec_thread **thread)
{
    struct p2a_recorder *r = p2a_recorder_open(options);
    if (!r)
        return NULL;
    *thread = p2a_thread_begin(r, (pid_t)syscall(SYS_gettid));
    if (!*thread || !walk_again(from, r, *thread)) {
        int error = r->error ? r->error : ENOMEM;
        if (p2a_recorder_path(r))
            unlink(p2a_recorder_path(r));
        p2a_recorder_close(r);
        errno = error;
        return NULL;
    }
    p2a_recorder_flag(r, P2A_REC_FORKED);
    return r;
}
