/* SPDX-License-Identifier: BSD-2-Clause */
/* A build without libunwind's header. */
#include "sigprof/sigprof.h"
#include "unwind/unwind.h"

void sigprof__unwind_libunwind(struct unwind_walk *walk)
{
    sigprof__unwind_fp(walk); /* never: loading it has failed */
}

int sigprof__unwind_libunwind_load(void)
{
    return SIGPROF_ENOTSUP;
}
