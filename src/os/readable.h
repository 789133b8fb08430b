/* SPDX-License-Identifier: BSD-2-Clause */
/* What read-readable-signal.c needs of a system. */
#ifndef SIGPROF_OS_READABLE_H
#define SIGPROF_OS_READABLE_H

#include <stdbool.h>
#include <stdint.h>

/* Signal-safe: asks the kernel to read an aligned word there. Changes errno. */
bool sigprof__os_is_readable(uintptr_t address);

#endif
