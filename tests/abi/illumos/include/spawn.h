/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_SPAWN_H
#define ABI_ILLUMOS_INCLUDE_SPAWN_H

#include <sys/types.h>

typedef struct {
    void *abi_attributes;
} posix_spawnattr_t;
typedef struct {
    void *abi_actions;
} posix_spawn_file_actions_t;
int posix_spawn(pid_t *, const char *, const posix_spawn_file_actions_t *,
                const posix_spawnattr_t *, char *const *, char *const *);
int posix_spawnp(pid_t *, const char *, const posix_spawn_file_actions_t *,
                 const posix_spawnattr_t *, char *const *, char *const *);

#endif
