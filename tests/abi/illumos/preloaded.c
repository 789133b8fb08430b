/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program with the preload object, for whole.py: preloaded WORD. What the object
 * interposes is called as there_NAME, with that system's types.
 *
 *  born         threads that live for a moment, by both names
 *  unborn       the same, past the preload object: nobody can know of them
 *  exec         another program in its place, with an environment without us
 *  spawn, vfork one beside it; the first is left by _exit
 *  forkall      a child that has all threads
 *  timer        the program's own ITIMER_PROF
 *  ignore       the program ignores SIGPROF by sigignore, which unblocks it, too
 *  environment  what executed programs are to preload beside others
 *  after        what is executed
 */
#include "system.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../work.h"

#define THREADS 40

int there_pthread_create(unsigned *thread, const void *attributes,
                         void *(*start)(void *), void *arg);
int there_thr_create(void *stack, size_t bytes, void *(*start)(void *), void *arg,
                     long flags, unsigned *thread);
int there_execve(const char *path, char *const argv[], char *const envp[]);
int there_posix_spawn(pid_t *pid, const char *path, const void *actions,
                      const void *attributes, char *const argv[],
                      char *const envp[]);
pid_t there_forkall(void);
int there_sigignore(int number);
int there_setitimer(int which, const long *when, long *before);
int there_sigaction(int number, const void *set, void *get);
void there__exit(int status) __attribute__((noreturn));
int illumos_pthread_create(unsigned *thread, const void *attributes,
                           void *(*start)(void *), void *arg);
int illumos_pthread_sigmask(int how, const void *set, void *before);
int illumos_pthread_join(unsigned thread, void **result);
size_t sigprof__hook_environment_bytes(char *const *envp);
char **sigprof__hook_environment(char *const *envp, void *buffer);

static NOINLINE void work_before(void)
{
    use_cpu(300);
    __asm__ volatile("");
}

/* Not for the same time: the compiler would make one of both. */
static NOINLINE void work_after(void)
{
    use_cpu(310);
    __asm__ volatile("");
}

/* Shorter than a period. */
static void *live_shortly(void *arg)
{
    use_cpu(1);
    return arg;
}

static int start_by_turns(unsigned *thread, const void *attributes,
                          void *(*start)(void *), void *arg)
{
    static unsigned turn;

    return turn++ % 2 ? there_thr_create(NULL, 0, start, arg, 0, thread)
                      : there_pthread_create(thread, attributes, start, arg);
}

static void run_threads(int (*start)(unsigned *, const void *, void *(*)(void *),
                                     void *))
{
    unsigned thread;

    for (int i = 0; i < THREADS; i++)
        if (start(&thread, NULL, live_shortly, NULL) != 0 ||
            illumos_pthread_join(thread, NULL) != 0)
            abort();
    printf("made %d\n", THREADS);
}

static void be_born(void)
{
    run_threads(start_by_turns);
}

static void be_unborn(void)
{
    run_threads(illumos_pthread_create);
}

static char self[] = "/proc/self/exe";
static char *const again[] = {self, (char *)(uintptr_t) "after", NULL};
static char *const bare[] = {(char *)(uintptr_t) "KEPT=1", NULL};

static void do_exec(void)
{
    work_before();
    there_execve("/no/such/program", again, bare); /* sampling goes on */
    work_before();
    there_execve(self, again, bare);
    abort();
}

static void do_spawn(void)
{
    pid_t child;

    work_before();
    if (there_posix_spawn(&child, self, NULL, NULL, again, bare) != 0)
        abort();
    waitpid(child, NULL, 0);
    work_before();
    fflush(stdout);
    there__exit(0);
}

static void do_vfork(void)
{
    pid_t child = vfork();

    if (child == 0) {
        there_execve(self, again, bare);
        there__exit(127);
    }
    waitpid(child, NULL, 0);
    work_before();
}

static void do_forkall(void)
{
    pid_t child;

    work_before();
    child = there_forkall();
    if (child == 0) {
        work_after();
        exit(0);
    }
    waitpid(child, NULL, 0);
    printf("child %d\n", (int)child);
    work_before();
}

static void after(void)
{
    const char *name = sizeof(void *) == 8 ? "LD_PRELOAD_64" : "LD_PRELOAD_32";
    const char *list = getenv(name);

    printf("after %d\npreloads %s\nkept %s\n", (int)getpid(), list ? list : "-",
           getenv("KEPT") ? "1" : "0");
    work_after();
}

static _Atomic unsigned own_ticks;

static void on_tick(int number, void *info, void *context)
{
    (void)number;
    (void)context;
    atomic_fetch_add(&own_ticks,
                     AT(int, info, ABI_siginfo_t_si_code) == ABI_SI_NOINFO);
}

static void own_timer(void)
{
    unsigned char action[ABI_struct_sigaction] = {0};
    long on[4] = {0, 10000, 0, 10000}, off[4] = {0, 0, 0, 0};

    AT(int, action, 0) = ABI_SA_SIGINFO | ABI_SA_RESTART;
    AT(handler_there *, action, ABI_struct_sigaction_sa_handler) = on_tick;
    there_sigaction(ABI_SIGPROF, action, NULL);
    there_setitimer(ABI_ITIMER_PROF, on, NULL);
    work_before();
    there_setitimer(ABI_ITIMER_PROF, off, NULL);
    work_after();
    printf("own_ticks %u\n", atomic_load(&own_ticks));
}

static void ignore(void)
{
    unsigned char action[ABI_struct_sigaction] = {0}, set[ABI_sigset_t], now[ABI_sigset_t];
    sigset_t here;

    sigemptyset(&here);
    sigaddset(&here, SIGPROF);
    set_there(&here, set);
    illumos_pthread_sigmask(ABI_SIG_BLOCK, set, NULL);
    if (there_sigignore(ABI_SIGPROF) != 0)
        abort();
    there_sigaction(ABI_SIGPROF, NULL, action);
    illumos_pthread_sigmask(ABI_SIG_BLOCK, NULL, now);
    set_here(now, &here);
    work_before();
    printf("ignored %d\nblocked %d\n",
           AT(uintptr_t, action, ABI_struct_sigaction_sa_handler) == (uintptr_t)SIG_IGN,
           sigismember(&here, SIGPROF));
}

/* The entries that name a list. */
static void edit(char *const *envp)
{
    char **edited = sigprof__hook_environment(
        envp, malloc(sigprof__hook_environment_bytes(envp)));

    for (; *edited; edited++)
        if (strncmp(*edited, "LD_PRELOAD", 10) == 0)
            printf("%s\n", *edited);
}

static void edit_environments(void)
{
    char of_all[] = "LD_PRELOAD=libumem.so";
    char of_64[] = "LD_PRELOAD_64=other.so", of_32[] = "LD_PRELOAD_32=other.so";
    char *const one[] = {of_all, NULL}, *const both[] = {of_all, of_64, of_32, NULL};

    edit(one);
    printf("both\n");
    edit(both);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *word;
        void (*go)(void);
    } ways[] = {{"born", be_born},     {"unborn", be_unborn}, {"exec", do_exec},
                {"spawn", do_spawn},   {"vfork", do_vfork},   {"forkall", do_forkall},
                {"timer", own_timer},  {"after", after},   {"ignore", ignore},
                {"environment", edit_environments}};

    for (size_t i = 0; argc > 1 && i < sizeof ways / sizeof *ways; i++)
        if (strcmp(argv[1], ways[i].word) == 0) {
            ways[i].go();
            return 0;
        }
    return 2;
}
