/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Executing another program: exec*, fexecve, posix_spawn*. See preload.c.
 *
 * The environment passed on is an edited copy on this stack: a vfork's child,
 * which runs on its parent's memory, may be the caller. The library's own
 * execvp, system and popen come through here only where the C library calls
 * its exported functions; what it does inside is followed by the environment
 * that the process was started with.
 */
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "hooks.h"
#include "preload/execute.h"
#include "preload/real.h"

extern char **environ;

/* The C library's headers promise that path is not NULL; programs do not. */
bool sigprof__can_execute(const char *volatile path)
{
    int error = errno;
    bool can = path != NULL &&
               (!strchr(path, '/') || access(path, X_OK) == 0);

    errno = error;
    return can;
}

INTERPOSED int execve(const char *path, char *const argv[], char *const envp[])
{
    char **edited = EDITED(envp);

    EXECUTE(path, REAL(execve)(path, argv, edited));
    return -1;
}

INTERPOSED int execv(const char *path, char *const argv[])
{
    return execve(path, argv, environ);
}

/* Of this and fexecve, which are not in every illumos. */
static int not_there(void)
{
    errno = ENOSYS;
    return -1;
}

INTERPOSED int execvpe(const char *file, char *const argv[], char *const envp[]);
int execvpe(const char *file, char *const argv[], char *const envp[])
{
    char **edited = EDITED(envp);

    if (!REAL(execvpe))
        return not_there();
    EXECUTE(file, REAL(execvpe)(file, argv, edited));
    return -1;
}

INTERPOSED int execvp(const char *file, char *const argv[])
{
    if (REAL(execvpe))
        return execvpe(file, argv, environ);
    EXECUTE(file, REAL(execvp)(file, argv));
    return -1;
}

INTERPOSED int fexecve(int descriptor, char *const argv[], char *const envp[]);
int fexecve(int descriptor, char *const argv[], char *const envp[])
{
    char **edited = EDITED(envp);

    if (!REAL(fexecve))
        return not_there();
    EXECUTE("", REAL(fexecve)(descriptor, argv, edited));
    return -1;
}

static size_t count_arguments(va_list list)
{
    size_t count = 0;

    while (va_arg(list, char *))
        count++;
    return count;
}

/* The arguments of an execl as an array on this stack; `last` has been started
 * and is left behind the NULL. */
#define ARGUMENTS(argv, first, last)                                           \
    do {                                                                       \
        va_list again;                                                         \
        size_t i = 0;                                                          \
        va_copy(again, last);                                                  \
        argv = alloca((count_arguments(again) + 2) * sizeof *argv);            \
        va_end(again);                                                         \
        for (const char *at = first; at; at = va_arg(last, char *))            \
            argv[i++] = (char *)(uintptr_t)at;                                 \
        argv[i] = NULL;                                                        \
    } while (0)

INTERPOSED int execl(const char *path, const char *first, ...)
{
    char **argv;
    va_list rest;

    va_start(rest, first);
    ARGUMENTS(argv, first, rest);
    va_end(rest);
    return execve(path, argv, environ);
}

INTERPOSED int execlp(const char *file, const char *first, ...)
{
    char **argv;
    va_list rest;

    va_start(rest, first);
    ARGUMENTS(argv, first, rest);
    va_end(rest);
    return execvp(file, argv);
}

INTERPOSED int execle(const char *path, const char *first, ...)
{
    char **argv, **envp;
    va_list rest;

    va_start(rest, first);
    ARGUMENTS(argv, first, rest);
    envp = va_arg(rest, char **);
    va_end(rest);
    return execve(path, argv, envp);
}

INTERPOSED int posix_spawn(pid_t *pid, const char *path,
                           const posix_spawn_file_actions_t *actions,
                           const posix_spawnattr_t *attributes,
                           char *const argv[], char *const envp[])
{
    return REAL(posix_spawn)(pid, path, actions, attributes, argv, EDITED(envp));
}

INTERPOSED int posix_spawnp(pid_t *pid, const char *file,
                            const posix_spawn_file_actions_t *actions,
                            const posix_spawnattr_t *attributes,
                            char *const argv[], char *const envp[])
{
    return REAL(posix_spawnp)(pid, file, actions, attributes, argv, EDITED(envp));
}
