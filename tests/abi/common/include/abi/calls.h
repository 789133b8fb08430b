/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_COMMON_INCLUDE_ABI_CALLS_H
#define ABI_COMMON_INCLUDE_ABI_CALLS_H

/* What is the same in <unistd.h>. */
#include <sys/types.h>

#define STDERR_FILENO 2
#define F_OK 0

extern char **environ;

int access(const char *, int);
int close(int);
int ftruncate(int, off_t);
char *getcwd(char *, size_t);
gid_t getegid(void);
uid_t geteuid(void);
gid_t getgid(void);
pid_t getpid(void);
pid_t getppid(void);
uid_t getuid(void);
int issetugid(void);
off_t lseek(int, off_t, int);
ssize_t pread(int, void *, size_t, off_t);
ssize_t read(int, void *, size_t);
ssize_t readlink(const char *, char *, size_t);
long sysconf(int);
int unlink(const char *);
ssize_t pwrite(int, const void *, size_t, off_t);
ssize_t write(int, const void *, size_t);

#endif
