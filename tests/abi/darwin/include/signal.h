/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_DARWIN_INCLUDE_SIGNAL_H
#define ABI_DARWIN_INCLUDE_SIGNAL_H

#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#define NSIG 32

typedef unsigned int sigset_t;

union sigval {
    int sival_int;
    void *sival_ptr;
};

typedef struct abi_siginfo {
    int si_signo;
    int si_errno;
    int si_code;
    pid_t si_pid;
    uid_t si_uid;
    int si_status;
    void *si_addr;
    union sigval si_value;
    long si_band;
    unsigned long abi_pad[7];
} siginfo_t;

struct sigaction {
    union {
        void (*abi_handler)(int);
        void (*abi_sigaction)(int, siginfo_t *, void *);
    } abi_function;
    sigset_t sa_mask;
    int sa_flags;
};

#include <abi/signals.h>

int pthread_kill(pthread_t, int);
int sigprocmask(int, const sigset_t *, sigset_t *);

#endif
