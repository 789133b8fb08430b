/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The floor: a CPU timer for the first thread and a handler that does nothing.
 * LD_PRELOAD it, with EMPTY_HZ in the environment.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static void empty(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    (void)context;
}

__attribute__((constructor)) static void begin(void)
{
    const char *hz = getenv("EMPTY_HZ");
    struct sigaction action = {.sa_sigaction = empty,
                               .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID,
                             .sigev_signo = SIGPROF};
    struct itimerspec when = {{0, 0}, {0, 0}};
    timer_t timer;

    if (!hz || atoi(hz) <= 0)
        return;
    sigfillset(&action.sa_mask);
    sigaction(SIGPROF, &action, NULL);
    event.sigev_notify_thread_id = (int)syscall(SYS_gettid);
    if (timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer) != 0)
        return;
    when.it_interval.tv_sec = atoi(hz) == 1;
    when.it_interval.tv_nsec = 1000000000 / atoi(hz) % 1000000000;
    when.it_value = when.it_interval;
    timer_settime(timer, 0, &when, NULL);
}
