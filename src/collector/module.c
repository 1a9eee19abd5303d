/* The module _prof2any: a type Profiler with the interface of _lsprof.Profiler.
 *
 *     Profiler ── recorder ── threads <── watches <── dictionaries of the threads' states
 *
 * Profiler(timer=None, timeunit=0.0, subcalls=True, builtins=True, *, path=None, clock="wall",
 *          mode="full", allocations=False, max_contexts=0, all_threads=False)
 *
 *     path         the recording is this file, of all threads; "{pid}" in it stands for the process
 *     clock        "wall", "cpu": the thread's CPU time
 *     mode         "full", "python": no C functions, "sampled": calls exact, time from a ticker
 *     max_contexts 0: a million
 *
 * What is not recorded: other interpreters of the process; up to 3.11 threads that C code made by
 * itself, and threads in which another profiler is installed, from then on. Stacks that are
 * switched below the interpreter's back (greenlets) share one path per thread: calls per function
 * are exact, their paths and times are mixed up, as cProfile's are. */
#include "collector/profiler.h"

#include "collector/launch.h"
#include "collector/replaced.h"

#include <errno.h>
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <structmember.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- watches --------------------------------------------------------------------------------- */

/* Once a thread has left, the recording ends with the last of the others. */
static void stop_after_last(struct p2a_profiler *p)
{
    for (const struct p2a_watch *w = p->watches; w; w = w->next)
        if (w->thread)
            return;
    if (p->recorder)
        p2a_recorder_stop(p->recorder);
}

static void watch_dealloc(PyObject *self)
{
    struct p2a_watch *w = (struct p2a_watch *)self;
    PyTypeObject *type = Py_TYPE(self);
    if (w->profiler) {
        *w->at = w->next;
        if (w->next)
            w->next->at = w->at;
        if (w->thread)
            p2a_thread_end(w->thread);
        if (w->profiler->left)
            stop_after_last(w->profiler);
    }
    type->tp_free(self);
    Py_DECREF(type);
}

/* sys.getprofile() gives the program a watch, and sys.setprofile() may get it back: then it's
 * called, as any function of the program's would be, and has nothing to do. */
static PyObject *watch_call(PyObject *self, PyObject *arguments, PyObject *keywords)
{
    (void)self;
    (void)arguments;
    (void)keywords;
    Py_RETURN_NONE;
}

static PyType_Slot watch_slots[] = {
    {Py_tp_dealloc, (void *)watch_dealloc}, {Py_tp_call, (void *)watch_call}, {0, NULL}};
static PyType_Spec watch_spec = {"_prof2any.watch", sizeof(struct p2a_watch), 0, Py_TPFLAGS_DEFAULT,
                                 watch_slots};

/* In DICTIONARY; borrowed from there. */
static struct p2a_watch *new_watch(struct p2a_profiler *p, PyObject *dictionary)
{
    PyTypeObject *type = p->module->watch_type;
    struct p2a_watch *w = (struct p2a_watch *)type->tp_alloc(type, 0);
    if (!w)
        return NULL;
    int error = PyDict_SetItem(dictionary, p->key, (PyObject *)w);
    Py_DECREF((PyObject *)w);
    if (error)
        return NULL;
    w->profiler = p;
    w->next = p->watches;
    w->at = &p->watches;
    if (w->next)
        w->next->at = &w->next;
    p->watches = w;
    return w;
}

struct p2a_watch *p2a_watch_of(struct p2a_profiler *p, PyThreadState *state, pid_t tid)
{
    if (!state->dict && !(state->dict = PyDict_New()))
        return NULL;
    struct p2a_watch *w = (struct p2a_watch *)PyDict_GetItemWithError(state->dict, p->key);
    if (!w && (PyErr_Occurred() || !(w = new_watch(p, state->dict))))
        return NULL;
    if (!w->thread && !w->left)
        w->thread = p2a_thread_begin(p->recorder, tid);
    return w->thread ? w : NULL;
}

static void drop_watches(struct p2a_profiler *p)
{
    while (p->watches) {
        struct p2a_watch *w = p->watches;
        p->watches = w->next;
        w->profiler = NULL;
        w->thread = NULL;
    }
}

static void turn(struct p2a_profiler *p)
{
    p->turn = ++p->module->turns;
}

/* ---- what the recorder asks ------------------------------------------------------------------ */

/* Of numbers; takes the reference. NULL with an exception. */
static PyObject *sum(PyObject *sequence)
{
    PyObject *numbers = PySequence_Fast(sequence, "the timer gave no numbers");
    PyObject *total = numbers ? PyLong_FromLong(0) : NULL;
    for (Py_ssize_t i = 0; total && i < PySequence_Fast_GET_SIZE(numbers); i++) {
        PyObject *more = PyNumber_Add(total, PySequence_Fast_GET_ITEM(numbers, i));
        Py_DECREF(total);
        total = more;
    }
    Py_XDECREF(numbers);
    Py_DECREF(sequence);
    return total;
}

/* Sequences, such as os.times() has, are added up. There are no events of the timer's own, as
 * within the event functions: it would be asked again before it has answered. */
static PyObject *call_timer(struct p2a_profiler *p)
{
    PyThreadState *state = PyThreadState_Get();
    PyObject *timer = p->timer;
    bool before = p->in_timer;
    Py_INCREF(timer);
    p->in_timer = true;
    state->tracing++;
    PyObject *time = PyObject_CallObject(timer, NULL);
    if (time && PySequence_Check(time))
        time = sum(time);
    state->tracing--;
    p->in_timer = before;
    Py_DECREF(timer);
    return time;
}

/* Integers as they are; seconds in units of 2^-32. */
#define SECOND 4294967296.0

static uint64_t timer(void *profiler)
{
    struct p2a_profiler *p = profiler;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *time = call_timer(p);
    long long ticks = 0;
    if (time)
        ticks =
            p->unit > 0 ? PyLong_AsLongLong(time) : (long long)(PyFloat_AsDouble(time) * SECOND);
    Py_XDECREF(time);
    if (PyErr_Occurred()) {
        PyErr_WriteUnraisable(p->timer);
        ticks = 0;
    }
    PyErr_Restore(type, value, traceback);
    return (uint64_t)ticks;
}

static void spawned(void *profiler)
{
    p2a_events_spawned(profiler);
}

#define PID "{pid}"

/* The program's stderr may be anything; this goes to the descriptor. */
static void say_ended(const struct p2a_profiler *p, enum p2a_rec_state why)
{
    const char *path = p->path ? PyBytes_AS_STRING(p->path) : "recording in memory";
    const char *hole = strstr(path, PID), *rest = hole ? hole + strlen(PID) : "";
    char pid[24] = "";
    if (hole)
        snprintf(pid, sizeof pid, "%ld", (long)getpid());
    dprintf(STDERR_FILENO, "prof2any: %.*s%s%s: %s, the recording ends here; the program goes on\n",
            (int)(hole ? (size_t)(hole - path) : strlen(path)), path, pid, rest,
            why == P2A_REC_OUT_OF_ROOM ? "too many functions and threads"
            : p->path                  ? "no room left on the disk, or for a file so large"
                                       : "no memory left");
}

static void ended(void *profiler, enum p2a_rec_state why)
{
    say_ended(profiler, why);
    p2a_events_off(profiler);
}

static const struct p2a_asks asks = {.describe = p2a_describe,
                                     .repeat = p2a_repeat,
                                     .release = p2a_release,
                                     .timer = timer,
                                     .spawned = spawned,
                                     .ended = ended,
                                     .name = p2a_thread_name};

/* ---- opening a recording --------------------------------------------------------------------- */

/* The arguments of the program, each with a NUL behind it, as bytes; NULL with an exception. */
static PyObject *program(void)
{
    PyObject *argv = PySys_GetObject("argv"), *joined = PyBytes_FromStringAndSize(NULL, 0);
    for (Py_ssize_t i = 0; joined && argv && PyList_Check(argv) && i < PyList_GET_SIZE(argv); i++) {
        PyObject *argument = PyList_GET_ITEM(argv, i);
        if (!PyUnicode_Check(argument))
            continue;
        PyBytes_ConcatAndDel(&joined, PyUnicode_EncodeFSDefault(argument));
        PyBytes_ConcatAndDel(&joined, PyBytes_FromStringAndSize("", 1));
    }
    return joined;
}

/* TEMPLATE with the process in place of "{pid}"; a file that is there already is another's, left by
 * a program that this process was before: then the number gets a second one. Malloc'ed. */
static char *path_for(const char *template)
{
    const char *hole = strstr(template, PID);
    if (!hole)
        return strdup(template);
    size_t room = strlen(template) + 48;
    char *path = malloc(room);
    struct stat s;
    for (int i = 1; path; i++) {
        char again[16] = "";
        if (i > 1)
            snprintf(again, sizeof again, "-%d", i);
        snprintf(path, room, "%.*s%ld%s%s", (int)(hole - template), template, (long)getpid(), again,
                 hole + strlen(PID));
        if (lstat(path, &s) != 0)
            break;
        p2a_end_replaced(path);
    }
    return path;
}

static void set_timer(const struct p2a_profiler *p, struct p2a_recorder_options *o)
{
    if (!p->timer)
        return;
    o->clock = P2A_REC_CLOCK_TIMER;
    o->unit = p->unit > 0 ? p->unit : 1 / SECOND;
}

static struct p2a_recorder *open_at(struct p2a_profiler *p, char *path, struct p2a_recorder *from,
                                    struct p2a_rec_thread **thread)
{
    PyObject *arguments = program();
    if (!arguments)
        return NULL;
    char python[32];
    snprintf(python, sizeof python, "%.*s", (int)strcspn(Py_GetVersion(), " "), Py_GetVersion());
    struct p2a_recorder_options o = {.path = path,
                                     .mode = p->mode,
                                     .clock = p->clock,
                                     .flags = p->allocations ? P2A_REC_ALLOCATIONS : 0,
                                     .max_contexts = p->max_contexts,
                                     .python = python,
                                     .program = PyBytes_AS_STRING(arguments),
                                     .program_n = (size_t)PyBytes_GET_SIZE(arguments),
                                     .asks = &asks,
                                     .owner = p};
    set_timer(p, &o);
    struct p2a_recorder *r = from ? p2a_recorder_reopen(from, &o, thread) : p2a_recorder_open(&o);
    if (!r)
        PyErr_SetFromErrnoWithFilename(PyExc_OSError, path);
    Py_DECREF(arguments);
    return r;
}

/* A new recording; in a forked child FROM is the parent's, and *THREAD the calling thread's record.
 * NULL with an exception. */
static struct p2a_recorder *open_recording(struct p2a_profiler *p, struct p2a_recorder *from,
                                           struct p2a_rec_thread **thread)
{
    char *path = p->path ? path_for(PyBytes_AS_STRING(p->path)) : NULL;
    if (p->path && !path) {
        PyErr_NoMemory();
        return NULL;
    }
    struct p2a_recorder *r = open_at(p, path, from, thread);
    free(path);
    return r;
}

static void close_recording(struct p2a_profiler *p)
{
    struct p2a_recorder *r = p->recorder;
    if (!r)
        return;
    for (struct p2a_watch *w = p->watches; w; w = w->next)
        w->thread = NULL;
    p->thread = NULL;
    p->recorder = NULL;
    turn(p);
    p2a_recorder_close(r);
}

/* ---- enable, disable, clear ------------------------------------------------------------------ */

static bool start(struct p2a_profiler *p)
{
    bool counts = p->allocators; /* it was enabled before */
    p->enabled = true;           /* threads are found only by one that is enabled */
    if (p->allocations && !counts && !p2a_allocations_on(p))
        return false;
    if (!p2a_events_on(p)) {
        if (!counts)
            p2a_allocations_off(p);
        return false;
    }
    if (p2a_recorder_start(p->recorder))
        return true;
    PyErr_SetFromErrno(PyExc_OSError);
    p2a_events_off(p);
    p2a_allocations_off(p);
    return false;
}

/* Where the events don't hold the profiler, it holds itself. */
static bool enable(struct p2a_profiler *p)
{
    bool was = p->enabled;
    if (!p->recorder && !(p->recorder = open_recording(p, NULL, NULL)))
        return false;
    p->left = false;
    for (struct p2a_watch *w = p->watches; w; w = w->next)
        w->left = false;
    turn(p);
    if (!start(p)) {
        p->enabled = was;
        return false;
    }
    if (!was)
        Py_INCREF((PyObject *)p);
    return true;
}

static void disable(struct p2a_profiler *p)
{
    if (!p->enabled)
        return;
    p2a_allocations_off(p);
    p2a_events_off(p); /* first, or a timer of the program's is recorded while it tells the end */
    p2a_recorder_stop(p->recorder);
    p->enabled = false;
    turn(p);
    Py_DECREF((PyObject *)p);
}

static bool is_in_timer(const struct p2a_profiler *p, const char *doing)
{
    if (p->in_timer)
        PyErr_Format(PyExc_RuntimeError, "cannot %s profiler in external timer", doing);
    return p->in_timer;
}

static PyObject *profiler_enable(PyObject *self, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"subcalls", "builtins", NULL};
    struct p2a_profiler *p = (struct p2a_profiler *)self;
    int subcalls = -1, builtins = -1;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "|pp:enable", names, &subcalls, &builtins) ||
        is_in_timer(p, "enable"))
        return NULL;
    if (!p->module) {
        PyErr_SetString(PyExc_RuntimeError, "__init__() of the base class wasn't called");
        return NULL;
    }
    if (subcalls >= 0)
        p->subcalls = subcalls;
    if (builtins >= 0)
        p->builtins = builtins && p->mode != P2A_REC_MODE_PYTHON;
    if (!enable(p))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *profiler_disable(PyObject *self, PyObject *nothing)
{
    struct p2a_profiler *p = (struct p2a_profiler *)self, *holder;
    (void)nothing;
    if (is_in_timer(p, "disable"))
        return NULL;
    if (!p->enabled && p->module && (holder = p2a_events_holder(p->module)))
        disable(holder); /* _lsprof's does the same */
    disable(p);
    Py_RETURN_NONE;
}

/* Every thread that is watched begins anew in a new recording. */
static bool begin_anew(struct p2a_profiler *p)
{
    struct p2a_recorder *r = open_recording(p, NULL, NULL), *old = p->recorder;
    if (!r)
        return false;
    for (struct p2a_watch *w = p->watches; w; w = w->next) {
        struct p2a_rec_thread *t = w->thread;
        if (t)
            w->thread = p2a_thread_begin(r, (pid_t)t->tid);
        if (t == p->thread)
            p->thread = w->thread;
    }
    p->recorder = r;
    turn(p);
    p2a_recorder_close(old);
    return p2a_recorder_start(r);
}

static PyObject *profiler_clear(PyObject *self, PyObject *nothing)
{
    struct p2a_profiler *p = (struct p2a_profiler *)self;
    (void)nothing;
    if (is_in_timer(p, "clear"))
        return NULL;
    if (!p->enabled)
        close_recording(p);
    else if (!begin_anew(p))
        return NULL;
    Py_RETURN_NONE;
}

/* The arguments of both, BY_NAME being NULL for one that takes none; negative with an exception. */
static double parse_bias(PyObject *args, int *by_name)
{
    double bias = 0;
    if (!PyArg_ParseTuple(args, by_name ? "|dp" : "|d", &bias, by_name))
        return -1;
    if (bias >= 0 && bias <= DBL_MAX)
        return bias;
    PyErr_SetString(PyExc_ValueError, "bias: expected seconds, 0 or more");
    return -1;
}

static PyObject *profiler_getstats(PyObject *self, PyObject *args)
{
    int by_name = 0;
    double bias = parse_bias(args, &by_name);
    return bias < 0 ? NULL : p2a_getstats((struct p2a_profiler *)self, bias, by_name);
}

static PyObject *profiler_recording(PyObject *self, PyObject *args)
{
    double bias = parse_bias(args, NULL);
    return bias < 0 ? NULL : p2a_recording((struct p2a_profiler *)self, bias);
}

static PyObject *profiler_flush(PyObject *self, PyObject *nothing)
{
    struct p2a_profiler *p = (struct p2a_profiler *)self;
    (void)nothing;
    if (p->recorder && p2a_recorder_runs(p->recorder))
        p2a_recorder_touch(p->recorder);
    Py_RETURN_NONE;
}

static PyObject *profiler_stop_ticker(PyObject *self, PyObject *nothing)
{
    struct p2a_profiler *p = (struct p2a_profiler *)self;
    (void)nothing;
    if (p->recorder)
        p2a_recorder_stop_ticker(p->recorder);
    Py_RETURN_NONE;
}

static PyObject *profiler_start_ticker(PyObject *self, PyObject *nothing)
{
    struct p2a_profiler *p = (struct p2a_profiler *)self;
    (void)nothing;
    if (p->recorder)
        p2a_recorder_start_ticker(p->recorder);
    Py_RETURN_NONE;
}

/* Ends the recording of the calling thread; that of the others goes on until they end. */
static PyObject *profiler_leave(PyObject *self, PyObject *nothing)
{
    struct p2a_profiler *p = (struct p2a_profiler *)self;
    PyObject *dictionary = p->key ? PyThreadState_GetDict() : NULL; /* no key: never initialised */
    (void)nothing;
    struct p2a_watch *w =
        dictionary ? (struct p2a_watch *)PyDict_GetItemWithError(dictionary, p->key) : NULL;
    if (!p->enabled || !w || !w->thread)
        Py_RETURN_NONE;
    p2a_events_leave(p);
    p2a_thread_end(w->thread);
    w->thread = NULL;
    w->left = p->left = true;
    turn(p);
    stop_after_last(p);
    Py_RETURN_NONE;
}

static PyObject *profiler_contexts(PyObject *self, void *nothing)
{
    const struct p2a_profiler *p = (struct p2a_profiler *)self;
    (void)nothing;
    return PyLong_FromUnsignedLongLong(p->recorder ? p2a_header(p->recorder)->contexts : 0);
}

static PyObject *profiler_path(PyObject *self, void *nothing)
{
    const struct p2a_profiler *p = (struct p2a_profiler *)self;
    const char *path = p->recorder ? p2a_recorder_path(p->recorder) : NULL;
    (void)nothing;
    if (path)
        return PyUnicode_DecodeFSDefault(path);
    Py_RETURN_NONE;
}

/* ---- forks ----------------------------------------------------------------------------------- */

static bool goes_on_in_child(const struct p2a_profiler *p)
{
    return p->enabled && (!p->path || strstr(PyBytes_AS_STRING(p->path), PID));
}

/* The thread that forked is the only one; it goes on in a recording of the child's. */
static bool go_on_in_child(struct p2a_profiler *p)
{
    struct p2a_rec_thread *thread = NULL;
    struct p2a_recorder *r = open_recording(p, p->recorder, &thread);
    if (!r)
        return false;
    for (struct p2a_watch *w = p->watches; w; w = w->next)
        w->thread = NULL;
    p->thread = thread;
    struct p2a_recorder *old = p->recorder;
    p->recorder = r;
    turn(p);
    p2a_recorder_close(old);
    struct p2a_watch *w =
        (struct p2a_watch *)PyDict_GetItemWithError(PyThreadState_GetDict(), p->key);
    if (w)
        w->thread = thread;
    return p2a_recorder_start(r);
}

/* The exception says why. */
static void say_unrecorded(void)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    PyObject *text = value ? PyObject_Str(value) : NULL;
    const char *why = text ? PyUnicode_AsUTF8(text) : NULL;
    dprintf(STDERR_FILENO, "prof2any: the forked process %ld isn't recorded: %s\n", (long)getpid(),
            why ? why : "no reason is known");
    Py_XDECREF(text);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    PyErr_Clear();
}

static void give_up_in_child(struct p2a_profiler *p)
{
    p2a_allocations_off(p);
    p2a_events_off(p);
    p->enabled = false;
    close_recording(p);
    Py_DECREF((PyObject *)p);
}

/* What os.register_at_fork calls in a child. */
static PyObject *forked(PyObject *module, PyObject *nothing)
{
    struct p2a_module *m = PyModule_GetState(module);
    (void)nothing;
    for (struct p2a_profiler *p = m->profilers, *next; p; p = next) {
        next = p->next;
        if (!p->recorder || (!p->enabled && !p->path))
            continue;
        if (!p->enabled)
            close_recording(p);
        else if (!goes_on_in_child(p))
            give_up_in_child(p);
        else if (!go_on_in_child(p)) {
            say_unrecorded();
            give_up_in_child(p);
        }
    }
    Py_RETURN_NONE;
}

static PyMethodDef forked_def = {"_forked", forked, METH_NOARGS, NULL};

static bool watch_forks(struct p2a_module *m, PyObject *module)
{
    PyObject *posix = PyImport_ImportModule("posix");
    PyObject *add = posix ? PyObject_GetAttrString(posix, "register_at_fork") : NULL;
    PyObject *function = add ? PyCFunction_New(&forked_def, module) : NULL;
    PyObject *keywords = function ? Py_BuildValue("{sO}", "after_in_child", function) : NULL;
    PyObject *none = keywords ? PyTuple_New(0) : NULL;
    PyObject *result = none ? PyObject_Call(add, none, keywords) : NULL;
    m->forks = result != NULL;
    Py_XDECREF(result);
    Py_XDECREF(none);
    Py_XDECREF(keywords);
    Py_XDECREF(function);
    Py_XDECREF(add);
    Py_XDECREF(posix);
    return m->forks;
}

/* ---- the type -------------------------------------------------------------------------------- */

/* One of the words, by its place in the list; -1 with an exception. */
static int one_of(const char *what, const char *word, const char *const words[])
{
    for (int i = 0; words[i]; i++)
        if (strcmp(word, words[i]) == 0)
            return i;
    PyErr_Format(PyExc_ValueError, "%s: '%s' is not known", what, word);
    return -1;
}

static bool set_way(struct p2a_profiler *p, const char *clock, const char *mode)
{
    static const char *const clocks[] = {"wall", "cpu", NULL};
    static const char *const modes[] = {"full", "python", "sampled", NULL};
    int c = one_of("clock", clock, clocks), m = c < 0 ? -1 : one_of("mode", mode, modes);
    if (m < 0)
        return false;
    if (m == 2 && p->timer) {
        PyErr_SetString(PyExc_ValueError, "mode 'sampled' takes no timer");
        return false;
    }
    p->clock = c == 0 ? P2A_REC_CLOCK_COUNTER : P2A_REC_CLOCK_CPU;
    p->mode = (enum p2a_rec_mode)(P2A_REC_MODE_FULL + m);
    if (m == 1)
        p->builtins = false;
    return true;
}

static bool join(struct p2a_profiler *p)
{
    PyObject *module = PyState_FindModule(&p2a_module_def);
    if (!module) {
        PyErr_SetString(PyExc_RuntimeError, "_prof2any is not imported in this interpreter");
        return false;
    }
    struct p2a_module *m = PyModule_GetState(module);
    Py_INCREF(module);
    p->module_object = module;
    p->module = m;
    p->key = PyLong_FromVoidPtr(p);
    p->tool = -1;
    p->next = m->profilers;
    p->at = &m->profilers;
    if (p->next)
        p->next->at = &p->next;
    m->profilers = p;
    return p->key != NULL;
}

/* For PyArg_Parse: a uint32_t. */
static int take_contexts(PyObject *number, void *to)
{
    int overflow;
    PyObject *whole = PyNumber_Index(number);
    if (!whole)
        return 0;
    long long n = PyLong_AsLongLongAndOverflow(whole, &overflow);
    Py_DECREF(whole);
    if (overflow || n < 0 || n > UINT32_MAX) {
        PyErr_Format(PyExc_ValueError, "max_contexts: expected a number from 0 to %u", UINT32_MAX);
        return 0;
    }
    *(uint32_t *)to = (uint32_t)n;
    return 1;
}

static int profiler_init(PyObject *self, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"timer", "timeunit",    "subcalls",     "builtins",    "path", "clock",
                            "mode",  "allocations", "max_contexts", "all_threads", NULL};
    struct p2a_profiler *p = (struct p2a_profiler *)self;
    PyObject *timer_object = NULL, *path = NULL;
    const char *clock = "wall", *mode = "full";
    int subcalls = 1, builtins = 1, allocations = 0, all_threads = 0;
    uint32_t max_contexts = 0;
    double unit = 0;
    if (p->enabled) {
        PyErr_SetString(PyExc_RuntimeError, "the profiler is enabled");
        return -1;
    }
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "|Odpp$OsspO&p:Profiler", names, &timer_object,
                                     &unit, &subcalls, &builtins, &path, &clock, &mode,
                                     &allocations, take_contexts, &max_contexts, &all_threads))
        return -1;
    if (!p->module && !join(p))
        return -1;
    close_recording(p);
    Py_CLEAR(p->path);
    if (path && path != Py_None && !PyUnicode_FSConverter(path, &p->path))
        return -1;
    Py_XINCREF(timer_object);
    Py_XDECREF(p->timer);
    p->timer = timer_object == Py_None ? NULL : timer_object;
    p->unit = unit;
    p->mode = P2A_REC_MODE_FULL; /* where another can't be */
    p->subcalls = subcalls;
    p->builtins = builtins;
    p->allocations = allocations;
    p->max_contexts = max_contexts;
    p->slot = p->path != NULL;
    p->all_threads = all_threads || p->path;
    if (!p->module->forks && !watch_forks(p->module, p->module_object))
        return -1;
    return set_way(p, clock, mode) ? 0 : -1;
}

static void leave_threads(struct p2a_profiler *p)
{
    PyThreadState *state = PyInterpreterState_ThreadHead(PyThreadState_Get()->interp);
    for (; p->watches && state; state = PyThreadState_Next(state))
        if (state->dict && PyDict_DelItem(state->dict, p->key) < 0)
            PyErr_Clear();
    drop_watches(p);
}

static int profiler_traverse(PyObject *self, visitproc visit, void *arg)
{
    struct p2a_profiler *p = (struct p2a_profiler *)self;
#if PY_VERSION_HEX >= 0x03090000
    Py_VISIT(Py_TYPE(self));
#endif
    Py_VISIT(p->timer);
    Py_VISIT(p->module_object);
    return 0;
}

static int profiler_unlink(PyObject *self)
{
    Py_CLEAR(((struct p2a_profiler *)self)->timer);
    return 0;
}

static void profiler_dealloc(PyObject *self)
{
    struct p2a_profiler *p = (struct p2a_profiler *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyObject *error_type, *value, *traceback;
    PyObject_GC_UnTrack(self);
    PyErr_Fetch(&error_type, &value, &traceback);
    if (p->module) {
        leave_threads(p);
        close_recording(p);
        *p->at = p->next;
        if (p->next)
            p->next->at = p->at;
    }
    PyErr_Restore(error_type, value, traceback);
    Py_CLEAR(p->module_object);
    Py_CLEAR(p->key);
    Py_CLEAR(p->path);
    Py_CLEAR(p->timer);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMethodDef profiler_methods[] = {
    {"enable", (PyCFunction)(void (*)(void))profiler_enable, METH_VARARGS | METH_KEYWORDS,
     "enable(subcalls=True, builtins=True)\n\nStart recording."},
    {"disable", profiler_disable, METH_NOARGS,
     "disable()\n\nStop recording; what was recorded stays."},
    {"clear", profiler_clear, METH_NOARGS, "clear()\n\nForget what was recorded."},
    {"getstats", profiler_getstats, METH_VARARGS,
     "getstats(bias=0.0, by_name=False) -> list of profiler_entry\n\nThe figures of each function, "
     "and of its callees, less bias seconds for each event; by_name, functions of the same name, "
     "file and line are one."},
    {"recording", profiler_recording, METH_VARARGS,
     "recording(bias=0.0) -> bytes or None\n\nWhat was recorded, as a file of it would be, less "
     "bias "
     "seconds for each event."},
    {"flush", profiler_flush, METH_NOARGS,
     "flush()\n\nNote in the recording how late it is, in case the program is killed."},
    {"_stop_ticker", profiler_stop_ticker, METH_NOARGS, NULL},
    {"_start_ticker", profiler_start_ticker, METH_NOARGS, NULL},
    {"leave", profiler_leave, METH_NOARGS,
     "leave()\n\nStop recording the calling thread; the recording ends with the last of the "
     "others."},
    {NULL, NULL, 0, NULL}};

static PyGetSetDef profiler_attributes[] = {
    {"contexts", profiler_contexts, NULL, "how many contexts have been recorded", NULL},
    {"path", profiler_path, NULL, "the file that is the recording, or None", NULL},
    {NULL, NULL, NULL, NULL, NULL}};

static const char profiler_doc[] =
    "Profiler(timer=None, timeunit=0.0, subcalls=True, builtins=True, *, path=None, clock='wall',\n"
    "         mode='full', allocations=False, max_contexts=0, all_threads=False)\n\n"
    "Records every call path, with its calls and its time.";

static PyType_Slot profiler_slots[] = {
    {Py_tp_doc, (void *)profiler_doc},         {Py_tp_init, (void *)profiler_init},
    {Py_tp_dealloc, (void *)profiler_dealloc}, {Py_tp_traverse, (void *)profiler_traverse},
    {Py_tp_clear, (void *)profiler_unlink},    {Py_tp_methods, profiler_methods},
    {Py_tp_getset, profiler_attributes},       {0, NULL}};

/* Named as the class that programs see, in reports above all. */
static PyType_Spec profiler_spec = {"prof2any.Profile", sizeof(struct p2a_profiler), 0,
                                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
                                    profiler_slots};

/* ---- the module ------------------------------------------------------------------------------ */

static int module_traverse(PyObject *module, visitproc visit, void *arg)
{
    struct p2a_module *m = PyModule_GetState(module);
    Py_VISIT(m->profiler_type);
    Py_VISIT(m->watch_type);
    Py_VISIT(m->callback_type);
    Py_VISIT(m->entry_type);
    Py_VISIT(m->subentry_type);
    Py_VISIT(m->missing);
    return 0;
}

static PyMethodDef module_functions[] = {{"await_main", p2a_await_main, METH_VARARGS, NULL},
                                         {"follow_children", p2a_follow_children, METH_O, NULL},
                                         {NULL, NULL, 0, NULL}};

/* Single-phase: Python 3.8 can't lead from a type to its module. */
struct PyModuleDef p2a_module_def = {PyModuleDef_HEAD_INIT,
                                     "_prof2any",
                                     "The recorder of prof2any.",
                                     sizeof(struct p2a_module),
                                     module_functions,
                                     NULL,
                                     module_traverse,
                                     NULL,
                                     NULL};

static bool prepare(PyObject *module)
{
    struct p2a_module *m = PyModule_GetState(module);
    m->turns = p2a_key(m) << 16; /* apart from those of another interpreter */
    m->profiler_type = (PyTypeObject *)PyType_FromSpec(&profiler_spec);
    m->watch_type = (PyTypeObject *)PyType_FromSpec(&watch_spec);
    if (!m->profiler_type || !m->watch_type)
        return false;
    Py_INCREF(m->profiler_type);
    if (PyModule_AddObject(module, "Profiler", (PyObject *)m->profiler_type) < 0) {
        Py_DECREF(m->profiler_type);
        return false;
    }
    return p2a_stats_prepare(m, module) && p2a_events_prepare(m, module);
}

__attribute__((visibility("default"))) PyMODINIT_FUNC PyInit__prof2any(void);
PyMODINIT_FUNC PyInit__prof2any(void)
{
    PyObject *module = PyModule_Create(&p2a_module_def);
    if (module && !prepare(module))
        Py_CLEAR(module);
    return module;
}
