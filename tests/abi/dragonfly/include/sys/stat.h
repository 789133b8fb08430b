/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_DRAGONFLY_INCLUDE_SYS_STAT_H
#define ABI_DRAGONFLY_INCLUDE_SYS_STAT_H

#include <time.h>

struct stat {
    ino_t st_ino;
    nlink_t st_nlink;
    dev_t st_dev;
    mode_t st_mode;
    uint16_t abi_pad0;
    uid_t st_uid;
    gid_t st_gid;
    dev_t st_rdev;
    struct timespec st_atim;
    struct timespec st_mtim;
    struct timespec st_ctim;
    off_t st_size;
    int64_t st_blocks;
    uint32_t abi_pad1;
    uint32_t st_flags;
    uint32_t st_gen;
    int abi_pad2;
    int64_t abi_rest[2];
};
#define st_mtime st_mtim.tv_sec

#include <abi/stat.h>

#endif
