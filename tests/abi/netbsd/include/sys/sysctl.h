/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_NETBSD_INCLUDE_SYS_SYSCTL_H
#define ABI_NETBSD_INCLUDE_SYS_SYSCTL_H

#include <sys/types.h>

#define CTL_KERN 1
#define CTL_VM 2
#define KERN_CLOCKRATE 12
#define KERN_PROC2 47
#define KERN_PROC_ARGS 48
#define KERN_LWP 64
#define KERN_BOOTTIME 83
#define KERN_PROC_PID 1
#define KERN_PROC_ARGV 1
#define KERN_PROC_PATHNAME 5
#define VM_PROC 16
#define VM_PROC_MAP 1
#define LSRUN 2
#define LSZOMB 5
#define LSONPROC 7
#define KVME_PROT_EXEC 4

struct kinfo_proc2 {
    uint64_t abi_addresses[13];
    int32_t abi_flags[3];
    int32_t p_pid;
    int32_t p_ppid;
    int32_t abi_ids[3];
    uint32_t abi_users[4];
    uint32_t p_groups[16];
    int16_t abi_counts[2];
    uint32_t abi_times[5];
    int32_t abi_pctcpu;
    uint32_t abi_swap[3];
    uint64_t abi_ticks[4];
    int32_t abi_trace[2];
    uint32_t abi_signals[4][4];
    int8_t p_stat;
    uint8_t abi_priorities[3];
    uint16_t abi_exit[2];
    char p_comm[24];
    char p_wmesg[8];
    uint64_t p_wchan;
    char p_login[24];
    int32_t abi_sizes[4];
    int64_t p_uvalid;
    uint32_t p_ustart_sec;
    uint32_t p_ustart_usec;
    uint32_t abi_used[4];
    uint64_t abi_usage[14];
    uint32_t abi_children[2];
    uint64_t p_cpuid;
    uint64_t p_realflag;
    uint64_t p_nlwps;
    uint64_t p_nrlwps;
    uint64_t p_realstat;
    uint32_t abi_saved[2];
    char p_ename[16];
    int64_t abi_vm[2];
};

struct kinfo_lwp {
    uint64_t abi_addresses[4];
    int32_t l_lid;
    int32_t l_flag;
    uint32_t abi_times[2];
    int32_t abi_counts[2];
    uint8_t abi_priorities[2];
    int8_t l_stat;
    int8_t abi_pad1;
    int32_t abi_pad2;
    char l_wmesg[8];
    uint64_t l_wchan;
    uint64_t l_cpuid;
    uint32_t abi_rtime[2];
    uint32_t l_cpticks;
    uint32_t l_pctcpu;
    uint32_t l_pid;
    char l_name[20];
};

struct kinfo_vmentry {
    uint64_t kve_start;
    uint64_t kve_end;
    uint64_t kve_offset;
    uint32_t abi_kinds[6];
    uint32_t kve_protection;
    uint32_t abi_more[3];
    uint64_t abi_file[4];
    uint32_t abi_types[2];
    char kve_path[1024];
};

int sysctl(const int *, unsigned int, void *, size_t *, const void *, size_t);

#endif
