/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_NETBSD_INCLUDE_DIRENT_H
#define ABI_NETBSD_INCLUDE_DIRENT_H

#include <sys/types.h>

typedef struct abi_directory DIR;
struct dirent {
    ino_t d_fileno;
    uint16_t d_reclen;
    uint16_t d_namlen;
    uint8_t d_type;
    char d_name[512];
};
DIR *opendir(const char *);
struct dirent *readdir(DIR *);
int closedir(DIR *);

#endif
