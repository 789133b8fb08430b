/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_SEMAPHORE_H
#define ABI_ILLUMOS_INCLUDE_SEMAPHORE_H

typedef struct {
    unsigned int abi_count;
    unsigned short abi_type;
    unsigned short abi_magic;
    unsigned long long abi_pad[5];
} sem_t;

int sem_init(sem_t *, int, unsigned int);
int sem_post(sem_t *);
int sem_wait(sem_t *);

#endif
