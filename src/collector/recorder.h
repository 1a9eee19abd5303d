/* recorder.h - records calls into a file or into memory (recording.h). It knows threads, keys and
 * time, and nothing of Python: what a key stands for, its owner says.
 *
 * One caller at a time, which is what CPython's lock grants; p2a_counted() alone may be called by
 * any recorded thread for itself. Nothing prints, nothing exits. */
#ifndef P2A_COLLECTOR_RECORDER_H
#define P2A_COLLECTOR_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "collector/hot.h"

#define P2A_CONTEXTS_DEFAULT 1000000u
#define P2A_THREAD_NAME      sizeof(((struct p2a_rec_thread *)0)->name)

struct p2a_recorder;

/* What a function is. Text is copied. */
struct p2a_told {
    const char *name, *qualname, *file, *module; /* NULL: not known */
    size_t name_n, qualname_n, file_n, module_n;
    uint32_t line;
    enum p2a_rec_function_kind kind;
    uint32_t flags; /* of its nodes: 0 or P2A_NODE_STARTS_THREADS */
};

/* What a recorder asks of whoever owns it; each gets options.owner. */
struct p2a_asks {
    /* Says by p2a_tell() what KEY is, WHAT being what p2a_enter was given. May let other threads
     * run. False: it could not be said; the call isn't recorded. */
    bool (*describe)(void *owner, struct p2a_recorder *r, uint64_t key, const void *what);
    /* Says the same of a function told before, OBJECT being what was told with it. */
    bool (*repeat)(void *owner, struct p2a_recorder *r, uint64_t key, void *object);
    void (*release)(void *owner, void *object); /* what was told with a function */
    uint64_t (*timer)(void *owner); /* the time, for P2A_REC_CLOCK_TIMER; may let others run */
    void (*spawned)(void *owner);   /* a function that starts threads has been left */
    void (*ended)(void *owner, enum p2a_rec_state why); /* no room: the recording has ended */
    bool (*name)(void *owner, char name[static P2A_THREAD_NAME]); /* of the calling thread, if it
                                                                     has one by now */
};

struct p2a_recorder_options {
    const char *path; /* NULL: in memory */
    enum p2a_rec_mode mode;
    enum p2a_rec_clock clock; /* COUNTER becomes MONOTONIC where there is no steady one */
    double unit;              /* of P2A_REC_CLOCK_TIMER */
    uint32_t flags;           /* enum p2a_rec_flag */
    uint32_t max_contexts;    /* 0: P2A_CONTEXTS_DEFAULT */
    uint32_t period_us;       /* of the ticker; 0: 4000 */
    const char *python;       /* "" where not known */
    const char *program;      /* arguments, each with a NUL behind it */
    size_t program_n;
    const struct p2a_asks *asks; /* stays the caller's, for as long as the recorder lives */
    void *owner;
};

/* A recorder that stands still, with no thread. NULL with an errno. */
struct p2a_recorder *p2a_recorder_open(const struct p2a_recorder_options *options);
/* Lets time run from now on (again). False: the ticker's thread could not be started. */
bool p2a_recorder_start(struct p2a_recorder *r);
/* Stands still: every thread is back at its root, what was spent is in the nodes. */
void p2a_recorder_stop(struct p2a_recorder *r);
/* Between the two the process has no thread of the recorder's; with P2A_REC_MODE_SAMPLED what
 * passes goes to where each thread then stands. */
void p2a_recorder_stop_ticker(struct p2a_recorder *r);
void p2a_recorder_start_ticker(struct p2a_recorder *r);
/* Stops, and lets go of the memory; of the recording, a file stays. */
void p2a_recorder_close(struct p2a_recorder *r);

/* A new thread; TID may be 0 where it is another's. NULL: no room, the recording has ended. */
struct p2a_rec_thread *p2a_thread_begin(struct p2a_recorder *r, pid_t tid);
/* T has started another thread, by a call that isn't recorded: asks for spawned(). */
void p2a_thread_spawned(struct p2a_rec_thread *t);
/* The thread is gone, or isn't watched any more. Its record stays in the recording. */
void p2a_thread_end(struct p2a_rec_thread *t);

/* Says what KEY is, once; OBJECT is handed back by p2a_object(). Only within describe(). */
bool p2a_tell(struct p2a_recorder *r, uint64_t key, const struct p2a_told *told, void *object);

/* ---- what is in it --------------------------------------------------------------------------- */

const char *p2a_recorder_path(const struct p2a_recorder *r); /* absolute; NULL: in memory */
const struct p2a_rec_header *p2a_header(const struct p2a_recorder *r);
bool p2a_recorder_runs(const struct p2a_recorder *r);
void p2a_recorder_flag(struct p2a_recorder *r, enum p2a_rec_flag flag);
void p2a_recorder_touch(struct p2a_recorder *r);       /* header.last is now */
double p2a_tick_seconds(const struct p2a_recorder *r); /* as of header.last */
uint32_t p2a_told_count(const struct p2a_recorder *r); /* they number from 1 */
void *p2a_object(const struct p2a_recorder *r, uint32_t function);
const struct p2a_rec_function *p2a_named(const struct p2a_recorder *r, uint32_t function);

/* All nodes, parents first. Start with {0}; ends with NULL. */
struct p2a_node_walk {
    size_t segment, cell; /* of the recording; the walk's own */
};
const struct p2a_rec_node *p2a_next_node(const struct p2a_recorder *r, struct p2a_node_walk *walk);
/* The current node of every thread, one after the other. Start with NULL; ends with NULL. */
struct p2a_track;
const struct p2a_track *p2a_next_track(const struct p2a_recorder *r,
                                       const struct p2a_track *before);
const struct p2a_rec_node *p2a_track_top(const struct p2a_track *track);
uint32_t p2a_fold_count(const struct p2a_recorder *r);
const struct p2a_rec_fold *p2a_fold(const struct p2a_recorder *r, uint32_t i);
/* A call past the limit that hasn't returned; caller 0: a root. */
struct p2a_open_fold {
    uint32_t caller, callee;
    bool primitive, primitive_arc;
};
/* The I-th of a thread, from below. False: there are no more. */
bool p2a_open_fold(const struct p2a_track *track, uint32_t i, struct p2a_open_fold *open);

/* ---- forks ----------------------------------------------------------------------------------- */

/* Makes FROM's forked child a recording of its own: a recorder as OPTIONS say, in which the calling
 * thread stands on the path it had open, with no calls. NULL with an errno. FROM is to be closed.
 */
struct p2a_recorder *p2a_recorder_reopen(struct p2a_recorder *from,
                                         const struct p2a_recorder_options *options,
                                         struct p2a_rec_thread **thread);

#endif
