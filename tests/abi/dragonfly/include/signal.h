/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_DRAGONFLY_INCLUDE_SIGNAL_H
#define ABI_DRAGONFLY_INCLUDE_SIGNAL_H

#include <sys/types.h>
#include <time.h>

#define SIGRTMIN 35
#define SIGRTMAX 126
#define NSIG 64

typedef struct {
    unsigned int __bits[4];
} sigset_t;

union sigval {
    int sival_int;
    void *sival_ptr;
};

typedef struct {
    int si_signo;
    int si_errno;
    int si_code;
    pid_t si_pid;
    uid_t si_uid;
    int si_status;
    void *si_addr;
    union sigval si_value;
    long si_band;
    int abi_spare[7];
} siginfo_t;

struct sigaction {
    union {
        void (*abi_handler)(int);
        void (*abi_sigaction)(int, siginfo_t *, void *);
    } abi_function;
    int sa_flags;
    sigset_t sa_mask;
};

#include <abi/signals.h>

#endif
