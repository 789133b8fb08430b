/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_SYS_STACK_H
#define ABI_ILLUMOS_INCLUDE_SYS_STACK_H

#if defined(__sparcv9)
#define STACK_BIAS 2047
#else
#define STACK_BIAS 0
#endif

#endif
