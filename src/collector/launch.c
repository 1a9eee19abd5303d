/* The program is evaluated by a frame evaluation function (PEP 523) that is in place from site to
 * the first frame whose globals are __main__'s: a script, -m, -c, a folder or a zip file with a
 * __main__. From there on the interpreter's own is back, at no cost.
 *
 *    site ... runpy ...   | frame of __main__            | threads, atexit, finalization
 *    evaluate() passes on | begin() enable()  ...  leave |
 *
 * Children: C's environment holds the folder all the time, while os.environ is as it was before. It
 * reaches whatever is started with the environment of the process. Where a program hands over one
 * of its own, the functions of posix and _posixsubprocess that take it are stood in for, in their
 * method tables: the function objects, their names and what a profile says of them stay the same.
 * So is sys.setprofile().
 */
#define PY_SSIZE_T_CLEAN
#include "collector/launch.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if PY_VERSION_HEX < 0x03090000 || PY_VERSION_HEX >= 0x030b0000
#ifndef Py_BUILD_CORE
#define Py_BUILD_CORE 1
#endif
#if PY_VERSION_HEX < 0x03090000
#include <internal/pycore_pystate.h>
#else
#include <internal/pycore_frame.h>
#endif
#endif

#include <frameobject.h>

/* ---- the first frame of __main__ ---- */

/* An evaluation function has no argument of its own, nor has a function that is stood in for. */
static struct {
    PyObject *globals; /* borrowed: __main__'s */
    PyObject *begin, *failed;
    PyObject *module; /* profilers lean on it, and it is in nobody's sys.modules */
} awaited;
static PyObject *recording; /* the profiler, once it records; owned */

#if PY_VERSION_HEX < 0x03090000
#define PARAMETERS PyFrameObject *frame, int throwing
#define ARGUMENTS  frame, throwing
#elif PY_VERSION_HEX < 0x030b0000
#define PARAMETERS PyThreadState *thread, PyFrameObject *frame, int throwing
#define ARGUMENTS  thread, frame, throwing
#else
#define PARAMETERS PyThreadState *thread, struct _PyInterpreterFrame *frame, int throwing
#define ARGUMENTS  thread, frame, throwing
#endif

static void set_evaluation(_PyFrameEvalFunction function)
{
    PyInterpreterState *interpreter = PyThreadState_Get()->interp;
#if PY_VERSION_HEX < 0x03090000
    interpreter->eval_frame = function;
#else
    _PyInterpreterState_SetEvalFrameFunc(interpreter, function);
#endif
}

/* What goes wrong here is not the program's. */
static void report_failure(void)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    PyObject *done = value ? PyObject_CallFunctionObjArgs(awaited.failed, value, NULL) : NULL;
    PyErr_Clear();
    Py_XDECREF(done);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
}

static void begin_recording(void)
{
    PyObject *profiler = PyObject_CallObject(awaited.begin, NULL);
    PyObject *done = profiler ? PyObject_CallMethod(profiler, "enable", NULL) : NULL;
    if (!done) {
        report_failure();
        Py_CLEAR(profiler);
    }
    recording = profiler;
    Py_XDECREF(done);
    Py_CLEAR(awaited.begin);
    Py_CLEAR(awaited.failed);
}

/* Whatever the profiler says to it. */
static void tell_profiler(const char *method)
{
    PyObject *type, *value, *traceback;
    if (!recording)
        return;
    PyErr_Fetch(&type, &value, &traceback);
    Py_XDECREF(PyObject_CallMethod(recording, method, NULL));
    PyErr_Restore(type, value, traceback);
}

static bool has_other_threads(void)
{
    PyThreadState *first = PyInterpreterState_ThreadHead(PyThreadState_Get()->interp);
    return PyThreadState_Next(first) != NULL;
}

/* Functions registered last are called first, after the threads that aren't daemons have ended. */
static void disable_at_exit(void)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *atexit = PyImport_ImportModule("atexit");
    PyObject *disable = atexit ? PyObject_GetAttrString(recording, "disable") : NULL;
    if (disable)
        Py_XDECREF(PyObject_CallMethod(atexit, "register", "O", disable));
    Py_XDECREF(disable);
    Py_XDECREF(atexit);
    PyErr_Restore(type, value, traceback);
}

/* At a prompt every statement is a frame of __main__'s own. */
static bool is_at_prompt(void)
{
    PyObject *argv = PySys_GetObject("argv");
    PyObject *first =
        argv && PyList_Check(argv) && PyList_GET_SIZE(argv) > 0 ? PyList_GET_ITEM(argv, 0) : NULL;
    return first && PyUnicode_Check(first) && PyUnicode_GET_LENGTH(first) == 0 &&
           isatty(STDIN_FILENO);
}

static void end_recording(void)
{
    bool at_prompt = is_at_prompt();
    if (!recording)
        return;
    if (!at_prompt && !has_other_threads()) {
        tell_profiler("disable");
        return;
    }
    if (!at_prompt)
        tell_profiler("leave");
    disable_at_exit();
}

static PyObject *evaluate(PARAMETERS)
{
    if (frame->f_globals != awaited.globals)
        return _PyEval_EvalFrameDefault(ARGUMENTS);
    set_evaluation(_PyEval_EvalFrameDefault);
    begin_recording();
    PyObject *result = _PyEval_EvalFrameDefault(ARGUMENTS);
    end_recording();
    return result;
}

/* Interpreters within the program's, which load sitecustomize as well, aren't recorded. */
PyObject *p2a_await_main(PyObject *module, PyObject *args)
{
    if (PyThreadState_Get()->interp != PyInterpreterState_Main())
        Py_RETURN_NONE;
    PyObject *begin, *failed, *main = PyImport_AddModule("__main__");
    if (!main || !PyArg_ParseTuple(args, "OO:await_main", &begin, &failed))
        return NULL;
    Py_INCREF(begin);
    Py_INCREF(failed);
    Py_INCREF(module);
    Py_XSETREF(awaited.begin, begin);
    Py_XSETREF(awaited.failed, failed);
    Py_XSETREF(awaited.module, module);
    awaited.globals = PyModule_GetDict(main);
    set_evaluation(evaluate);
    Py_RETURN_NONE;
}

/* ---- the environment of children ---- */

static const char NAME[] = "PYTHONPATH";
static struct {
    char *path;
    size_t n;
} folder;

static bool has_folder(const char *value)
{
    return strncmp(value, folder.path, folder.n) == 0 &&
           (value[folder.n] == '\0' || value[folder.n] == ':');
}

/* PYTHONPATH with the folder before what it is now, NULL where it isn't set. FOLDER: would add the
 * working directory, so an empty one becomes FOLDER:FOLDER. The caller frees it; NULL: no memory.
 */
static char *with_folder(const char *value)
{
    const char *rest = value && !*value ? folder.path : value;
    size_t size = folder.n + (rest ? strlen(rest) + 1 : 0) + 1;
    char *text = malloc(size);
    if (text)
        snprintf(text, size, "%s%s%s", folder.path, rest ? ":" : "", rest ? rest : "");
    return text;
}

/* The program may have set PYTHONPATH since, or removed it. */
static void mend_own_environment(void)
{
    const char *value = getenv(NAME);
    char *mended = value && has_folder(value) ? NULL : with_folder(value);
    if (mended)
        setenv(NAME, mended, 1);
    free(mended);
}

/* "PYTHONPATH=..." with the folder, from what a list of an environment has; NULL after an error. */
static PyObject *mended_entry(const char *value)
{
    char *mended = with_folder(value);
    if (!mended)
        return PyErr_NoMemory();
    PyObject *entry = PyBytes_FromFormat("%s=%s", NAME, mended);
    free(mended);
    return entry;
}

static bool put_item(PyObject *list, Py_ssize_t at, PyObject *item)
{
    if (at == PyList_GET_SIZE(list))
        return PyList_Append(list, item) == 0;
    Py_INCREF(item);
    return PyList_SetItem(list, at, item) == 0;
}

/* The list of b"NAME=VALUE" that _posixsubprocess.fork_exec takes, mended; NULL where it is none,
 * or as it should be: the function itself says what is wrong. */
static PyObject *mend_list(PyObject *list)
{
    size_t n = sizeof NAME - 1;
    PyObject *copy = PySequence_List(list), *entry = NULL;
    Py_ssize_t i = 0, items = copy ? PyList_GET_SIZE(copy) : 0;
    const char *value = NULL;
    for (; i < items && !value; i++) {
        PyObject *item = PyList_GET_ITEM(copy, i);
        const char *text = PyBytes_Check(item) ? PyBytes_AS_STRING(item) : "";
        if (strncmp(text, NAME, n) == 0 && text[n] == '=')
            value = text + n + 1;
    }
    if (copy && !(value && has_folder(value)))
        entry = mended_entry(value);
    if (!entry || !put_item(copy, value ? i - 1 : items, entry))
        Py_CLEAR(copy);
    Py_XDECREF(entry);
    PyErr_Clear();
    return copy;
}

/* The value of PYTHONPATH in a mapping whose keys and values are str or bytes: *KEY is the key as
 * the mapping spells it. Borrowed; NULL where there is none. */
static PyObject *value_in(PyObject *dict, PyObject **key)
{
    PyObject *found = NULL;
    PyObject *const spellings[] = {PyUnicode_FromString(NAME), PyBytes_FromString(NAME)};
    *key = NULL;
    for (int i = 0; i < 2; i++) {
        if (spellings[i] && !found && (found = PyDict_GetItemWithError(dict, spellings[i])))
            *key = spellings[i];
        else
            Py_XDECREF(spellings[i]);
    }
    return found;
}

static PyObject *encoded(PyObject *value)
{
    PyObject *bytes = NULL;
    return PyUnicode_FSConverter(value, &bytes) ? bytes : NULL;
}

/* The same for the mapping that execve and posix_spawn take. */
static PyObject *mend_mapping(PyObject *mapping)
{
    PyObject *copy = PyDict_New(), *key = NULL, *bytes = NULL, *mended = NULL;
    bool ok = copy && PyDict_Update(copy, mapping) == 0;
    PyObject *value = ok ? value_in(copy, &key) : NULL;
    ok = ok && !PyErr_Occurred() && (!value || (bytes = encoded(value)));
    if (ok && !(bytes && has_folder(PyBytes_AS_STRING(bytes)))) {
        char *text = with_folder(bytes ? PyBytes_AS_STRING(bytes) : NULL);
        mended = text ? PyBytes_FromString(text) : NULL;
        free(text);
        if (!key)
            key = PyBytes_FromString(NAME);
    }
    ok = mended && key && PyDict_SetItem(copy, key, mended) == 0;
    Py_XDECREF(key);
    Py_XDECREF(bytes);
    Py_XDECREF(mended);
    if (!ok)
        Py_CLEAR(copy);
    PyErr_Clear();
    return copy;
}

/* ---- standing in for the functions that start programs ---- */

typedef PyObject *fast_function(PyObject *, PyObject *const *, Py_ssize_t);
typedef PyObject *keyword_function(PyObject *, PyObject *const *, Py_ssize_t, PyObject *);

enum function {
    FORK_EXEC,
    EXECV,
    EXECVE,
    SPAWN,
    SPAWNP,
    SYSTEM,
    EXIT,
    FORK,
    FORKPTY,
    SETPROFILE,
    FUNCTIONS
};
static PyCFunction original[FUNCTIONS];

enum { MOST = 32 }; /* arguments that any of them has */

/* Calls with argument AT replaced by its mended form, where it is an environment that lacks the
 * folder; None there is the environment of this process. */
static PyObject *call_mended(enum function function, PyObject *(*mend)(PyObject *), Py_ssize_t at,
                             PyObject *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    PyObject *copy[MOST], *mended = NULL;
    Py_ssize_t all = n + (names ? PyTuple_GET_SIZE(names) : 0);
    if (at >= 0 && at < all && all <= MOST) {
        memcpy(copy, args, (size_t)all * sizeof *copy);
        if (copy[at] == Py_None)
            mend_own_environment();
        else
            mended = mend(copy[at]);
        if (mended) {
            copy[at] = mended;
            args = copy;
        }
    }
    PyObject *result =
        ((keyword_function *)(void (*)(void))original[function])(self, args, n, names);
    Py_XDECREF(mended);
    return result;
}

enum { FORK_EXEC_ENVIRONMENT = 5, SPAWN_ENVIRONMENT = 2, EXECVE_ENVIRONMENT = 2 };

#if PY_VERSION_HEX < 0x030c0000
static PyObject *fork_exec_of_tuple(PyObject *self, PyObject *args)
{
    const Py_ssize_t at = FORK_EXEC_ENVIRONMENT;
    Py_ssize_t n = PyTuple_Check(args) ? PyTuple_GET_SIZE(args) : 0;
    PyObject *mended = NULL, *copy = NULL;
    if (n > at && PyTuple_GET_ITEM(args, at) == Py_None)
        mend_own_environment();
    else if (n > at)
        mended = mend_list(PyTuple_GET_ITEM(args, at));
    if (mended && (copy = PyTuple_New(n))) {
        for (Py_ssize_t i = 0; i < n; i++) {
            PyObject *item = i == at ? mended : PyTuple_GET_ITEM(args, i);
            Py_INCREF(item);
            PyTuple_SET_ITEM(copy, i, item);
        }
        args = copy;
    }
    PyErr_Clear();
    PyObject *result = original[FORK_EXEC](self, args);
    Py_XDECREF(mended);
    Py_XDECREF(copy);
    return result;
}
#define FORK_EXEC_STAND_IN METH_VARARGS, C_FUNCTION(fork_exec_of_tuple)
#else
static PyObject *fork_exec_of_array(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
    PyObject *mended = NULL, *copy[MOST];
    const Py_ssize_t at = FORK_EXEC_ENVIRONMENT;
    if (n > at && args[at] == Py_None)
        mend_own_environment();
    else if (n > at && n <= MOST)
        mended = mend_list(args[at]);
    if (mended) {
        memcpy(copy, args, (size_t)n * sizeof *copy);
        copy[at] = mended;
        args = copy;
    }
    tell_profiler("_stop_ticker");
    PyObject *result = ((fast_function *)(void (*)(void))original[FORK_EXEC])(self, args, n);
    tell_profiler("_start_ticker");
    Py_XDECREF(mended);
    return result;
}
#define FORK_EXEC_STAND_IN METH_FASTCALL, C_FUNCTION(fork_exec_of_array)
#endif

static PyObject *execv_(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
    mend_own_environment();
    tell_profiler("flush"); /* this program may end here */
    return ((fast_function *)(void (*)(void))original[EXECV])(self, args, n);
}

static PyObject *system_(PyObject *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    mend_own_environment();
    return ((keyword_function *)(void (*)(void))original[SYSTEM])(self, args, n, names);
}

static PyObject *execve_(PyObject *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    Py_ssize_t at = n > EXECVE_ENVIRONMENT ? EXECVE_ENVIRONMENT : -1;
    for (Py_ssize_t i = 0; names && i < PyTuple_GET_SIZE(names); i++)
        if (PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, i), "env") == 0)
            at = n + i;
    tell_profiler("flush");
    return call_mended(EXECVE, mend_mapping, at, self, args, n, names);
}

static PyObject *spawn(PyObject *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    Py_ssize_t at = n > SPAWN_ENVIRONMENT ? SPAWN_ENVIRONMENT : -1;
    return call_mended(SPAWN, mend_mapping, at, self, args, n, names);
}

static PyObject *spawnp(PyObject *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    Py_ssize_t at = n > SPAWN_ENVIRONMENT ? SPAWN_ENVIRONMENT : -1;
    return call_mended(SPAWNP, mend_mapping, at, self, args, n, names);
}

/* The program ends here: its recording as well, and not as one that was killed. */
static PyObject *exit_(PyObject *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    if (n + (names ? PyTuple_GET_SIZE(names) : 0) == 1)
        tell_profiler("disable");
    return ((keyword_function *)(void (*)(void))original[EXIT])(self, args, n, names);
}

/* From 3.12 on these count the threads of the process, and warn where there are several. */
static PyObject *fork_alone(enum function function, PyObject *self, PyObject *nothing)
{
    tell_profiler("_stop_ticker");
    PyObject *result = original[function](self, nothing);
    tell_profiler("_start_ticker");
    return result;
}

static PyObject *fork_(PyObject *self, PyObject *nothing)
{
    return fork_alone(FORK, self, nothing);
}

static PyObject *forkpty_(PyObject *self, PyObject *nothing)
{
    return fork_alone(FORKPTY, self, nothing);
}

static Py_tracefunc programs; /* the interpreter's, that calls what sys.setprofile() was given */

static PyObject *setprofile(PyObject *self, PyObject *function);

static int but_the_return_of_setprofile(PyObject *self, PyFrameObject *frame, int what,
                                        PyObject *arg)
{
    PyThreadState *state = PyThreadState_Get();
    if (state->c_profilefunc == but_the_return_of_setprofile)
        state->c_profilefunc = programs;
    if (what == PyTrace_C_RETURN && PyCFunction_Check(arg) &&
        PyCFunction_GetFunction(arg) == setprofile)
        return 0;
    return programs(self, frame, what, arg);
}

/* Because the recorder watches calls of C functions, the program's profiler would be told first of
 * all that this one, which it saw no call of, has returned. */
static PyObject *setprofile(PyObject *self, PyObject *function)
{
    PyThreadState *state = PyThreadState_Get();
    Py_tracefunc before = state->c_profilefunc;
    PyObject *result = original[SETPROFILE](self, function);
    if (result && function != Py_None && (!programs || before != programs)) {
        programs = state->c_profilefunc;
        state->c_profilefunc = but_the_return_of_setprofile;
    }
    return result;
}

#define C_FUNCTION(f) ((PyCFunction)(void (*)(void))(f))

static const struct {
    const char *module, *name;
    int flags;
    PyCFunction ours;
} stand_ins[FUNCTIONS] = {
    [FORK_EXEC] = {"_posixsubprocess", "fork_exec", FORK_EXEC_STAND_IN},
    [EXECV] = {"posix", "execv", METH_FASTCALL, C_FUNCTION(execv_)},
    [EXECVE] = {"posix", "execve", METH_FASTCALL | METH_KEYWORDS, C_FUNCTION(execve_)},
    [SPAWN] = {"posix", "posix_spawn", METH_FASTCALL | METH_KEYWORDS, C_FUNCTION(spawn)},
    [SPAWNP] = {"posix", "posix_spawnp", METH_FASTCALL | METH_KEYWORDS, C_FUNCTION(spawnp)},
    [SYSTEM] = {"posix", "system", METH_FASTCALL | METH_KEYWORDS, C_FUNCTION(system_)},
    [EXIT] = {"posix", "_exit", METH_FASTCALL | METH_KEYWORDS, C_FUNCTION(exit_)},
    [FORK] = {"posix", "fork", METH_NOARGS, fork_},
    [FORKPTY] = {"posix", "forkpty", METH_NOARGS, forkpty_},
    [SETPROFILE] = {"sys", "setprofile", METH_O, setprofile},
};

/* A function that isn't there, or takes its arguments another way, stays as it is. */
static void stand_in(enum function f)
{
    PyObject *module = PyImport_ImportModule(stand_ins[f].module);
    PyObject *function = module ? PyObject_GetAttrString(module, stand_ins[f].name) : NULL;
    if (function && PyCFunction_Check(function)) {
        PyMethodDef *method = ((PyCFunctionObject *)function)->m_ml;
        if (method->ml_flags == stand_ins[f].flags && method->ml_meth != stand_ins[f].ours) {
            original[f] = method->ml_meth;
            method->ml_meth = stand_ins[f].ours;
        }
    }
    PyErr_Clear();
    Py_XDECREF(function);
    Py_XDECREF(module);
}

PyObject *p2a_follow_children(PyObject *module, PyObject *path)
{
    (void)module;
    PyObject *bytes = NULL;
    if (!PyUnicode_FSConverter(path, &bytes))
        return NULL;
    free(folder.path);
    folder.path = strdup(PyBytes_AS_STRING(bytes));
    folder.n = (size_t)PyBytes_GET_SIZE(bytes);
    Py_DECREF(bytes);
    if (!folder.path)
        return PyErr_NoMemory();
    for (int f = 0; f < FUNCTIONS; f++)
        stand_in((enum function)f);
    Py_RETURN_NONE;
}
