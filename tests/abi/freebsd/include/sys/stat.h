/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_FREEBSD_INCLUDE_SYS_STAT_H
#define ABI_FREEBSD_INCLUDE_SYS_STAT_H

#include <time.h>

#if defined(__i386__)
#define ABI_TIME_EXT(name) int abi_##name##_ext;
#else
#define ABI_TIME_EXT(name)
#endif

struct stat {
    dev_t st_dev;
    ino_t st_ino;
    nlink_t st_nlink;
    mode_t st_mode;
    int16_t abi_pad0;
    uid_t st_uid;
    gid_t st_gid;
    int abi_pad1;
    dev_t st_rdev;
    ABI_TIME_EXT(atim)
    struct timespec st_atim;
    ABI_TIME_EXT(mtim)
    struct timespec st_mtim;
    ABI_TIME_EXT(ctim)
    struct timespec st_ctim;
    ABI_TIME_EXT(btim)
    struct timespec st_birthtim;
    off_t st_size;
    int64_t st_blocks;
    int st_blksize;
    uint32_t st_flags;
    uint64_t st_gen;
    uint64_t abi_spare[10];
};
#define st_mtime st_mtim.tv_sec

#include <abi/stat.h>

#endif
