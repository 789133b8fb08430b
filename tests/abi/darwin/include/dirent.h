/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_DARWIN_INCLUDE_DIRENT_H
#define ABI_DARWIN_INCLUDE_DIRENT_H

#include <sys/types.h>

typedef struct abi_directory DIR;
struct dirent {
    uint64_t d_ino;
    uint64_t d_seekoff;
    uint16_t d_reclen;
    uint16_t d_namlen;
    uint8_t d_type;
    char d_name[1024];
};
DIR *opendir(const char *);
struct dirent *readdir(DIR *);
int closedir(DIR *);

#endif
