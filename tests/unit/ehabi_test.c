/* SPDX-License-Identifier: BSD-2-Clause */
/* arm-frame.h: exact bytes in, exact frames out; on any machine. */
#include "unwind/arm-frame.h"

#include "test.h"

#define FINISH 0xb0u

static struct arm_frame frame;

/* ---- Tables -------------------------------------------------------------- */

/* An entry of personality 1 with these instructions, as an assembler fills it up. */
static enum ehabi_result run(unsigned count, const uint8_t *code)
{
    uint32_t word[8] = {0};
    unsigned more = count > 2 ? (count - 2 + 3) / 4 : 0;
    unsigned first, bytes;

    for (unsigned i = 0; i < 2 + 4 * more; i++)
        word[(i + 2) / 4] |= (uint32_t)(i < count ? code[i] : FINISH)
                             << (24 - 8 * ((i + 2) % 4));
    word[0] |= 0x81000000u | more << 16;
    if (sigprof__ehabi_find(word, 1 + more, &first, &bytes) != EHABI_OK)
        FAIL("an entry of %u bytes is not found", count);
    CHECK_EQ(first, 2);
    CHECK_EQ(bytes, 2 + 4 * more);
    return sigprof__ehabi_run(word, first, bytes, &frame);
}

#define RUN_CODE(...)                                                          \
    run(sizeof((uint8_t[]){__VA_ARGS__}), (uint8_t[]){__VA_ARGS__})

static void check(unsigned base, int cfa, unsigned saved)
{
    CHECK_EQ(frame.base, base);
    CHECK_EQ(frame.cfa, cfa);
    CHECK_EQ(frame.saved, saved);
}

static void nothing_to_undo_leaves_the_address_in_the_link_register(void)
{
    CHECK_EQ(RUN_CODE(FINISH), EHABI_OK);
    check(13, 0, 0);
}

static void every_move_of_sp_counts(void)
{
    for (unsigned op = 0; op < 0x40; op++) {
        CHECK_EQ(RUN_CODE((uint8_t)op), EHABI_OK);
        check(13, (int)(4 * op + 4), 0);
        CHECK_EQ(RUN_CODE((uint8_t)(0x40 + op)), EHABI_OK);
        check(13, -(int)(4 * op + 4), 0);
    }
    CHECK_EQ(RUN_CODE(0xb2, 0), EHABI_OK);
    check(13, 0x204, 0);
    CHECK_EQ(RUN_CODE(0xb2, 0xff, 0x01), EHABI_OK);
    check(13, 0x204 + 4 * 255, 0);
    CHECK_EQ(RUN_CODE(0xb2, 0x80, 0x80, 0x04), EHABI_OK);
    check(13, 0x204 + (4 << 16), 0);
}

static void every_mask_of_registers_pops_them(void)
{
    for (unsigned mask = 1; mask < 0x1000; mask++) {
        unsigned saved = mask << 4, popped = arm_count(mask);
        enum ehabi_result result =
            RUN_CODE((uint8_t)(0x80 | mask >> 8), (uint8_t)mask);
        int at = 0, cfa = (int)(4 * popped);

        CHECK_EQ(result, EHABI_OK);
        if (saved >> 15 & 1) /* it is where the link register's would be */
            saved = (saved & 0x3fff) | 0x4000;
        if (mask >> 9 & 1)
            cfa = 0; /* the caller's sp is saved: no other is known */
        CHECK_EQ(frame.saved, saved);
        CHECK_EQ(frame.cfa, cfa);
        for (unsigned i = 4; i < 14; i++) {
            if (!(mask << 4 >> i & 1))
                continue;
            CHECK_EQ(frame.at[i], at - cfa);
            at += 4;
        }
    }
    CHECK_EQ(RUN_CODE(0x88, 0x00), EHABI_OK);
    CHECK_EQ(frame.at[14], -4);
    CHECK_EQ(RUN_CODE(0x8c, 0x00), EHABI_OK); /* pc goes before lr */
    CHECK_EQ(frame.at[14], -4);
}

static void runs_of_registers_begin_at_r4(void)
{
    for (unsigned n = 0; n < 8; n++) {
        unsigned saved = ((2u << n) - 1) << 4;

        CHECK_EQ(RUN_CODE((uint8_t)(0xa0 | n)), EHABI_OK);
        check(13, (int)(4 * n + 4), saved);
        CHECK_EQ(frame.at[4], -(int)(4 * n + 4));
        CHECK_EQ(RUN_CODE((uint8_t)(0xa8 | n)), EHABI_OK);
        check(13, (int)(4 * n + 8), saved | 0x4000);
        CHECK_EQ(frame.at[14], -4);
    }
    for (unsigned mask = 1; mask < 16; mask++) {
        CHECK_EQ(RUN_CODE(0xb1, (uint8_t)mask), EHABI_OK);
        check(13, (int)(4 * arm_count(mask)), mask);
    }
}

static void sp_may_come_from_a_register(void)
{
    for (unsigned reg = 0; reg < 15; reg++) {
        if (reg == 13)
            continue;
        CHECK_EQ(RUN_CODE((uint8_t)(0x90 | reg), 0x01, 0xa8), EHABI_OK);
        check(reg, 16, 0x4010);
        CHECK_EQ(frame.at[4], -8);
    }
    CHECK_EQ(RUN_CODE(0x9d), EHABI_BAD);
    CHECK_EQ(RUN_CODE(0x9f), EHABI_BAD);
    CHECK_EQ(RUN_CODE(0xa3, 0x97), EHABI_BAD); /* r7 is the caller's by then */
    CHECK_EQ(RUN_CODE(0xa0, 0x97), EHABI_BAD); /* r4 is from another base */
}

static void other_registers_take_their_room(void)
{
    for (unsigned n = 0; n < 16; n++) {
        CHECK_EQ(RUN_CODE(0xb3, (uint8_t)(0x80 | n)), EHABI_OK);
        check(13, (int)(8 * n + 12), 0);
        CHECK_EQ(RUN_CODE(0xc6, (uint8_t)n), EHABI_OK);
        check(13, (int)(8 * n + 8), 0);
        CHECK_EQ(RUN_CODE(0xc8, (uint8_t)n), EHABI_OK);
        check(13, (int)(8 * n + 8), 0);
        CHECK_EQ(RUN_CODE(0xc9, (uint8_t)(0x80 | n)), EHABI_OK);
        check(13, (int)(8 * n + 8), 0);
        if (n == 0)
            continue;
        CHECK_EQ(RUN_CODE(0xc7, (uint8_t)n), EHABI_OK);
        check(13, (int)(4 * arm_count(n)), 0);
    }
    for (unsigned n = 0; n < 8; n++) {
        CHECK_EQ(RUN_CODE((uint8_t)(0xb8 | n)), EHABI_OK);
        check(13, (int)(8 * n + 12), 0);
        CHECK_EQ(RUN_CODE((uint8_t)(0xd0 | n)), EHABI_OK);
        check(13, (int)(8 * n + 8), 0);
        if (n > 5)
            continue;
        CHECK_EQ(RUN_CODE((uint8_t)(0xc0 | n)), EHABI_OK);
        check(13, (int)(8 * n + 8), 0);
    }
    CHECK_EQ(RUN_CODE(0xb4), EHABI_OK);
    check(13, 4, 0);
    CHECK_EQ(RUN_CODE(0xb5), EHABI_OK);
    check(13, 0, 0);
}

static void what_is_spare_or_cut_off_is_no_rule(void)
{
    static const uint8_t spare[][2] = {
        {0xb1, 0x00}, {0xb1, 0x10}, {0xb6, 0}, {0xb7, 0},    {0xc7, 0x00},
        {0xc7, 0x1f}, {0xca, 0},    {0xcf, 0}, {0xd8, 0},    {0xe0, 0},
        {0xff, 0}};

    for (unsigned i = 0; i < sizeof spare / sizeof *spare; i++)
        CHECK_EQ(run(2, spare[i]), EHABI_BAD);
    CHECK_EQ(RUN_CODE(0x80, 0x00), EHABI_CANTUNWIND_HERE);
    /* The last byte wants another one. */
    CHECK_EQ(RUN_CODE(0x01, 0xb1), EHABI_BAD);
    CHECK_EQ(RUN_CODE(0x01, 0x81), EHABI_BAD);
    CHECK_EQ(RUN_CODE(0xb2, 0x80), EHABI_BAD);
    CHECK_EQ(RUN_CODE(0xb2, 0xff, 0xff, 0xff, 0xff, 0x7f), EHABI_BAD);
    /* What is popped behind a popped sp lies nowhere. */
    CHECK_EQ(RUN_CODE(0x82, 0x00, 0xa0), EHABI_BAD);
}

static void entries_of_all_kinds_are_found(void)
{
    static const uint32_t cant[] = {EHABI_CANTUNWIND};
    static const uint32_t in_row[] = {0x8002afb0};
    static const uint32_t short_more[] = {0x81010c3f, 0x8400b0b0};
    static const uint32_t generic[] = {0x7fff0000, 0x01a8b0b0, 0xb0b0b0b0};
    static const uint32_t unknown[] = {0x83b0b0b0};
    unsigned first, bytes;

    CHECK_EQ(sigprof__ehabi_find(cant, 1, &first, &bytes),
             EHABI_CANTUNWIND_HERE);
    CHECK_EQ(sigprof__ehabi_find(in_row, 1, &first, &bytes), EHABI_OK);
    CHECK_EQ(first, 1);
    CHECK_EQ(bytes, 3);
    CHECK_EQ(sigprof__ehabi_run(in_row, first, bytes, &frame), EHABI_OK);
    check(13, 48, 0x4ff0);
    CHECK_EQ(sigprof__ehabi_find(short_more, 2, &first, &bytes), EHABI_OK);
    CHECK_EQ(sigprof__ehabi_run(short_more, first, bytes, &frame), EHABI_OK);
    check(13, 52 + 256 + 4, 0x4000);
    CHECK_EQ(sigprof__ehabi_find(short_more, 1, &first, &bytes), EHABI_BAD);
    CHECK_EQ(sigprof__ehabi_find(generic, 3, &first, &bytes), EHABI_OK);
    CHECK_EQ(first, 5);
    CHECK_EQ(bytes, 7);
    CHECK_EQ(sigprof__ehabi_run(generic, first, bytes, &frame), EHABI_OK);
    check(13, 8, 0x4010);
    CHECK_EQ(sigprof__ehabi_find(generic, 2, &first, &bytes), EHABI_BAD);
    CHECK_EQ(sigprof__ehabi_find(generic, 1, &first, &bytes), EHABI_BAD);
    CHECK_EQ(sigprof__ehabi_find(unknown, 1, &first, &bytes), EHABI_BAD);
    CHECK_EQ(sigprof__ehabi_find(unknown, 0, &first, &bytes), EHABI_BAD);
}

static void the_longest_entry_is_within_the_maximum(void)
{
    static uint32_t generic[EHABI_CODE_MAX / 4 + 2] = {0x7fff0000, 0xffb0b0b0};
    static uint32_t in_row[EHABI_CODE_MAX / 4 + 2] = {0x81ffb0b0};
    unsigned first, bytes;

    CHECK_EQ(sigprof__ehabi_find(generic, sizeof generic / 4, &first, &bytes),
             EHABI_OK);
    CHECK_EQ(first + bytes, 4 * 257);
    CHECK(bytes <= EHABI_CODE_MAX);
    CHECK_EQ(sigprof__ehabi_find(in_row, sizeof in_row / 4, &first, &bytes),
             EHABI_OK);
    CHECK_EQ(first + bytes, 4 * 256);
    CHECK(bytes <= EHABI_CODE_MAX);
}

static void an_address_is_31_bits_from_its_place(void)
{
    CHECK_EQ(ehabi_prel31(0x1000, 0x10), 0x1010);
    CHECK_EQ(ehabi_prel31(0x1000, 0x7ffffff0), 0xff0);
    CHECK_EQ(ehabi_prel31(0x1000, 0xfffffff0), 0xff0);
}

/* ---- Code ------------------------------------------------------------------ */

/* Follows code from byte number at to where it returns. */
static bool follow(const uint8_t *code, unsigned size, unsigned at, bool thumb)
{
    struct arm_code state;

    sigprof__arm_code_begin(&state, at, thumb, true);
    for (int i = 0; i < 100; i++) {
        uint8_t bytes[ARM_CODE_BYTES] = {0};
        enum arm_flow flow;

        CHECK(state.pc < size);
        memcpy(bytes, code + state.pc, size - state.pc < 4 ? size - state.pc : 4);
        flow = sigprof__arm_code_take(&state, bytes);
        if (flow == ARM_RETURNS || flow == ARM_LEAVES)
            return sigprof__arm_code_frame(&state, &frame);
        if (flow == ARM_JUMPS)
            state.pc = state.target;
        else if (flow != ARM_GOES_ON && flow != ARM_BRANCHES)
            return false;
    }
    return false;
}

#define CHECK_AT(code, offset, thumb, is_base, is_cfa, is_saved)               \
    do {                                                                       \
        CHECK(follow(code, sizeof code, offset, thumb));                       \
        check(is_base, is_cfa, is_saved);                                      \
    } while (0)

static void a_function_of_thumb_is_right_at_every_instruction(void)
{
    static const uint8_t code[] = {
        0x2d, 0xe9, 0xf0, 0x41, /*  0 push.w {r4-r8, lr} */
        0x86, 0xb0,             /*  4 sub sp, #24 */
        0x00, 0xf0, 0x04, 0xf8, /*  6 bl */
        0x06, 0xb0,             /* 10 add sp, #24 */
        0xbd, 0xe8, 0xf0, 0x41, /* 12 pop.w {r4-r8, lr} */
        0x70, 0x47};            /* 16 bx lr */

    CHECK_AT(code, 0, true, 13, 0, 0);
    CHECK_AT(code, 4, true, 13, 24, 0x41f0);
    CHECK_EQ(frame.at[14], -4);
    CHECK_EQ(frame.at[7], -12);
    CHECK_AT(code, 6, true, 13, 48, 0x41f0);
    CHECK_AT(code, 10, true, 13, 48, 0x41f0);
    CHECK_AT(code, 12, true, 13, 24, 0x41f0);
    CHECK_AT(code, 16, true, 13, 0, 0);
}

static void a_frame_pointer_of_thumb_leads_back(void)
{
    static const uint8_t code[] = {
        0x80, 0xb5,             /*  0 push {r7, lr} */
        0x82, 0xb0,             /*  2 sub sp, #8 */
        0x00, 0xaf,             /*  4 add r7, sp, #0 */
        0xad, 0xeb, 0x03, 0x0d, /*  6 sub.w sp, sp, r3 */
        0x08, 0x37,             /* 10 adds r7, #8 */
        0xbd, 0x46,             /* 12 mov sp, r7 */
        0x80, 0xbd};            /* 14 pop {r7, pc} */

    CHECK_AT(code, 0, true, 13, 0, 0);
    CHECK_AT(code, 2, true, 13, 8, 0x4080);
    CHECK_AT(code, 4, true, 13, 16, 0x4080);
    CHECK_AT(code, 6, true, 7, 16, 0x4080);
    CHECK_EQ(frame.at[7], -8);
    CHECK_AT(code, 12, true, 7, 8, 0x4080);
    CHECK_AT(code, 14, true, 13, 8, 0x4080);
}

static void a_function_of_arm_is_right_at_every_instruction(void)
{
    static const uint8_t code[] = {
        0x04, 0xe0, 0x2d, 0xe5,  /*  0 push {lr} */
        0x30, 0x00, 0x2d, 0xe9,  /*  4 push {r4, r5} */
        0x01, 0xdb, 0x4d, 0xe2,  /*  8 sub sp, sp, #1024 */
        0x00, 0x00, 0x50, 0xe3,  /* 12 cmp r0, #0 */
        0x1e, 0xff, 0x2f, 0x01,  /* 16 bxeq lr, which returns if it is taken */
        0x01, 0xdb, 0x8d, 0xe2,  /* 20 add sp, sp, #1024 */
        0x30, 0x80, 0xbd, 0xe8}; /* 24 pop {r4, r5, pc} */

    CHECK_AT(code, 20, false, 13, 1036, 0x4030);
    CHECK_AT(code, 24, false, 13, 12, 0x4030);
    CHECK_EQ(frame.at[14], -4);
    CHECK_AT(code, 16, false, 13, 0, 0);
}

static void take_all(struct arm_code *state, const uint8_t *code, unsigned size,
                     bool thumb)
{
    sigprof__arm_code_begin(state, 0, thumb, true);
    while (state->pc < size)
        CHECK_EQ(sigprof__arm_code_take(state, code + state->pc), ARM_GOES_ON);
}

static void two_registers_are_stored_and_loaded(void)
{
    static const uint8_t stored[] = {
        0xf8, 0x41, 0x6d, 0xe1,  /* strd r4, r5, [sp, #-24]! */
        0xfc, 0x61, 0xcd, 0xe1}; /* strd r6, r7, [sp, #28] */
    static const uint8_t loaded[] = {
        0xd8, 0x40, 0xcd, 0xe1,  /* ldrd r4, r5, [sp, #8] */
        0xd8, 0x61, 0xcd, 0xe0}; /* ldrd r6, r7, [sp], #24 */
    struct arm_code state;

    take_all(&state, stored, sizeof stored, false);
    CHECK_EQ(state.sp, -24);
    CHECK_EQ(state.put, 0xf0);
    CHECK_EQ(state.put_at[5], -20);
    CHECK_EQ(state.put_at[7], 8);
    take_all(&state, loaded, sizeof loaded, false);
    CHECK_EQ(state.sp, 24);
    for (unsigned i = 4; i < 8; i++)
        CHECK_EQ(state.holds[i], ARM_LOADED);
    CHECK_EQ(state.value[5], 12);
    CHECK_EQ(state.value[7], 4);
}

/* Bit 20 tells them from ldrd and strd. */
static void a_signed_part_of_a_word_is_no_pair(void)
{
    static const uint8_t code[] = {
        0xd4, 0x40, 0xdd, 0xe1,  /* ldrsb r4, [sp, #4] */
        0xf8, 0x60, 0xdd, 0xe1,  /* ldrsh r6, [sp, #8] */
        0xd8, 0x80, 0x5d, 0xe1,  /* ldrsb r8, [sp, #-8] */
        0xfc, 0xa0, 0x5d, 0xe1}; /* ldrsh r10, [sp, #-12] */
    struct arm_code state;

    take_all(&state, code, sizeof code, false);
    CHECK_EQ(state.sp, 0);
    CHECK_EQ(state.put, 0);
    for (unsigned i = 4; i < 12; i++)
        CHECK_EQ(state.holds[i], i % 2 ? ARM_OWN : ARM_LOST);
}

static void what_makes_a_frame_tells_it(void)
{
    static const uint8_t variadic[] = {
        0x0f, 0xb4,  /* push {r0-r3} */
        0x90, 0xb5,  /* push {r4, r7, lr} */
        0x83, 0xb0,  /* sub sp, #12 */
        0x00, 0xaf,  /* add r7, sp, #0 */
        0x00, 0x00};
    struct arm_code state;

    take_all(&state, variadic, 2, true);
    CHECK(!sigprof__arm_code_made(&state, &frame));
    take_all(&state, variadic, 6, true);
    CHECK(sigprof__arm_code_made(&state, &frame));
    check(13, 40, 0x4090);
    CHECK_EQ(frame.at[ARM_LR], -20);
    CHECK_EQ(frame.at[0], 0);
    take_all(&state, variadic, 8, true);
    CHECK(sigprof__arm_code_made(&state, &frame));
    check(7, 40, 0x4090);
}

/* The farthest number has no opposite. */
static void a_frame_pointer_far_from_sp_is_none(void)
{
    static const uint8_t far[] = {
        0x04, 0xe0, 0x2d, 0xe5,  /* push {lr} */
        0x02, 0x11, 0xa0, 0xe3,  /* mov r1, #0x80000000 */
        0x04, 0x10, 0x81, 0xe2,  /* add r1, r1, #4 */
        0x01, 0x70, 0x8d, 0xe0,  /* add r7, sp, r1: the lowest of all */
        0x01, 0xb0, 0x8b, 0xe0}; /* add r11, r11, r1 */
    struct arm_code state;

    take_all(&state, far, sizeof far, false);
    CHECK_EQ(state.value[1], INT32_MIN + 4);
    CHECK_EQ(state.holds[7], ARM_LOST);
    CHECK_EQ(state.holds[11], ARM_LOST);
    CHECK(sigprof__arm_code_made(&state, &frame));
    check(13, 4, 0x4000);
}

static void what_cannot_be_followed_is_not_believed(void)
{
    static const uint8_t lost[] = {0x00, 0xf0, 0x00, 0xf8, /* bl */
                                   0x70, 0x47};            /* bx lr */
    static const uint8_t next[] = {0x00, 0xf0, 0x00, 0xf8, /* bl, for ever */
                                   0x10, 0xb5,             /* push {r4, lr} */
                                   0x10, 0xbd};
    static const uint8_t junk[] = {0x00, 0xde}; /* udf */
    static const uint8_t below[] = {0x82, 0xb0, /* sub sp, #8 */
                                    0x00, 0xbd, /* pop {pc}: what is there? */
                                    0x00, 0x00};

    CHECK(!follow(lost, sizeof lost, 0, true));
    CHECK(!follow(next, sizeof next, 0, true));
    CHECK(!follow(junk, sizeof junk, 0, true));
    CHECK(!follow(below, sizeof below, 0, true));
}

int main(void)
{
    RUN(nothing_to_undo_leaves_the_address_in_the_link_register);
    RUN(every_move_of_sp_counts);
    RUN(every_mask_of_registers_pops_them);
    RUN(runs_of_registers_begin_at_r4);
    RUN(sp_may_come_from_a_register);
    RUN(other_registers_take_their_room);
    RUN(what_is_spare_or_cut_off_is_no_rule);
    RUN(entries_of_all_kinds_are_found);
    RUN(the_longest_entry_is_within_the_maximum);
    RUN(an_address_is_31_bits_from_its_place);
    RUN(a_function_of_thumb_is_right_at_every_instruction);
    RUN(a_frame_pointer_of_thumb_leads_back);
    RUN(a_function_of_arm_is_right_at_every_instruction);
    RUN(two_registers_are_stored_and_loaded);
    RUN(a_signed_part_of_a_word_is_no_pair);
    RUN(what_makes_a_frame_tells_it);
    RUN(a_frame_pointer_far_from_sp_is_none);
    RUN(what_cannot_be_followed_is_not_believed);
    return 0;
}
