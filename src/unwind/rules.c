/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The CFI interpreter; see rules.h. Signal-safe.
 *
 * Every get is held against the end of the bytes, every instruction consumes at
 * least one byte, so a run ends after as many steps as there are bytes. Loops
 * are written out where a compiler would like to call memcpy.
 */
#include "unwind/rules.h"

#define LENGTH_64 0xffffffffu /* marks a 64-bit length */
#define LENGTH_RESERVED 0xfffffff0u

/* ---- CIE and FDE ------------------------------------------------------- */

/* Takes the length and cuts in to it. false: the end of the table, or junk. */
static bool take_length(struct dwarf_in *in, bool *wide)
{
    uint64_t length = dwarf_fixed(in, 4);

    *wide = length == LENGTH_64;
    if (*wide)
        length = dwarf_fixed(in, 8);
    else if (length >= LENGTH_RESERVED)
        return false;
    if (in->bad || length == 0 || length > dwarf_left(in))
        return false;
    in->end = in->at + length;
    return true;
}

bool sigprof__rules_fde_head(struct dwarf_in *fde, uintptr_t *cie_address)
{
    bool wide;
    uintptr_t here;
    uint64_t back;

    if (!take_length(fde, &wide))
        return false;
    here = dwarf_address(fde);
    back = dwarf_fixed(fde, 4); /* 4 bytes in .eh_frame, wide or not */
    if (fde->bad || back == 0 || back > here)
        return false;
    *cie_address = here - (uintptr_t)back;
    return true;
}

/* What the letters behind 'z' stand for, in their order. */
static void take_augmentation(struct rules_unit *unit, struct dwarf_in *in,
                              const uint8_t *letters)
{
    uint64_t size = dwarf_uleb(in);
    struct dwarf_in data = *in;

    dwarf_skip(in, size);
    data.end = in->at;
    unit->augmented = true;
    for (; *letters && !data.bad; letters++) {
        switch (*letters) {
        case 'R':
            unit->encoding = dwarf_byte(&data);
            break;
        case 'P': {
            unsigned encoding = dwarf_byte(&data);

            sigprof__dwarf_pointer(&data, encoding & DWARF_PE_STORED, 0);
            break;
        }
        case 'L':
            dwarf_byte(&data);
            break;
        case 'S':
            unit->signal = true;
            break;
        default: /* 'B' and what is to come have no data */
            break;
        }
    }
}

bool sigprof__rules_cie(struct rules_unit *unit)
{
    struct dwarf_in *cie = &unit->initial;
    const uint8_t *letters;
    unsigned version;
    bool wide;

    unit->base = cie->at;
    unit->encoding = DWARF_PE_ABSPTR;
    unit->augmented = false;
    unit->signal = false;
    if (!take_length(cie, &wide) || dwarf_fixed(cie, 4) != 0)
        return false;
    version = dwarf_byte(cie);
    if (version != 1 && version != 3 && version != 4)
        return false;
    letters = cie->at;
    while (dwarf_byte(cie) != 0)
        ;
    if (version == 4)
        dwarf_skip(cie, 2); /* sizes of an address and of a selector */
    unit->code_align = (uint32_t)dwarf_uleb(cie);
    unit->data_align = (int32_t)dwarf_sleb(cie);
    unit->ra_column = (uint8_t)regs_column(
        version == 1 ? dwarf_byte(cie) : dwarf_uleb(cie));
    if (cie->bad || unit->ra_column >= RULES_COLUMNS)
        return false;
    if (*letters == 'z')
        take_augmentation(unit, cie, letters + 1);
    else if (*letters != 0)
        return false;
    unit->end = cie->end;
    return !cie->bad;
}

bool sigprof__rules_fde(struct rules_unit *unit)
{
    struct dwarf_in *fde = &unit->program;

    unit->low = sigprof__dwarf_pointer(fde, unit->encoding, 0);
    unit->high = unit->low + sigprof__dwarf_pointer(
                                 fde, unit->encoding & DWARF_PE_STORED, 0);
    if (unit->augmented)
        dwarf_skip(fde, dwarf_uleb(fde));
    if (fde->end > unit->end)
        unit->end = fde->end;
    if (fde->at < unit->base)
        unit->base = fde->at;
    return !fde->bad && unit->low < unit->high;
}

/* ---- Instructions ------------------------------------------------------ */

static void copy_row(struct rules_row *to, const struct rules_row *from)
{
    for (unsigned i = 0; i < RULES_COLUMNS; i++) {
        to->value[i] = from->value[i];
        to->kind[i] = from->kind[i];
    }
    to->cfa_value = from->cfa_value;
    to->cfa_kind = from->cfa_kind;
    to->cfa_register = from->cfa_register;
}

static void clear_row(struct rules_row *row)
{
    for (unsigned i = 0; i < RULES_COLUMNS; i++) {
        row->value[i] = 0;
        row->kind[i] = RULE_SAME;
    }
    row->cfa_kind = RULE_UNDEFINED;
    row->cfa_register = 0;
    row->cfa_value = 0;
}

/* What a run needs at hand. */
struct run {
    struct rules *rules;
    const struct rules_unit *unit;
    struct dwarf_in in;
    uintptr_t at;   /* pc that the row so far is for */
    uintptr_t stop; /* pc asked for */
    unsigned saved;
};

static void set(struct run *run, uint64_t number, enum rule_kind kind,
                int64_t value)
{
    unsigned column = regs_column(number);

    if (column >= RULES_COLUMNS) /* vector registers: of no use here */
        return;
    run->rules->row.kind[column] = (uint8_t)kind;
    run->rules->row.value[column] = (int32_t)value;
}

static void set_cfa(struct run *run, unsigned column, int64_t offset)
{
    struct rules_row *row = &run->rules->row;

    if (column >= RULES_COLUMNS)
        run->in.bad = true;
    row->cfa_kind = RULE_REGISTER;
    row->cfa_register = (uint8_t)column;
    row->cfa_value = (int32_t)offset;
}

static void restore(struct run *run, uint64_t number)
{
    struct rules *rules = run->rules;
    unsigned column = regs_column(number);

    if (column >= RULES_COLUMNS)
        return;
    rules->row.kind[column] = rules->initial.kind[column];
    rules->row.value[column] = rules->initial.value[column];
}

/* 0x2d: a save. The caller's outs are the function's ins; its other registers are
 * where its sp is. Elsewhere a return address's signature has changed. */
static void save_window(struct run *run)
{
#ifdef ARCH_WINDOWS
    for (unsigned i = 8; i < ARCH_WINDOW_FIRST; i++)
        if (i != REGS_SP) /* goes with the CFA */
            set(run, i, RULE_REGISTER, i + 16);
    for (unsigned i = ARCH_WINDOW_FIRST; i <= ARCH_WINDOW_LAST; i++)
        set(run, i, RULE_AT, (int64_t)(i - ARCH_WINDOW_FIRST) * ARCH_WORD);
#else
    (void)run;
#endif
}

/* An expression stays where it is; the row has its offset. */
static int64_t expression(struct run *run)
{
    int64_t offset = run->in.at - run->unit->base;

    dwarf_skip(&run->in, dwarf_uleb(&run->in));
    return offset;
}

static void remember(struct run *run)
{
    if (run->saved == RULES_SAVED_MAX)
        run->in.bad = true;
    else
        copy_row(&run->rules->saved[run->saved++], &run->rules->row);
}

static void go_back(struct run *run)
{
    if (run->saved == 0)
        run->in.bad = true;
    else
        copy_row(&run->rules->row, &run->rules->saved[--run->saved]);
}

static int64_t scaled(const struct run *run, int64_t factor)
{
    return (int64_t)((uint64_t)factor * (uint64_t)run->unit->data_align);
}

/* true: the next row begins behind the pc asked for. */
static bool advance(struct run *run, uint64_t delta)
{
    uintptr_t next = run->at + (uintptr_t)delta * run->unit->code_align;

    if (next > run->stop || next < run->at)
        return true;
    run->at = next;
    return false;
}

static void define_cfa(struct run *run, unsigned op)
{
    struct dwarf_in *in = &run->in;
    struct rules_row *row = &run->rules->row;
    unsigned column = row->cfa_register;

    if (op == CFA_DEF_CFA_EXPRESSION) {
        row->cfa_value = (int32_t)expression(run);
        row->cfa_kind = RULE_IS_EXPRESSION;
        return;
    }
    if (op == CFA_DEF_CFA || op == CFA_DEF_CFA_SF ||
        op == CFA_DEF_CFA_REGISTER)
        column = regs_column(dwarf_uleb(in));
    if (op == CFA_DEF_CFA_REGISTER)
        set_cfa(run, column, row->cfa_value);
    else if (op == CFA_DEF_CFA_SF || op == CFA_DEF_CFA_OFFSET_SF)
        set_cfa(run, column, scaled(run, dwarf_sleb(in)));
    else
        set_cfa(run, column, (int64_t)dwarf_uleb(in));
}

static void define_column(struct run *run, unsigned op)
{
    struct dwarf_in *in = &run->in;
    uint64_t column = dwarf_uleb(in);

    switch (op) {
    case CFA_OFFSET_EXTENDED:
        set(run, column, RULE_AT, scaled(run, (int64_t)dwarf_uleb(in)));
        break;
    case CFA_OFFSET_EXTENDED_SF:
        set(run, column, RULE_AT, scaled(run, dwarf_sleb(in)));
        break;
    case CFA_GNU_NEGATIVE_OFFSET:
        set(run, column, RULE_AT, -scaled(run, (int64_t)dwarf_uleb(in)));
        break;
    case CFA_VAL_OFFSET:
        set(run, column, RULE_IS, scaled(run, (int64_t)dwarf_uleb(in)));
        break;
    case CFA_VAL_OFFSET_SF:
        set(run, column, RULE_IS, scaled(run, dwarf_sleb(in)));
        break;
    case CFA_REGISTER:
        set(run, column, RULE_REGISTER, (int64_t)regs_column(dwarf_uleb(in)));
        break;
    case CFA_EXPRESSION:
        set(run, column, RULE_AT_EXPRESSION, expression(run));
        break;
    case CFA_VAL_EXPRESSION:
        set(run, column, RULE_IS_EXPRESSION, expression(run));
        break;
    case CFA_RESTORE_EXTENDED:
        restore(run, column);
        break;
    case CFA_UNDEFINED:
        set(run, column, RULE_UNDEFINED, 0);
        break;
    case CFA_SAME_VALUE:
        set(run, column, RULE_SAME, 0);
        break;
    default:
        in->bad = true;
    }
}

/* true: done, the row is the one for the pc. */
static bool run_other(struct run *run, unsigned op)
{
    struct dwarf_in *in = &run->in;
    uintptr_t to;

    switch (op) {
    case CFA_NOP:
        return false;
    case CFA_GNU_WINDOW_SAVE:
        save_window(run);
        return false;
    case CFA_SET_LOC:
        to = sigprof__dwarf_pointer(in, run->unit->encoding, 0);
        if (to > run->stop)
            return true;
        run->at = to;
        return false;
    case CFA_ADVANCE_LOC1:
        return advance(run, dwarf_fixed(in, 1));
    case CFA_ADVANCE_LOC2:
        return advance(run, dwarf_fixed(in, 2));
    case CFA_ADVANCE_LOC4:
        return advance(run, dwarf_fixed(in, 4));
    case CFA_REMEMBER_STATE:
        remember(run);
        return false;
    case CFA_RESTORE_STATE:
        go_back(run);
        return false;
    case CFA_DEF_CFA:
    case CFA_DEF_CFA_SF:
    case CFA_DEF_CFA_REGISTER:
    case CFA_DEF_CFA_OFFSET:
    case CFA_DEF_CFA_OFFSET_SF:
    case CFA_DEF_CFA_EXPRESSION:
        define_cfa(run, op);
        return false;
    case CFA_GNU_ARGS_SIZE:
        dwarf_uleb(in);
        return false;
    default:
        define_column(run, op);
        return false;
    }
}

static bool run_program(struct run *run, const struct dwarf_in *program)
{
    run->in = *program;
    while (run->in.at < run->in.end && !run->in.bad) {
        unsigned op = dwarf_byte(&run->in);
        unsigned operand = op & 0x3f;
        bool done = false;

        switch (op & 0xc0) {
        case CFA_ADVANCE_LOC:
            done = advance(run, operand);
            break;
        case CFA_OFFSET:
            set(run, operand, RULE_AT,
                scaled(run, (int64_t)dwarf_uleb(&run->in)));
            break;
        case CFA_RESTORE:
            restore(run, operand);
            break;
        default:
            done = run_other(run, op);
        }
        if (done)
            break;
    }
    return !run->in.bad;
}

/*
 * Some of glibc's string functions for i386 count what they push as popped: the
 * CFA goes down from sp + 4 as it should go up. Where registers are saved is right.
 * vfork truly pops: its return address is in a register.
 */
static void mend_cfa(struct rules_row *row)
{
#ifdef ARCH_UNTOLD_PUSHES
    int32_t by = 2 * (ARCH_WORD - row->cfa_value);

    if (row->cfa_kind != RULE_REGISTER || row->cfa_register != REGS_SP ||
        row->cfa_value > 0 || row->kind[REGS_PC] != RULE_AT)
        return;
    row->cfa_value += by;
    for (unsigned i = 0; i < RULES_COLUMNS; i++) {
        if (row->kind[i] == RULE_AT && i != REGS_PC)
            row->value[i] -= by;
    }
#else
    (void)row;
#endif
}

/* Rules are of biased pointers; a walk's are addresses. */
static void unbias_cfa(struct rules_row *row)
{
    if (REGS_BIAS != 0 && row->cfa_kind == RULE_REGISTER &&
        regs_is_pointer(row->cfa_register))
        row->cfa_value -= REGS_BIAS;
}

bool sigprof__rules_run(struct rules *rules, const struct rules_unit *unit,
                        uintptr_t pc)
{
    struct run run = {.rules = rules,
                      .unit = unit,
                      .at = unit->low,
                      .stop = ~(uintptr_t)0};

    clear_row(&rules->row);
    clear_row(&rules->initial);
    if (!run_program(&run, &unit->initial))
        return false;
    copy_row(&rules->initial, &rules->row);
    run.at = unit->low;
    run.stop = pc;
    run.saved = 0;
    if (!run_program(&run, &unit->program) ||
        rules->row.cfa_kind == RULE_UNDEFINED)
        return false;
    mend_cfa(&rules->row);
    unbias_cfa(&rules->row);
    return true;
}
