/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_SIGNAL_H
#define ABI_ILLUMOS_INCLUDE_SIGNAL_H

#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#define SIGHUP 1
#define SIGPIPE 13
#define SIGUSR1 16
#define SIGUSR2 17
#define SIGWINCH 20
#define SIGURG 21
#define SIGIO 22
#define SIGPROF 29
#define SIGXFSZ 31
#define SIGRTMIN ((int)_sysconf(40))
#define SIGRTMAX ((int)_sysconf(41))
#define NSIG 75
#define SIG_BLOCK 1
#define SIG_UNBLOCK 2
#define SIG_SETMASK 3
#define SA_ONSTACK 1
#define SA_RESETHAND 2
#define SA_RESTART 4
#define SA_SIGINFO 8
#define SA_NODEFER 16
#define SIG_DFL ((void (*)(int))0)
#define SIG_IGN ((void (*)(int))1)
#define SIG_ERR ((void (*)(int))-1)
#define SIG_HOLD ((void (*)(int))2)
#define SI_USER 0
#define SI_LWP (-1)
#define SI_QUEUE (-2)
#define SI_TIMER (-3)
#define SI_NOINFO 32767
#define PROF_SIG 1

typedef struct {
    unsigned int __sigbits[4];
} sigset_t;

#include <abi/sets.h>

long _sysconf(int);
void (*signal(int, void (*)(int)))(int);
int sigprocmask(int, const sigset_t *, sigset_t *);

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

struct sigaction {
    int sa_flags;
    union {
        void (*abi_handler)(int);
        void (*abi_sigaction)(int, siginfo_t *, void *);
    } abi_function;
    sigset_t sa_mask;
#if !defined(_LP64)
    int sa_resv[2];
#endif
};
#define sa_handler abi_function.abi_handler
#define sa_sigaction abi_function.abi_sigaction

int sigaction(int, const struct sigaction *, struct sigaction *);

#define si_faddr __data.abi_prof.abi_faddr
#define si_tstamp __data.abi_prof.abi_tstamp
#define si_syscall __data.abi_prof.abi_syscall
#define si_nsysarg __data.abi_prof.abi_nsysarg
#define si_fault __data.abi_prof.abi_fault
#define si_sysarg __data.abi_prof.abi_sysarg
#define si_mstate __data.abi_prof.abi_mstate

#endif
