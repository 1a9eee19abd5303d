/* launch.h - recording a program that knows nothing of it: what sitecustomize.py beside the modules
 * asks of the C module. */
#ifndef P2A_COLLECTOR_LAUNCH_H
#define P2A_COLLECTOR_LAUNCH_H

#include <Python.h>

/* await_main(begin, failed): calls begin() right before the first instruction of __main__ and
 * enables what it returns, a Profiler; what goes wrong there is handed to failed(exception). Once
 * __main__ has returned, or was left by an exception, its thread is recorded no more. */
PyObject *p2a_await_main(PyObject *module, PyObject *args);

/* follow_children(path): whatever environment the program gives to the processes it starts, their
 * PYTHONPATH begins with that path. */
PyObject *p2a_follow_children(PyObject *module, PyObject *path);

#endif
