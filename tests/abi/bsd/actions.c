/* SPDX-License-Identifier: BSD-2-Clause */
/* What is done with each signal on the BSDs and macOS. */
#include "system.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

unsigned char actions[32][ABI_struct_sigaction];

int PLAYED(sigaction)(int number, const void *set, void *get);

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
