/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DWARF expressions; see expression.h. Signal-safe.
 *
 * Branches may go backwards, so the number of operations is bounded. Memory is
 * read through unwind/memory.h only.
 */
#include "unwind/expression.h"

/* Their locals are off the stack before memory is read. */
#define NOINLINE __attribute__((noinline))

#define OPERATIONS_MAX 256 /* glibc's longest has 4, libgcc's DRAP 2 */

enum op {
    OP_ADDR = 0x03,
    OP_DEREF = 0x06,
    OP_CONST1U = 0x08, /* and so on: u and s of 1, 2, 4 and 8 bytes */
    OP_CONST8S = 0x0f,
    OP_CONSTU = 0x10,
    OP_CONSTS = 0x11,
    OP_DUP = 0x12,
    OP_DROP = 0x13,
    OP_OVER = 0x14,
    OP_PICK = 0x15,
    OP_SWAP = 0x16,
    OP_ROT = 0x17,
    OP_ABS = 0x19,
    OP_AND = 0x1a,
    OP_DIV = 0x1b,
    OP_MINUS = 0x1c,
    OP_MOD = 0x1d,
    OP_MUL = 0x1e,
    OP_NEG = 0x1f,
    OP_NOT = 0x20,
    OP_OR = 0x21,
    OP_PLUS = 0x22,
    OP_PLUS_UCONST = 0x23,
    OP_SHL = 0x24,
    OP_SHR = 0x25,
    OP_SHRA = 0x26,
    OP_XOR = 0x27,
    OP_BRA = 0x28,
    OP_EQ = 0x29,
    OP_GE = 0x2a,
    OP_GT = 0x2b,
    OP_LE = 0x2c,
    OP_LT = 0x2d,
    OP_NE = 0x2e,
    OP_SKIP = 0x2f,
    OP_LIT0 = 0x30,
    OP_LIT31 = 0x4f,
    OP_REG0 = 0x50,
    OP_REG31 = 0x6f,
    OP_BREG0 = 0x70,
    OP_BREG31 = 0x8f,
    OP_REGX = 0x90,
    OP_BREGX = 0x92,
    OP_DEREF_SIZE = 0x94,
    OP_NOP = 0x96
};

struct machine {
    struct dwarf_in in;
    const uint8_t *first;
    const struct registers *registers;
    struct memory *memory;
    uint64_t *operand;
    unsigned count;
    bool unknown;
};

static void push(struct machine *m, uint64_t value)
{
    if (m->count == EXPRESSION_OPERANDS)
        m->in.bad = true;
    else
        m->operand[m->count++] = value;
}

static uint64_t pop(struct machine *m)
{
    if (m->count == 0) {
        m->in.bad = true;
        return 0;
    }
    return m->operand[--m->count];
}

static NOINLINE void push_register(struct machine *m, uint64_t number, int64_t offset)
{
    unsigned column = regs_column(number);

    if (column >= RULES_COLUMNS) {
        m->in.bad = true;
        return;
    }
    if (!(m->registers->known >> column & 1))
        m->unknown = true;
    push(m, (regs_is_pointer(column) ? regs_biased(m->registers->value[column])
                                     : m->registers->value[column]) +
                (uint64_t)offset);
}

static void push_memory(struct machine *m, uint64_t address, unsigned size)
{
    uintptr_t low = (uintptr_t)address & ~(uintptr_t)(sizeof(uintptr_t) - 1);
    unsigned shift = ((unsigned)address & (sizeof(uintptr_t) - 1)) * 8;
    uintptr_t word = 0;

    if (m->unknown) { /* the address is made up */
        push(m, 0);
        return;
    }
    if (size == 0 || shift / 8 + size > sizeof word ||
        !sigprof__memory_read(m->memory, low, &word)) {
        m->in.bad = true;
        return;
    }
    word >>= shift;
    if (size < sizeof word)
        word &= ((uintptr_t)1 << (8 * size)) - 1;
    push(m, word);
}

static void branch(struct machine *m, int16_t distance)
{
    if (distance < m->first - m->in.at || distance > m->in.end - m->in.at)
        m->in.bad = true;
    else
        m->in.at += distance;
}

static void pick(struct machine *m, unsigned depth)
{
    if (depth >= m->count)
        m->in.bad = true;
    else
        push(m, m->operand[m->count - 1 - depth]);
}

static NOINLINE void turn(struct machine *m, unsigned among)
{
    uint64_t top = pop(m);

    if (m->count + 1 < among || m->in.bad) {
        m->in.bad = true;
        return;
    }
    push(m, 0);
    for (unsigned i = 1; i < among; i++)
        m->operand[m->count - i] = m->operand[m->count - i - 1];
    m->operand[m->count - among] = top;
}

static uint64_t divide(struct machine *m, uint64_t a, uint64_t b)
{
    if (b == 0 || (b == ~(uint64_t)0 && a == (uint64_t)1 << 63)) {
        m->in.bad = true;
        return 0;
    }
    return (uint64_t)((int64_t)a / (int64_t)b);
}

static uint64_t shift_right(uint64_t value, uint64_t by, bool with_sign)
{
    uint64_t sign = with_sign && (value >> 63) ? ~(uint64_t)0 : 0;

    if (by >= 64)
        return sign;
    if (by == 0)
        return value;
    return value >> by | sign << (64 - by);
}

static NOINLINE void binary(struct machine *m, unsigned op)
{
    uint64_t b = pop(m);
    uint64_t a = pop(m);
    int64_t signed_a = (int64_t)a;
    int64_t signed_b = (int64_t)b;

    switch (op) {
    case OP_AND:
        push(m, a & b);
        break;
    case OP_DIV:
        push(m, divide(m, a, b));
        break;
    case OP_MINUS:
        push(m, a - b);
        break;
    case OP_MOD:
        m->in.bad |= b == 0;
        push(m, b ? a % b : 0);
        break;
    case OP_MUL:
        push(m, a * b);
        break;
    case OP_OR:
        push(m, a | b);
        break;
    case OP_PLUS:
        push(m, a + b);
        break;
    case OP_SHL:
        push(m, b < 64 ? a << b : 0);
        break;
    case OP_SHR:
    case OP_SHRA:
        push(m, shift_right(a, b, op == OP_SHRA));
        break;
    case OP_XOR:
        push(m, a ^ b);
        break;
    case OP_EQ:
        push(m, a == b);
        break;
    case OP_GE:
        push(m, signed_a >= signed_b);
        break;
    case OP_GT:
        push(m, signed_a > signed_b);
        break;
    case OP_LE:
        push(m, signed_a <= signed_b);
        break;
    case OP_LT:
        push(m, signed_a < signed_b);
        break;
    case OP_NE:
        push(m, a != b);
        break;
    default:
        m->in.bad = true;
    }
}

static NOINLINE void unary(struct machine *m, unsigned op)
{
    uint64_t a = pop(m);

    if (op == OP_ABS)
        a = a >> 63 ? -a : a;
    else if (op == OP_NEG)
        a = -a;
    else if (op == OP_NOT)
        a = ~a;
    else
        a += dwarf_uleb(&m->in);
    push(m, a);
}

static NOINLINE void constant(struct machine *m, unsigned op)
{
    unsigned bytes = 1u << ((op - OP_CONST1U) / 2);
    uint64_t value = dwarf_fixed(&m->in, bytes);
    unsigned unused = 64 - 8 * bytes;

    if ((op & 1) && unused)
        value = shift_right(value << unused, unused, true);
    push(m, value);
}

static void operate(struct machine *m, unsigned op)
{
    struct dwarf_in *in = &m->in;
    uint64_t number;

    switch (op) {
    case OP_ADDR:
        push(m, dwarf_fixed(in, sizeof(void *)));
        break;
    case OP_DEREF:
        push_memory(m, pop(m), sizeof(void *));
        break;
    case OP_DEREF_SIZE:
        number = pop(m);
        push_memory(m, number, dwarf_byte(in));
        break;
    case OP_CONSTU:
        push(m, dwarf_uleb(in));
        break;
    case OP_CONSTS:
        push(m, (uint64_t)dwarf_sleb(in));
        break;
    case OP_DUP:
        pick(m, 0);
        break;
    case OP_DROP:
        pop(m);
        break;
    case OP_OVER:
        pick(m, 1);
        break;
    case OP_PICK:
        pick(m, dwarf_byte(in));
        break;
    case OP_SWAP:
        turn(m, 2);
        break;
    case OP_ROT:
        turn(m, 3);
        break;
    case OP_ABS:
    case OP_NEG:
    case OP_NOT:
    case OP_PLUS_UCONST:
        unary(m, op);
        break;
    case OP_SKIP:
        branch(m, (int16_t)dwarf_fixed(in, 2));
        break;
    case OP_BRA:
        number = dwarf_fixed(in, 2);
        if (pop(m))
            branch(m, (int16_t)number);
        break;
    case OP_REGX:
        push_register(m, dwarf_uleb(in), 0);
        break;
    case OP_BREGX:
        number = dwarf_uleb(in);
        push_register(m, number, dwarf_sleb(in));
        break;
    case OP_NOP:
        break;
    default:
        binary(m, op);
    }
}

enum expression_result sigprof__expression(const struct dwarf_in *in,
                                           const struct registers *registers,
                                           struct memory *memory,
                                           uint64_t *operand, unsigned count,
                                           uintptr_t *result)
{
    struct machine m = {*in, 0, registers, memory, operand, count, false};
    uint64_t bytes = dwarf_uleb(&m.in);

    if (bytes > dwarf_left(&m.in))
        return EXPRESSION_BAD;
    m.first = m.in.at;
    m.in.end = m.in.at + bytes;
    for (int i = 0; m.in.at < m.in.end && !m.in.bad; i++) {
        unsigned op = dwarf_byte(&m.in);

        if (i == OPERATIONS_MAX)
            return EXPRESSION_BAD;
        if (op >= OP_LIT0 && op <= OP_LIT31)
            push(&m, op - OP_LIT0);
        else if (op >= OP_REG0 && op <= OP_REG31)
            push_register(&m, op - OP_REG0, 0);
        else if (op >= OP_BREG0 && op <= OP_BREG31)
            push_register(&m, op - OP_BREG0, dwarf_sleb(&m.in));
        else if (op >= OP_CONST1U && op <= OP_CONST8S)
            constant(&m, op);
        else
            operate(&m, op);
    }
    *result = (uintptr_t)pop(&m);
    if (m.unknown)
        return EXPRESSION_UNKNOWN;
    return m.in.bad ? EXPRESSION_BAD : EXPRESSION_OK;
}
