/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_FREEBSD_INCLUDE_SEMAPHORE_H
#define ABI_FREEBSD_INCLUDE_SEMAPHORE_H

typedef struct {
    unsigned int abi_magic;
    unsigned int abi_count;
    unsigned int abi_flags;
    unsigned int abi_padding;
} sem_t;

int sem_init(sem_t *, int, unsigned int);
int sem_post(sem_t *);
int sem_wait(sem_t *);

#endif
