/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_BSD_INCLUDE_SEMAPHORE_H
#define ABI_BSD_INCLUDE_SEMAPHORE_H

typedef struct abi_semaphore *sem_t;

int sem_init(sem_t *, int, unsigned int);
int sem_post(sem_t *);
int sem_wait(sem_t *);

#endif
