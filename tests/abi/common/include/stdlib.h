/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_COMMON_INCLUDE_STDLIB_H
#define ABI_COMMON_INCLUDE_STDLIB_H

#include <stddef.h>

void _Exit(int) __attribute__((noreturn));
unsigned int arc4random(void);
void arc4random_buf(void *, size_t);
int atoi(const char *);
void *bsearch(const void *, const void *, size_t, size_t,
              int (*)(const void *, const void *));
void *calloc(size_t, size_t);
void free(void *);
char *getenv(const char *);
const char *getexecname(void);
void *malloc(size_t);
void quick_exit(int) __attribute__((noreturn));
void qsort(void *, size_t, size_t, int (*)(const void *, const void *));
void *realloc(void *, size_t);
char *realpath(const char *, char *);
long strtol(const char *, char **, int);
long long strtoll(const char *, char **, int);
unsigned long strtoul(const char *, char **, int);
unsigned long long strtoull(const char *, char **, int);

#endif
