/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * illumos' libc, as far as the library calls it and Linux' is not the same: flags and
 * numbers are turned into Linux', structures are laid out as there. Signals go through
 * sigacthandler, which defers what comes in a critical region.
 */
#include "system.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* ---- Signals ------------------------------------------------------------------ */

typedef void simple_handler(int);
int kernel_action(int number, bool handle, simple_handler *other, int flags);
void illumos_setcontext(void);

static unsigned char actions[32][ABI_struct_sigaction]; /* as set by the program */
static __thread unsigned critical __attribute__((tls_model("initial-exec")));
static __thread int cursig __attribute__((tls_model("initial-exec")));
static __thread unsigned char saved_info[ABI_siginfo_t]
    __attribute__((tls_model("initial-exec")));
static __thread bool resent __attribute__((tls_model("initial-exec")));
static __thread sigset_t mask_before __attribute__((tls_model("initial-exec")));

#define UC_MASK ABI_ucontext_t_uc_sigmask

__attribute__((noinline)) static void __sighndlr(int number, void *info,
                                                 void *context,
                                                 handler_there *handler)
{
    handler(number, info, context);
    __asm__ volatile(""); /* no jump instead of a call */
}

__attribute__((noinline)) static void call_user_handler(int number, void *info,
                                                        void *context)
{
    unsigned char *action = actions[number];
    sigset_t mask, more;

    set_here((char *)context + UC_MASK, &mask);
    set_here(action + ABI_struct_sigaction_sa_mask, &more);
    sigorset(&mask, &mask, &more);
    sigaddset(&mask, signal_here(number));
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    if (!(AT(int, action, 0) & ABI_SA_SIGINFO))
        info = NULL;
    __sighndlr(number, info, context,
               AT(handler_there *, action, ABI_struct_sigaction_sa_handler));
    illumos_setcontext();
}

void sigacthandler(int number, void *info, void *context);

/* Entered by the kernel: to be returned from there is no place. */
void sigacthandler(int number, void *info, void *context)
{
    if (critical == 0) {
        call_user_handler(number, info, context);
        abort();
    }
    cursig = number;
    if (info)
        memcpy(saved_info, info, sizeof saved_info);
    set_here((char *)context + UC_MASK, &mask_before);
    memset((char *)context + UC_MASK, 0xff, 4); /* nothing comes from here on */
    atomic_fetch_add(&deferred_signals, 1);
    illumos_setcontext();
}

bool take_resent(void *info);

bool take_resent(void *info)
{
    if (!resent)
        return false;
    resent = false;
    memcpy(info, saved_info, sizeof saved_info);
    return true;
}

/* The system call that sends it again and opens the mask; it arrives right here. */
__attribute__((noinline)) void __sigresend(int number);
__attribute__((noinline)) void take_deferred_signal(int number);

__attribute__((noinline)) void __sigresend(int number)
{
    long result = SYS_rt_sigprocmask;

    resent = true;
    syscall(SYS_tgkill, getpid(), gettid(), signal_here(number));
#if defined(__x86_64__)
    register long size __asm__("r10") = _NSIG / 8;

    __asm__ volatile("syscall"
                     : "+a"(result)
                     : "D"(SIG_SETMASK), "S"(&mask_before), "d"(0), "r"(size)
                     : "rcx", "r11", "memory");
#else
    __asm__ volatile("int $0x80"
                     : "+a"(result)
                     : "b"(SIG_SETMASK), "c"(&mask_before), "d"(0),
                       "S"(_NSIG / 8)
                     : "memory");
#endif
}

__attribute__((noinline)) void take_deferred_signal(int number)
{
    __sigresend(number);
    __asm__ volatile("");
}

void enter_critical(void)
{
    critical++;
}

void exit_critical(void)
{
    int number = cursig;

    if (--critical > 0 || number == 0)
        return;
    cursig = 0;
    take_deferred_signal(number);
    __asm__ volatile("");
}

int illumos_sigaction(int number, const void *set, void *get);

int illumos_sigaction(int number, const void *set, void *get)
{
    unsigned char before[ABI_struct_sigaction];
    simple_handler *handler;
    int flags;

    if (!signal_here(number)) {
        errno = EINVAL;
        return -1;
    }
    memcpy(before, actions[number], sizeof before);
    if (get)
        memcpy(get, before, sizeof before);
    if (!set)
        return 0;
    memcpy(actions[number], set, sizeof before);
    handler = AT(simple_handler *, set, ABI_struct_sigaction_sa_handler);
    flags = AT(int, set, 0);
    return kernel_action(number, handler != SIG_DFL && handler != SIG_IGN,
                         handler,
                         ((flags & ABI_SA_SIGINFO) ? SA_SIGINFO : 0) |
                             ((flags & ABI_SA_ONSTACK) ? SA_ONSTACK : 0) |
                             ((flags & ABI_SA_RESTART) ? SA_RESTART : 0));
}

void handle_there(int number, handler_there *handler, bool with_siginfo)
{
    unsigned char action[ABI_struct_sigaction] = {0};

    AT(int, action, 0) =
        (with_siginfo ? ABI_SA_SIGINFO : 0) | ABI_SA_RESTART;
    AT(handler_there *, action, ABI_struct_sigaction_sa_handler) = handler;
    if (illumos_sigaction(number, action, NULL) != 0)
        abort();
}

unsigned illumos_thr_self(void);
int illumos__lwp_kill(unsigned lwp, int number);

unsigned illumos_thr_self(void)
{
    return (unsigned)lwp_of((pid_t)syscall(SYS_gettid));
}

int illumos__lwp_kill(unsigned lwp, int number)
{
    return (int)syscall(SYS_tgkill, getpid(), tid_of((int)lwp),
                        signal_here(number));
}

/* ---- The rest ------------------------------------------------------------------ */

int *illumos____errno(void);
long illumos_sysconf(int name);
long illumos__sysconf(int name);
long long illumos_gethrtime(void);
int illumos_clock_gettime(int clock, struct timespec *at);
struct tm *illumos_localtime_r(const time_t *at, void *to);
size_t illumos_strftime(char *to, size_t size, const char *format, void *from);
int illumos_issetugid(void);
int illumos_getzoneid(void);
const char *illumos_getexecname(void);
void *illumos_mmap(void *at, size_t size, int prot, int flags, int descriptor,
                   off_t offset);
int illumos_dl_iterate_phdr(int (*visit)(void *, size_t, void *), void *arg);
void *illumos_dlopen(const char *path, int how);
int illumos_stack_getbounds(void *bounds);

/* Numbers of errors up to 34 are the same; the library asks for few others. */
int *illumos____errno(void)
{
    return &errno;
}

long illumos_sysconf(int name)
{
    return name == ABI__SC_PAGESIZE ? sysconf(_SC_PAGESIZE) : -1;
}

long illumos__sysconf(int name)
{
    return name == 40 ? 42 : name == 41 ? 73 : -1; /* SIGRTMIN, SIGRTMAX */
}

long long illumos_gethrtime(void)
{
    return (long long)clock_now(CLOCK_MONOTONIC);
}

int illumos_clock_gettime(int clock, struct timespec *at)
{
    return clock_gettime(clock == ABI_CLOCK_MONOTONIC ? CLOCK_MONOTONIC
                                                      : CLOCK_REALTIME,
                         at);
}

/* Nine ints there; Linux' has more. */
struct tm *illumos_localtime_r(const time_t *at, void *to)
{
    struct tm here;

    localtime_r(at, &here);
    memcpy(to, &here, 9 * sizeof(int));
    return to;
}

size_t illumos_strftime(char *to, size_t size, const char *format, void *from)
{
    struct tm here = {0};

    memcpy(&here, from, 9 * sizeof(int));
    return strftime(to, size, format, &here);
}

int illumos_issetugid(void)
{
    return 0;
}

int illumos_getzoneid(void)
{
    return 0;
}

const char *illumos_getexecname(void)
{
    return program_invocation_name;
}

void *illumos_mmap(void *at, size_t size, int prot, int flags, int descriptor,
                   off_t offset)
{
    return mmap(at, size, prot,
                (flags & 3) | ((flags & ABI_MAP_ANON) ? MAP_ANONYMOUS : 0) |
                    ((flags & ABI_MAP_NORESERVE) ? MAP_NORESERVE : 0),
                descriptor, offset);
}

/* The first object, the program, has its path for a name. The loader's lock is not held
 * while an object is shown; where one goes meanwhile, that is the end. */
#define OBJECTS_MAX 256
struct objects {
    struct dl_phdr_info info[OBJECTS_MAX];
    unsigned count;
};

void (*loader_moment)(void);
static __thread bool iterating __attribute__((tls_model("initial-exec")));

bool is_iterating(void)
{
    return iterating;
}

/* Its linker has a type of its own for the segment with unwind tables. */
static void mark_tables(const struct dl_phdr_info *info)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t at = (uintptr_t)info->dlpi_phdr & ~(page - 1);
    size_t bytes =
        (uintptr_t)(info->dlpi_phdr + info->dlpi_phnum) - at;
    ElfW(Phdr) *phdr = (ElfW(Phdr) *)(uintptr_t)info->dlpi_phdr;
    ElfW(Phdr) *end = phdr + info->dlpi_phnum;

    while (phdr < end && phdr->p_type != PT_GNU_EH_FRAME)
        phdr++;
    if (phdr == end || !info->dlpi_name || strstr(info->dlpi_name, "linux-") ||
        mprotect((void *)at, bytes, PROT_READ | PROT_WRITE | PROT_EXEC) != 0)
        return;
    phdr->p_type = ABI_PT_SUNW_UNWIND;
    mprotect((void *)at, bytes, PROT_READ | PROT_EXEC);
}

static int note_object(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct objects *objects = arg;

    (void)size;
    mark_tables(info);
    if (objects->count == OBJECTS_MAX)
        abort();
    objects->info[objects->count++] = *info;
    return 0;
}

static const char *own_path(void)
{
    static char path[PATH_MAX];

    if (!path[0] && readlink("/proc/self/exe", path, sizeof path - 1) < 0)
        abort();
    return path;
}

static int show(const struct dl_phdr_info *info, const char *name,
                int (*visit)(void *, size_t, void *), void *arg)
{
    unsigned char there[ABI_struct_dl_phdr_info] = {0};

    AT(uintptr_t, there, 0) = info->dlpi_addr;
    AT(const char *, there, sizeof(void *)) = name;
    AT(const void *, there, 2 * sizeof(void *)) = info->dlpi_phdr;
    AT(uint16_t, there, 3 * sizeof(void *)) = info->dlpi_phnum;
    AT(uint64_t, there, ABI_struct_dl_phdr_info_dlpi_adds) = info->dlpi_adds;
    AT(uint64_t, there, ABI_struct_dl_phdr_info_dlpi_subs) = info->dlpi_subs;
    return visit(there, sizeof there, arg);
}

static unsigned long long objects_gone(void)
{
    struct objects now = {.count = 0};

    dl_iterate_phdr(note_object, &now);
    return now.info[0].dlpi_subs;
}

int illumos_dl_iterate_phdr(int (*visit)(void *, size_t, void *), void *arg)
{
    struct objects objects = {.count = 0};
    int result = 0;

    dl_iterate_phdr(note_object, &objects);
    iterating = true;
    for (unsigned i = 0; i < objects.count && result == 0; i++) {
        if (loader_moment)
            loader_moment();
        result = show(&objects.info[i],
                      i ? objects.info[i].dlpi_name : own_path(), visit, arg);
        if (result == 0 && objects_gone() != objects.info[0].dlpi_subs)
            result = -1;
    }
    iterating = false;
    return result;
}

/* Python's module is loaded into Python only. */
void *illumos_dlopen(const char *path, int how)
{
    (void)path;
    (void)how;
    abort();
}

int illumos_stack_getbounds(void *bounds)
{
    pthread_attr_t attributes;
    void *low;
    size_t size;

    if (pthread_getattr_np(pthread_self(), &attributes) != 0)
        return -1;
    pthread_attr_getstack(&attributes, &low, &size);
    pthread_attr_destroy(&attributes);
    AT(void *, bounds, 0) = low;
    AT(size_t, bounds, sizeof low) = size;
    return 0;
}
