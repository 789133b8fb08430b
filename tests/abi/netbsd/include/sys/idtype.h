/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_NETBSD_INCLUDE_SYS_IDTYPE_H
#define ABI_NETBSD_INCLUDE_SYS_IDTYPE_H

#define P_LWPID 2

#endif
