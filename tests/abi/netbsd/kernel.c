/* SPDX-License-Identifier: BSD-2-Clause */
/* What NetBSD's kernel and C library have of their own. */
#include "system.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int PLAYED(_lwp_self)(void);
int PLAYED(_lwp_kill)(int tid, int number);
int PLAYED(clock_getcpuclockid2)(int type, unsigned id, int *clock);
int PLAYED(pthread_getattr_np)(void *thread, void *attributes);

int PLAYED(_lwp_self)(void)
{
    return own_thread();
}

int PLAYED(_lwp_kill)(int tid, int number)
{
    return signal_thread(tid, number);
}

int PLAYED(clock_getcpuclockid2)(int type, unsigned id, int *clock)
{
    return type == ABI_P_LWPID ? clock_of((int)id, clock) : -1;
}

int PLAYED(pthread_getattr_np)(void *thread, void *attributes)
{
    (void)attributes;
    return (pthread_t)thread == pthread_self() ? 0 : EINVAL;
}

/* In the stack's last page. */
void *PLAYED(__ps_strings);

__attribute__((constructor)) static void find_strings(void)
{
    PLAYED(__ps_strings) = (void *)(end_of_stack() - ABI_struct_ps_strings);
}

/* ---- sysctl(3) ------------------------------------------------------------------- */

static void put_process(pid_t pid, struct answer *answer)
{
    struct told told;
    char *there;

    tell(pid, pid, &told);
    if (!told.threads || !(there = take(answer, ABI_struct_kinfo_proc2)))
        return;
    AT(int, there, ABI_struct_kinfo_proc2_p_ppid) = told.parent;
    AT(uint32_t, there, ABI_struct_kinfo_proc2_p_ustart_sec) =
        (uint32_t)(told.start_us / 1000000u);
    AT(uint32_t, there, ABI_struct_kinfo_proc2_p_ustart_usec) =
        (uint32_t)(told.start_us % 1000000u);
    AT(uint64_t, there, ABI_struct_kinfo_proc2_p_nlwps) = told.threads;
    snprintf(there + ABI_struct_kinfo_proc2_p_comm, 24, "%s", told.comm);
}

static void put_thread(const struct told *told, void *arg)
{
    char *there = take(arg, ABI_struct_kinfo_lwp);

    if (!there)
        return;
    AT(int, there, ABI_struct_kinfo_lwp_l_lid) = FIRST_THREAD + told->tid;
    AT(char, there, ABI_struct_kinfo_lwp_l_stat) =
        told->state == 'Z'   ? ABI_LSZOMB
        : told->state == 'R' ? ABI_LSONPROC
                             : 3;
    snprintf(there + ABI_struct_kinfo_lwp_l_name, 20, "%s", told->name);
}

static void put_mapping(const struct told_mapping *mapping, void *arg)
{
    char *there = take(arg, ABI_struct_kinfo_vmentry);

    if (!there)
        return;
    AT(uint64_t, there, ABI_struct_kinfo_vmentry_kve_start) = mapping->low;
    AT(uint64_t, there, ABI_struct_kinfo_vmentry_kve_end) = mapping->high;
    AT(uint32_t, there, ABI_struct_kinfo_vmentry_kve_protection) =
        (uint32_t)mapping->prot;
    snprintf(there + ABI_struct_kinfo_vmentry_kve_path, 1024, "%.1023s",
             mapping->path);
}

/* The names end with the sizes of what is asked for. */
bool answer_to(const int *name, unsigned words, struct answer *answer)
{
    if (name[0] == ABI_CTL_VM)
        return words == 5 && name[1] == ABI_VM_PROC && name[2] == ABI_VM_PROC_MAP &&
               name[3] == getpid() && name[4] == ABI_struct_kinfo_vmentry &&
               (each_mapping(put_mapping, answer), true);
    if (name[0] != ABI_CTL_KERN)
        return false;
    if (words == 2 && name[1] == ABI_KERN_BOOTTIME)
        put_boot(answer);
    else if (words == 2 && name[1] == ABI_KERN_CLOCKRATE)
        put_rate(answer);
    else if (words == 6 && name[1] == ABI_KERN_PROC2 &&
             name[2] == ABI_KERN_PROC_PID && name[4] == ABI_struct_kinfo_proc2 &&
             name[5] == 1)
        put_process(name[3], answer);
    else if (words == 5 && name[1] == ABI_KERN_LWP && name[2] == getpid() &&
             name[3] == ABI_struct_kinfo_lwp)
        each_thread(name[2], put_thread, answer);
    else if (words == 4 && name[1] == ABI_KERN_PROC_ARGS && name[2] == -1 &&
             name[3] == ABI_KERN_PROC_PATHNAME)
        put_program(answer);
    else if (words == 4 && name[1] == ABI_KERN_PROC_ARGS &&
             name[3] == ABI_KERN_PROC_ARGV)
        put_command_line(answer);
    else
        return false;
    return true;
}
