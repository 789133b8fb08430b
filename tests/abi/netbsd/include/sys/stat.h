/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_NETBSD_INCLUDE_SYS_STAT_H
#define ABI_NETBSD_INCLUDE_SYS_STAT_H

#include <time.h>

struct stat {
    dev_t st_dev;
    mode_t st_mode;
    ino_t st_ino;
    nlink_t st_nlink;
    uid_t st_uid;
    gid_t st_gid;
    dev_t st_rdev;
    struct timespec st_atim;
    struct timespec st_mtim;
    struct timespec st_ctim;
    struct timespec st_birthtim;
    off_t st_size;
    int64_t st_blocks;
    int st_blksize;
    uint32_t abi_rest[4];
};
#define st_mtime st_mtim.tv_sec

#include <abi/stat.h>

#endif
