/* profiler.h - the Python side of the recorder: the type Profiler and what serves it.
 *
 *   module.c      the type and its methods              names.c   what a function is called
 *   setprofile.c  events of CPython 3.8 to 3.11         stats.c   a recording as getstats() has it
 *   monitoring.c  events of CPython 3.12 and later      allocations.c   counting allocations
 *
 * Everything here is called with the interpreter's lock held. */
#ifndef P2A_COLLECTOR_PROFILER_H
#define P2A_COLLECTOR_PROFILER_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "collector/recorder.h"

#define P2A_MONITORING (PY_VERSION_HEX >= 0x030C0000)

/* What a watched thread has. It stands in the dictionary of the thread's state, so it goes when the
 * thread goes. On 3.8 to 3.11 it is also what the event function is given. */
struct p2a_watch {
    PyObject_HEAD struct p2a_rec_thread *thread; /* NULL: nothing is recorded */
    struct p2a_profiler *profiler;               /* borrowed; NULL once that is gone */
    struct p2a_watch *next, **at;                /* of the same profiler */
    bool left;                                   /* the thread is not to be recorded any more */
};

/* It begins as a watch does: on 3.8 to 3.11 a profiler of one thread is itself what its event
 * function is given, because sys.getprofile() hands it to the program. */
struct p2a_profiler {
    PyObject_HEAD struct p2a_rec_thread *thread;
    struct p2a_recorder *recorder; /* NULL: nothing recorded so far */
    struct p2a_watch *watches;
    struct p2a_module *module; /* of module_object, which is held */
    PyObject *module_object;
    struct p2a_profiler *next, **at; /* of all profilers of the module */
    PyObject *key;                   /* of its watches in the dictionaries of threads */
    uint64_t turn;   /* a new one wherever threads have to look for their records anew */
    uint64_t only;   /* number of the one thread, unless all_threads */
    unsigned slot;   /* 0: in memory, 1: in a file */
    int tool;        /* of sys.monitoring; -1: none */
    PyObject *path;  /* bytes; NULL: in memory. "{pid}" in it stands for the process */
    PyObject *timer; /* NULL: none */
    double unit;     /* seconds; of integers from the timer. 0: it gives seconds */
    enum p2a_rec_mode mode;
    enum p2a_rec_clock clock;
    uint32_t max_contexts;
    bool subcalls, builtins, all_threads, allocations;
    bool enabled;
    bool left;       /* some thread has left: the recording ends with the last one */
    bool describing; /* names are being looked up */
    struct p2a_allocators *allocators; /* NULL: allocations aren't counted */
    bool in_timer;                     /* the program's function is running */
};

/* The state of the module. */
struct p2a_module {
    PyTypeObject *profiler_type, *watch_type, *callback_type, *entry_type, *subentry_type;
    PyObject *missing; /* sys.monitoring.MISSING */
    struct p2a_profiler *profilers;
    uint64_t turns;
    bool forks; /* os.register_at_fork has been told */
};

static inline uint64_t p2a_key(const void *object)
{
    return (uint64_t)(uintptr_t)object;
}

/* module.c */
extern struct PyModuleDef p2a_module_def;
/* The watch of a thread's state, made with a record in the recording where there is none; borrowed.
 * NULL with an exception, or without one where the recording has ended. TID may be 0. */
struct p2a_watch *p2a_watch_of(struct p2a_profiler *p, PyThreadState *state, pid_t tid);

/* setprofile.c or monitoring.c */
bool p2a_events_prepare(struct p2a_module *m, PyObject *module); /* false: an exception */
bool p2a_events_on(struct p2a_profiler *p);                      /* false: an exception */
void p2a_events_off(struct p2a_profiler *p);                     /* leaves exceptions alone */
/* The record of the calling thread, whose state is given; NULL: it isn't recorded. */
struct p2a_rec_thread *p2a_events_thread(struct p2a_profiler *p, PyThreadState *state);
void p2a_events_leave(struct p2a_profiler *p); /* no more of the calling thread's */
/* The profiler of one thread that has the calling thread's events, where the interpreter lets any
 * profiler end any other's; NULL: none. */
struct p2a_profiler *p2a_events_holder(const struct p2a_module *m);
void p2a_events_spawned(struct p2a_profiler *p); /* there may be threads that aren't watched yet */

/* names.c: p2a_asks for functions; the object of each is a struct p2a_subject. */
struct p2a_subject {
    PyObject *code;   /* a code object, or the name of a C function as a string */
    PyObject *module; /* a string, or NULL */
    uint32_t flags;   /* of its nodes */
};
bool p2a_describe(void *profiler, struct p2a_recorder *r, uint64_t key, const void *what);
bool p2a_repeat(void *profiler, struct p2a_recorder *r, uint64_t key, void *subject);
void p2a_release(void *profiler, void *subject);
bool p2a_starts_threads(PyObject *callable);
bool p2a_thread_name(void *profiler, char name[static P2A_THREAD_NAME]);

/* What the event functions hand to p2a_describe. Of a Python function: up to 3.11 its frame, then
 * its code. Of a C function: up to 3.11 the builtin object, then this. */
struct p2a_called {
    PyObject *callable, *self; /* self counts where callable is a method descriptor */
};

/* stats.c: a list of profiler_entry, BY_NAME with functions of the same name, file and line as one;
 * the recording as bytes, None where there is none. Both with BIAS seconds less for each event
 * (bias.h); NULL with an exception. */
PyObject *p2a_getstats(struct p2a_profiler *p, double bias, bool by_name);
PyObject *p2a_recording(struct p2a_profiler *p, double bias);
bool p2a_stats_prepare(struct p2a_module *m, PyObject *module);

/* allocations.c */
bool p2a_allocations_on(struct p2a_profiler *p); /* false: an exception */
void p2a_allocations_off(struct p2a_profiler *p);

#endif
