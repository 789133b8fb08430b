/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libsigprof-preload.so: every function of the C library that we interpose, and
 * nothing else. The library itself (libsigprof.so, from this object's folder)
 * interposes nothing; it is told what happens through hooks.h.
 *
 * What is interposed, and why:
 *      pthread_create              a thread is known from its first instruction,
 *                                  and its account is settled at its last
 *      sigaction, signal, …        the program's own SIGPROF and ours, side by
 *                                  side; other signals pass through
 *      setitimer                   the program's ITIMER_PROF comes first
 *      dlclose                     a module that came and goes between two looks
 *                                  of the drain is seen, and no name outlives
 *                                  its module; dlopen is not here: the loader
 *                                  asks who calls it
 *      exec*, posix_spawn* (exec.c) no left-over timer kills the new program;
 *                                  children find what they need in their
 *                                  environment
 *      open, epoll_wait, getegid, … moments when a VM can be asked what code it
 *      (moments.c)                 has generated
 *      __register_frame (frames.c) unwind tables of generated code
 *      _exit, _Exit, quick_exit    ends that run no destructor
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "hooks.h"
#include "preload/real.h"

INTERPOSED extern const char sigprof__preload_mark[];
const char sigprof__preload_mark[] = "libsigprof-preload";

void *sigprof__real(enum real_function which)
{
    static const char *const names[] = {
#define REAL_X(name) #name,
        REAL_FUNCTIONS(REAL_X)
#undef REAL_X
    };
    static void *found[REAL_COUNT];
    void *function = __atomic_load_n(&found[which], __ATOMIC_RELAXED);

    if (!function) { /* at load; or for a constructor that ran before ours */
        function = dlsym(RTLD_NEXT, names[which]);
        __atomic_store_n(&found[which], function, __ATOMIC_RELAXED);
    }
    return function;
}

/* ---- Threads ----------------------------------------------------------- */

struct birth {
    void *(*start)(void *);
    void *arg;
};

/* The call at the end is a jump: no frame of ours is under the program's. */
static void *thread_begins(void *arg)
{
    struct birth birth = *(struct birth *)arg;

    free(arg);
    sigprof__hook_thread_begin((uintptr_t)birth.start);
    return birth.start(birth.arg);
}

INTERPOSED int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                              void *(*start)(void *), void *arg)
{
    struct birth *birth;
    int error;

    if (sigprof__own_thread(start) || !(birth = malloc(sizeof *birth)))
        return REAL(pthread_create)(thread, attributes, start, arg);
    *birth = (struct birth){start, arg};
    error = REAL(pthread_create)(thread, attributes, thread_begins, birth);
    if (error)
        free(birth);
    return error;
}

/* ---- SIGPROF ------------------------------------------------------------ */

INTERPOSED int sigaction(int number, const struct sigaction *set,
                         struct sigaction *get)
{
    if (number == SIGPROF && sigprof__hook_action(set, get))
        return 0;
    return REAL(sigaction)(number, set, get);
}

/* signal and its kin, in terms of sigaction, for SIGPROF alone. */
static sighandler_t set_handler(sighandler_t handler, int flags)
{
    struct sigaction set = {.sa_handler = handler, .sa_flags = flags};
    struct sigaction before;

    if (handler == SIG_ERR) {
        errno = EINVAL;
        return SIG_ERR;
    }
    if (!(flags & (int)SA_RESETHAND))
        sigaddset(&set.sa_mask, SIGPROF);
    return sigaction(SIGPROF, &set, &before) == 0 ? before.sa_handler : SIG_ERR;
}

INTERPOSED sighandler_t signal(int number, sighandler_t handler)
{
    return number == SIGPROF ? set_handler(handler, SA_RESTART)
                             : REAL(signal)(number, handler);
}

INTERPOSED sighandler_t bsd_signal(int number, sighandler_t handler);
sighandler_t bsd_signal(int number, sighandler_t handler)
{
    return signal(number, handler);
}

/* Not declared by musl, as the next one. */
INTERPOSED sighandler_t ssignal(int number, sighandler_t handler);
sighandler_t ssignal(int number, sighandler_t handler)
{
    return signal(number, handler);
}

INTERPOSED sighandler_t sysv_signal(int number, sighandler_t handler);
sighandler_t sysv_signal(int number, sighandler_t handler)
{
    if (number == SIGPROF)
        return set_handler(handler, (int)SA_RESETHAND | SA_NODEFER);
    if (REAL(sysv_signal))
        return REAL(sysv_signal)(number, handler);
    errno = ENOSYS;
    return SIG_ERR;
}

/* sigset(SIG_HOLD) blocks; anything else sets the handler and unblocks. */
INTERPOSED sighandler_t sigset(int number, sighandler_t disposition);
sighandler_t sigset(int number, sighandler_t disposition)
{
    sigset_t only, before;
    struct sigaction now;
    sighandler_t old;

    if (number != SIGPROF)
        return ((sighandler_t(*)(int, sighandler_t))sigprof__real(
            REAL_sigset))(number, disposition);
    sigemptyset(&only);
    sigaddset(&only, SIGPROF);
    if (disposition == SIG_HOLD) {
        sigprocmask(SIG_BLOCK, &only, &before);
        sigaction(SIGPROF, NULL, &now);
        old = now.sa_handler;
    } else {
        old = set_handler(disposition, 0);
        if (old == SIG_ERR)
            return old;
        sigprocmask(SIG_UNBLOCK, &only, &before);
    }
    return sigismember(&before, SIGPROF) == 1 ? SIG_HOLD : old;
}

#ifdef __GLIBC__
typedef __itimer_which_t timer_which;
#else
typedef int timer_which;
#endif

INTERPOSED int setitimer(timer_which which, const struct itimerval *when,
                         struct itimerval *before)
{
    bool arms = which == ITIMER_PROF && when &&
                (when->it_value.tv_sec || when->it_value.tv_usec);
    int result;

    if (arms)
        sigprof__hook_itimer(true);
    result = REAL(setitimer)(which, when, before);
    if (which == ITIMER_PROF && when && (!arms || result != 0))
        sigprof__hook_itimer(false);
    return result;
}

/* ---- Modules ------------------------------------------------------------ */

INTERPOSED int dlclose(void *handle)
{
    int result;

    sigprof__hook_modules();
    result = REAL(dlclose)(handle);
    sigprof__hook_modules();
    return result;
}

/* ---- Ends ---------------------------------------------------------------- */

INTERPOSED void _exit(int status)
{
    sigprof__hook_exit();
    REAL(_exit)(status);
    __builtin_unreachable();
}

INTERPOSED void _Exit(int status)
{
    _exit(status);
}

INTERPOSED void quick_exit(int status)
{
    sigprof__hook_exit();
    REAL(quick_exit)(status);
    __builtin_unreachable();
}

/* ---- Java ----------------------------------------------------------------- */

/* -agentpath: names this object (sigprof-run adds it). 0: the machine goes on. */
INTERPOSED int Agent_OnLoad(void *vm, char *options, void *reserved);
int Agent_OnLoad(void *vm, char *options, void *reserved)
{
    (void)options;
    (void)reserved;
    sigprof__hook_java(vm);
    return 0;
}

/* ---- Load ----------------------------------------------------------------- */

static int real_setitimer(int which, const struct itimerval *when,
                          struct itimerval *before)
{
    return REAL(setitimer)((timer_which)which, when, before);
}

__attribute__((constructor)) static void loaded(void)
{
    struct sigprof__sys real = {REAL(sigaction), real_setitimer};
    int saved_errno = errno;
    Dl_info here;

    for (int i = 0; i < REAL_COUNT; i++)
        sigprof__real((enum real_function)i);
    if (dladdr(sigprof__preload_mark, &here) && here.dli_fname)
        sigprof__hook_load(&real, here.dli_fname);
    errno = saved_errno;
}
