/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_PROCFS_H
#define ABI_ILLUMOS_INCLUDE_PROCFS_H

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/* The beginnings of structures that go on. */
typedef struct lwpstatus {
    int pr_flags;
    int pr_lwpid;
    short abi_stop[4];
    siginfo_t pr_info;
    sigset_t pr_lwppend;
    sigset_t pr_lwphold;
} lwpstatus_t;

typedef struct pstatus {
    int pr_flags;
    int pr_nlwp;
    pid_t abi_ids[6];
    sigset_t pr_sigpend;
    uintptr_t pr_brkbase;
    size_t pr_brksize;
    uintptr_t pr_stkbase;
    size_t pr_stksize;
} pstatus_t;

typedef struct lwpsinfo {
    int pr_flag;
    int pr_lwpid;
    uintptr_t pr_addr;
    uintptr_t pr_wchan;
    char pr_stype;
    char pr_state;
    char pr_sname;
    char pr_nice;
} lwpsinfo_t;

typedef struct psinfo {
    int pr_flag;
    int pr_nlwp;
    pid_t pr_pid;
    pid_t pr_ppid;
    pid_t abi_ids[6];
    uintptr_t pr_addr;
    size_t abi_sizes[3];
    unsigned long pr_ttydev;
    unsigned short abi_percent[2];
    timestruc_t pr_start;
    timestruc_t pr_time;
    timestruc_t pr_ctime;
    char pr_fname[16];
    char pr_psargs[80];
    int pr_wstat;
    int pr_argc;
    uintptr_t pr_argv;
} psinfo_t;

typedef struct prmap {
    uintptr_t pr_vaddr;
    size_t pr_size;
    char pr_mapname[64];
    long long pr_offset;
    int pr_mflags;
    int abi_rest[3];
} prmap_t;

typedef struct prusage {
    int pr_lwpid;
    int pr_count;
    timestruc_t abi_times[4];
    timestruc_t pr_utime;
    timestruc_t pr_stime;
    timestruc_t pr_ttime;
    timestruc_t abi_waits[13];
    unsigned long abi_counts[22];
} prusage_t;

#endif
