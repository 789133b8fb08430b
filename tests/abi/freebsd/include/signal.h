/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_FREEBSD_INCLUDE_SIGNAL_H
#define ABI_FREEBSD_INCLUDE_SIGNAL_H

#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#define SIGRTMIN 65
#define SIGRTMAX 126
#define NSIG 32
#define SI_KERNEL 0x10006
#define SI_LWP 0x10007

typedef struct {
    unsigned int __bits[4];
} sigset_t;

union sigval {
    int sival_int;
    void *sival_ptr;
};

typedef struct siginfo {
    int si_signo;
    int si_errno;
    int si_code;
    pid_t si_pid;
    uid_t si_uid;
    int si_status;
    void *si_addr;
    union sigval si_value;
    union {
        long abi_spare1;
        struct {
            int abi_timerid;
            int abi_overrun;
        } abi_timer;
        struct {
            long abi_spare1;
            int abi_spare2[7];
        } abi_rest;
    } abi_reason;
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
