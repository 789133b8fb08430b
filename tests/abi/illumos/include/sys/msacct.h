/* SPDX-License-Identifier: BSD-2-Clause */
/* Microstates: indices of si_mstate. */
#ifndef ABI_ILLUMOS_INCLUDE_SYS_MSACCT_H
#define ABI_ILLUMOS_INCLUDE_SYS_MSACCT_H

#define LMS_USER 0
#define LMS_SYSTEM 1
#define LMS_TRAP 2
#define LMS_TFAULT 3
#define LMS_DFAULT 4
#define LMS_KFAULT 5
#define LMS_USER_LOCK 6
#define LMS_SLEEP 7
#define LMS_WAIT_CPU 8
#define LMS_STOPPED 9

#endif
