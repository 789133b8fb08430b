/* SPDX-License-Identifier: BSD-2-Clause */
/* What FreeBSD's kernel and C library have of their own. */
#include "system.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

int PLAYED(thr_kill)(long tid, int number);
int PLAYED(pthread_getthreadid_np)(void);
int PLAYED(clock_getcpuclockid2)(int64_t id, int which, int *clock);
int PLAYED(pthread_attr_get_np)(void *thread, void *attributes);

int PLAYED(thr_kill)(long tid, int number)
{
    return signal_thread((int)tid, number);
}

int PLAYED(pthread_getthreadid_np)(void)
{
    return own_thread();
}

int PLAYED(clock_getcpuclockid2)(int64_t id, int which, int *clock)
{
    return which == ABI_CPUCLOCK_WHICH_TID ? clock_of((int)id, clock) : -1;
}

int PLAYED(pthread_attr_get_np)(void *thread, void *attributes)
{
    (void)attributes;
    return (pthread_t)thread == pthread_self() ? 0 : EINVAL;
}

/* ---- libthr: each handler is called by its own ------------------------------------- */

static __thread unsigned critical __attribute__((tls_model("initial-exec")));
static __thread unsigned char deferred_siginfo[ABI_siginfo_t]
    __attribute__((tls_model("initial-exec")));
static __thread sigset_t deferred_mask __attribute__((tls_model("initial-exec")));
_Atomic unsigned deferred_signals;

/* One that comes in a critical region is kept to the end of that. */
void signal_entry(int number, void *siginfo, void *context)
{
    if (critical == 0) {
        call_handler(number, siginfo, context);
        signal_return(context);
    }
    memcpy(deferred_siginfo, siginfo, ABI_siginfo_t);
    set_here((char *)context + CONTEXT_MASK_AT, &deferred_mask);
    memset((char *)context + CONTEXT_MASK_AT, 0xff, ABI_sigset_t);
    atomic_fetch_add(&deferred_signals, 1);
    signal_return(context);
}

/* Has a context made, which is not the kernel's of a signal. */
__attribute__((noinline)) static void check_deferred_signal(void)
{
    int number = AT(int, deferred_siginfo, 0);
    unsigned char siginfo[ABI_siginfo_t];
    unsigned char *context = __builtin_alloca(ABI_ucontext_t + 512);
    volatile bool first = true;
    ucontext_t here;

    getcontext(&here);
    if (!first)
        return;
    first = false;
    memset(&here.uc_stack, 0, sizeof here.uc_stack);
    lay_out(&here, context);
    finish_frame((uintptr_t)context);
    memcpy(siginfo, deferred_siginfo, sizeof siginfo);
    memset(deferred_siginfo, 0, sizeof deferred_siginfo);
    call_handler(number, siginfo, context);
    pthread_sigmask(SIG_SETMASK, &deferred_mask, NULL);
}

void enter_critical(void)
{
    critical++;
}

__attribute__((noinline)) void _thr_ast(void);
__attribute__((noinline)) void _thr_ast(void)
{
    if (critical == 0 && AT(int, deferred_siginfo, 0))
        check_deferred_signal();
    __asm__ volatile("");
}

void exit_critical(void)
{
    critical--;
    _thr_ast();
    __asm__ volatile("");
}

/* ---- sysctl(3) ------------------------------------------------------------------- */

static void put_process(const struct told *told, void *arg)
{
    char *there = take(arg, ABI_struct_kinfo_proc);

    if (!there)
        return;
    AT(int, there, 0) = ABI_struct_kinfo_proc;
    AT(int, there, ABI_struct_kinfo_proc_ki_ppid) = told->parent;
    AT(char, there, ABI_struct_kinfo_proc_ki_stat) =
        told->state == 'Z'   ? ABI_SZOMB
        : told->state == 'R' ? ABI_SRUN
                             : 3;
    AT(time_there, there, ABI_struct_kinfo_proc_ki_start) =
        (time_there)(told->start_us / 1000000u);
    AT(long, there, ABI_struct_kinfo_proc_ki_start + sizeof(time_there)) =
        (long)(told->start_us % 1000000u);
    AT(int, there, ABI_struct_kinfo_proc_ki_numthreads) = (int)told->threads;
    AT(int, there, ABI_struct_kinfo_proc_ki_tid) = FIRST_THREAD + told->tid;
    snprintf(there + ABI_struct_kinfo_proc_ki_tdname, 17, "%s", told->name);
    set_there(&told->blocked, there + ABI_struct_kinfo_proc_ki_sigmask);
    snprintf(there + ABI_struct_kinfo_proc_ki_comm, 20, "%s", told->comm);
}

static void put_mapping(const struct told_mapping *mapping, void *arg)
{
    size_t size = (ABI_struct_kinfo_vmentry_kve_path + strlen(mapping->path) + 8) &
                  ~(size_t)7;
    char *there = take(arg, size);

    if (!there)
        return;
    AT(int, there, 0) = (int)size;
    AT(uint64_t, there, ABI_struct_kinfo_vmentry_kve_start) = mapping->low;
    AT(uint64_t, there, ABI_struct_kinfo_vmentry_kve_end) = mapping->high;
    AT(int, there, ABI_struct_kinfo_vmentry_kve_protection) =
        (mapping->prot & 4) ? ABI_KVME_PROT_EXEC : 0;
    strcpy(there + ABI_struct_kinfo_vmentry_kve_path, mapping->path);
}

static void put_thread_of(pid_t pid, struct answer *answer)
{
    struct told told;

    tell(pid, pid, &told);
    if (told.threads)
        put_process(&told, answer);
}

bool of_process(const int *name, struct answer *answer)
{
    if (name[2] == (ABI_KERN_PROC_PID | ABI_KERN_PROC_INC_THREAD))
        each_thread(name[3], put_process, answer);
    else if (name[2] == ABI_KERN_PROC_PID)
        put_thread_of(name[3], answer);
    else if (name[2] == ABI_KERN_PROC_VMMAP)
        each_mapping(put_mapping, answer);
    else if (name[2] == ABI_KERN_PROC_ARGS)
        put_command_line(answer);
    else if (name[2] == ABI_KERN_PROC_PATHNAME && name[3] == -1)
        put_program(answer);
    else
        return false;
    return true;
}
