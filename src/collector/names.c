/* What functions are called. A C function is spelled as cProfile spells it:
 *
 *     len                <built-in method builtins.len>       of a module
 *     [].append          <method 'append' of 'list' objects>  of a type: what the type has by the
 * name an odd callable    <built-in method name>               nothing better is known
 *
 * Names are looked up when a function is first called, the objects may be gone later. A code object
 * is kept as long as the recording: its address is the key. */
#include "collector/profiler.h"

#include <frameobject.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- strings --------------------------------------------------------------------------------- */

/* In UTF-8, surrogates as marshal writes them, which is what cProfile's file has of them: Python
 * puts them in the place of bytes in a file's name that are no UTF-8. The recording keeps NUL for
 * itself. */
static PyObject *encoded(PyObject *string)
{
    PyObject *bytes = PyUnicode_AsEncodedString(string, "utf-8", "surrogatepass");
    if (!bytes || !memchr(PyBytes_AS_STRING(bytes), '\0', (size_t)PyBytes_GET_SIZE(bytes)))
        return bytes;
    PyObject *escaped = PyObject_CallMethod(bytes, "replace", "y#y", "\0", (Py_ssize_t)1, "\\x00");
    Py_DECREF(bytes);
    return escaped;
}

/* The text of a string in UTF-8, held by *BYTES; what is no string is "". False: no memory. */
static bool utf8(PyObject *string, PyObject **bytes, const char **text, size_t *n)
{
    *bytes = NULL;
    *text = NULL;
    *n = 0;
    if (!string || !PyUnicode_Check(string))
        return true;
    *bytes = encoded(string);
    if (!*bytes)
        return false;
    *text = PyBytes_AS_STRING(*bytes);
    *n = (size_t)PyBytes_GET_SIZE(*bytes);
    return true;
}

/* ---- C functions ----------------------------------------------------------------------------- */

/* The module's name, as a new reference; NULL: none. */
static PyObject *module_of(const PyCFunctionObject *f)
{
    PyObject *module = f->m_module;
    if (!module)
        return NULL;
    if (PyUnicode_Check(module)) {
        Py_INCREF(module);
        return module;
    }
    return PyModule_Check(module) ? PyModule_GetNameObject(module) : NULL;
}

static PyObject *name_of_function(const PyCFunctionObject *f)
{
    PyObject *module = module_of(f), *name;
    PyErr_Clear();
    if (module && PyUnicode_CompareWithASCIIString(module, "builtins") != 0)
        name = PyUnicode_FromFormat("<%U.%s>", module, f->m_ml->ml_name);
    else
        name = PyUnicode_FromFormat("<%s>", f->m_ml->ml_name);
    Py_XDECREF(module);
    return name;
}

/* What the type of SELF has by this name, as it shows itself; NULL: nothing. */
static PyObject *name_by_type(PyObject *self, const char *method)
{
    PyObject *name = PyUnicode_FromString(method);
    PyObject *found = name ? _PyType_Lookup(Py_TYPE(self), name) : NULL, *text = NULL;
    Py_XINCREF(found);
    Py_XDECREF(name);
    if (found)
        text = PyObject_Repr(found);
    Py_XDECREF(found);
    PyErr_Clear();
    return text;
}

static PyObject *name_of_method(PyObject *self, PyObject *module, const char *method)
{
    PyObject *name = name_by_type(self, method);
    if (name)
        return name;
    if (module && PyUnicode_Check(module))
        return PyUnicode_FromFormat("<built-in method %S.%s>", module, method);
    return PyUnicode_FromFormat("<built-in method %s>", method);
}

static PyObject *name_of_c(PyObject *callable, PyObject *self)
{
    if (self && !PyCFunction_Check(callable))
        return name_of_method(self, NULL, ((PyMethodDescrObject *)callable)->d_method->ml_name);
    PyCFunctionObject *f = (PyCFunctionObject *)callable;
    if (!f->m_self)
        return name_of_function(f);
    return name_of_method(f->m_self, f->m_module, f->m_ml->ml_name);
}

/* start_new_thread, under each of its names. */
bool p2a_starts_threads(PyObject *callable)
{
    if (!PyCFunction_Check(callable))
        return false;
    const PyCFunctionObject *f = (PyCFunctionObject *)callable;
    if (strncmp(f->m_ml->ml_name, "start_", 6) != 0)
        return false;
    PyObject *module = module_of(f);
    PyErr_Clear();
    bool starts = module && PyUnicode_CompareWithASCIIString(module, "_thread") == 0;
    Py_XDECREF(module);
    return starts;
}

/* ---- subjects -------------------------------------------------------------------------------- */

/* Takes over both references, also when it fails. */
static struct p2a_subject *new_subject(PyObject *code, PyObject *module, uint32_t flags)
{
    struct p2a_subject *s = code ? malloc(sizeof *s) : NULL;
    if (!s) {
        Py_XDECREF(code);
        Py_XDECREF(module);
        return NULL;
    }
    *s = (struct p2a_subject){code, module, flags};
    return s;
}

void p2a_release(void *profiler, void *subject)
{
    struct p2a_subject *s = subject;
    (void)profiler;
    Py_XDECREF(s->code);
    Py_XDECREF(s->module);
    free(s);
}

static PyObject *qualname_of(PyCodeObject *code)
{
#if PY_VERSION_HEX >= 0x030B0000
    return code->co_qualname;
#else
    (void)code;
    return NULL;
#endif
}

static bool tell(struct p2a_recorder *r, uint64_t key, struct p2a_subject *s)
{
    bool python = PyCode_Check(s->code), told = false;
    PyCodeObject *code = (PyCodeObject *)s->code;
    struct p2a_told t = {.kind = python ? P2A_REC_PYTHON : P2A_REC_BUILTIN,
                         .line = python && code->co_firstlineno > 0 ? (uint32_t)code->co_firstlineno
                                                                    : 0,
                         .file = python ? NULL : "~",
                         .file_n = python ? 0 : 1,
                         .flags = s->flags};
    PyObject *held[4] = {NULL};
    if (utf8(python ? code->co_name : s->code, &held[0], &t.name, &t.name_n) &&
        utf8(python ? qualname_of(code) : NULL, &held[1], &t.qualname, &t.qualname_n) &&
        (!python || utf8(code->co_filename, &held[2], &t.file, &t.file_n)) &&
        utf8(s->module, &held[3], &t.module, &t.module_n))
        told = p2a_tell(r, key, &t, s);
    for (int i = 0; i < 4; i++)
        Py_XDECREF(held[i]);
    return told;
}

/* ---- what the recorder asks ------------------------------------------------------------------ */

/* The module of the Python function that is being entered: the name its globals have. In a process
 * that multiprocessing spawned that of the program is another. */
static PyObject *module_of_globals(PyObject *globals)
{
    PyObject *module = globals ? PyDict_GetItemString(globals, "__name__") : NULL;
    if (module && PyUnicode_Check(module) &&
        PyUnicode_CompareWithASCIIString(module, "__mp_main__") == 0)
        return PyUnicode_InternFromString("__main__");
    if (!module || !PyUnicode_Check(module))
        return NULL;
    Py_INCREF(module);
    return module;
}

static struct p2a_subject *python_subject(PyCodeObject *code, PyObject *globals)
{
    Py_INCREF(code);
    return new_subject((PyObject *)code, module_of_globals(globals), 0);
}

static struct p2a_subject *c_subject(PyObject *callable, PyObject *self)
{
    PyObject *name = name_of_c(callable, self), *module = NULL;
    if (PyCFunction_Check(callable))
        module = module_of((PyCFunctionObject *)callable);
    PyErr_Clear();
    return new_subject(name, module, p2a_starts_threads(callable) ? P2A_NODE_STARTS_THREADS : 0);
}

static struct p2a_subject *subject_of(uint64_t key, const void *what)
{
#if P2A_MONITORING
    if (p2a_key(what) == key)
        return python_subject((PyCodeObject *)what, PyEval_GetGlobals());
    const struct p2a_called *called = what;
    return c_subject(called->callable, called->self);
#else
    PyObject *object = (PyObject *)what;
    if (!PyFrame_Check(object))
        return c_subject(object, NULL);
    PyObject *code = PyObject_GetAttrString(object, "f_code");
    PyObject *globals = PyObject_GetAttrString(object, "f_globals");
    struct p2a_subject *s = code ? python_subject((PyCodeObject *)code, globals) : NULL;
    (void)key;
    Py_XDECREF(code);
    Py_XDECREF(globals);
    return s;
#endif
}

static bool tell_or_release(struct p2a_recorder *r, uint64_t key, struct p2a_subject *s)
{
    if (s && tell(r, key, s))
        return true;
    if (s)
        p2a_release(NULL, s);
    return false;
}

/* There may be an exception on its way through the frames; it is put aside. */
bool p2a_describe(void *profiler, struct p2a_recorder *r, uint64_t key, const void *what)
{
    struct p2a_profiler *p = profiler;
    PyObject *type, *value, *traceback;
    bool before = p->describing;
    p->describing = true;
    PyErr_Fetch(&type, &value, &traceback);
    bool told = tell_or_release(r, key, subject_of(key, what));
    p->describing = before;
    PyErr_Clear();
    PyErr_Restore(type, value, traceback);
    return told;
}

bool p2a_repeat(void *profiler, struct p2a_recorder *r, uint64_t key, void *subject)
{
    const struct p2a_subject *old = subject;
    (void)profiler;
    Py_XINCREF(old->code);
    Py_XINCREF(old->module);
    bool told = tell_or_release(r, key, new_subject(old->code, old->module, old->flags));
    PyErr_Clear();
    return told;
}

/* ---- threads --------------------------------------------------------------------------------- */

/* threading._active has the Thread objects by number; borrowed. */
static PyObject *this_thread(PyObject *threading)
{
    PyObject *active = PyObject_GetAttrString(threading, "_active"), *thread = NULL;
    PyObject *ident = PyLong_FromUnsignedLong(PyThread_get_thread_ident());
    if (active && PyDict_Check(active) && ident)
        thread = PyDict_GetItemWithError(active, ident);
    Py_XDECREF(active);
    Py_XDECREF(ident);
    return thread;
}

static bool copy_name(PyObject *threading, char *to)
{
    PyObject *thread = this_thread(threading), *bytes = NULL;
    PyObject *name = thread ? PyObject_GetAttrString(thread, "_name") : NULL;
    const char *text;
    size_t n;
    bool known = name && utf8(name, &bytes, &text, &n) && n > 0;
    if (known) {
        size_t most = P2A_THREAD_NAME - 1;
        if (n > most)
            for (n = most; n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80;)
                n--;
        memcpy(to, text, n);
    }
    Py_XDECREF(bytes);
    Py_XDECREF(name);
    return known;
}

/* The first thread has its name before anybody imports threading. */
static bool name_first(char *to)
{
    static const char name[] = "MainThread";
    bool first = syscall(SYS_gettid) == getpid();
    if (first)
        memcpy(to, name, sizeof name);
    return first;
}

bool p2a_thread_name(void *profiler, char name[static P2A_THREAD_NAME])
{
    PyObject *type, *value, *traceback;
    (void)profiler;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *modules = PyImport_GetModuleDict();
    PyObject *threading = modules ? PyDict_GetItemString(modules, "threading") : NULL;
    bool known = threading ? copy_name(threading, name) : name_first(name);
    PyErr_Clear();
    PyErr_Restore(type, value, traceback);
    return known;
}
