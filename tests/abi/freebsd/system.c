/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FreeBSD's signals and files on Linux. ITIMER_PROF is Linux' own: it too runs on the
 * CPU time of the process, and is raised in the thread that took the tick. The context
 * and the siginfo come as that system lays them out.
 */
#include "system.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "os/regs.h"
#include "places.h"

uint64_t clock_now(int clock)
{
    struct timespec now = {0, 0};

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- Signals ------------------------------------------------------------------ */

/* By number there. */
static const signed char numbers[32] = {
    [1] = SIGHUP,   [2] = SIGINT,   [3] = SIGQUIT,    [4] = SIGILL,
    [5] = SIGTRAP,  [6] = SIGABRT,  [8] = SIGFPE,     [9] = SIGKILL,
    [10] = SIGBUS,  [11] = SIGSEGV, [12] = SIGSYS,    [13] = SIGPIPE,
    [14] = SIGALRM, [15] = SIGTERM, [16] = SIGURG,    [17] = SIGSTOP,
    [18] = SIGTSTP, [19] = SIGCONT, [20] = SIGCHLD,   [21] = SIGTTIN,
    [22] = SIGTTOU, [23] = SIGIO,   [24] = SIGXCPU,   [25] = SIGXFSZ,
    [26] = SIGVTALRM, [ABI_SIGPROF] = SIGPROF, [28] = SIGWINCH,
    [30] = SIGUSR1, [31] = SIGUSR2};

static int signal_here(int number)
{
    return number > 0 && number < 32 ? numbers[number] : 0;
}

static int signal_there(int number)
{
    for (int i = 1; i < 32; i++)
        if (numbers[i] == number)
            return i;
    return 0;
}

void set_there(const sigset_t *here, void *there)
{
    memset(there, 0, 16);
    for (int i = 1; i < 32; i++)
        if (numbers[i] && sigismember(here, numbers[i]) == 1)
            AT(uint32_t, there, 0) |= 1u << (i - 1);
}

static void set_here(const void *there, sigset_t *here)
{
    sigemptyset(here);
    for (int i = 1; i < 32; i++)
        if (numbers[i] && (AT(const uint32_t, there, 0) >> (i - 1) & 1))
            sigaddset(here, numbers[i]);
}

typedef void handler_there(int, void *, void *);
static unsigned char actions[32][ABI_struct_sigaction]; /* as the program set them */
static const size_t place[] = PLACES;

static void lay_out(const ucontext_t *here, unsigned char *there)
{
    memset(there, 0xa5, ABI_ucontext_t);
    set_there(&here->uc_sigmask, there + ABI_ucontext_t_uc_sigmask);
    AT(void *, there, ABI_ucontext_t_uc_stack) = here->uc_stack.ss_sp;
    AT(size_t, there, ABI_ucontext_t_uc_stack + sizeof(void *)) =
        here->uc_stack.ss_size;
    for (unsigned column = 0; column < REGS_COUNT; column++)
        AT(uintptr_t, there, place[column]) = regs_get(here, column);
}

static void arrive(int number, siginfo_t *info, void *arg)
{
    int saved_errno = errno, there = signal_there(number);
    _Alignas(16) unsigned char context[ABI_ucontext_t];
    unsigned char siginfo[ABI_siginfo_t] = {0};
    ucontext_t *here = arg;

    lay_out(here, context);
    AT(int, siginfo, 0) = there;
    AT(int, siginfo, ABI_siginfo_t_si_code) =
        info->si_code == SI_KERNEL  ? ABI_SI_KERNEL
        : info->si_code == SI_TKILL ? ABI_SI_LWP
                                    : 0;
    AT(handler_there *, actions[there], 0)(there, siginfo, context);
    set_here(context + ABI_ucontext_t_uc_sigmask, &here->uc_sigmask);
    errno = saved_errno;
}

int freebsd_sigaction(int number, const void *set, void *get);
int freebsd_sigaddset(void *set, int number);
int freebsd_sigemptyset(void *set);
int freebsd_sigfillset(void *set);
int freebsd_sigismember(const void *set, int number);
int freebsd_pthread_sigmask(int how, const void *set, void *before);
int freebsd_sigpending(void *set);
int freebsd_sigwait(const void *set, int *number);
int freebsd_raise(int number);
int freebsd_thr_kill(long tid, int number);
int freebsd_pthread_getthreadid_np(void);
int freebsd_syscall(int number, ...);

int freebsd_sigaction(int number, const void *set, void *get)
{
    unsigned char before[ABI_struct_sigaction];
    struct sigaction action;
    handler_there *handler;
    int flags;

    memset(&action, 0, sizeof action);
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
    handler = AT(handler_there *, set, 0);
    flags = AT(int, set, ABI_struct_sigaction_sa_flags);
    action.sa_flags = SA_SIGINFO |
                      ((flags & ABI_SA_ONSTACK) ? SA_ONSTACK : 0) |
                      ((flags & ABI_SA_RESTART) ? SA_RESTART : 0);
    action.sa_sigaction = arrive;
    set_here((const char *)set + ABI_struct_sigaction_sa_mask, &action.sa_mask);
    if ((uintptr_t)handler < 2) {
        action.sa_flags = 0;
        action.sa_handler = (uintptr_t)handler ? SIG_IGN : SIG_DFL;
    }
    return sigaction(signal_here(number), &action, NULL);
}

int freebsd_sigaddset(void *set, int number)
{
    AT(uint32_t, set, (size_t)(number - 1) / 32 * 4) |=
        1u << ((number - 1) % 32);
    return 0;
}

int freebsd_sigemptyset(void *set)
{
    memset(set, 0, 16);
    return 0;
}

int freebsd_sigfillset(void *set)
{
    memset(set, 0xff, 16);
    return 0;
}

int freebsd_sigismember(const void *set, int number)
{
    return AT(const uint32_t, set, (size_t)(number - 1) / 32 * 4) >>
               ((number - 1) % 32) &
           1;
}

int freebsd_pthread_sigmask(int how, const void *set, void *before)
{
    sigset_t here, was;
    int error;

    if (set)
        set_here(set, &here);
    error = pthread_sigmask(how == ABI_SIG_SETMASK   ? SIG_SETMASK
                            : how == ABI_SIG_UNBLOCK ? SIG_UNBLOCK
                                                     : SIG_BLOCK,
                            set ? &here : NULL, &was);
    if (before)
        set_there(&was, before);
    return error;
}

int freebsd_sigpending(void *set)
{
    sigset_t here;
    int result = sigpending(&here);

    set_there(&here, set);
    return result;
}

int freebsd_sigwait(const void *set, int *number)
{
    sigset_t here;
    int error;

    set_here(set, &here);
    error = sigwait(&here, number);
    *number = signal_there(*number);
    return error;
}

int freebsd_raise(int number)
{
    return raise(signal_here(number));
}

int freebsd_thr_kill(long tid, int number)
{
    return (int)syscall(SYS_tgkill, getpid(), tid - FIRST_THREAD,
                        signal_here(number));
}

int freebsd_pthread_getthreadid_np(void)
{
    return FIRST_THREAD + (int)syscall(SYS_gettid);
}

/* A mask for an impossible change: is it read? */
int freebsd_syscall(int number, ...)
{
    unsigned char bytes[16];
    struct iovec local = {bytes, sizeof bytes}, remote = {NULL, sizeof bytes};
    va_list list;
    long how;

    va_start(list, number);
    how = va_arg(list, long);
    remote.iov_base = va_arg(list, void *);
    va_end(list);
    if (number != ABI_SYS_sigprocmask || how != -1)
        abort();
    errno = process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == sizeof bytes
                ? EINVAL
                : EFAULT;
    return -1;
}

/* ---- Times, locks, memory ---------------------------------------------------------- */

int *freebsd___error(void);
int freebsd_clock_gettime(int clock, struct timespec *at);
int freebsd_clock_getcpuclockid2(int64_t id, int which, int *clock);
int freebsd_issetugid(void);
int freebsd_flock(int descriptor, int operation);
int freebsd_sem_init(void *semaphore, int shared, unsigned value);
int freebsd_sem_post(void *semaphore);
int freebsd_sem_wait(void *semaphore);
void *freebsd_mmap(void *at, size_t size, int prot, int flags, int descriptor,
                   int64_t offset);
int freebsd_pthread_attr_get_np(void *thread, void *attributes);
int freebsd_pthread_attr_getstack(const void *attributes, void **low,
                                  size_t *size);
int freebsd_dl_iterate_phdr(int (*visit)(void *, size_t, void *), void *arg);
void *freebsd_dlsym(void *handle, const char *name);
int freebsd_getrlimit(int which, void *limit);

int *freebsd___error(void)
{
    return &errno;
}

/* Clocks of threads are made below: they are Linux'. */
int freebsd_clock_gettime(int clock, struct timespec *at)
{
    return clock_gettime(clock == ABI_CLOCK_MONOTONIC ? CLOCK_MONOTONIC
                         : clock == ABI_CLOCK_PROCESS_CPUTIME_ID
                             ? CLOCK_PROCESS_CPUTIME_ID
                             : clock,
                         at);
}

int freebsd_clock_getcpuclockid2(int64_t id, int which, int *clock)
{
    struct timespec now;

    *clock = (int)(~(unsigned)(id - FIRST_THREAD) << 3 | 6);
    return which == ABI_CPUCLOCK_WHICH_TID && clock_gettime(*clock, &now) == 0
               ? 0
               : -1;
}

int freebsd_issetugid(void)
{
    return 0;
}

int freebsd_flock(int descriptor, int operation)
{
    int result = flock(descriptor, operation);

    if (result != 0 && errno == EWOULDBLOCK)
        errno = ABI_EAGAIN;
    return result;
}

/* Linux' are larger. */
static sem_t semaphores[8];

int freebsd_sem_init(void *semaphore, int shared, unsigned value)
{
    static _Atomic unsigned made;
    unsigned mine = atomic_fetch_add(&made, 1) % 8;

    AT(unsigned, semaphore, 0) = mine;
    return sem_init(&semaphores[mine], shared, value);
}

int freebsd_sem_post(void *semaphore)
{
    return sem_post(&semaphores[AT(unsigned, semaphore, 0)]);
}

int freebsd_sem_wait(void *semaphore)
{
    return sem_wait(&semaphores[AT(unsigned, semaphore, 0)]);
}

void *freebsd_mmap(void *at, size_t size, int prot, int flags, int descriptor,
                   int64_t offset)
{
    return mmap64(at, size, prot,
                  (flags & 3) | ((flags & ABI_MAP_ANON) ? MAP_ANONYMOUS : 0),
                  descriptor, offset);
}

int freebsd_pthread_attr_get_np(void *thread, void *attributes)
{
    (void)attributes;
    return (pthread_t)thread == pthread_self() ? 0 : EINVAL;
}

/* Asked right behind the former. */
int freebsd_pthread_attr_getstack(const void *attributes, void **low,
                                  size_t *size)
{
    pthread_attr_t here;
    int error = pthread_getattr_np(pthread_self(), &here);

    (void)attributes;
    if (!error) {
        pthread_attr_getstack(&here, low, size);
        pthread_attr_destroy(&here);
    }
    return error;
}

/* The first object, the program, has its path for a name. */
struct visit {
    int (*visit)(void *, size_t, void *);
    void *arg;
    bool any;
};

static int visit_object(struct dl_phdr_info *info, size_t size, void *arg)
{
    static char path[PATH_MAX];
    struct visit *visit = arg;
    unsigned char there[ABI_struct_dl_phdr_info] = {0};

    (void)size;
    if (!visit->any && !path[0] &&
        readlink("/proc/self/exe", path, sizeof path - 1) < 0)
        abort();
    AT(uintptr_t, there, 0) = info->dlpi_addr;
    AT(const char *, there, sizeof(void *)) =
        visit->any ? info->dlpi_name : path;
    AT(const void *, there, 2 * sizeof(void *)) = info->dlpi_phdr;
    AT(uint16_t, there, 3 * sizeof(void *)) = info->dlpi_phnum;
    AT(uint64_t, there, ABI_struct_dl_phdr_info_dlpi_adds) = info->dlpi_adds;
    AT(uint64_t, there, ABI_struct_dl_phdr_info_dlpi_subs) = info->dlpi_subs;
    visit->any = true;
    return visit->visit(there, sizeof there, visit->arg);
}

int freebsd_dl_iterate_phdr(int (*visit)(void *, size_t, void *), void *arg)
{
    struct visit all = {visit, arg, false};

    return dl_iterate_phdr(visit_object, &all);
}

void *freebsd_dlsym(void *handle, const char *name)
{
    (void)name;
    if (handle != (void *)-2)
        abort();
    return NULL; /* _dl_find_object is glibc's */
}

int freebsd_getrlimit(int which, void *limit)
{
    struct rlimit64 here;

    if (which != ABI_RLIMIT_STACK || getrlimit64(RLIMIT_STACK, &here) != 0)
        return -1;
    AT(int64_t, limit, 0) = (int64_t)(here.rlim_cur & INT64_MAX);
    AT(int64_t, limit, 8) = (int64_t)(here.rlim_max & INT64_MAX);
    return 0;
}

/* ---- Files: offsets have 64 bits ---------------------------------------------------- */

int freebsd_open(const char *path, int flags, ...);
ssize_t freebsd_pread(int descriptor, void *to, size_t size, int64_t at);
ssize_t freebsd_pwrite(int descriptor, const void *from, size_t size, int64_t at);
int freebsd_ftruncate(int descriptor, int64_t size);
int freebsd_posix_fallocate(int descriptor, int64_t offset, int64_t size);
void *freebsd_readdir(void *directory);
int freebsd_stat(const char *path, void *to);
int freebsd_lstat(const char *path, void *to);
int freebsd_fstat(int descriptor, void *to);

static int flags_here(int flags)
{
    static const int pairs[][2] = {
        {ABI_O_APPEND, O_APPEND},   {ABI_O_NONBLOCK, O_NONBLOCK},
        {ABI_O_CREAT, O_CREAT},     {ABI_O_EXCL, O_EXCL},
        {ABI_O_NOCTTY, O_NOCTTY},   {ABI_O_NOFOLLOW, O_NOFOLLOW},
        {ABI_O_CLOEXEC, O_CLOEXEC}};
    int here = flags & 3, left = flags & ~3;

    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        here |= (flags & pairs[i][0]) ? pairs[i][1] : 0;
        left &= ~pairs[i][0];
    }
    if (left)
        abort(); /* a flag that we do not know */
    return here;
}

int freebsd_open(const char *path, int flags, ...)
{
    mode_t mode;
    va_list list;

    va_start(list, flags);
    mode = va_arg(list, mode_t);
    va_end(list);
    return (int)syscall(SYS_openat, AT_FDCWD, path,
                        flags_here(flags) | O_LARGEFILE, mode);
}

ssize_t freebsd_pread(int descriptor, void *to, size_t size, int64_t at)
{
    return pread64(descriptor, to, size, at);
}

ssize_t freebsd_pwrite(int descriptor, const void *from, size_t size, int64_t at)
{
    return pwrite64(descriptor, from, size, at);
}

int freebsd_ftruncate(int descriptor, int64_t size)
{
    return ftruncate64(descriptor, size);
}

/* As on ZFS. */
int freebsd_posix_fallocate(int descriptor, int64_t offset, int64_t size)
{
    (void)descriptor;
    (void)offset;
    (void)size;
    return EINVAL;
}

void *freebsd_readdir(void *directory)
{
    static __thread unsigned char there[ABI_struct_dirent_d_name + 256];
    struct dirent64 *entry = readdir64(directory);

    if (!entry)
        return NULL;
    snprintf((char *)there + ABI_struct_dirent_d_name, 256, "%s", entry->d_name);
    return there;
}

static int put_status(int result, const struct stat64 *here, void *there)
{
    if (result != 0)
        return result;
    memset(there, 0, ABI_struct_stat);
    AT(uint64_t, there, ABI_struct_stat_st_dev) = here->st_dev;
    AT(uint64_t, there, ABI_struct_stat_st_ino) = here->st_ino;
    AT(uint16_t, there, ABI_struct_stat_st_mode) = (uint16_t)here->st_mode;
    AT(uint32_t, there, ABI_struct_stat_st_uid) = here->st_uid;
    AT(int64_t, there, ABI_struct_stat_st_size) = here->st_size;
    AT(time_t, there, ABI_struct_stat_st_mtim) = here->st_mtim.tv_sec;
    return 0;
}

int freebsd_stat(const char *path, void *to)
{
    struct stat64 here;

    return put_status(stat64(path, &here), &here, to);
}

int freebsd_lstat(const char *path, void *to)
{
    struct stat64 here;

    return put_status(lstat64(path, &here), &here, to);
}

int freebsd_fstat(int descriptor, void *to)
{
    struct stat64 here;

    return put_status(fstat64(descriptor, &here), &here, to);
}
