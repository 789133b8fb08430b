/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel debugger's: wrong for a ucontext_t, and there to be mistaken. */
#ifndef ABI_ILLUMOS_INCLUDE_SYS_KDI_REGS_H
#define ABI_ILLUMOS_INCLUDE_SYS_KDI_REGS_H

#if defined(__x86_64__)
#define KDIREG_FP 10
#define KDIREG_PC 26
#define KDIREG_SP 29
#else
#define KDIREG_FP 9
#define KDIREG_SP 10
#define KDIREG_PC 17
#endif

#endif
