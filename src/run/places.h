/* SPDX-License-Identifier: BSD-2-Clause */
/* Where things are: our own parts, and the profiles a run left. Control. */
#ifndef SIGPROF_RUN_PLACES_H
#define SIGPROF_RUN_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* Fill path with the parts that belong to this command: installed beside it, or
 * of the same build tree. False: there is none. */
bool place_preload(char *path, size_t size);
bool place_fold(char *path, size_t size);

/* Visits the profiles in a folder that were written since a moment, and returns how
 * many they are. fd is closed behind it. */
typedef void place_visit(void *arg, const char *name, int fd);
size_t place_profiles(const char *folder, struct timespec since,
                      place_visit *visit, void *arg);

/* In half a sentence, why a program (as the shell would find it) cannot have
 * been preloaded; NULL: nothing is known against it. */
const char *place_obstacle(const char *program);

#endif
