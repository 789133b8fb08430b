/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processor that CMake chose: what an unwinder has to know of it and of its
 * ABI, and nothing of any system. Each arch/<cpu>.h has
 *
 *  ARCH_WORD         bytes of a register and of a pointer
 *  ARCH_LINK         1: a call leaves the return address in a register, which a
 *                    function that calls others saves; 0: on the stack
 *  ARCH_RA_AT        stack: return address, from the CFA, put there by the call
 *  ARCH_RA_TOP       link: the lowest place above all where it is saved, from the
 *                    CFA
 *  ARCH_RA_SPAN      link: how far above that the caller's sp may be; defined where
 *                    functions that call may lose it (unwind/lost.c); with
 *                    arch_called(): whom a call calls, if it says so, and
 *                    arch_is_stub(): is that a stub of the PLT?
 *  ARCH_CFA_SP       the CFA minus the caller's sp at the call
 *  ARCH_BACKCHAIN    1: the chain of frames begins at sp, 0: at fp
 *  ARCH_WINDOWS      defined: calls change windows of registers (sparcv9.h), and
 *                    an element of the chain is a window
 *  ARCH_CHAIN_IS_ABI  defined: every frame is in it, and it ends with 0
 *  ARCH_RECORD_FP    next element of the chain, from one
 *  ARCH_RECORD_PC    return address, from one (back chain that is none of
 *                    windows: from the next)
 *  ARCH_RECORD_END   the caller's sp, from an element; where a frame lies above
 *                    its record a lower bound, and ARCH_RECORD_IS_LOW is 1
 *  ARCH_STACK_ALIGN  of sp at a call
 *  ARCH_RED_ZONE     bytes below sp that no signal touches
 *  ARCH_UNTOLD_PUSHES  words that hand-written functions may push without their
 *                    rules saying so; not defined: none do. arch_pops(): does
 *                    an instruction that begins so take one back?
 *  ARCH_ROOT_BYTES   defined: arch_is_root(): is that code without a rule to which
 *                    the first function of a stack returns?
 *  ARCH_HAS_KEYS     defined: memory may be executed and not be read: x86-keys.h
 *  ARCH_EXIDX        defined: unwind tables are .ARM.exidx (unwind/exidx.h)
 *  ARCH_CODE_BITS    bits of a function's address that are none of its code's; not
 *                    defined: there are none
 *  arch_return_address()  an address to jump to, from what is saved
 *  arch_follows_call()    could this be one? by the bytes before it
 */
#include SIGPROF_ARCH

#ifndef ARCH_CODE_BITS
#define ARCH_CODE_BITS 0
#endif

/* Do frames have to be read from code that makes them? arch/frame-code.h */
#ifdef ARCH_CODE_UNIT
#define ARCH_HAS_CODE 1
#else
#define ARCH_HAS_CODE 0
#endif

/* Is an element's return address in the next one? */
#ifdef ARCH_WINDOWS
#define ARCH_RECORD_IN_NEXT 0
#else
#define ARCH_RECORD_IN_NEXT ARCH_BACKCHAIN
#endif
