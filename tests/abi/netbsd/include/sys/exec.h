/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_NETBSD_INCLUDE_SYS_EXEC_H
#define ABI_NETBSD_INCLUDE_SYS_EXEC_H

struct ps_strings {
    char **ps_argvstr;
    int ps_nargvstr;
    char **ps_envstr;
    int ps_nenvstr;
};
extern struct ps_strings *__ps_strings;

#endif
