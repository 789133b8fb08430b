/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The C library's own functions, behind our interposed ones: looked up once, at
 * load, so that no loader's lock is taken in a vfork's child or in a signal.
 */
#ifndef SIGPROF_PRELOAD_REAL_H
#define SIGPROF_PRELOAD_REAL_H

/* Exported: the rest of this object is hidden by its map. */
#define INTERPOSED __attribute__((visibility("default")))

#define REAL_FUNCTIONS(X)                                                      \
    X(__deregister_frame)                                                      \
    X(__register_frame)                                                        \
    X(_exit)                                                                   \
    X(dlclose)                                                                 \
    X(epoll_pwait)                                                             \
    X(epoll_wait)                                                              \
    X(execve)                                                                  \
    X(execveat)                                                                \
    X(execvpe)                                                                 \
    X(fexecve)                                                                 \
    X(getegid)                                                                 \
    X(open)                                                                    \
    X(open64)                                                                  \
    X(posix_spawn)                                                             \
    X(posix_spawnp)                                                            \
    X(pthread_create)                                                          \
    X(quick_exit)                                                              \
    X(setitimer)                                                               \
    X(sigaction)                                                               \
    X(signal)                                                                  \
    X(sigset)                                                                  \
    X(sysv_signal)

enum real_function {
#define REAL_X(name) REAL_##name,
    REAL_FUNCTIONS(REAL_X)
#undef REAL_X
    REAL_COUNT
};

/* The next definition of the function, found once; Signal-safe after load. */
void *sigprof__real(enum real_function which);

/* A call through to the real function, with its own type. */
#define REAL(function)                                                         \
    (__extension__((__typeof__(&function))sigprof__real(REAL_##function)))

#endif
