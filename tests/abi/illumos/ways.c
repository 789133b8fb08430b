/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What threads do on illumos that is not just work, for whole.py: ways WORD.
 *
 *  states    one sleeps, one waits for a lock, one works, each with a name
 *  handlers  work in a handler, with and without a siginfo
 *  deferred  work in libc's critical regions: ticks come at their ends
 *  fork      parent and child work
 *  leave     the first thread ends before another
 *  unload    an object goes while the loader's list is looked at, at any moment of it
 *
 * Each says what has to be found, on stdout.
 */
#include "system.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>

#include "../ways.h"

static _Atomic unsigned interrupted_calls;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static NOINLINE void sleep_here(unsigned ms)
{
    struct timespec nap = {ms / 1000, (long)(ms % 1000) * 1000000};

    while (nanosleep(&nap, &nap) != 0)
        atomic_fetch_add(&interrupted_calls, 1);
    return_to_user();
    __asm__ volatile("");
}

static NOINLINE void lock_here(void)
{
    pthread_mutex_lock(&lock);
    return_to_user();
    pthread_mutex_unlock(&lock);
}

static void *sleeper(void *arg)
{
    pthread_setname_np(pthread_self(), "sleeper");
    use_cpu(60); /* it is to be known */
    sleep_here(600);
    use_cpu(30);
    return arg;
}

static void *locker(void *arg)
{
    pthread_setname_np(pthread_self(), "locker");
    use_cpu(60);
    lock_here();
    use_cpu(30);
    return arg;
}

static void states(void)
{
    pthread_t threads[2];

    pthread_mutex_lock(&lock);
    pthread_create(&threads[0], NULL, sleeper, NULL);
    pthread_create(&threads[1], NULL, locker, NULL);
    work_here(300);
    sleep_here(400);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("interrupted_calls %u\n", atomic_load(&interrupted_calls));
}

static _Atomic bool known;

static void *work_on(void *arg)
{
    use_cpu(400); /* it is to be known */
    atomic_store(&known, true);
    work_here(300);
    return arg;
}

static void leave(void)
{
    pthread_t thread;

    pthread_create(&thread, NULL, work_on, NULL);
    while (!atomic_load(&known))
        sleep_here(5);
    pthread_exit(NULL);
}

/* ---- unload: an object beside the program, of whole.py's ------------------------ */

#define OBJECT "./through.so"
#define MOMENTS_MAX 1000

int sigprof__modules_refresh(void);

static void *object;
static unsigned moments_left, moments;
static pthread_t looker; /* the drain looks, too */

static void pass_moment(void)
{
    if (!pthread_equal(pthread_self(), looker))
        return;
    moments++;
    if (!object || moments_left-- > 0)
        return;
    dlclose(object);
    object = NULL;
}

static void load_object(void)
{
    object = dlopen(OBJECT, RTLD_NOW);
    if (!object)
        abort();
}

/* It goes at the first moment, at the second, until it is still there at the end. */
static void unload(void)
{
    void (*through)(void (*)(unsigned), unsigned);
    unsigned gone = 0;
    sigset_t all, before; /* no tick closes it */

    looker = pthread_self();
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (unsigned at = 0; at == gone && at < MOMENTS_MAX; at++) {
        load_object();
        moments_left = at;
        moments = 0;
        loader_moment = pass_moment;
        sigprof__modules_refresh();
        loader_moment = NULL;
        gone += object == NULL;
        if (object)
            dlclose(object);
        sigprof__modules_refresh();
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    printf("gone %u\nmoments %u\n", gone, moments);
    load_object();
    sigprof__modules_refresh();
    through = (void (*)(void (*)(unsigned), unsigned))dlsym(object, "through");
    through(work_here, 300);
}

int main(int argc, char **argv)
{
    static const struct way ways[] = {{"states", states},
                                      {"handlers", handlers},
                                      {"deferred", deferred},
                                      {"fork", fork_and_work},
                                      {"leave", leave},
                                      {"unload", unload},
                                      {NULL, NULL}};

    return go(ways, argc, argv);
}
