/* SPDX-License-Identifier: BSD-2-Clause */
/* rules.h, expression.h, packed.h: exact bytes in, exact rules out. */
#include "unwind/packed.h"
#include "unwind/rules.h"

#include "support/walk.h"
#include "unwind/expression.h"
#include "unwind/memory.h"

#define CODE 0x10000u /* where the made-up function lies */

/* A CIE and an FDE as a compiler would write them, with one's own program. */
static struct {
    uint8_t bytes[512];
    unsigned size;
    unsigned fde;
} table;

static struct rules rules;
static struct rules_unit unit;

static void put(unsigned size, uint64_t value)
{
    for (unsigned i = 0; i < size; i++)
        table.bytes[table.size++] = (uint8_t)(value >> (8 * i));
}

static void put_bytes(const uint8_t *bytes, unsigned size)
{
    memcpy(table.bytes + table.size, bytes, size);
    table.size += size;
}

/* Fills in the length in front of what was put since. */
static void close_entry(unsigned start)
{
    uint32_t length;

    while ((table.size - start) % 8 != 4)
        put(1, 0);
    length = table.size - start - 4;
    memcpy(table.bytes + start, &length, 4);
}

/* version 1, "zR" or "zRS", absolute 8-byte addresses, CFA = rsp + 8. */
static void make_table(const char *augmentation, const uint8_t *program,
                       unsigned size)
{
    static const uint8_t initial[] = {0x0c, 7, 8, 0x90, 1};

    memset(&table, 0, sizeof table);
    put(4, 0);
    put(4, 0);
    put(1, 1);
    put_bytes((const uint8_t *)augmentation,
              (unsigned)strlen(augmentation) + 1);
    put(1, 1);    /* code alignment */
    put(1, 0x78); /* data alignment, -8 */
    put(1, 16);
    put(1, 1); /* bytes of augmentation data */
    put(1, DWARF_PE_UDATA8);
    put_bytes(initial, sizeof initial);
    close_entry(0);
    table.fde = table.size;
    put(4, 0);
    put(4, table.size); /* back to the CIE at 0 */
    put(8, CODE);
    put(8, 0x100);
    put(1, 0);
    put_bytes(program, size);
    close_entry(table.fde);
}

static bool decode(void)
{
    uintptr_t cie;

    unit.program = (struct dwarf_in){table.bytes + table.fde,
                                     table.bytes + table.size, 0, false};
    if (!sigprof__rules_fde_head(&unit.program, &cie))
        return false;
    CHECK_EQ(cie, (uintptr_t)table.bytes);
    unit.initial = (struct dwarf_in){table.bytes, table.bytes + table.size, 0,
                                     false};
    return sigprof__rules_cie(&unit) && sigprof__rules_fde(&unit);
}

static bool run(unsigned offset)
{
    return sigprof__rules_run(&rules, &unit, CODE + offset);
}

static uint32_t packed(unsigned offset)
{
    CHECK(run(offset));
    return sigprof__pack(&rules.row, &unit, CODE + offset);
}

#define CHECK_PACKED(offset, want_kind, want_cfa, want_fp)                     \
    do {                                                                       \
        uint32_t rule_ = packed(offset);                                       \
        CHECK_EQ(PACKED_KIND(rule_), want_kind);                               \
        CHECK_EQ(PACKED_CFA(rule_), want_cfa);                                 \
        CHECK_EQ(PACKED_FP_BELOW(rule_), want_fp);                             \
    } while (0)

#define TABLE(augmentation, ...)                                               \
    do {                                                                       \
        static const uint8_t program_[] = {__VA_ARGS__};                       \
        make_table(augmentation, program_, sizeof program_);                   \
        CHECK(decode());                                                       \
    } while (0)

static void a_frame_pointer_prologue_has_three_rows(void)
{
    TABLE("zR", 0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6, 0x4a, 0x0c, 7, 8);
    CHECK_EQ(unit.low, CODE);
    CHECK_EQ(unit.high, CODE + 0x100);
    CHECK_PACKED(0, PACKED_SP, 8, 0);
    CHECK_PACKED(1, PACKED_SP, 16, 16);
    CHECK_PACKED(3, PACKED_SP, 16, 16);
    CHECK_PACKED(4, PACKED_FP, 16, 16);
    CHECK_PACKED(13, PACKED_FP, 16, 16);
    CHECK_PACKED(14, PACKED_SP, 8, 16);
    CHECK_PACKED(255, PACKED_SP, 8, 16);
}

static void every_way_to_advance_moves_by_its_amount(void)
{
    TABLE("zR", 0x02, 5, 0x0e, 16, 0x03, 3, 0, 0x0e, 24, 0x04, 2, 0, 0, 0,
          0x0e, 32, 0x01, 0x20, 0, 1, 0, 0, 0, 0, 0, 0x0e, 40);
    CHECK_PACKED(4, PACKED_SP, 8, 0);
    CHECK_PACKED(5, PACKED_SP, 16, 0);
    CHECK_PACKED(8, PACKED_SP, 24, 0);
    CHECK_PACKED(10, PACKED_SP, 32, 0);
    CHECK_PACKED(0x1f, PACKED_SP, 32, 0);
    CHECK_PACKED(0x20, PACKED_SP, 40, 0);
}

static void a_remembered_row_comes_back_whole(void)
{
    TABLE("zR", 0x41, 0x0e, 16, 0x86, 2, 0x41, 0x0a, 0x0e, 8, 0xc6, 0x41, 0x0b);
    CHECK_PACKED(1, PACKED_SP, 16, 16);
    CHECK_PACKED(2, PACKED_SP, 8, 0);
    CHECK_PACKED(3, PACKED_SP, 16, 16);
}

static void restoring_goes_back_to_the_rule_of_the_cie(void)
{
    TABLE("zR", 0x41, 0x86, 2, 0x83, 3, 0x41, 0xc6, 0x06, 3);
    CHECK(run(1));
    CHECK_EQ(rules.row.kind[6], RULE_AT);
    CHECK_EQ(rules.row.value[6], -16);
    CHECK_EQ(rules.row.value[3], -24);
    CHECK(run(2));
    CHECK_EQ(rules.row.kind[6], RULE_SAME);
    CHECK_EQ(rules.row.kind[3], RULE_SAME);
    CHECK_EQ(rules.row.kind[16], RULE_AT);
    CHECK_EQ(rules.row.value[16], -8);
}

static void every_column_rule_is_kept_with_its_operand(void)
{
    TABLE("zR", 0x05, 3, 2, 0x11, 12, 0x7d, 0x14, 13, 2, 0x15, 14, 0x7e, 0x09,
          15, 2, 0x10, 0, 1, 0x96, 0x16, 1, 1, 0x96, 0x07, 2, 0x2f, 4, 3, 0x2e,
          16);
    CHECK(run(0));
    CHECK_EQ(rules.row.kind[3], RULE_AT);
    CHECK_EQ(rules.row.value[3], -16);
    CHECK_EQ(rules.row.kind[12], RULE_AT);
    CHECK_EQ(rules.row.value[12], 24);
    CHECK_EQ(rules.row.kind[13], RULE_IS);
    CHECK_EQ(rules.row.value[13], -16);
    CHECK_EQ(rules.row.kind[14], RULE_IS);
    CHECK_EQ(rules.row.value[14], 16);
    CHECK_EQ(rules.row.kind[15], RULE_REGISTER);
    CHECK_EQ(rules.row.value[15], 2);
    CHECK_EQ(rules.row.kind[0], RULE_AT_EXPRESSION);
    CHECK_EQ(rules.row.kind[1], RULE_IS_EXPRESSION);
    CHECK_EQ(rules.row.kind[2], RULE_UNDEFINED);
    CHECK_EQ(rules.row.kind[4], RULE_AT);
    CHECK_EQ(rules.row.value[4], 24);
}

static void a_vector_register_is_passed_over(void)
{
    TABLE("zR", 0x05, 17, 4, 0x11, 40, 0x7f, 0x0e, 24);
    CHECK_PACKED(0, PACKED_SP, 24, 0);
}

static void an_undefined_return_address_is_the_root(void)
{
    TABLE("zR", 0x07, 16);
    CHECK_PACKED(0, PACKED_ROOT, 0, 0);
}

static void a_signal_frame_is_left_to_the_exact_tier(void)
{
    static const uint8_t none[] = {0};

    make_table("zRS", none, sizeof none);
    CHECK(decode());
    CHECK(unit.signal);
    CHECK_PACKED(0, PACKED_EXACT, 0, 0);
}

static void what_does_not_fit_is_left_to_the_exact_tier(void)
{
    TABLE("zR", 0x0d, 3); /* CFA in rbx: the loader's lazy binding */
    CHECK_PACKED(0, PACKED_EXACT, 0, 0);
    TABLE("zR", 0x0e, 0xf8, 0xff, 0x07); /* 128 KiB less a word */
    CHECK_PACKED(0, PACKED_SP, 0x1fff8, 0);
    TABLE("zR", 0x0e, 0x80, 0x80, 0x08);
    CHECK_PACKED(0, PACKED_EXACT, 0, 0);
    TABLE("zR", 0x0e, 12); /* no multiple of a word */
    CHECK_PACKED(0, PACKED_EXACT, 0, 0);
    TABLE("zR", 0x16, 6, 1, 0x96); /* fp by an expression */
    CHECK_PACKED(0, PACKED_EXACT, 0, 0);
    TABLE("zR", 0x90, 2); /* return address elsewhere */
    CHECK_PACKED(0, PACKED_EXACT, 0, 0);
}

static void plt_stubs_get_the_offset_of_their_own_pc(void)
{
    TABLE("zR", 0x0e, 16, 0x46, 0x0e, 24, 0x4a, 0x0f, 11, 0x77, 8, 0x80, 0,
          0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22);
    CHECK_PACKED(0, PACKED_SP, 16, 0);
    CHECK_PACKED(6, PACKED_SP, 24, 0);
    CHECK_PACKED(0x10, PACKED_SP, 8, 0);
    CHECK_PACKED(0x1a, PACKED_SP, 8, 0);
    CHECK_PACKED(0x1b, PACKED_SP, 16, 0);
    CHECK_PACKED(0x1f, PACKED_SP, 16, 0);
    TABLE("zR", 0x0f, 11, 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x39, 0x2a, 0x33, 0x24,
          0x22); /* the IBT form splits at 9 */
    CHECK_PACKED(8, PACKED_SP, 8, 0);
    CHECK_PACKED(9, PACKED_SP, 16, 0);
}

static void a_damaged_table_is_refused(void)
{
    static const uint8_t program[] = {0x41, 0x0e, 16};

    TABLE("zR", 0x0b); /* restore_state without remember_state */
    CHECK(!run(0));
    TABLE("zR", 0x0a, 0x0a, 0x0a, 0x0a, 0x0a);
    CHECK(!run(0));
    TABLE("zR", 0x3f);
    CHECK(!run(0));
    TABLE("zR", 0x0d, 99);
    CHECK(!run(0));
    make_table("zR", program, sizeof program);
    table.bytes[8] = 9; /* version */
    CHECK(!decode());
    make_table("q", program, sizeof program);
    CHECK(!decode());
    make_table("zR", program, sizeof program);
    memset(table.bytes + table.fde, 0xf3, 4); /* a reserved length */
    CHECK(!decode());
    make_table("zR", program, sizeof program);
    for (unsigned cut = 1; cut < table.size - table.fde; cut++) {
        struct dwarf_in in = {table.bytes + table.fde,
                              table.bytes + table.size - cut, 0, false};
        uintptr_t cie;

        CHECK(!sigprof__rules_fde_head(&in, &cie));
    }
}

/* ---- Expressions ------------------------------------------------------- */

static struct registers registers;
static struct unwind_walk walk;
static struct memory memory;
static uintptr_t words[8] = {10, 11, 12, 13, 14, 15, 16, 17};

static enum expression_result evaluate(const uint8_t *ops, unsigned size,
                                       unsigned count, uintptr_t *result)
{
    uint8_t bytes[64];
    uint64_t operand[EXPRESSION_OPERANDS] = {1000};
    struct dwarf_in in = {bytes, bytes + size + 1, 0, false};

    bytes[0] = (uint8_t)size;
    memcpy(bytes + 1, ops, size);
    return sigprof__expression(&in, &registers, &memory, operand, count,
                               result);
}

#define CHECK_OPS(want, ...)                                                   \
    do {                                                                       \
        static const uint8_t ops_[] = {__VA_ARGS__};                           \
        uintptr_t result_ = 0;                                                 \
        CHECK_EQ(evaluate(ops_, sizeof ops_, 0, &result_), EXPRESSION_OK);     \
        CHECK_EQ(result_, want);                                               \
    } while (0)
#define CHECK_BAD(want, ...)                                                   \
    do {                                                                       \
        static const uint8_t ops_[] = {__VA_ARGS__};                           \
        uintptr_t result_ = 0;                                                 \
        CHECK_EQ(evaluate(ops_, sizeof ops_, 0, &result_), want);              \
    } while (0)

static void expressions_compute_as_dwarf_says(void)
{
    CHECK_OPS(31, 0x4f);
    CHECK_OPS(200, 0x08, 200);
    CHECK_OPS(-56, 0x09, 200);
    CHECK_OPS(0x1234, 0x0a, 0x34, 0x12);
    CHECK_OPS(-2, 0x0b, 0xfe, 0xff);
    CHECK_OPS(-2, 0x0d, 0xfe, 0xff, 0xff, 0xff);
    CHECK_OPS(0x0807060504030201, 0x0e, 1, 2, 3, 4, 5, 6, 7, 8);
    CHECK_OPS(300, 0x10, 0xac, 2);
    CHECK_OPS(-3, 0x11, 0x7d);
    CHECK_OPS(4, 0x31, 0x33, 0x22);       /* 1 + 3 */
    CHECK_OPS(-2, 0x31, 0x33, 0x1c);      /* 1 - 3 */
    CHECK_OPS(15, 0x35, 0x33, 0x1e);      /* 5 * 3 */
    CHECK_OPS(-3, 0x11, 0x79, 0x32, 0x1b); /* -7 / 2 */
    CHECK_OPS(1, 0x37, 0x32, 0x1d);       /* 7 % 2 */
    CHECK_OPS(40, 0x35, 0x33, 0x24);      /* 5 << 3 */
    CHECK_OPS(-1, 0x11, 0x78, 0x33, 0x26); /* -8 >> 3, with sign */
    CHECK_OPS(1, 0x38, 0x33, 0x25);
    CHECK_OPS(6, 0x35, 0x33, 0x27);
    CHECK_OPS(7, 0x35, 0x33, 0x21);
    CHECK_OPS(1, 0x35, 0x33, 0x1a);
    CHECK_OPS(~5ull, 0x35, 0x20);
    CHECK_OPS(-5, 0x35, 0x1f);
    CHECK_OPS(5, 0x11, 0x7b, 0x19);
    CHECK_OPS(1, 0x11, 0x7f, 0x30, 0x2d); /* -1 < 0: signed */
    CHECK_OPS(0, 0x31, 0x32, 0x29);
    CHECK_OPS(1, 0x31, 0x32, 0x2e);
    CHECK_OPS(1, 0x32, 0x32, 0x2a);
    CHECK_OPS(17, 0x35, 0x23, 12);
}

static void expressions_move_their_stack_as_dwarf_says(void)
{
    CHECK_OPS(2, 0x31, 0x12, 0x22);                   /* dup */
    CHECK_OPS(1, 0x31, 0x32, 0x13);                   /* drop */
    CHECK_OPS(1, 0x31, 0x32, 0x14);                   /* over */
    CHECK_OPS(1, 0x31, 0x32, 0x33, 0x15, 2);          /* pick */
    CHECK_OPS(-1, 0x32, 0x31, 0x16, 0x1c);            /* swap: 1 - 2 */
    CHECK_OPS(2, 0x31, 0x32, 0x33, 0x17);             /* rot: 3 1 2 */
    CHECK_OPS(3, 0x31, 0x32, 0x33, 0x17, 0x13, 0x13);
    CHECK_OPS(5, 0x35, 0x31, 0x28, 1, 0, 0x37);       /* bra over lit7 */
    CHECK_OPS(7, 0x35, 0x30, 0x28, 1, 0, 0x37);
    CHECK_OPS(5, 0x35, 0x2f, 1, 0, 0x37);
}

static void expressions_read_registers_and_memory(void)
{
    memset(&registers, 0, sizeof registers);
    registers.value[7] = (uintptr_t)words;
    registers.value[6] = 500;
    registers.known = 1u << 7 | 1u << 6;
    CHECK_OPS(508, 0x76, 8);
    CHECK_OPS(500, 0x56);
    CHECK_OPS(12, 0x77, 16, 0x06);
    CHECK_OPS(21, 0x77, 24, 0x06, 0x23, 8);
    CHECK_OPS(13, 0x92, 7, 24, 0x94, 1);
    CHECK_BAD(EXPRESSION_UNKNOWN, 0x73, 0);
    CHECK_BAD(EXPRESSION_UNKNOWN, 0x73, 0, 0x06);
    CHECK_BAD(EXPRESSION_BAD, 0x30, 0x06);
    CHECK_BAD(EXPRESSION_BAD, 0x92, 40, 0);
}

static void the_cfa_is_on_the_stack_when_it_should_be(void)
{
    static const uint8_t ops[] = {0x23, 8};
    uintptr_t result = 0;

    CHECK_EQ(evaluate(ops, sizeof ops, 1, &result), EXPRESSION_OK);
    CHECK_EQ(result, 1008);
}

static void bad_expressions_end(void)
{
    CHECK_BAD(EXPRESSION_BAD, 0x22);
    CHECK_BAD(EXPRESSION_BAD, 0x13);
    CHECK_BAD(EXPRESSION_BAD, 0x31, 0x30, 0x1b);
    CHECK_BAD(EXPRESSION_BAD, 0x31, 0x30, 0x1d);
    CHECK_BAD(EXPRESSION_BAD, 0xff);
    CHECK_BAD(EXPRESSION_BAD, 0x31, 0x2f, 0xfc, 0xff); /* for ever */
    CHECK_BAD(EXPRESSION_BAD, 0x2f, 0, 0x80);
    CHECK_BAD(EXPRESSION_BAD, 0x0e, 1, 2);
    CHECK_BAD(EXPRESSION_BAD, 0x31, 0x16);
    CHECK_BAD(EXPRESSION_BAD, 0x31, 0x15, 1);
}

int main(void)
{
    test_walk_make(&walk, 16);
    walk.may_call_system = false;
    walk.thread.low = (uintptr_t)words;
    walk.thread.high = (uintptr_t)(words + 8);
    sigprof__memory_begin(&memory, &walk, (uintptr_t)words);
    RUN(a_frame_pointer_prologue_has_three_rows);
    RUN(every_way_to_advance_moves_by_its_amount);
    RUN(a_remembered_row_comes_back_whole);
    RUN(restoring_goes_back_to_the_rule_of_the_cie);
    RUN(every_column_rule_is_kept_with_its_operand);
    RUN(a_vector_register_is_passed_over);
    RUN(an_undefined_return_address_is_the_root);
    RUN(a_signal_frame_is_left_to_the_exact_tier);
    RUN(what_does_not_fit_is_left_to_the_exact_tier);
    RUN(plt_stubs_get_the_offset_of_their_own_pc);
    RUN(a_damaged_table_is_refused);
    RUN(expressions_compute_as_dwarf_says);
    RUN(expressions_move_their_stack_as_dwarf_says);
    RUN(expressions_read_registers_and_memory);
    RUN(the_cfa_is_on_the_stack_when_it_should_be);
    RUN(bad_expressions_end);
    test_walk_drop(&walk);
    return 0;
}
