/* SPDX-License-Identifier: BSD-2-Clause */
/* Around every exec. See exec.c. */
#ifndef SIGPROF_PRELOAD_EXECUTE_H
#define SIGPROF_PRELOAD_EXECUTE_H

#include <alloca.h>
#include <errno.h>
#include <stdbool.h>

#include "hooks.h"

/* Is an exec of this path worth trying, as far as can be seen? Keeps errno. */
bool sigprof__can_execute(const char *volatile path);

/* Evaluates to the environment to pass; the copy lives until the caller's end. */
#define EDITED(envp)                                                           \
    (__extension__({                                                           \
        size_t bytes = sigprof__hook_environment_bytes(envp);                  \
        bytes ? sigprof__hook_environment(envp, alloca(bytes))                 \
              : (char **)(envp);                                               \
    }))

/* What every exec does around the real one. One that is sure to fail, as in a
 * search of the PATH, is not worth an end and a new start. */
#define EXECUTE(path, call)                                                    \
    do {                                                                       \
        int error;                                                             \
        if (sigprof__can_execute(path))                                        \
            sigprof__hook_exec(path);                                          \
        (call);                                                                \
        error = errno;                                                         \
        sigprof__hook_exec_failed();                                           \
        errno = error;                                                         \
    } while (0)

#endif
