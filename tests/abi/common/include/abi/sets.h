/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_COMMON_INCLUDE_ABI_SETS_H
#define ABI_COMMON_INCLUDE_ABI_SETS_H

/* What is the same in <signal.h>, behind that system's sigset_t. */
typedef struct {
    void *ss_sp;
    size_t ss_size;
    int ss_flags;
} stack_t;

int sigaddset(sigset_t *, int);
int sigemptyset(sigset_t *);
int sigfillset(sigset_t *);
int sigismember(const sigset_t *, int);
int pthread_sigmask(int, const sigset_t *, sigset_t *);
int raise(int);
int sigpending(sigset_t *);
int sigwait(const sigset_t *, int *);

#endif
