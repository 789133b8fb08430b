/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_OPENBSD_INCLUDE_SYS_STAT_H
#define ABI_OPENBSD_INCLUDE_SYS_STAT_H

#include <time.h>

struct stat {
    mode_t st_mode;
    dev_t st_dev;
    ino_t st_ino;
    nlink_t st_nlink;
    uid_t st_uid;
    gid_t st_gid;
    dev_t st_rdev;
    struct timespec st_atim;
    struct timespec st_mtim;
    struct timespec st_ctim;
    off_t st_size;
    int64_t st_blocks;
    int st_blksize;
    uint32_t st_flags;
    uint32_t st_gen;
    struct timespec abi_birthtim;
};
#define st_mtime st_mtim.tv_sec

#include <abi/stat.h>

#endif
