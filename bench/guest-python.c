/* SPDX-License-Identifier: BSD-2-Clause */
/* The walk of examples/python.c: a module with measure(), which lists who called it. */
#define PyInit_sigprof_python init_example
#include "../examples/python.c"
#undef PyInit_sigprof_python

#include "guest-cost.h"

static PyObject *measure(PyObject *self, PyObject *arguments)
{
    static struct thread thread = {.guest = {.walk = list_frames}};

    (void)self;
    (void)arguments;
    thread.guest.state = PyThreadState_Get();
    guest_cost("CPython 3.11", &thread.guest);
    Py_RETURN_NONE;
}

static PyMethodDef bench_methods[] = {{"measure", measure, METH_NOARGS, ""},
                                      {NULL, NULL, 0, NULL}};
static struct PyModuleDef bench_module = {PyModuleDef_HEAD_INIT,
                                          .m_name = "bench_python",
                                          .m_size = -1,
                                          .m_methods = bench_methods};

PyMODINIT_FUNC PyInit_bench_python(void);

PyMODINIT_FUNC PyInit_bench_python(void)
{
    return PyModule_Create(&bench_module);
}
