/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_OPENBSD_INCLUDE_SYS_SYSCTL_H
#define ABI_OPENBSD_INCLUDE_SYS_SYSCTL_H

#include <sys/types.h>

#define CTL_KERN 1
#define CTL_VM 2
#define KERN_CLOCKRATE 12
#define KERN_BOOTTIME 21
#define KERN_PROC_ARGS 55
#define KERN_PROC 66
#define KERN_PROC_VMMAP 80
#define KERN_PROC_PID 1
#define KERN_PROC_ARGV 1
#define KERN_PROC_SHOW_THREADS 0x40000000

struct kinfo_proc {
    uint64_t abi_addresses[12];
    int32_t abi_flags[3];
    int32_t p_pid;
    int32_t p_ppid;
    int32_t abi_ids[3];
    uint32_t abi_users[4];
    uint32_t p_groups[16];
    int16_t abi_counts[2];
    uint32_t abi_times[4];
    int32_t abi_pctcpu;
    uint32_t abi_swap[4];
    uint64_t abi_ticks[4];
    int32_t abi_trace[2];
    int32_t p_siglist;
    uint32_t p_sigmask;
    uint32_t abi_signals[2];
    int8_t p_stat;
    uint8_t abi_priorities[3];
    uint16_t abi_exit[2];
    char p_comm[24];
    char p_wmesg[8];
    uint64_t p_wchan;
    char p_login[32];
    int32_t abi_sizes[4];
    int64_t p_uvalid;
    uint64_t p_ustart_sec;
    uint32_t p_ustart_usec;
    uint32_t abi_used[4];
    uint64_t abi_usage[14];
    uint32_t abi_children[2];
    uint32_t abi_psflags[2];
    uint32_t abi_saved[2];
    char p_emul[8];
    uint64_t abi_rlimit;
    uint64_t p_cpuid;
    uint64_t p_vm_map_size;
    int32_t p_tid;
    uint32_t p_rtableid;
    uint64_t p_pledge;
    char p_name[24];
};

struct kinfo_vmentry {
    unsigned long kve_start;
    unsigned long kve_end;
    unsigned long abi_spaces[3];
    uint64_t kve_offset;
    int kve_wired_count;
    int kve_etype;
    int kve_protection;
    int abi_more[3];
    uint8_t kve_flags;
};

int sysctl(const int *, unsigned int, void *, size_t *, const void *, size_t);

#endif
