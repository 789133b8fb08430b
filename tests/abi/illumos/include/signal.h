/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_SIGNAL_H
#define ABI_ILLUMOS_INCLUDE_SIGNAL_H

#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#define SIGPROF 29
#define SI_USER 0
#define SI_LWP (-1)
#define SI_QUEUE (-2)
#define SI_TIMER (-3)
#define SI_NOINFO 32767
#define PROF_SIG 1

typedef struct {
    unsigned int __sigbits[4];
} sigset_t;

typedef struct {
    void *ss_sp;
    size_t ss_size;
    int ss_flags;
} stack_t;

int sigismember(const sigset_t *, int);

/* Of a tick of ITIMER_REALPROF; other signals' are another part of the union. */
typedef struct siginfo {
    int si_signo;
    int si_code;
    int si_errno;
#if defined(_LP64)
    int abi_pad;
#endif
    union {
        struct {
            void *abi_faddr;
            timespec_t abi_tstamp;
            short abi_syscall;
            char abi_nsysarg;
            char abi_fault;
            long abi_sysarg[8];
            int abi_mstate[10];
        } abi_prof;
#if defined(_LP64)
        char abi_size[240];
#else
        char abi_size[116];
#endif
    } __data;
} siginfo_t;
#define si_faddr __data.abi_prof.abi_faddr
#define si_tstamp __data.abi_prof.abi_tstamp
#define si_syscall __data.abi_prof.abi_syscall
#define si_nsysarg __data.abi_prof.abi_nsysarg
#define si_fault __data.abi_prof.abi_fault
#define si_sysarg __data.abi_prof.abi_sysarg
#define si_mstate __data.abi_prof.abi_mstate

#endif
