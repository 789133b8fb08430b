/* SPDX-License-Identifier: BSD-2-Clause */
/* A system whose processes have no vDSO, or none that we know how to find. */
#include "sym.h"

const void *sigprof__sym_vdso(size_t *size)
{
    *size = 0;
    return NULL;
}
