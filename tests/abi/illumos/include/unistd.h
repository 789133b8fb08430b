/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_UNISTD_H
#define ABI_ILLUMOS_INCLUDE_UNISTD_H

#include <abi/calls.h>

#define X_OK 1
#define _SC_PAGESIZE 11

void _exit(int) __attribute__((noreturn));
int execl(const char *, const char *, ...);
int execle(const char *, const char *, ...);
int execlp(const char *, const char *, ...);
int execv(const char *, char *const *);
int execve(const char *, char *const *, char *const *);
int execvp(const char *, char *const *);
int gethostname(char *, int);
ssize_t pread64(int, void *, size_t, off64_t);

#endif
