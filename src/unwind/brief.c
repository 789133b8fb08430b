/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packed rules straight from an FDE's instructions. Signal-safe.
 *
 * A packed rule depends on three things: the CFA, where the return address is, and
 * where the caller's fp is. Following these alone takes a fifth of the time that
 * rules.c needs for rows of all registers, and is right for all but the few FDEs
 * that use an instruction which is not one of the usual: those give
 * PACKED_UNKNOWN, and are interpreted in full.
 */
#include "unwind/packed.h"

#include "unwind/rules.h"

struct brief {
    int32_t cfa;   /* minus sp or fp */
    int32_t fp_at; /* caller's fp, from the CFA; 0: unchanged */
    int32_t ra_at; /* return address, from the CFA, if ra_kind is RULE_AT */
    uint8_t ra_kind; /* or RULE_SAME */
    uint8_t kind;    /* PACKED_SP or PACKED_FP; PACKED_UNKNOWN: neither */
    bool window;     /* of registers: its own */
};

struct run {
    const struct rules_unit *unit;
    struct brief now;
    struct brief initial;
    struct brief saved[RULES_SAVED_MAX];
    unsigned depth; /* of saved */
    uintptr_t at;   /* pc that now is for */
    uintptr_t stop; /* pc asked for */
};

/* What came of an instruction. */
enum result { ON, DONE, UNUSUAL };

static enum result advance(struct run *run, uint64_t delta)
{
    uintptr_t next = run->at + (uintptr_t)delta * run->unit->code_align;

    if (next > run->stop || next < run->at)
        return DONE;
    run->at = next;
    return ON;
}

static enum result saved_at(struct run *run, uint64_t number, uint64_t factor)
{
    int64_t at = (int64_t)(factor * (uint64_t)(int64_t)run->unit->data_align);
    unsigned column = regs_column(number);

    if (at <= INT32_MIN || at > INT32_MAX || rules_serves_landing(column))
        return UNUSUAL;
    if (column == run->unit->ra_column) {
        run->now.ra_kind = RULE_AT;
        run->now.ra_at = (int32_t)at;
    } else if (column == REGS_FP) {
        if (at >= 0)
            return UNUSUAL;
        run->now.fp_at = (int32_t)at;
    } else if (column == REGS_SP && ARCH_CFA_SP == 0) {
        return UNUSUAL;
    }
    return ON;
}

static void restore(struct run *run, unsigned number)
{
    unsigned column = regs_column(number);

    if (column == REGS_FP)
        run->now.fp_at = run->initial.fp_at;
    if (column == run->unit->ra_column) {
        run->now.ra_kind = run->initial.ra_kind;
        run->now.ra_at = run->initial.ra_at;
    }
}

static enum result set_cfa_register(struct run *run, uint64_t number)
{
    unsigned column = regs_column(number);

    run->now.kind = column == REGS_SP   ? PACKED_SP
                    : column == REGS_FP ? PACKED_FP
                                        : PACKED_UNKNOWN;
    return ON;
}

static enum result set_cfa_offset(struct run *run, uint64_t offset)
{
    if (offset > INT32_MAX)
        return UNUSUAL;
    run->now.cfa = (int32_t)offset;
    return ON;
}

static enum result remember(struct run *run)
{
    if (run->depth == RULES_SAVED_MAX)
        return UNUSUAL;
    run->saved[run->depth++] = run->now;
    return ON;
}

static enum result go_back(struct run *run)
{
    if (run->depth == 0)
        return UNUSUAL;
    run->now = run->saved[--run->depth];
    return ON;
}

/* A save; 0x2d is of no interest elsewhere. */
static enum result save_window(struct run *run)
{
    run->now.window = true;
    return ON;
}

/* Of windows: the return address is in another register now. */
static enum result move_register(struct run *run, struct dwarf_in *in)
{
#ifdef ARCH_WINDOWS
    unsigned column = regs_column(dwarf_uleb(in));

    if (column == run->unit->ra_column &&
        regs_column(dwarf_uleb(in)) == ARCH_WINDOW_LAST) {
        run->now.ra_kind = RULE_REGISTER;
        return ON;
    }
#else
    (void)run;
    (void)in;
#endif
    return UNUSUAL;
}

static enum result take_other(struct run *run, struct dwarf_in *in, unsigned op)
{
    switch (op) {
    case CFA_NOP:
        return ON;
    case CFA_GNU_WINDOW_SAVE:
        return save_window(run);
    case CFA_REGISTER:
        return move_register(run, in);
    case CFA_ADVANCE_LOC1:
        return advance(run, dwarf_fixed(in, 1));
    case CFA_ADVANCE_LOC2:
        return advance(run, dwarf_fixed(in, 2));
    case CFA_ADVANCE_LOC4:
        return advance(run, dwarf_fixed(in, 4));
    case CFA_DEF_CFA_OFFSET:
        return set_cfa_offset(run, dwarf_uleb(in));
    case CFA_DEF_CFA_REGISTER:
        return set_cfa_register(run, dwarf_uleb(in));
    case CFA_DEF_CFA:
        set_cfa_register(run, dwarf_uleb(in));
        return set_cfa_offset(run, dwarf_uleb(in));
    case CFA_REMEMBER_STATE:
        return remember(run);
    case CFA_RESTORE_STATE:
        return go_back(run);
    case CFA_GNU_ARGS_SIZE:
        dwarf_uleb(in);
        return ON;
    default:
        return UNUSUAL;
    }
}

static enum result take(struct run *run, struct dwarf_in *in)
{
    unsigned op = dwarf_byte(in);
    unsigned operand = op & 0x3f;

    switch (op & 0xc0) {
    case CFA_ADVANCE_LOC:
        return advance(run, operand);
    case CFA_OFFSET:
        return saved_at(run, operand, dwarf_uleb(in));
    case CFA_RESTORE:
        restore(run, operand);
        return ON;
    default:
        return take_other(run, in, op);
    }
}

/* From where the unit's code begins up to stop. false: an instruction was not one
 * of the usual. */
static bool follow(struct run *run, struct dwarf_in in, uintptr_t stop)
{
    enum result result = ON;

    run->depth = 0;
    run->at = run->unit->low;
    run->stop = stop;
    while (in.at < in.end && result == ON)
        result = take(run, &in);
    return result != UNUSUAL && !in.bad;
}

#ifdef ARCH_WINDOWS
static uint32_t pack(const struct rules_unit *unit, const struct brief *now)
{
    const struct packed_return ra = {now->ra_kind, now->ra_at, unit->ra_column};

    if (now->window || now->kind != PACKED_SP || now->fp_at != 0)
        return now->window && now->kind == PACKED_FP && now->cfa == REGS_BIAS &&
                       now->ra_kind == RULE_REGISTER && now->fp_at == 0
                   ? (uint32_t)PACKED_FP
                   : (uint32_t)PACKED_UNKNOWN;
    return sigprof__pack_simple(PACKED_SP, now->cfa - REGS_BIAS, 0, &ra);
}
#else
static uint32_t pack(const struct rules_unit *unit, const struct brief *now)
{
    const struct packed_return ra = {now->ra_kind, now->ra_at, unit->ra_column};

    return sigprof__pack_simple(now->kind, now->cfa, -now->fp_at, &ra);
}
#endif

uint32_t sigprof__brief(const struct rules_unit *unit, uintptr_t pc)
{
    static const struct brief nothing;
    struct run run;

    if (unit->signal || unit->ra_column == REGS_FP ||
        unit->ra_column == REGS_SP)
        return PACKED_UNKNOWN;
    run.unit = unit;
    run.now = nothing;
    run.initial = nothing;
    if (!follow(&run, unit->initial, ~(uintptr_t)0))
        return PACKED_UNKNOWN;
    run.initial = run.now;
    if (!follow(&run, unit->program, pc) || run.now.kind == PACKED_UNKNOWN)
        return PACKED_UNKNOWN;
    if (!ARCH_LINK && run.now.kind == PACKED_SP && run.now.cfa <= 0)
        return PACKED_UNKNOWN; /* nonsense, which rules.c may mend */
    return pack(unit, &run.now);
}
