/* SPDX-License-Identifier: BSD-2-Clause */
/* Signals by their numbers on the system that is played, and sets of them: of 32 signals, a
 * bit each from the lowest on, as they all have it. */
#include "system.h"

#include <pthread.h>
#include <string.h>

static const signed char numbers[32] = SIGNALS_HERE;

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

int PLAYED(sigaddset)(void *set, int number);
int PLAYED(sigemptyset)(void *set);
int PLAYED(sigfillset)(void *set);
int PLAYED(sigismember)(const void *set, int number);
int PLAYED(pthread_sigmask)(int how, const void *set, void *before);
int PLAYED(sigpending)(void *set);
int PLAYED(sigwait)(const void *set, int *number);
int PLAYED(raise)(int number);

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
