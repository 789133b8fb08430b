/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside of exidx.c and exidx-code.c: one question, and where it is answered. */
#ifndef SIGPROF_UNWIND_EXIDX_IMPL_H
#define SIGPROF_UNWIND_EXIDX_IMPL_H

#include "unwind/arm-frame.h"
#include "unwind/exidx.h"

#define CHUNK_BYTES 256u
#define PENDING 8           /* branches that may be taken yet */
#define SEEN 32             /* where jumps have led to */
#define FOLLOW_MAX 3000u    /* instructions */
#define BACK_MAX 12000u     /* places looked at, in all */

/* Lies in struct cfi_state's room for what is pulled. */
struct search {
    uint8_t code[CHUNK_BYTES + ARM_CODE_BYTES];
    struct arm_code now;
    struct arm_code pending[PENDING];
    uint32_t seen[SEEN];
    struct arm_frame table; /* what the table says */
    struct arm_frame frame; /* ... and the code, at best; */
    struct arm_frame found; /* at last; */
    struct arm_frame back;  /* what has made the frame */
    struct arm_frame entered; /* what is to make it */
};

_Static_assert(sizeof(struct search) <=
                   sizeof(((struct cfi_state *)0)->pulled),
               "the scratch area is too small");

/* What is asked, and the part of the code that is at hand. */
struct question {
    const struct place *place;
    struct search *search;
    uintptr_t low, high; /* of search->code */
    uintptr_t link;      /* the link register; 0: not known */
    uintptr_t row_low;   /* the function does not begin below; 0: not known */
    uintptr_t row_high;  /* ... nor go on above; 0: not known */
    unsigned left;       /* instructions */
    unsigned back_left;  /* places that may be a begin */
    unsigned pending;
    unsigned seen;
    bool thumb;
    bool pulled;   /* no snapshot has the place's module */
    bool ends;     /* some way leads to a thread's end */
    bool entered;  /* ... to the making of the frame, which is not made yet */
    bool doubtful; /* frame is one that no return address is found by */
};

static inline uint32_t half_of(const uint8_t *code)
{
    return (uint32_t)code[0] | (uint32_t)code[1] << 8;
}

static inline bool is_thumb_call(const uint8_t code[4])
{
    uint32_t first = half_of(code);
    uint32_t second = half_of(code + 2);

    return (second & 0xff87) == 0x4780 ||
           ((first & 0xf800) == 0xf000 &&
            ((second & 0xd000) == 0xd000 || (second & 0xd001) == 0xc000));
}

static inline bool is_arm_call(const uint8_t code[4])
{
    uint32_t word = half_of(code) | half_of(code + 2) << 16;

    return (word & 0x0f000000) == 0x0b000000 || word >> 25 == 0x7d ||
           (word & 0x0ffffff0) == 0x012fff30;
}

/* Has makecontext put that address at the bottom of a stack? glibc's is behind a nop,
 * which looks like a call of Thumb's. code: in front of it. */
static inline bool is_behind_nop(uintptr_t pc, const uint8_t code[4])
{
    return pc % 4 == 0 &&
           (half_of(code) | half_of(code + 2) << 16) == 0xe320f000u;
}

/* exidx-code.c: the frame by its code, in q->search->frame; or *root: it has no caller.
 * has_table: only if there is no doubt. */
enum cfi_found sigprof__exidx_read_code(struct walker *w, struct question *q,
                                        bool has_table, bool *root);

#endif
