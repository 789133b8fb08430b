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
#include <alloca.h>
#include <errno.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "hooks.h"
#include "preload/real.h"

extern char **environ;

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
        if (can_execute(path))                                                 \
            sigprof__hook_exec(path);                                          \
        (call);                                                                \
        error = errno;                                                         \
        sigprof__hook_exec_failed();                                           \
        errno = error;                                                         \
    } while (0)

/* The C library's headers promise that path is not NULL; programs do not. */
static bool can_execute(const char *volatile path)
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

INTERPOSED int execvpe(const char *file, char *const argv[], char *const envp[])
{
    char **edited = EDITED(envp);

    EXECUTE(file, REAL(execvpe)(file, argv, edited));
    return -1;
}

INTERPOSED int execvp(const char *file, char *const argv[])
{
    return execvpe(file, argv, environ);
}

INTERPOSED int fexecve(int descriptor, char *const argv[], char *const envp[])
{
    char **edited = EDITED(envp);

    EXECUTE("", REAL(fexecve)(descriptor, argv, edited));
    return -1;
}

/* Not in musl 1.2.3. */
INTERPOSED int execveat(int directory, const char *path, char *const argv[],
                        char *const envp[], int flags);
int execveat(int directory, const char *path, char *const argv[],
             char *const envp[], int flags)
{
    char **edited = EDITED(envp);

    if (!REAL(execveat)) {
        errno = ENOSYS;
        return -1;
    }
    /* A relative path is not from here: whether it will do is not known. */
    EXECUTE(path[0] == '/' ? path : "",
            REAL(execveat)(directory, path, argv, edited, flags));
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
    return execvpe(file, argv, environ);
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
