/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames of generated code, by what the program said of it (sigprof/jit.h).
 * Signal-safe. Their rules are not kept in the cache: code comes and goes faster
 * than anybody would empty it.
 */
#include "arch/arch.h"
#include "jit/map.h"
#include "unwind/packed.h"
#include "unwind/walker.h"

bool sigprof__cfi_keys;

#if ARCH_LINK

/* The link register decides about the first frame, and the chain of frames is
 * the rule for all others: guess.c does both. */
static uint32_t rule_of(struct walker *w, const struct code_entry *code)
{
    (void)w;
    (void)code;
    return PACKED_NONE;
}

#else

static uint32_t packed(enum packed_kind kind, unsigned cfa_words,
                       unsigned fp_below_words)
{
    return (uint32_t)kind | (uint32_t)cfa_words << 3 |
           (uint32_t)fp_below_words << PACKED_FP_SHIFT;
}

/* The last byte in front of pc, and the one at it. */
static void load_code(uintptr_t pc, uint8_t code[2])
{
    const volatile uint8_t *at = (const volatile uint8_t *)pc;

    code[0] = at[-1];
    code[1] = at[0];
}

/* What is being executed need not be readable. */
static void load_with_rights(uintptr_t pc, uint8_t code[2])
{
#ifdef ARCH_HAS_KEYS
    uint32_t rights;

    if (sigprof__cfi_keys) {
        rights = arch_keys_set(0);
        load_code(pc, code);
        arch_keys_set(rights);
        return;
    }
#endif
    load_code(pc, code);
}

/* What the tick has interrupted is being executed: it is there. Under a signal it
 * may be gone: a VM's handler may free what it has interrupted. */
static enum arch_frame frame_at(struct walker *w, uintptr_t start)
{
    uint8_t code[2] = {0, 0};

    if (!w->at.exact)
        return ARCH_FRAME_MADE;
    if (w->at.pc == start)
        return ARCH_FRAME_NONE;
    if (w->count == 1)
        load_with_rights(w->at.pc, code);
    else
        sigprof__memory_copy(&w->memory, w->at.pc - 1, code, sizeof code);
    return arch_frame_at(code, w->at.pc - start);
}

/* By a frame pointer, which the interrupted function may not have set up yet;
 * or so many bytes below the return address, but for the first instruction and
 * the last. */
static uint32_t rule_of(struct walker *w, const struct code_entry *code)
{
    uint32_t rule = atomic_load_explicit(&code->rule, memory_order_relaxed);
    unsigned words = code->by.frame_bytes / ARCH_WORD + 1;
    enum arch_frame frame;

    if (rule == CODE_UNKNOWN && w->at.exact)
        return PACKED_NONE; /* guess.c */
    frame = frame_at(w, atomic_load_explicit(&code->start,
                                         memory_order_relaxed));
    if (frame == ARCH_FRAME_NONE)
        return packed(PACKED_SP, 1, 0);
    if (rule == CODE_FRAME)
        return words > PACKED_CFA_MAX ? (uint32_t)PACKED_NONE
                                      : packed(PACKED_SP, words, 0);
    return packed(frame == ARCH_FRAME_PUSHED ? PACKED_SP : PACKED_FP, 2, 2);
}

#endif

uint32_t sigprof__cfi_generated(struct walker *w, uintptr_t key)
{
    const struct code_entry *code = sigprof__code_find(key);

    if (!code || atomic_load_explicit(&code->rule, memory_order_relaxed) ==
                     CODE_CFI)
        return PACKED_EXACT;
    return rule_of(w, code);
}
