/* SPDX-License-Identifier: BSD-2-Clause */
/* Indices of gregs. */
#ifndef ABI_ILLUMOS_INCLUDE_SYS_REGSET_H
#define ABI_ILLUMOS_INCLUDE_SYS_REGSET_H

#if defined(__x86_64__)
#define REG_R15 0
#define REG_R14 1
#define REG_R13 2
#define REG_R12 3
#define REG_R11 4
#define REG_R10 5
#define REG_R9 6
#define REG_R8 7
#define REG_RDI 8
#define REG_RSI 9
#define REG_RBP 10
#define REG_RBX 11
#define REG_RDX 12
#define REG_RCX 13
#define REG_RAX 14
#define REG_RIP 17
#define REG_RSP 20
#define REG_PC REG_RIP
#define REG_FP REG_RBP
#define REG_SP REG_RSP
#define ABI_NGREG 28
#elif defined(__i386__)
#define EDI 4
#define ESI 5
#define EBP 6
#define ESP 7
#define EBX 8
#define EDX 9
#define ECX 10
#define EAX 11
#define EIP 14
#define UESP 17
#define REG_PC EIP
#define REG_FP EBP
#define REG_SP UESP
#define ABI_NGREG 19
#else /* sparcv9 */
#define REG_PC 1
#define REG_nPC 2
#define REG_Y 3
#define REG_G1 4
#define REG_G2 5
#define REG_G3 6
#define REG_G4 7
#define REG_G5 8
#define REG_G6 9
#define REG_G7 10
#define REG_O0 11
#define REG_O1 12
#define REG_O2 13
#define REG_O3 14
#define REG_O4 15
#define REG_O5 16
#define REG_O6 17
#define REG_O7 18
#define REG_SP REG_O6
#define ABI_NGREG 21
#endif

#endif
