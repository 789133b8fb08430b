/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_DARWIN_INCLUDE_SYS_STAT_H
#define ABI_DARWIN_INCLUDE_SYS_STAT_H

#include <time.h>

struct stat {
    dev_t st_dev;
    mode_t st_mode;
    nlink_t st_nlink;
    ino_t st_ino;
    uid_t st_uid;
    gid_t st_gid;
    dev_t st_rdev;
    struct timespec st_atimespec;
    struct timespec st_mtimespec;
    struct timespec st_ctimespec;
    struct timespec st_birthtimespec;
    off_t st_size;
    int64_t st_blocks;
    int st_blksize;
    uint32_t st_flags;
    uint32_t st_gen;
    int abi_spare;
    int64_t abi_spares[2];
};
#define st_mtime st_mtimespec.tv_sec

#include <abi/stat.h>

#endif
