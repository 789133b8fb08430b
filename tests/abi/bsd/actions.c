/* SPDX-License-Identifier: BSD-2-Clause */
/* Signals by their numbers on the BSDs and macOS: sets of them, and what is done with
 * each. */
#include "system.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

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

int signal_here(int number)
{
    return number > 0 && number < 32 ? numbers[number] : 0;
}

int signal_there(int number)
{
    for (int i = 1; i < 32; i++)
        if (numbers[i] == number)
            return i;
    return 0;
}

void set_there(const sigset_t *here, void *there)
{
    memset(there, 0, ABI_sigset_t);
    for (int i = 1; i < 32; i++)
        if (numbers[i] && sigismember(here, numbers[i]) == 1)
            AT(uint32_t, there, 0) |= 1u << (i - 1);
}

void set_here(const void *there, sigset_t *here)
{
    sigemptyset(here);
    for (int i = 1; i < 32; i++)
        if (numbers[i] && (AT(const uint32_t, there, 0) >> (i - 1) & 1))
            sigaddset(here, numbers[i]);
}

unsigned char actions[32][ABI_struct_sigaction];

int PLAYED(sigaction)(int number, const void *set, void *get);
int PLAYED(sigaddset)(void *set, int number);
int PLAYED(sigemptyset)(void *set);
int PLAYED(sigfillset)(void *set);
int PLAYED(sigismember)(const void *set, int number);
int PLAYED(pthread_sigmask)(int how, const void *set, void *before);
int PLAYED(sigpending)(void *set);
int PLAYED(sigwait)(const void *set, int *number);
int PLAYED(raise)(int number);

int PLAYED(sigaction)(int number, const void *set, void *get)
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
    sigfillset(&action.sa_mask); /* call_handler opens it */
    if ((uintptr_t)handler < 2) {
        action.sa_flags = 0;
        action.sa_handler = (uintptr_t)handler ? SIG_IGN : SIG_DFL;
    }
    return sigaction(signal_here(number), &action, NULL);
}

void handle_there(int number, handler_there *handler, bool with_siginfo)
{
    unsigned char action[ABI_struct_sigaction] = {0};

    AT(handler_there *, action, 0) = handler;
    AT(int, action, ABI_struct_sigaction_sa_flags) =
        (with_siginfo ? ABI_SA_SIGINFO : 0) | ABI_SA_RESTART;
    if (PLAYED(sigaction)(number, action, NULL) != 0)
        abort();
}

int PLAYED(sigaddset)(void *set, int number)
{
    AT(uint32_t, set, (size_t)(number - 1) / 32 * 4) |=
        1u << ((number - 1) % 32);
    return 0;
}

int PLAYED(sigemptyset)(void *set)
{
    memset(set, 0, ABI_sigset_t);
    return 0;
}

int PLAYED(sigfillset)(void *set)
{
    memset(set, 0xff, ABI_sigset_t);
    return 0;
}

int PLAYED(sigismember)(const void *set, int number)
{
    return AT(const uint32_t, set, (size_t)(number - 1) / 32 * 4) >>
               ((number - 1) % 32) &
           1;
}

int PLAYED(pthread_sigmask)(int how, const void *set, void *before)
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

int PLAYED(sigpending)(void *set)
{
    sigset_t here;
    int result = sigpending(&here);

    set_there(&here, set);
    return result;
}

int PLAYED(sigwait)(const void *set, int *number)
{
    sigset_t here;
    int error;

    set_here(set, &here);
    error = sigwait(&here, number);
    *number = signal_there(*number);
    return error;
}

int PLAYED(raise)(int number)
{
    return raise(signal_here(number));
}
