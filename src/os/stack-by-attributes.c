/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of os.h for the BSDs that tell a thread's attributes: all but OpenBSD. */
#include "os/bsd.h"
#include "os/os.h"

int sigprof__os_stack_self(uintptr_t *low, uintptr_t *high)
{
    pthread_attr_t attributes;
    void *at = NULL;
    size_t size = 0;
    int error = pthread_attr_init(&attributes);

    if (error)
        return error;
    error = sigprof__bsd_attributes(&attributes);
    if (!error)
        error = pthread_attr_getstack(&attributes, &at, &size);
    pthread_attr_destroy(&attributes);
    *low = (uintptr_t)at;
    *high = *low + size;
    return error;
}
