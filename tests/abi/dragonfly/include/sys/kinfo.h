/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_DRAGONFLY_INCLUDE_SYS_KINFO_H
#define ABI_DRAGONFLY_INCLUDE_SYS_KINFO_H

#include <signal.h>
#include <sys/time.h>

struct kinfo_clockinfo {
    int ci_hz;
    int ci_tick;
    int ci_tickadj;
    int ci_stathz;
    int ci_profhz;
};

enum lwpstat { LSRUN = 1, LSSTOP = 2, LSSLEEP = 3 };

struct abi_rusage {
    struct timeval ru_utime;
    struct timeval ru_stime;
    long abi_counts[14];
};

struct kinfo_lwp {
    pid_t kl_pid;
    lwpid_t kl_tid;
    int kl_flags;
    enum lwpstat kl_stat;
    int abi_priorities[5];
    unsigned short kl_rtprio[2];
    uint64_t abi_ticks[4];
    unsigned int abi_shares[2];
    int abi_cpus[3];
    struct abi_rusage kl_ru;
    sigset_t kl_siglist;
    sigset_t kl_sigmask;
    uintptr_t kl_wchan;
    char kl_wmesg[9];
    char kl_comm[17];
};

struct kinfo_proc {
    uintptr_t kp_paddr;
    int kp_flags;
    int kp_stat;
    int abi_counts[3];
    uintptr_t kp_fd;
    sigset_t abi_signals[3];
    int kp_sigflag;
    struct timeval kp_start;
    char kp_comm[17];
    uid_t kp_uid;
    short kp_ngroups;
    gid_t kp_groups[16];
    uid_t abi_users[4];
    pid_t kp_pid;
    pid_t kp_ppid;
    pid_t abi_ids[3];
    char kp_login[40];
    dev_t kp_tdev;
    pid_t abi_tty[2];
    unsigned short kp_exitstat;
    int kp_nthreads;
    int kp_nice;
    unsigned int kp_swtime;
    size_t abi_sizes[6];
    unsigned int kp_vm_prssize;
    int kp_jailid;
    struct abi_rusage kp_ru;
    struct abi_rusage kp_cru;
    int kp_auxflags;
    struct kinfo_lwp kp_lwp;
    uintptr_t kp_ktaddr;
    int abi_spare[2];
};

#endif
