/* SPDX-License-Identifier: BSD-2-Clause */
/* What a module's file is called, beyond what the loader tells. */
#ifndef SIGPROF_MODULE_PATH_H
#define SIGPROF_MODULE_PATH_H

#include "objects.h"

#define MODULE_PATH_BYTES 4096

/* The loader gives no path for what has no file. */
bool sigprof__module_has_file(const struct object *object);

/* Control. The path of the main program, which the loader does not tell; "" without
 * memory. Not with the loader's lock. */
const char *sigprof__main_path(void);

/* An absolute path, where that can be made; or "[vdso]" and the like. exe: of the main
 * program. */
void sigprof__module_path(const struct object *object, const char *exe,
                          char path[MODULE_PATH_BYTES]);

#endif
