/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_DARWIN_INCLUDE_SEMAPHORE_H
#define ABI_DARWIN_INCLUDE_SEMAPHORE_H

typedef int sem_t;

#define SEM_FAILED ((sem_t *)-1)

sem_t *sem_open(const char *, int, ...);
int sem_post(sem_t *);
int sem_trywait(sem_t *);
int sem_unlink(const char *);
int sem_wait(sem_t *);

#endif
