/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The folder of raw profiles that are to be folded. Control.
 *
 * Whoever makes one holds a lock on a file in it for as long as it lives. A folder
 * whose lock nobody holds was left by a kill: the next run removes it when it is a day
 * old, so that there is time to look for what is in it. One that is kept for the user
 * has no such file and is never removed.
 */
#ifndef SIGPROF_RUN_FOLDER_H
#define SIGPROF_RUN_FOLDER_H

#include <stddef.h>

/* Makes a folder in base, of mode 0700; its path goes to path. 0, or an errno. */
int folder_make(const char *base, char *path, size_t size);

/* Removes a folder and the files in it. 0, or an errno. */
int folder_remove(const char *path);

/* It stays, with the profiles in it. */
void folder_keep(const char *path);

/* Removes folders in base that were left by runs of this user. */
void folder_sweep(const char *base);

#endif
