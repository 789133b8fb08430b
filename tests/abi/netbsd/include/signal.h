/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_NETBSD_INCLUDE_SIGNAL_H
#define ABI_NETBSD_INCLUDE_SIGNAL_H

#include <sys/types.h>
#include <time.h>

#define SIGRTMIN 33
#define SIGRTMAX 63
#define NSIG 64
#define SI_TIMER -2
#define SI_LWP -5

typedef struct {
    unsigned int __bits[4];
} sigset_t;

typedef union {
    int si_pad[128 / sizeof(int)];
    struct {
        int si_signo;
        int si_code;
        int si_errno;
#if defined(__LP64__)
        int abi_pad;
#endif
        void *si_addr;
    };
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

#endif
