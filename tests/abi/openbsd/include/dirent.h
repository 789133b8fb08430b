/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_OPENBSD_INCLUDE_DIRENT_H
#define ABI_OPENBSD_INCLUDE_DIRENT_H

#include <sys/types.h>

typedef struct abi_directory DIR;
struct dirent {
    ino_t d_fileno;
    off_t d_off;
    uint16_t d_reclen;
    uint8_t d_type;
    uint8_t d_namlen;
    uint8_t abi_pad[4];
    char d_name[256];
};
DIR *opendir(const char *);
struct dirent *readdir(DIR *);
int closedir(DIR *);

#endif
