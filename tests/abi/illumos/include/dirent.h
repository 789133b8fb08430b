/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_DIRENT_H
#define ABI_ILLUMOS_INCLUDE_DIRENT_H

#include <sys/types.h>

typedef struct abi_directory DIR;
struct dirent {
    unsigned long d_ino;
    off_t d_off;
    unsigned short d_reclen;
    char d_name[1];
};
DIR *opendir(const char *);
struct dirent *readdir(DIR *);
int closedir(DIR *);

#endif
