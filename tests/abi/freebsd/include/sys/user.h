/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_FREEBSD_INCLUDE_SYS_USER_H
#define ABI_FREEBSD_INCLUDE_SYS_USER_H

#include <signal.h>
#include <sys/time.h>

struct kinfo_proc {
    int ki_structsize;
    int ki_layout;
    void *abi_addresses[8];
    pid_t ki_pid;
    pid_t ki_ppid;
    pid_t abi_ids[4];
    short abi_jobs[2];
    uint32_t abi_tdev;
    sigset_t ki_siglist;
    sigset_t ki_sigmask;
    sigset_t abi_signals[2];
    uid_t abi_users[5];
    short ki_ngroups;
    short abi_spare;
    gid_t ki_groups[16];
    size_t abi_sizes[6];
    unsigned short abi_status[2];
    uint32_t abi_shares[5];
    uint64_t ki_runtime;
    struct timeval ki_start;
    struct timeval ki_childtime;
    long abi_flags[2];
    int abi_trace;
    char ki_stat;
    char abi_places[5];
    char ki_tdname[17];
    char ki_wmesg[9];
    char ki_login[18];
    char ki_lockname[9];
    char ki_comm[20];
    char abi_names[17 + 18 + 4 + 46];
    int abi_ints[2];
    uint64_t ki_tdev;
    int abi_cpus[5];
    unsigned int ki_cr_flags;
    int ki_jid;
    int ki_numthreads;
    lwpid_t ki_tid;
    char abi_priority[4];
    long abi_rest[60];
};

#define KVME_PROT_EXEC 4

struct kinfo_vmentry {
    int kve_structsize;
    int kve_type;
    uint64_t kve_start;
    uint64_t kve_end;
    uint64_t kve_offset;
    uint64_t kve_vn_fileid;
    uint32_t abi_fsid;
    int kve_flags;
    int abi_resident[2];
    int kve_protection;
    int abi_counts[2];
    int kve_vn_type;
    uint64_t kve_vn_size;
    uint32_t abi_rdev;
    uint16_t kve_vn_mode;
    uint16_t kve_status;
    uint64_t kve_vn_fsid;
    uint64_t kve_vn_rdev;
    int abi_spare[8];
    char kve_path[1024];
};

#endif
