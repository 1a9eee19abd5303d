/* _empty: the least that watching a program can cost: the recorder's events, and functions for them
 * that do nothing. on(builtins=True), off(). */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <frameobject.h>
#include <stddef.h>
#include <structmember.h>

#if PY_VERSION_HEX < 0x030C0000

static int nothing(PyObject *self, PyFrameObject *frame, int what, PyObject *arg)
{
    (void)self, (void)frame, (void)what, (void)arg;
    return 0;
}

static PyObject *on(PyObject *module, PyObject *builtins)
{
    (void)builtins;
    PyEval_SetProfile(nothing, module);
    Py_RETURN_NONE;
}

static PyObject *off(PyObject *module, PyObject *none)
{
    (void)module, (void)none;
    PyEval_SetProfile(NULL, NULL);
    Py_RETURN_NONE;
}

#else

struct callback {
    PyObject_HEAD vectorcallfunc call;
};

static PyObject *nothing(PyObject *self, PyObject *const *args, size_t n, PyObject *names)
{
    (void)self, (void)args, (void)n, (void)names;
    Py_RETURN_NONE;
}

static PyMemberDef members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(struct callback, call), READONLY, NULL},
    {NULL, 0, 0, 0, NULL}};
static PyType_Slot slots[] = {
    {Py_tp_call, (void *)PyVectorcall_Call}, {Py_tp_members, members}, {0, NULL}};
static PyType_Spec spec = {"_empty.callback", sizeof(struct callback), 0,
                           Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL, slots};

static const char *const events[] = {"PY_START",  "PY_RESUME", "PY_THROW", "PY_RETURN", "PY_YIELD",
                                     "PY_UNWIND", "CALL",      "C_RETURN", "C_RAISE"};
enum { TOOL = 4, PYTHON_EVENTS = 6, EVENTS = 9 };

static PyObject *on(PyObject *module, PyObject *builtins)
{
    PyObject *monitoring = PySys_GetObject("monitoring");
    PyObject *names = PyObject_GetAttrString(monitoring, "events"), *type = PyType_FromSpec(&spec);
    long all = 0;
    (void)module;
    Py_XDECREF(PyObject_CallMethod(monitoring, "use_tool_id", "is", TOOL, "empty"));
    for (int i = 0; i < (PyObject_IsTrue(builtins) ? EVENTS : PYTHON_EVENTS); i++) {
        PyObject *bit = PyObject_GetAttrString(names, events[i]);
        struct callback *c = (struct callback *)PyType_GenericAlloc((PyTypeObject *)type, 0);
        c->call = nothing;
        all |= PyLong_AsLong(bit);
        Py_XDECREF(PyObject_CallMethod(monitoring, "register_callback", "iON", TOOL, bit, c));
        Py_DECREF(bit);
    }
    Py_DECREF(names);
    return PyObject_CallMethod(monitoring, "set_events", "il", TOOL, all);
}

static PyObject *off(PyObject *module, PyObject *none)
{
    PyObject *monitoring = PySys_GetObject("monitoring");
    (void)module, (void)none;
    Py_XDECREF(PyObject_CallMethod(monitoring, "set_events", "ii", TOOL, 0));
    return PyObject_CallMethod(monitoring, "free_tool_id", "i", TOOL);
}

#endif

static PyMethodDef functions[] = {
    {"on", on, METH_O, NULL}, {"off", off, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT, .m_name = "_empty", .m_size = -1, .m_methods = functions};

PyMODINIT_FUNC PyInit__empty(void)
{
    return PyModule_Create(&definition);
}
