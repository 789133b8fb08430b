/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_DRAGONFLY_INCLUDE_DIRENT_H
#define ABI_DRAGONFLY_INCLUDE_DIRENT_H

#include <sys/types.h>

typedef struct abi_directory DIR;
struct dirent {
    ino_t d_fileno;
    uint16_t d_namlen;
    uint8_t d_type;
    uint8_t abi_pad0;
    uint32_t abi_pad1;
    char d_name[256];
};
DIR *opendir(const char *);
struct dirent *readdir(DIR *);
int closedir(DIR *);

#endif
