/* SPDX-License-Identifier: BSD-2-Clause */
/* CPython's frames. Theory and contract: python.h. */
#include "jit/python.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#define MODULE "/sigprof/sigprof_python.so"

static void (*enter_thread)(void);

static void *load_module(const char *preload_path)
{
    const char *slash = strrchr(preload_path, '/');
    char path[4096];

    if (!slash ||
        snprintf(path, sizeof path, "%.*s" MODULE, (int)(slash - preload_path),
                 preload_path) >= (int)sizeof path)
        return NULL;
    return dlopen(path, RTLD_NOW | RTLD_LOCAL);
}

void sigprof__python_find(const char *preload_path)
{
    const unsigned long *version = dlsym(RTLD_DEFAULT, "Py_Version");
    void *module = version ? load_module(preload_path) : NULL;
    const unsigned long *known =
        module ? dlsym(module, "sigprof_python_version") : NULL;

    if (!known || *version >> 16 != *known)
        return;
    *(void **)&enter_thread = dlsym(module, "sigprof_python_thread");
    sigprof__python_thread();
}

void sigprof__python_thread(void)
{
    if (enter_thread)
        enter_thread();
}
