/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory protection keys (x86): pages that may be executed, and not read without a
 * right that the thread holds in a register. V8 has the code of WebAssembly in such
 * pages. A signal's handler begins with none of these rights, whatever the code it
 * has interrupted may do; it can take them, and its return gives back what was.
 */
#ifndef SIGPROF_ARCH_X86_KEYS_H
#define SIGPROF_ARCH_X86_KEYS_H

#include <cpuid.h>
#include <stdbool.h>
#include <stdint.h>

#define ARCH_HAS_KEYS

/* Does the system use them? Not inside a signal: a virtual machine's host answers,
 * which takes its time. */
static inline bool arch_keys_are_used(void)
{
    unsigned a, b, c = 0, d;

    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (c & bit_OSPKE);
}

/* Sets the thread's rights (a bit that is 1 denies one) and returns those before.
 * Only where keys are used. */
static inline uint32_t arch_keys_set(uint32_t rights)
{
    uint32_t before, zero;

    __asm__ volatile("rdpkru" : "=a"(before), "=d"(zero) : "c"(0));
    __asm__ volatile("wrpkru" : : "a"(rights), "c"(0), "d"(0) : "memory");
    return before;
}

#endif
