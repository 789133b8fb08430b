/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of the BSDs and macOS on Linux: offsets have 64 bits. */
#include "system.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int PLAYED(open)(const char *path, int flags, ...);
ssize_t PLAYED(pread)(int descriptor, void *to, size_t size, int64_t at);
ssize_t PLAYED(pwrite)(int descriptor, const void *from, size_t size, int64_t at);
int PLAYED(ftruncate)(int descriptor, int64_t size);
void *PLAYED(readdir)(void *directory);
int PLAYED(stat)(const char *path, void *to);
int PLAYED(lstat)(const char *path, void *to);
int PLAYED(fstat)(int descriptor, void *to);

int PLAYED(open)(const char *path, int flags, ...)
{
    mode_t mode;
    va_list list;

    va_start(list, flags);
    mode = va_arg(list, mode_t);
    va_end(list);
    return (int)syscall(SYS_openat, AT_FDCWD, path,
                        flags_here(flags) | O_LARGEFILE, mode);
}

ssize_t PLAYED(pread)(int descriptor, void *to, size_t size, int64_t at)
{
    return pread64(descriptor, to, size, at);
}

ssize_t PLAYED(pwrite)(int descriptor, const void *from, size_t size, int64_t at)
{
    return pwrite64(descriptor, from, size, at);
}

int PLAYED(ftruncate)(int descriptor, int64_t size)
{
    return ftruncate64(descriptor, size);
}

void *PLAYED(readdir)(void *directory)
{
    static __thread unsigned char there[ABI_struct_dirent_d_name + 256];
    struct dirent64 *entry = readdir64(directory);

    if (!entry)
        return NULL;
    snprintf((char *)there + ABI_struct_dirent_d_name, 256, "%s", entry->d_name);
    return there;
}

static int put_status(int result, const struct stat64 *here, void *there)
{
    if (result != 0)
        return result;
    memset(there, 0, ABI_struct_stat);
    AT(dev_there, there, ABI_struct_stat_st_dev) = (dev_there)here->st_dev;
    AT(uint64_t, there, ABI_struct_stat_st_ino) = here->st_ino;
    AT(mode_there, there, ABI_struct_stat_st_mode) = (mode_there)here->st_mode;
    AT(uint32_t, there, ABI_struct_stat_st_uid) = here->st_uid;
    AT(int64_t, there, ABI_struct_stat_st_size) = here->st_size;
    AT(time_there, there, STAT_TIME_AT) = here->st_mtim.tv_sec;
    return 0;
}

int PLAYED(stat)(const char *path, void *to)
{
    struct stat64 here;

    return put_status(stat64(path, &here), &here, to);
}

int PLAYED(lstat)(const char *path, void *to)
{
    struct stat64 here;

    return put_status(lstat64(path, &here), &here, to);
}

int PLAYED(fstat)(int descriptor, void *to)
{
    struct stat64 here;

    return put_status(fstat64(descriptor, &here), &here, to);
}
