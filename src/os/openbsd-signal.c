/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * OpenBSD: the part of os.h that the handler may call.
 *
 * The timer is ITIMER_PROF: it runs on the CPU time of the process, and its signal is
 * raised in the thread that took the tick.
 *
 * Code can be executed and not read there, and a program calls the kernel by the C
 * library only.
 */
#include "os/os.h"
#include "os/readable.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/select.h>
#include <unistd.h>

int sigprof__os_tid(void)
{
    return getthrid();
}

/* pselect(2) copies the mask that it is given before it refuses the number of
 * descriptors. It is one of the calls that a program may make after any pledge(2), and a
 * place at which a thread can be cancelled: not here. */
bool sigprof__os_is_readable(uintptr_t address)
{
    int state;

    address &= ~(uintptr_t)(sizeof(sigset_t) - 1);
    if (address == 0) /* would be no mask at all */
        return false;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    pselect(-1, NULL, NULL, NULL, NULL, (const sigset_t *)address);
    address = errno == EINVAL;
    pthread_setcancelstate(state, NULL);
    return address != 0;
}
