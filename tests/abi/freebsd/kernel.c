/* SPDX-License-Identifier: BSD-2-Clause */
/* What FreeBSD's kernel and C library have of their own. */
#include "system.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

int *PLAYED(__error)(void);
int PLAYED(thr_kill)(long tid, int number);
int PLAYED(pthread_getthreadid_np)(void);
int PLAYED(syscall)(int number, ...);
int PLAYED(clock_getcpuclockid2)(int64_t id, int which, int *clock);
int PLAYED(pthread_attr_get_np)(void *thread, void *attributes);
int PLAYED(sysctl)(const int *name, unsigned words, void *to, size_t *size,
                   const void *set, size_t set_size);

int *PLAYED(__error)(void)
{
    return &errno;
}

int PLAYED(thr_kill)(long tid, int number)
{
    return signal_thread((int)tid, number);
}

int PLAYED(pthread_getthreadid_np)(void)
{
    return own_thread();
}

/* A mask for an impossible change: is it read? */
int PLAYED(syscall)(int number, ...)
{
    const void *mask;
    va_list list;
    long how;

    va_start(list, number);
    how = va_arg(list, long);
    mask = va_arg(list, const void *);
    va_end(list);
    if (number != ABI_SYS_sigprocmask || how != -1)
        abort();
    errno = can_be_read(mask, ABI_sigset_t) ? EINVAL : EFAULT;
    return -1;
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

static bool of_process(const int *name, struct answer *answer)
{
    char text[4096];
    struct told told;
    ssize_t got;

    if (name[2] == (ABI_KERN_PROC_PID | ABI_KERN_PROC_INC_THREAD)) {
        each_thread(name[3], put_process, answer);
    } else if (name[2] == ABI_KERN_PROC_PID) {
        tell(name[3], name[3], &told);
        if (told.threads)
            put_process(&told, answer);
    } else if (name[2] == ABI_KERN_PROC_VMMAP) {
        each_mapping(put_mapping, answer);
    } else if (name[2] == ABI_KERN_PROC_ARGS) {
        put_text(answer, text,
                 (size_t)text_of("/proc/self/cmdline", text, sizeof text));
    } else if (name[2] == ABI_KERN_PROC_PATHNAME && name[3] == -1) {
        got = readlink("/proc/self/exe", text, sizeof text - 1);
        text[got > 0 ? got : 0] = '\0';
        put_text(answer, text, strlen(text) + 1);
    } else {
        return false;
    }
    return true;
}

static bool of_kernel(int what, struct answer *answer)
{
    char *there;

    if (what == ABI_KERN_CLOCKRATE) {
        there = take(answer, ABI_struct_clockinfo);
        if (there)
            AT(int, there, ABI_struct_clockinfo_stathz) = ticks_a_second();
    } else if (what == ABI_KERN_BOOTTIME) {
        there = take(answer, ABI_struct_timeval);
        if (there)
            AT(time_there, there, 0) = (time_there)(boot_us() / 1000000u);
    } else if (what == ABI_KERN_USRSTACK) {
        there = take(answer, sizeof(uintptr_t));
        if (there)
            AT(uintptr_t, there, 0) = end_of_stack();
    } else {
        return false;
    }
    return true;
}

int PLAYED(sysctl)(const int *name, unsigned words, void *to, size_t *size,
                   const void *set, size_t set_size)
{
    struct answer answer = {to, *size, 0};
    bool known = name[0] == ABI_CTL_KERN && !set && set_size == 0;

    if (known && words == 4 && name[1] == ABI_KERN_PROC)
        known = of_process(name, &answer);
    else
        known = known && words == 2 && of_kernel(name[1], &answer);
    if (!known)
        abort(); /* nothing that we play */
    return give(&answer, size);
}
