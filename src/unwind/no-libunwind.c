/* SPDX-License-Identifier: BSD-2-Clause */
/* This build found no libunwind. */
#include "sigprof/sigprof.h"
#include "unwind/unwind.h"

int sigprof__unwind_libunwind_load(void)
{
    return SIGPROF_ENOTSUP;
}

void sigprof__unwind_libunwind(struct unwind_walk *walk)
{
    sigprof__unwind_fp(walk);
}
