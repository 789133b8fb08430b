/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * illumos' libc behind the preload object: what dlsym finds for RTLD_NEXT. Another
 * program is executed as its kernel does that: the timer ends, and so does a tick that
 * waits.
 */
#include "system.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int illumos_dladdr(void *address, Dl_info *info);
void *illumos_dlsym(void *handle, const char *name);
int illumos_open(const char *path, int flags, ...);
int illumos_pthread_create(unsigned *thread, const void *attributes,
                           void *(*start)(void *), void *arg);
int illumos_setitimer(int which, void *when, void *before);
int illumos_sigaction(int number, const void *set, void *get);
int illumos_sigprocmask(int how, const void *set, void *before);
int illumos_pthread_sigmask(int how, const void *set, void *before);
void illumos__exit(int status);

static int thr_create(void *stack, size_t bytes, void *(*start)(void *), void *arg,
                      long flags, unsigned *thread)
{
    if (stack || bytes || flags)
        abort(); /* nobody asks for that here */
    return illumos_pthread_create(thread, NULL, start, arg);
}

static int own_execve(const char *path, char *const argv[], char *const envp[])
{
    struct sigaction gone, before;

    memset(&gone, 0, sizeof gone);
    gone.sa_handler = SIG_IGN;
    sigaction(SIGPROF, &gone, &before);
    gone.sa_handler = SIG_DFL;
    sigaction(SIGPROF, &gone, NULL);
    execve(path, argv, envp);
    sigaction(SIGPROF, &before, NULL);
    return -1;
}

/* Of all threads one is copied, so there may be no other: but for what plays the
 * kernel. No handler of pthread_atfork is called. */
static pid_t own_forkallx(int flags)
{
    DIR *threads = opendir("/proc/self/task");
    struct dirent *entry;
    unsigned others = 0;

    while (threads && (entry = readdir(threads))) {
        pid_t tid = atoi(entry->d_name);

        others += tid > 0 && tid != gettid() && !is_kernel(tid);
    }
    if (!threads || others || flags)
        abort();
    closedir(threads);
    return _Fork();
}

static const struct {
    const char *name;
    void (*function)(void);
} next[] = {
#define NEXT(name, function) {name, (void (*)(void))(function)},
    NEXT("_exit", _exit)
    NEXT("dlclose", dlclose)
    NEXT("execve", own_execve)
    NEXT("forkallx", own_forkallx)
    NEXT("getegid", getegid)
    NEXT("open", illumos_open)
    NEXT("posix_spawn", posix_spawn)
    NEXT("pthread_create", illumos_pthread_create)
    NEXT("quick_exit", quick_exit)
    NEXT("setitimer", illumos_setitimer)
    NEXT("sigaction", illumos_sigaction)
    NEXT("thr_create", thr_create)
#undef NEXT
};

void *illumos_dlsym(void *handle, const char *name)
{
    void *function = NULL;

    if (handle == (void *)-2) /* RTLD_DEFAULT */
        return dlsym(RTLD_DEFAULT, name);
    if (handle != (void *)-1) /* RTLD_NEXT */
        return dlsym(handle, name);
    for (size_t i = 0; i < sizeof next / sizeof *next; i++)
        if (strcmp(next[i].name, name) == 0)
            memcpy(&function, &next[i].function, sizeof function);
    return function;
}

int illumos_dladdr(void *address, Dl_info *info)
{
    return dladdr(address, info);
}

int illumos_sigprocmask(int how, const void *set, void *before)
{
    return illumos_pthread_sigmask(how, set, before);
}
