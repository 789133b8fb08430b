/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * illumos' kernel, as far as signals go: ITIMER_REALPROF, and the frame in which a
 * signal reaches libc.
 *
 * A thread of ours ticks in elapsed time. It notes of each thread in which state it
 * was, and has a SIGPROF raised in it once it runs; so sleepers are left alone. What is
 * noted of a thread waits for its next signal, also while that is blocked.
 */
#include "system.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "os/regs.h"
#include "places.h"

#define THREADS 512
#define LWP_MASK 0x3fffff /* Linux' thread ids are below it */
#define TICK 0x71c4       /* goes with a signal of the timer's */

_Atomic unsigned ticks_sent, ticks_with_area, deferred_signals, counted[STATES];

static pid_t process;
static _Atomic pid_t kernel_thread;
static _Atomic uint64_t period_ns;
static _Atomic bool ticking;
static _Atomic bool handled[32]; /* by number there: libc has a handler for it */
static _Atomic bool tells[32];   /* ... which asked for a siginfo_t */

static struct account {
    _Atomic pid_t tid;
    _Atomic unsigned states[STATES];
    uint64_t cpu_ns;          /* the timer's */
    uint64_t ran_ns, idle_ns; /* not noted yet */
    unsigned notes;
} accounts[THREADS];

int lwp_of(pid_t tid)
{
    return (int)((unsigned)(tid - getpid()) & LWP_MASK) + 1;
}

pid_t tid_of(int lwp)
{
    return (pid_t)((unsigned)(getpid() + lwp - 1) & LWP_MASK);
}

bool is_kernel(pid_t tid)
{
    return tid && tid == atomic_load(&kernel_thread);
}

uint64_t clock_now(int clock)
{
    struct timespec now = {0, 0};

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The CPU clock of a thread, as the C library makes its name. */
uint64_t clock_of(pid_t tid)
{
    return clock_now((int)(~(unsigned)tid << 3 | 6));
}

/* ---- The timer -------------------------------------------------------------- */

static struct account *account_of(pid_t tid)
{
    for (unsigned i = 0; i < THREADS; i++)
        if (atomic_load(&accounts[i].tid) == tid)
            return &accounts[i];
    return NULL;
}

static struct account *open_account(pid_t tid)
{
    struct account *account = account_of(0); /* a free one */

    if (!account)
        return NULL;
    for (unsigned i = 0; i < STATES; i++)
        atomic_store(&account->states[i], 0);
    account->cpu_ns = clock_of(tid);
    account->ran_ns = account->idle_ns = 0;
    atomic_store(&account->tid, tid);
    return account;
}

/* The letter of its state, and whether it waits for a lock. */
static char state_of(pid_t tid, bool *locked)
{
    char path[64], text[512];
    const char *behind;
    int descriptor;
    ssize_t got;

    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", (int)tid);
    descriptor = open(path, O_RDONLY | O_CLOEXEC);
    got = descriptor < 0 ? 0 : read(descriptor, text, sizeof text - 1);
    if (descriptor >= 0)
        close(descriptor);
    text[got > 0 ? got : 0] = '\0';
    *locked = atoi(text) == SYS_futex;
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)tid);
    descriptor = open(path, O_RDONLY | O_CLOEXEC);
    got = descriptor < 0 ? 0 : read(descriptor, text, sizeof text - 1);
    if (descriptor >= 0)
        close(descriptor);
    text[got > 0 ? got : 0] = '\0';
    behind = strrchr(text, ')');
    return behind && behind[1] ? behind[2] : 'Z';
}

static void note(struct account *account, unsigned state, uint64_t *ns)
{
    uint64_t period = atomic_load(&period_ns);

    if (period == 0 || *ns < period)
        return;
    atomic_fetch_add(&account->states[state], (unsigned)(*ns / period));
    *ns %= period;
}

/* Of eight periods on a CPU one passes in the kernel, and one in a trap. */
static unsigned state_on_cpu(struct account *account)
{
    unsigned turn = account->notes++ % 8;

    return turn == 3 ? ABI_LMS_SYSTEM : turn == 7 ? ABI_LMS_TRAP : ABI_LMS_USER;
}

static void raise_tick(pid_t tid)
{
    siginfo_t info;

    memset(&info, 0, sizeof info);
    info.si_code = SI_QUEUE;
    info.si_pid = process;
    info.si_value.sival_int = TICK;
    syscall(SYS_rt_tgsigqueueinfo, process, tid, SIGPROF, &info);
}

/* A system call of a thread's ends: it may have been noted meanwhile. */
void return_to_user(void)
{
    pid_t tid = (pid_t)syscall(SYS_gettid);
    struct account *account = account_of(tid);

    for (unsigned i = 0; account && i < STATES; i++)
        if (atomic_load(&account->states[i])) {
            raise_tick(tid);
            return;
        }
}

static void look_at(pid_t tid, uint64_t elapsed_ns)
{
    struct account *account = account_of(tid);
    uint64_t cpu_ns, ran_ns;
    bool locked;
    char state;

    if (!account) {
        open_account(tid);
        return;
    }
    cpu_ns = clock_of(tid);
    ran_ns = cpu_ns - account->cpu_ns;
    account->cpu_ns = cpu_ns;
    account->ran_ns += ran_ns;
    account->idle_ns += elapsed_ns > ran_ns ? elapsed_ns - ran_ns : 0;
    note(account, state_on_cpu(account), &account->ran_ns);
    state = state_of(tid, &locked);
    note(account,
         state == 'R' ? ABI_LMS_WAIT_CPU
         : locked     ? ABI_LMS_USER_LOCK
                      : ABI_LMS_SLEEP,
         &account->idle_ns);
    for (unsigned i = 0; state == 'R' && i < STATES; i++)
        if (atomic_load(&account->states[i])) {
            raise_tick(tid);
            return;
        }
}

static void forget_gone(void)
{
    for (unsigned i = 0; i < THREADS; i++) {
        pid_t tid = atomic_load(&accounts[i].tid);

        if (tid && syscall(SYS_tgkill, process, tid, 0) != 0)
            atomic_store(&accounts[i].tid, 0);
    }
}

static void tick(uint64_t elapsed_ns)
{
    DIR *threads = opendir("/proc/self/task");
    struct dirent *entry;

    while (threads && (entry = readdir(threads))) {
        pid_t tid = atoi(entry->d_name);

        if (tid > 0 && !is_kernel(tid))
            look_at(tid, elapsed_ns);
    }
    if (threads)
        closedir(threads);
    forget_gone();
}

/* The program's threads have all ended, the first too, which Linux goes on listing. */
static bool is_alone(void)
{
    struct stat threads;
    bool locked;

    return stat("/proc/self/task", &threads) == 0 && threads.st_nlink == 2 + 2 &&
           state_of(process, &locked) == 'Z';
}

static void *run_kernel(void *arg)
{
    uint64_t then_ns = clock_now(CLOCK_MONOTONIC), now_ns;

    atomic_store(&kernel_thread, (pid_t)syscall(SYS_gettid));
    for (;;) {
        uint64_t period = atomic_load(&period_ns);
        struct timespec nap = {0, period ? (long)period : 1000000};

        nanosleep(&nap, NULL);
        now_ns = clock_now(CLOCK_MONOTONIC);
        atomic_store(&ticking, true);
        if (atomic_load(&period_ns) && atomic_load(&handled[ABI_SIGPROF]))
            tick(now_ns - then_ns);
        atomic_store(&ticking, false);
        then_ns = now_ns;
        if (is_alone())
            exit(0);
    }
    return arg;
}

/* A child of fork has no timer, and nobody who ticks. */
static void reset_in_child(void)
{
    if (process == getpid())
        return;
    atomic_store(&period_ns, 0);
    atomic_store(&ticking, false);
    atomic_store(&kernel_thread, 0);
    memset(accounts, 0, sizeof accounts);
}

static void start_kernel(void)
{
    pthread_t thread;
    sigset_t all, before;

    process = getpid();
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&thread, NULL, run_kernel, NULL) != 0)
        abort();
    pthread_detach(thread);
    while (!atomic_load(&kernel_thread))
        usleep(100);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

int illumos_setitimer(int which, struct itimerval *when,
                      struct itimerval *before);
int illumos_getitimer(int which, struct itimerval *when);

int illumos_setitimer(int which, struct itimerval *when,
                      struct itimerval *before)
{
    uint64_t ns = (uint64_t)when->it_interval.tv_sec * 1000000000u +
                  (uint64_t)when->it_interval.tv_usec * 1000u;

    reset_in_child();
    if (which != ABI_ITIMER_REALPROF) /* those of one LWP, if not overruled */
        return atomic_load(&period_ns) ? 0 : setitimer(which, when, before);
    if (ns && !atomic_load(&kernel_thread))
        start_kernel();
    for (unsigned i = 0; ns && i < THREADS; i++)
        atomic_store(&accounts[i].tid, 0); /* what was before is not noted */
    atomic_store(&period_ns, ns && ns < 500000 ? 500000 : ns);
    while (!ns && atomic_load(&ticking))
        sched_yield(); /* no tick comes after this */
    return 0;
}

int illumos_getitimer(int which, struct itimerval *when)
{
    return getitimer(which, when);
}

/* ---- sendsig ------------------------------------------------------------------ */

/* A signal that is being handled in this thread. */
struct delivery {
    struct delivery *before;
    jmp_buf back;
    void *context;
};
static __thread struct delivery *latest __attribute__((tls_model("initial-exec")));

void sigacthandler(int number, void *info, void *context);
void illumos_setcontext(void);
bool take_resent(void *info);

/* libc's way out of a handler: the system takes the context back. */
void illumos_setcontext(void)
{
    longjmp(latest->back, 1);
}

bool is_in_handler(void)
{
    return latest != NULL;
}

static const size_t place[] = PLACES;

/* The registers, where that system has them; what a 64-bit kernel leaves 0 is. */
static void lay_out(const ucontext_t *here, unsigned char *there)
{
    memset(there, 0xa5, ABI_ucontext_t);
    AT(unsigned long, there, ABI_ucontext_t_uc_flags) = 0xf;
    AT(void *, there, ABI_ucontext_t_uc_link) = latest ? latest->context : NULL;
    set_there(&here->uc_sigmask, there + ABI_ucontext_t_uc_sigmask);
    AT(void *, there, ABI_ucontext_t_uc_stack) = here->uc_stack.ss_sp;
    AT(size_t, there, ABI_ucontext_t_uc_stack + sizeof(void *)) =
        here->uc_stack.ss_size;
    for (unsigned column = 0; column < REGS_COUNT; column++)
        AT(uintptr_t, there, place[column]) = regs_get(here, column);
#ifdef ZERO_AT
    AT(uintptr_t, there, ZERO_AT) = 0;
#endif
}

/* A tick brings what was noted, and that is forgotten; a directed signal shows it. */
static void fill_info(int number, const siginfo_t *here, unsigned char *there)
{
    struct account *account = account_of((pid_t)syscall(SYS_gettid));
    bool by_timer = here->si_code == SI_QUEUE && here->si_value.sival_int == TICK;

    memset(there, 0, ABI_siginfo_t);
    AT(int, there, 0) = number;
    AT(int, there, ABI_siginfo_t_si_code) =
        number == ABI_SIGPROF && by_timer     ? ABI_PROF_SIG
        : here->si_code == SI_TKILL           ? ABI_SI_LWP
        : here->si_code == SI_KERNEL          ? ABI_SI_NOINFO
                                              : ABI_SI_USER;
    if (number != ABI_SIGPROF || !account)
        return;
    for (unsigned i = 0; i < STATES; i++) {
        unsigned periods = by_timer ? atomic_exchange(&account->states[i], 0)
                                    : atomic_load(&account->states[i]);

        AT(int, there, ABI_siginfo_t_si_mstate + i * sizeof(int)) = (int)periods;
        if (by_timer)
            atomic_fetch_add(&counted[i], periods);
    }
}

/* Every other signal has an area for the FPU's registers in its frame. */
#define AREA 832u
#define OURS 4096u /* of the stack: what is above the frame */

#if defined(__x86_64__)
__asm__(".text\n"
        "enter_frame:\n"
        "    mov %rdi, %rsp\n"
        "    mov %rsi, %rax\n"
        "    mov %rdx, %rdi\n"
        "    mov %rcx, %rsi\n"
        "    mov %r8, %rdx\n"
        "    jmp *%rax\n");
#else
__asm__(".text\n"
        "enter_frame:\n"
        "    mov 4(%esp), %eax\n"
        "    mov 8(%esp), %ecx\n"
        "    mov %eax, %esp\n"
        "    jmp *%ecx\n");
#endif
void enter_frame(uintptr_t frame, void (*function)(int, void *, void *),
                 int number, void *info, void *context)
    __attribute__((noreturn));

/* Comes back when libc gives the context back. */
__attribute__((noinline)) static void deliver(uintptr_t frame, int number,
                                              void *info, void *context)
{
    struct delivery delivery = {.before = latest, .context = context};

    latest = &delivery;
    if (setjmp(delivery.back) == 0)
        enter_frame(frame, sigacthandler, number, info, context);
    latest = delivery.before;
}

/* As the kernel does its sums: from the top down siginfo, context, area, and what a
 * function finds on its stack, with a return address of all ones. */
static void send(int number, const siginfo_t *info, ucontext_t *here,
                 uintptr_t top, unsigned area)
{
    uintptr_t siginfo, context, frame;

#if defined(__x86_64__)
    top &= ~(uintptr_t)7;
    frame = top - (3 * sizeof(long) + area + ABI_ucontext_t + ABI_siginfo_t);
    if (frame % 16 == 0)
        frame -= 8;
    siginfo = top - ABI_siginfo_t;
    context = frame + 3 * sizeof(long) + area;
#else
    top &= ~(uintptr_t)3;
    siginfo = top - ABI_siginfo_t;
    context = siginfo - ABI_ucontext_t;
    frame = context - area - 4 * sizeof(long);
    AT(uintptr_t, frame, 3 * sizeof(long)) = context;
#endif
    lay_out(here, (unsigned char *)context);
    if (!take_resent((void *)siginfo))
        fill_info(number, info, (unsigned char *)siginfo);
    AT(uintptr_t, frame, 0) = (uintptr_t)-1;
    AT(long, frame, sizeof(long)) = number;
    if (!atomic_load(&tells[number]))
        siginfo = 0;
    AT(uintptr_t, frame, 2 * sizeof(long)) = siginfo;
    deliver(frame, number, (void *)siginfo, (void *)context);
    set_here((void *)(context + ABI_ucontext_t_uc_sigmask), &here->uc_sigmask);
}

static void arrive(int number, siginfo_t *info, void *context)
{
    int saved_errno = errno;
    unsigned area = atomic_fetch_add(&ticks_sent, 1) % 2 ? AREA : 0;

    atomic_fetch_add(&ticks_with_area, area != 0);
    send(signal_there(number), info, context,
         (uintptr_t)__builtin_frame_address(0) - OURS, area);
    errno = saved_errno;
}

int kernel_action(int number, bool handle, void (*other)(int), int flags);

/* handle: by libc's handler, which the kernel calls with every signal blocked. */
int kernel_action(int number, bool handle, void (*other)(int), int flags)
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_flags = SA_SIGINFO | flags;
    atomic_store(&tells[number], flags & SA_SIGINFO);
    action.sa_sigaction = arrive;
    sigfillset(&action.sa_mask);
    if (!handle) {
        action.sa_flags = 0;
        action.sa_handler = other;
    }
    atomic_store(&handled[number], handle);
    return sigaction(signal_here(number), &action, NULL);
}
