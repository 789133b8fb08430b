/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_UNISTD_H
#define ABI_ILLUMOS_INCLUDE_UNISTD_H

#include <sys/types.h>

#define STDERR_FILENO 2
#define F_OK 0
#define X_OK 1
#define _SC_PAGESIZE 11

extern char **environ;

void _exit(int) __attribute__((noreturn));
int access(const char *, int);
int close(int);
int execl(const char *, const char *, ...);
int execle(const char *, const char *, ...);
int execlp(const char *, const char *, ...);
int execv(const char *, char *const *);
int execve(const char *, char *const *, char *const *);
int execvp(const char *, char *const *);
int ftruncate(int, off_t);
char *getcwd(char *, size_t);
gid_t getegid(void);
uid_t geteuid(void);
gid_t getgid(void);
int gethostname(char *, int);
pid_t getpid(void);
pid_t getppid(void);
uid_t getuid(void);
int issetugid(void);
off_t lseek(int, off_t, int);
ssize_t pread(int, void *, size_t, off_t);
ssize_t pread64(int, void *, size_t, off64_t);
ssize_t read(int, void *, size_t);
ssize_t readlink(const char *, char *, size_t);
long sysconf(int);
int unlink(const char *);
ssize_t pwrite(int, const void *, size_t, off_t);
ssize_t write(int, const void *, size_t);

#endif
