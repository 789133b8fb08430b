/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libsigprof-preload.so: every function of the C library that we interpose, and
 * nothing else. The library itself (libsigprof.so, from this object's folder)
 * interposes nothing; it is told what happens through hooks.h.
 *
 * What is interposed, and why:
 *      pthread_create, …           a thread is known from its first instruction,
 *                                  and its account is settled at its last
 *      sigaction, signal, …        the program's own SIGPROF and ours, side by
 *      (signals.c)                 side; other signals pass through. Masks are the
 *                                  program's (sigprocmask, sighold, sigpause, …):
 *                                  a thread that blocks SIGPROF is not sampled
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
 * What only one system has is in linux.c, illumos.c.
 *
 * Names that the C library binds to itself (all of glibc's and illumos' own calls) do
 * not come through here. On illumos a preloaded object is an interposer for what is
 * bound directly, too.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
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
    thread_start *start;
    void *arg;
};

/* The call at the end is a jump: no frame of ours is under the program's. */
void *sigprof__born(void *arg)
{
    struct birth birth = *(struct birth *)arg;

    free(arg);
    sigprof__hook_thread_begin((uintptr_t)birth.start);
    return birth.start(birth.arg);
}

void *sigprof__birth(thread_start *start, void *arg)
{
    struct birth *birth =
        sigprof__own_thread(start) ? NULL : malloc(sizeof *birth);

    if (birth)
        *birth = (struct birth){start, arg};
    return birth;
}

INTERPOSED int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                              void *(*start)(void *), void *arg)
{
    void *birth = sigprof__birth(start, arg);
    int error;

    if (!birth)
        return REAL(pthread_create)(thread, attributes, start, arg);
    error = REAL(pthread_create)(thread, attributes, sigprof__born, birth);
    if (error)
        free(birth);
    return error;
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

__attribute__((constructor)) static void loaded(void)
{
    struct sigprof__sys real = {REAL(sigaction), sigprof__set_real_timer};
    int saved_errno = errno;
    Dl_info here;

    for (int i = 0; i < REAL_COUNT; i++)
        sigprof__real((enum real_function)i);
    if (dladdr((void *)(uintptr_t)sigprof__preload_mark, &here) &&
        here.dli_fname)
        sigprof__hook_load(&real, here.dli_fname);
    errno = saved_errno;
}
