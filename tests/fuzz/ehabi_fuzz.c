/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzz target: an entry of arm's unwind tables, and arm code, as a module would have
 * them in memory. The entry is found and run, the code followed from its first bytes, as
 * Thumb and as ARM, and from the middle. Nothing may be read outside the input (ASan sees
 * to that), frames have to be in range, and everything has to end.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "unwind/arm-frame.h"

#define FOLLOWED_MAX 2000 /* instructions */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct arm_frame *frame)
{
    for (unsigned i = 0; i < ARM_REGISTERS; i++)
        if (!(frame->saved >> i & 1) && frame->at[i] != 0)
            abort();
    if (frame->base >= ARM_REGISTERS || (frame->saved >> ARM_PC & 1))
        abort();
}

static void run_entry(const uint8_t *data, size_t size)
{
    unsigned words = (unsigned)(size / 4), first, bytes;
    uint32_t *word = malloc(size ? size : 1); /* its own, for exact bounds */
    struct arm_frame frame;

    if (!word)
        return;
    memcpy(word, data, 4 * (size_t)words);
    if (sigprof__ehabi_find(word, words, &first, &bytes) == EHABI_OK) {
        if (first + bytes > 4 * words || bytes > EHABI_CODE_MAX)
            abort();
        if (sigprof__ehabi_run(word, first, bytes, &frame) == EHABI_OK)
            check(&frame);
    }
    free(word);
}

static void follow(const uint8_t *data, size_t size, size_t from, bool thumb)
{
    struct arm_code code;
    struct arm_frame frame;

    sigprof__arm_code_begin(&code, (uint32_t)from, thumb, size % 2 != 0);
    for (int i = 0; i < FOLLOWED_MAX; i++) {
        enum arm_flow flow;

        if (code.pc >= size || size - code.pc < ARM_CODE_BYTES)
            return;
        sigprof__arm_code_sign(data + code.pc, code.thumb);
        flow = sigprof__arm_code_take(&code, data + code.pc);
        sigprof__arm_code_made(&code, &frame);
        check(&frame);
        if (flow == ARM_JUMPS || (flow == ARM_BRANCHES && i % 2))
            code.pc = code.target;
        if (flow == ARM_RETURNS || flow == ARM_LEAVES) {
            if (sigprof__arm_code_frame(&code, &frame))
                check(&frame);
            return;
        }
        if (flow > ARM_BRANCHES)
            return;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    run_entry(data, size);
    follow(data, size, 0, true);
    follow(data, size, 0, false);
    follow(data, size, size / 2 & ~(size_t)3, true);
    follow(data, size, size / 2 & ~(size_t)3, false);
    return 0;
}
