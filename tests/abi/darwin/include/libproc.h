/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_DARWIN_INCLUDE_LIBPROC_H
#define ABI_DARWIN_INCLUDE_LIBPROC_H

#include <sys/types.h>

#define PROC_PIDTBSDINFO 3
#define PROC_PIDPATHINFO_MAXSIZE 4096

struct proc_bsdinfo {
    uint32_t pbi_flags;
    uint32_t pbi_status;
    uint32_t pbi_xstatus;
    uint32_t pbi_pid;
    uint32_t pbi_ppid;
    uint32_t abi_users[7];
    char pbi_comm[16];
    char pbi_name[32];
    uint32_t abi_rest[6];
    uint64_t pbi_start_tvsec;
    uint64_t pbi_start_tvusec;
};

int proc_pidinfo(int, int, uint64_t, void *, int);
int proc_pidpath(int, void *, uint32_t);
int proc_regionfilename(int, uint64_t, void *, uint32_t);

#endif
