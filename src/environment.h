/* SPDX-License-Identifier: BSD-2-Clause */
/* What executed programs are to find in their environment. Written once, when
 * the preload object starts sampling; read by the hooks (hooks.h). */
#ifndef SIGPROF_ENVIRONMENT_H
#define SIGPROF_ENVIRONMENT_H

#include "config.h"

void sigprof__environment_keep(const char *preload_path,
                               const struct sigprof__config *config);

/* Whose children they are: the recording id, 32 digits, and the process. */
void sigprof__environment_mark(const char *id, int pid);

#endif
