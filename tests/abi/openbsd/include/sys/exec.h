/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_OPENBSD_INCLUDE_SYS_EXEC_H
#define ABI_OPENBSD_INCLUDE_SYS_EXEC_H

struct _ps_strings {
    void *val;
};
struct ps_strings {
    char **ps_argvstr;
    int ps_nargvstr;
    char **ps_envstr;
    int ps_nenvstr;
};

#endif
