/* Events of CPython 3.12 and later: sys.monitoring's, for all threads at once.
 *
 *     PY_START, PY_RESUME, PY_THROW        Python function entered, generator resumed, thrown into
 *     PY_RETURN, PY_YIELD, PY_UNWIND       returned, yielded, left by an exception
 *     CALL, C_RETURN, C_RAISE              any call; those of C functions alone are counted
 *
 * Each event has a callback, an object whose type has no more than what it takes to be called. The
 * thread's record is at hand in thread-local storage; where it isn't that of the profiler's current
 * turn, it is looked for in the dictionary of the thread's state. */
#include "collector/profiler.h"

#if P2A_MONITORING

#include <structmember.h>
#include <sys/syscall.h>
#include <unistd.h>

struct callback {
    PyObject_HEAD vectorcallfunc call;
    struct p2a_profiler *profiler; /* owned */
};

/* Of the calling thread, for recordings in memory and in files: one of each may run at a time.
 * Turns differ between all profilers, so a record of another one is never taken for its own. */
static _Thread_local struct {
    uint64_t turn;
    struct p2a_rec_thread *thread; /* NULL: this thread isn't recorded */
} mine[2];

static __attribute__((noinline, cold)) struct p2a_rec_thread *find_thread(struct p2a_profiler *p)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyThreadState *state = PyThreadState_Get();
    struct p2a_watch *w = NULL;
    if (p->enabled && (p->all_threads || state->id == p->only))
        w = p2a_watch_of(p, state, (pid_t)syscall(SYS_gettid));
    PyErr_Clear();
    PyErr_Restore(type, value, traceback);
    mine[p->slot].turn = p->turn;
    mine[p->slot].thread = w ? w->thread : NULL;
    return mine[p->slot].thread;
}

P2A_HOT struct p2a_rec_thread *thread_of(PyObject *self)
{
    struct p2a_profiler *p = ((struct callback *)self)->profiler;
    if (P2A_UNLIKELY(mine[p->slot].turn != p->turn))
        return find_thread(p);
    return mine[p->slot].thread;
}

struct p2a_rec_thread *p2a_events_thread(struct p2a_profiler *p, PyThreadState *state)
{
    (void)state;
    return mine[p->slot].turn == p->turn ? mine[p->slot].thread : NULL;
}

/* ---- the callbacks --------------------------------------------------------------------------- */

/* Of Python functions: (code, offset, ...). */
P2A_HOT void enter_python(PyObject *self, PyObject *const *args, p2a_charge *charge)
{
    struct p2a_rec_thread *t = thread_of(self);
    if (P2A_LIKELY(t != NULL))
        p2a_enter(t, p2a_key(args[0]), args[0], charge);
}

P2A_HOT void leave_python(PyObject *self, PyObject *const *args, p2a_charge *charge)
{
    struct p2a_rec_thread *t = thread_of(self);
    (void)args;
    if (P2A_LIKELY(t != NULL))
        p2a_leave(t, charge);
}

/* Of calls: (code, offset, callable, first argument). The key of a C function, 0 for what is none:
 * its definition, which is that of the method where a method is called through its descriptor. */
P2A_HOT uint64_t c_key(PyObject *self, PyObject *const *args)
{
    PyObject *callable = args[2], *first = args[3];
    const PyTypeObject *type = Py_TYPE(callable);
    if (type == &PyFunction_Type)
        return 0;
    if (type == &PyCFunction_Type || type == &PyCMethod_Type)
        return p2a_key(((PyCFunctionObject *)callable)->m_ml);
    if (type != &PyMethodDescr_Type ||
        first == ((struct callback *)self)->profiler->module->missing ||
        !PyObject_TypeCheck(first, PyDescr_TYPE(callable)))
        return 0;
    return p2a_key(((PyMethodDescrObject *)callable)->d_method);
}

P2A_HOT void enter_c(PyObject *self, PyObject *const *args, p2a_charge *charge)
{
    uint64_t key = c_key(self, args);
    struct p2a_rec_thread *t = key ? thread_of(self) : NULL;
    if (t) /* callable and first argument stand side by side, as in struct p2a_called */
        p2a_enter(t, key, args + 2, charge);
}

P2A_HOT void leave_c(PyObject *self, PyObject *const *args, p2a_charge *charge)
{
    struct p2a_rec_thread *t = c_key(self, args) ? thread_of(self) : NULL;
    if (t)
        p2a_leave(t, charge);
}

#define CALLBACK(name, action, charge)                                                             \
    static PyObject *name(PyObject *self, PyObject *const *args, size_t nargsf,                    \
                          PyObject *keywords)                                                      \
    {                                                                                              \
        (void)nargsf;                                                                              \
        (void)keywords;                                                                            \
        action(self, args, charge);                                                                \
        Py_RETURN_NONE;                                                                            \
    }
#define CALLBACKS(action)                                                                          \
    CALLBACK(action##_counter, action, p2a_charge_counter)                                         \
    CALLBACK(action##_clock, action, p2a_charge_clock)                                             \
    CALLBACK(action##_sampled, action, p2a_charge_nothing)
CALLBACKS(enter_python)
CALLBACKS(leave_python)
CALLBACKS(enter_c)
CALLBACKS(leave_c)

enum { PYTHON_EVENTS = 6, EVENTS = 9, WAYS = 3 };

static const struct {
    const char *name;
    vectorcallfunc way[WAYS];
} events[EVENTS] = {
#define WAYS_OF(action)                                                                            \
    {                                                                                              \
        action##_counter, action##_clock, action##_sampled                                         \
    }
    {"PY_START", WAYS_OF(enter_python)}, {"PY_RESUME", WAYS_OF(enter_python)},
    {"PY_THROW", WAYS_OF(enter_python)}, {"PY_RETURN", WAYS_OF(leave_python)},
    {"PY_YIELD", WAYS_OF(leave_python)}, {"PY_UNWIND", WAYS_OF(leave_python)},
    {"CALL", WAYS_OF(enter_c)},          {"C_RETURN", WAYS_OF(leave_c)},
    {"C_RAISE", WAYS_OF(leave_c)},
};

static int way_of(const struct p2a_profiler *p)
{
    const struct p2a_rec_header *h = p2a_header(p->recorder);
    if (h->mode == P2A_REC_MODE_SAMPLED)
        return 2;
    return h->clock == P2A_REC_CLOCK_COUNTER ? 0 : 1;
}

/* ---- the type of a callback ------------------------------------------------------------------ */

static void callback_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    Py_XDECREF((PyObject *)((struct callback *)self)->profiler);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMemberDef callback_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(struct callback, call), READONLY, NULL},
    {NULL, 0, 0, 0, NULL}};

static PyType_Slot callback_slots[] = {{Py_tp_dealloc, (void *)callback_dealloc},
                                       {Py_tp_call, (void *)PyVectorcall_Call},
                                       {Py_tp_members, callback_members},
                                       {0, NULL}};

static PyType_Spec callback_spec = {"_prof2any.callback", sizeof(struct callback), 0,
                                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL |
                                        Py_TPFLAGS_DISALLOW_INSTANTIATION,
                                    callback_slots};

static PyObject *new_callback(struct p2a_profiler *p, vectorcallfunc call)
{
    PyTypeObject *type = p->module->callback_type;
    struct callback *c = (struct callback *)type->tp_alloc(type, 0);
    if (!c)
        return NULL;
    Py_INCREF((PyObject *)p);
    c->profiler = p;
    c->call = call;
    return (PyObject *)c;
}

static PyObject *monitoring(void)
{
    PyObject *object = PySys_GetObject("monitoring"); /* borrowed */
    if (!object)
        PyErr_SetString(PyExc_RuntimeError, "sys.monitoring is gone");
    return object;
}

bool p2a_events_prepare(struct p2a_module *m, PyObject *module)
{
    (void)module;
    PyObject *sys = monitoring();
    m->missing = sys ? PyObject_GetAttrString(sys, "MISSING") : NULL;
    m->callback_type = m->missing ? (PyTypeObject *)PyType_FromSpec(&callback_spec) : NULL;
    return m->callback_type != NULL;
}

/* ---- on and off ------------------------------------------------------------------------------ */

/* Drops what a call gave; false: an exception. */
static bool done(PyObject *result)
{
    Py_XDECREF(result);
    return result != NULL;
}

/* A recording in memory is cProfile's stand-in, under its number and name, and excludes it as two
 * cProfiles exclude each other. One in a file leaves that number to the program. Neither takes a
 * second one. */
static bool take_tool(struct p2a_profiler *p, PyObject *sys)
{
    enum { PROFILER_ID = 2, FREE_IDS = 3, FREE_END = 5 };
    int first = p->path ? FREE_IDS : PROFILER_ID, end = p->path ? FREE_END : PROFILER_ID + 1;
    for (int id = first; id < end && p->tool < 0; id++) {
        if (done(PyObject_CallMethod(sys, "use_tool_id", "is", id,
                                     p->path ? "prof2any" : "cProfile"))) {
            p->tool = id;
            return true;
        }
        if (!PyErr_ExceptionMatches(PyExc_ValueError))
            return false;
        PyErr_Clear();
    }
    PyErr_SetString(PyExc_ValueError, "Another profiling tool is already active");
    return false;
}

static int event_bit(PyObject *names, const char *name)
{
    PyObject *bit = PyObject_GetAttrString(names, name);
    long value = bit ? PyLong_AsLong(bit) : -1;
    Py_XDECREF(bit);
    return (int)value;
}

/* Gives event I a callback, or none; adds its bit to *BITS. */
static bool set_callback(struct p2a_profiler *p, PyObject *sys, PyObject *names, int i, bool on,
                         int *bits)
{
    PyObject *callback = on ? new_callback(p, events[i].way[way_of(p)]) : Py_None;
    int bit = event_bit(names, events[i].name);
    bool set = callback && bit >= 0 &&
               done(PyObject_CallMethod(sys, "register_callback", "iiO", p->tool, bit, callback));
    *bits |= bit;
    if (on)
        Py_XDECREF(callback);
    return set;
}

static bool set_callbacks(struct p2a_profiler *p, PyObject *sys, bool on, int *bits)
{
    PyObject *names = PyObject_GetAttrString(sys, "events");
    int n = on && !p->builtins ? PYTHON_EVENTS : EVENTS;
    bool set = names != NULL;
    for (int i = 0; i < n && set; i++)
        set = set_callback(p, sys, names, i, on, bits);
    Py_XDECREF(names);
    return set;
}

bool p2a_events_on(struct p2a_profiler *p)
{
    PyObject *sys = monitoring();
    int bits = 0;
    if (!sys || !take_tool(p, sys))
        return false;
    p->only = PyThreadState_Get()->id;
    if (set_callbacks(p, sys, true, &bits) &&
        done(PyObject_CallMethod(sys, "set_events", "ii", p->tool, bits)))
        return true;
    p2a_events_off(p);
    return false;
}

void p2a_events_off(struct p2a_profiler *p)
{
    PyObject *type, *value, *traceback;
    int bits = 0;
    if (p->tool < 0)
        return;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *sys = monitoring();
    if (!sys || !done(PyObject_CallMethod(sys, "set_events", "ii", p->tool, 0)) ||
        !set_callbacks(p, sys, false, &bits) ||
        !done(PyObject_CallMethod(sys, "free_tool_id", "i", p->tool)))
        PyErr_WriteUnraisable((PyObject *)p);
    p->tool = -1;
    PyErr_Restore(type, value, traceback);
}

/* Threads are found at their first event. */
void p2a_events_spawned(struct p2a_profiler *p)
{
    (void)p;
}

struct p2a_profiler *p2a_events_holder(const struct p2a_module *m)
{
    (void)m;
    return NULL;
}

/* Its callbacks find that it is recorded no more. */
void p2a_events_leave(struct p2a_profiler *p)
{
    (void)p;
}

#endif
