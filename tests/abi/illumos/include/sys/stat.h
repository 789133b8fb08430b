/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_SYS_STAT_H
#define ABI_ILLUMOS_INCLUDE_SYS_STAT_H

#include <time.h>

struct stat {
    dev_t st_dev;
#if !defined(_LP64)
    long abi_pad1[3];
#endif
    ino_t st_ino;
    mode_t st_mode;
    nlink_t st_nlink;
    uid_t st_uid;
    gid_t st_gid;
    dev_t st_rdev;
#if !defined(_LP64)
    long abi_pad2[2];
#endif
    off_t st_size;
#if !defined(_LP64)
    long abi_pad3;
#endif
    timestruc_t st_atim;
    timestruc_t st_mtim;
    timestruc_t st_ctim;
    int st_blksize;
    long st_blocks;
    char st_fstype[16];
#if !defined(_LP64)
    long abi_pad4[8];
#endif
};
#define st_mtime st_mtim.tv_sec

#include <abi/stat.h>

#endif
