/* Events of CPython 3.8 to 3.11: PyEval_SetProfile's, one function per thread.
 *
 *     Python function entered, generator resumed, thrown into      PyTrace_CALL
 *     returned, yielded, left by an exception                      PyTrace_RETURN
 *     C function                                                   C_CALL, C_RETURN, C_EXCEPTION
 *
 * The function is given the thread's watch, or the profiler, which begins like one. The interface
 * knows the calling thread only; the others get the function written into their states, new ones as
 * soon as what started them returns, before they run for the first time. */
#include "collector/profiler.h"

#if !P2A_MONITORING

#include <frameobject.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- the event functions --------------------------------------------------------------------- */

P2A_HOT uint64_t code_key(PyFrameObject *frame)
{
#if PY_VERSION_HEX >= 0x030B0000
    PyCodeObject *code = PyFrame_GetCode(frame);
    Py_DECREF(code); /* the frame keeps it */
    return p2a_key(code);
#else
    return p2a_key(frame->f_code);
#endif
}

P2A_HOT void c_event(struct p2a_rec_thread *t, int what, PyObject *callable, p2a_charge *charge)
{
    if (P2A_UNLIKELY(!PyCFunction_Check(callable)))
        return;
    if (what == PyTrace_C_CALL)
        p2a_enter(t, p2a_key(((PyCFunctionObject *)callable)->m_ml), callable, charge);
    else
        p2a_leave(t, charge);
}

P2A_HOT int event(PyObject *self, PyFrameObject *frame, int what, PyObject *arg, p2a_charge *charge,
                  bool builtins)
{
    struct p2a_rec_thread *t = ((struct p2a_watch *)self)->thread;
    if (P2A_UNLIKELY(!t))
        return 0;
    switch (what) {
    case PyTrace_CALL:
        p2a_enter(t, code_key(frame), frame, charge);
        break;
    case PyTrace_RETURN:
        p2a_leave(t, charge);
        break;
    case PyTrace_C_CALL:
    case PyTrace_C_RETURN:
    case PyTrace_C_EXCEPTION:
        if (builtins)
            c_event(t, what, arg, charge);
        else if (what == PyTrace_C_RETURN && P2A_UNLIKELY(p2a_starts_threads(arg)))
            p2a_thread_spawned(t);
        break;
    default:
        break;
    }
    return 0;
}

#define EVENT_FUNCTION(name, charge, builtins)                                                     \
    static int name(PyObject *self, PyFrameObject *frame, int what, PyObject *arg)                 \
    {                                                                                              \
        return event(self, frame, what, arg, charge, builtins);                                    \
    }
EVENT_FUNCTION(counter_all, p2a_charge_counter, true)
EVENT_FUNCTION(counter_python, p2a_charge_counter, false)
EVENT_FUNCTION(clock_all, p2a_charge_clock, true)
EVENT_FUNCTION(clock_python, p2a_charge_clock, false)
EVENT_FUNCTION(sampled_all, p2a_charge_nothing, true)
EVENT_FUNCTION(sampled_python, p2a_charge_nothing, false)

static Py_tracefunc event_function(const struct p2a_profiler *p)
{
    static const Py_tracefunc functions[3][2] = {
        {counter_python, counter_all}, {clock_python, clock_all}, {sampled_python, sampled_all}};
    const struct p2a_rec_header *h = p2a_header(p->recorder);
    int way = h->mode == P2A_REC_MODE_SAMPLED ? 2 : h->clock == P2A_REC_CLOCK_COUNTER ? 0 : 1;
    return functions[way][p->builtins];
}

static bool is_event_function(Py_tracefunc f)
{
    return f == counter_all || f == counter_python || f == clock_all || f == clock_python ||
           f == sampled_all || f == sampled_python;
}

/* ---- threads --------------------------------------------------------------------------------- */

/* What PyEval_SetProfile does, for any thread of this interpreter. */
static bool set_profile(PyThreadState *state, Py_tracefunc function, PyObject *object)
{
#if PY_VERSION_HEX >= 0x03090000
    return _PyEval_SetProfile(state, function, object) == 0;
#else
    if (PySys_Audit("sys.setprofile", NULL) < 0)
        return false;
    PyObject *old = state->c_profileobj;
    Py_XINCREF(object);
    state->c_profilefunc = NULL;
    state->c_profileobj = NULL;
    state->use_tracing = state->c_tracefunc != NULL;
    Py_XDECREF(old);
    state->c_profileobj = object;
    state->c_profilefunc = function;
    state->use_tracing = function || state->c_tracefunc;
    return true;
#endif
}

/* Whether STATE's events go to P. */
static bool is_watched_by(const PyThreadState *state, const struct p2a_profiler *p)
{
    if (!is_event_function(state->c_profilefunc))
        return false;
    PyObject *object = state->c_profileobj;
    return object == (const PyObject *)p || (Py_TYPE(object) == p->module->watch_type &&
                                             ((struct p2a_watch *)object)->profiler == p);
}

/* The calling thread says who it is, so that its CPU's time counts from now on and not from its
 * birth. */
static bool watch(struct p2a_profiler *p, PyThreadState *state)
{
    pid_t tid = state == PyThreadState_Get() ? (pid_t)syscall(SYS_gettid) : 0;
    struct p2a_watch *w = p2a_watch_of(p, state, tid);
    if (!w)
        return !PyErr_Occurred();
    if (!p->all_threads)
        p->thread = w->thread;
    return set_profile(state, event_function(p), p->all_threads ? (PyObject *)w : (PyObject *)p);
}

/* A thread that has another profiler keeps it, unless it asked for this one itself. */
static bool watch_all(struct p2a_profiler *p)
{
    PyThreadState *here = PyThreadState_Get(), *state = PyInterpreterState_ThreadHead(here->interp);
    for (; state; state = PyThreadState_Next(state))
        if (state != here && !state->c_profilefunc && !watch(p, state))
            return false;
    return true;
}

struct p2a_rec_thread *p2a_events_thread(struct p2a_profiler *p, PyThreadState *state)
{
    return is_watched_by(state, p) ? ((struct p2a_watch *)state->c_profileobj)->thread : NULL;
}

bool p2a_events_prepare(struct p2a_module *m, PyObject *module)
{
    (void)m;
    (void)module;
    return true;
}

bool p2a_events_on(struct p2a_profiler *p)
{
    return watch(p, PyThreadState_Get()) && (!p->all_threads || watch_all(p));
}

/* A new thread's state is there already, and waits for the lock. */
void p2a_events_spawned(struct p2a_profiler *p)
{
    PyObject *type, *value, *traceback;
    if (!p->enabled || !p->all_threads)
        return;
    PyErr_Fetch(&type, &value, &traceback);
    if (!watch_all(p))
        PyErr_WriteUnraisable((PyObject *)p);
    PyErr_Restore(type, value, traceback);
}

void p2a_events_off(struct p2a_profiler *p)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyThreadState *here = PyThreadState_Get(), *state = PyInterpreterState_ThreadHead(here->interp);
    bool was_here = is_watched_by(here, p);
    for (; state; state = PyThreadState_Next(state))
        if (is_watched_by(state, p) && !set_profile(state, NULL, NULL))
            PyErr_WriteUnraisable((PyObject *)p);
    if (!was_here && !p->left && p->recorder && p2a_recorder_runs(p->recorder))
        p2a_recorder_flag(p->recorder, P2A_REC_DISPLACED);
    PyErr_Restore(type, value, traceback);
}

struct p2a_profiler *p2a_events_holder(const struct p2a_module *m)
{
    const PyThreadState *here = PyThreadState_Get();
    bool ours = is_event_function(here->c_profilefunc) &&
                PyObject_TypeCheck(here->c_profileobj, m->profiler_type);
    return ours ? (struct p2a_profiler *)here->c_profileobj : NULL;
}

void p2a_events_leave(struct p2a_profiler *p)
{
    PyThreadState *here = PyThreadState_Get();
    if (is_watched_by(here, p) && !set_profile(here, NULL, NULL))
        PyErr_WriteUnraisable((PyObject *)p);
}

#endif
