/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exact steps: any rule, all registers. Signal-safe.
 *
 * The walk itself carries only pc, sp and fp. Where a rule asks for more (the
 * loader's lazy binding keeps its CFA in rbx), the walk is repeated up to the
 * frame in question with every register: from the interruption, whose registers
 * are all known, or from the latest frame that was reached so ("the point"). So
 * a walk is repeated at most once over its whole length.
 */
#include "jit/map.h"
#include "unwind/exidx.h"
#include "unwind/window.h"

/* Rare paths keep their locals off the stack of the others. */
#define NOINLINE __attribute__((noinline))

/* Registers that are pointers to the stack become addresses. */
static void unbias(struct registers *registers)
{
    if (REGS_BIAS == 0)
        return;
    registers->value[REGS_SP] = regs_unbiased(registers->value[REGS_SP]);
    registers->value[REGS_FP] = regs_unbiased(registers->value[REGS_FP]);
}

/* Those of the walk's own context. */
static void load(struct walker *w, struct registers *registers)
{
    registers->known = ((uint64_t)1 << RULES_COLUMNS) - 1;
    for (unsigned i = 0; i < RULES_COLUMNS; i++) {
#ifdef ARCH_WINDOWS
        if (!sigprof__window_register(w, i, &registers->value[i]))
            registers->known &= ~((uint64_t)1 << i);
#else
        registers->value[i] = regs_get(w->memory.walk->ucontext, i);
#endif
    }
    registers->exact = true;
    unbias(registers);
}

/* What a simple walk knows of its frame. */
static void load_place(struct walker *w, struct registers *registers)
{
    const struct place *place = &w->at;

    for (unsigned i = 0; i < RULES_COLUMNS; i++)
        registers->value[i] = 0;
    registers->value[REGS_PC] = place->pc;
    registers->value[REGS_SP] = place->sp;
    registers->value[REGS_FP] = place->fp;
    registers->known =
        (uint64_t)1 << REGS_PC | (uint64_t)1 << REGS_FP |
        (uint64_t)!place_is_low(place) << REGS_SP;
    registers->exact = place->exact;
#ifdef ARCH_WINDOWS
    if (!w->has_window &&
        sigprof__memory_read(&w->memory, place->sp + ARCH_WINDOW_PC,
                             &registers->value[ARCH_WINDOW_LAST]))
        registers->known |= (uint64_t)1 << ARCH_WINDOW_LAST;
#endif
}

static bool is_at(const struct registers *registers, const struct place *place)
{
    return registers->value[REGS_SP] == place->sp &&
           registers->value[REGS_PC] == place->pc;
}

static enum expression_result evaluate(struct walker *w, int32_t offset,
                                       unsigned operands, uintptr_t *result)
{
    struct cfi_state *state = walker_state(w);
    struct dwarf_in in = {state->unit.base, state->unit.end, 0, false};

    dwarf_skip(&in, (uint32_t)offset);
    return sigprof__expression(&in, &state->now, &w->memory, state->operand,
                               operands, result);
}

static enum expression_result frame_address(struct walker *w, uintptr_t *cfa)
{
    struct cfi_state *state = walker_state(w);
    const struct rules_row *row = &state->rules.row;

    if (row->cfa_kind == RULE_IS_EXPRESSION)
        return evaluate(w, row->cfa_value, 0, cfa);
    if (!(state->now.known >> row->cfa_register & 1))
        return EXPRESSION_UNKNOWN;
    *cfa = state->now.value[row->cfa_register] +
           (uintptr_t)(intptr_t)row->cfa_value;
    return EXPRESSION_OK;
}

/* Where a column's value is saved, or what it is: *value. */
static enum expression_result recover(struct walker *w, unsigned column,
                                      uintptr_t cfa, uintptr_t *value)
{
    struct cfi_state *state = walker_state(w);
    int32_t number = state->rules.row.value[column];
    unsigned kind = state->rules.row.kind[column];
    enum expression_result result = EXPRESSION_OK;

    *value = cfa + (uintptr_t)(intptr_t)number;
    if (kind == RULE_UNDEFINED)
        return EXPRESSION_UNKNOWN;
    if (kind == RULE_SAME || kind == RULE_REGISTER) {
        unsigned from = kind == RULE_SAME ? column : (unsigned)number;

        if (from >= RULES_COLUMNS || !(state->now.known >> from & 1))
            return EXPRESSION_UNKNOWN;
        *value = state->now.value[from];
        return EXPRESSION_OK;
    }
    if (kind == RULE_AT_EXPRESSION || kind == RULE_IS_EXPRESSION) {
        state->operand[0] = cfa;
        result = evaluate(w, number, 1, value);
    }
    if (result == EXPRESSION_OK &&
        (kind == RULE_AT || kind == RULE_AT_EXPRESSION) &&
        !sigprof__memory_read(&w->memory, *value, value))
        result = EXPRESSION_BAD;
    if (regs_is_pointer(column) && kind != RULE_IS)
        *value = regs_unbiased(*value);
    return result;
}

/* aarch64's first PLT entry pushes the link register with another word, and jumps
 * to code whose rules call what lay under those the CFA. */
static uintptr_t pushed_by_plt(const struct walker *w)
{
#ifdef ARCH_PLT_PUSHES
    const struct cfi_state *state = walker_state(w);
    unsigned link = state->unit.ra_column;

    if (state->rules.row.kind[link] == RULE_AT &&
        state->rules.row.value[link] >= 0)
        return ARCH_PLT_PUSHES;
#else
    (void)w;
#endif
    return 0;
}

/* Fills in state->next. EXPRESSION_UNKNOWN: one that matters is not known. */
static enum expression_result recover_all(struct walker *w, uintptr_t cfa)
{
    const uint64_t matter = (uint64_t)1 << REGS_FP | (uint64_t)1 << REGS_SP;
    struct registers *next = &walker_state(w)->next;
    const uint8_t *kind = walker_state(w)->rules.row.kind;
    enum expression_result result;

    next->known = 0;
    next->exact = walker_state(w)->unit.signal ||
                  rules_land(&walker_state(w)->rules.row);
    for (unsigned i = 0; i < RULES_COLUMNS; i++) {
        if (i == REGS_PC)
            continue;
        if (i == REGS_SP && kind[i] == RULE_SAME) {
            next->value[i] = cfa - ARCH_CFA_SP + pushed_by_plt(w);
            result = EXPRESSION_OK;
        } else {
            result = recover(w, i, cfa, &next->value[i]);
        }
        if (result == EXPRESSION_OK)
            next->known |= (uint64_t)1 << i;
        else if ((matter >> i & 1) && kind[i] != RULE_UNDEFINED)
            return result;
    }
    result = recover(w, walker_state(w)->unit.ra_column, cfa,
                     &next->value[REGS_PC]);
    if (result == EXPRESSION_OK)
        next->known |= (uint64_t)1 << REGS_PC;
    next->value[REGS_PC] = arch_return_address(next->value[REGS_PC]);
    return result;
}

/* The same where tables are others. found: what came of the usual ones. */
static enum cfi_found find_others(struct walker *w, enum cfi_found found)
{
#ifdef ARCH_EXIDX
    struct cfi_state *state = walker_state(w);
    const struct registers *now = &state->now;
    struct place place = {now->value[REGS_PC], now->value[REGS_SP],
                          now->value[REGS_FP], now->exact,
                          !(now->known >> REGS_SP & 1)};
    uintptr_t status =
        now->exact && (now->known >> REGS_STATUS & 1) ? now->value[REGS_STATUS]
                                                      : 0;
    bool read;

    found = sigprof__exidx_row(w, &place, status, &state->unit,
                               &state->rules.row, &read);
    w->guessed |= found == CFI_FOUND && read;
#else
    (void)w;
#endif
    return found;
}

/* The return address, by that row. */
static bool is_on_top(const struct rules_row *row)
{
    return row->cfa_kind == RULE_REGISTER && row->cfa_register == REGS_SP &&
           row->cfa_value == ARCH_WORD;
}

/* The FDE for the frame in state->now, and its row. */
static enum cfi_found find_rules(struct walker *w)
{
    struct cfi_state *state = walker_state(w);
    struct rules_unit *unit = &state->unit;
    uintptr_t key =
        place_key(state->now.value[REGS_PC], state->now.exact);
    const struct module *module = sigprof__module_find(w->snapshot, key);
    const struct code_entry *code = module ? 0 : sigprof__code_find(key);
    enum cfi_found found = CFI_NO_RULE;

    if (module)
        found = walker_find(w, module->cfi, key);
    else if (!code)
        found = sigprof__cfi_pull(w, key, unit);
    else if (atomic_load_explicit(&code->rule, memory_order_relaxed) ==
             CODE_CFI) /* others' may be given back meanwhile */
        found = walker_find(w, code->by.cfi, key);
    if (found == CFI_FOUND && !sigprof__rules_run(&state->rules, unit, key))
        found = CFI_NO_RULE;
    if (found == CFI_FOUND && is_on_top(&state->rules.row) &&
        sigprof__cfi_hides_push(w, state->now.value[REGS_PC], state->now.exact))
        state->rules.row.cfa_value += ARCH_WORD;
    if (found == CFI_FOUND && sigprof__cfi_hides_frame(w, state->now.value[REGS_PC]))
        found = CFI_NO_RULE;
    return found == CFI_FOUND || code ? found : find_others(w, found);
}

enum { NEEDS_MORE = -100 }; /* beside enum step: needs an unknown register */

/* The caller must lie above, or begin where this one does if its return address
 * is not on the stack, as at longjmp's end; only a signal may have moved to
 * another stack. */
static int check_next(const struct walker *w)
{
    const struct cfi_state *state = walker_state(w);
    const struct rules_unit *unit = &state->unit;
    uintptr_t sp = state->next.value[REGS_SP];
    uintptr_t pc = state->next.value[REGS_PC];
    bool leaves = state->now.exact && sp == state->now.value[REGS_SP] &&
                  state->rules.row.kind[unit->ra_column] != RULE_AT;

    if (sp & (ARCH_STACK_ALIGN - 1) && !unit->signal)
        return FORMAT_END_BAD_ADDRESS;
    if (pc == 0 && sp >= state->now.value[REGS_SP] && !unit->signal)
        return FORMAT_END_COMPLETE; /* also where nothing is on the stack */
    if (!walker_is_above(sp, state->now.value[REGS_SP], state->now.exact) &&
        !leaves && !unit->signal)
        return FORMAT_END_BAD_ADDRESS;
    if (pc < FORMAT_FIRST_PC && !unit->signal)
        return FORMAT_END_BAD_ADDRESS;
    return unit->signal ? STEP_SIGNAL : STEP_ON;
}

/* To the caller, in state->next. A signal may have found any pc, as after a call
 * through a null pointer: one that would be taken for a mark is made another. */
static void take_next(struct walker *w)
{
    struct cfi_state *state = walker_state(w);
    uintptr_t sp = state->next.value[REGS_SP];

    if (state->next.value[REGS_PC] < FORMAT_FIRST_PC)
        state->next.value[REGS_PC] = FORMAT_FIRST_PC;
    registers_copy(&state->now, &state->next);
    if (sigprof__memory_is_outside(&w->memory, sp))
        sigprof__memory_enter(&w->memory, w->memory.walk, sp);
}

/* Where the context has a column; or its stack, whose pointer is in state->next
 * then. */
static uintptr_t interrupted_at(const struct cfi_state *state,
                                uintptr_t ucontext, unsigned column)
{
#ifdef REGS_WINDOW
    if (column - REGS_WINDOW < 16)
        return regs_unbiased(state->next.value[REGS_SP]) +
               ARCH_WORD * (uintptr_t)(column - REGS_WINDOW);
#else
    (void)state;
#endif
    return ucontext + regs_offset(column);
}

/* state->now to the registers that a signal has found, if this is where its
 * handler returned to. The kernel's layout is an ABI; its vDSO's rules are often wrong. */
static NOINLINE int step_trampoline(struct walker *w)
{
    struct cfi_state *state = walker_state(w);
    uintptr_t ucontext = state->now.value[REGS_SP];
    intptr_t at;

    if (!sigprof__cfi_is_trampoline(w, state->now.value[REGS_PC], ucontext, &at))
        return STEP_NO_CFI;
    ucontext += (uintptr_t)at;
    for (unsigned i = 0; i < RULES_COLUMNS; i++)
        if (!sigprof__memory_read(&w->memory, interrupted_at(state, ucontext, i),
                                  &state->next.value[i]))
            return walker_unreadable(w);
    state->next.known = ((uint64_t)1 << RULES_COLUMNS) - 1;
    state->next.exact = true;
    unbias(&state->next);
#ifdef ARCH_WINDOWS
    w->context = ucontext;
#endif
    take_next(w);
    return STEP_SIGNAL;
}

/* Of the end of signal handlers: glibc's tables for SPARC take it for a function. */
#ifdef ARCH_WINDOWS
#define TABLES_SAY_NOTHING true
#else
#define TABLES_SAY_NOTHING false
#endif

/* state->now to its caller's registers. */
static int step_registers(struct walker *w)
{
    struct cfi_state *state = walker_state(w);
    bool found = find_rules(w) == CFI_FOUND;
    uintptr_t cfa = 0;
    enum expression_result result;
    int step;

    if (!found || state->unit.signal || TABLES_SAY_NOTHING) {
        step = step_trampoline(w);
        if (step != STEP_NO_CFI || !found)
            return step;
    }
    if (state->rules.row.kind[state->unit.ra_column] == RULE_UNDEFINED)
        return FORMAT_END_COMPLETE;
    result = frame_address(w, &cfa);
    if (result == EXPRESSION_OK)
        result = recover_all(w, cfa);
    if (result == EXPRESSION_UNKNOWN)
        return NEEDS_MORE;
    if (result == EXPRESSION_BAD)
        return walker_unreadable(w);
    step = check_next(w);
    if (step < 0)
        take_next(w);
    return step;
}

/* Over a frame without CFI in the repeated walk: what a guess does not touch is
 * taken to be kept. */
static NOINLINE int guess_registers(struct walker *w, bool first)
{
    struct registers *now = &walker_state(w)->now;
    struct place place = {now->value[REGS_PC], now->value[REGS_SP],
                          now->value[REGS_FP], now->exact,
                          !(now->known >> REGS_SP & 1)};
    struct guess guess = {.doubts = true};
    int step = sigprof__cfi_guess(w, &place, first, &guess);

    if (step < 0 && step != STEP_NO_CFI) {
        now->value[REGS_PC] = place.pc;
        now->value[REGS_SP] = place.sp;
        now->value[REGS_FP] = place.fp;
        now->exact = place.exact;
        if (place_is_low(&place))
            now->known &= ~((uint64_t)1 << REGS_SP);
    }
    return step;
}

/* Walks from the point to w->at with all registers. */
static NOINLINE bool repeat(struct walker *w)
{
    struct cfi_state *state = walker_state(w);
    bool first = !w->has_point;

    if (w->has_point)
        registers_copy(&state->now, &state->point);
    else
        load(w, &state->now);
    sigprof__memory_enter(&w->memory, w->memory.walk,
                          state->now.value[REGS_SP]);
    while (!is_at(&state->now, &w->at)) {
        int step;

        if (w->steps == 0)
            return false;
        w->steps--;
        step = sigprof__cfi_land(w, step_registers(w));
        if (step == STEP_NO_CFI)
            step = guess_registers(w, first);
        if (step >= 0 || step == NEEDS_MORE || step == STEP_NO_CFI)
            return false;
        first = false;
    }
    return true;
}

/* w->at has been stepped so. context: the latest one before that. */
static void follow_window(struct walker *w, int step, uintptr_t context)
{
#ifdef ARCH_WINDOWS
    if (step == STEP_SIGNAL && w->context != context)
        sigprof__window_begin(w, w->context);
    else if (step == STEP_SIGNAL ||
             walker_state(w)->rules.row.kind[ARCH_WINDOW_LAST] != RULE_SAME)
        w->has_window = false;
#else
    (void)w;
    (void)step;
    (void)context;
#endif
}

#ifdef ARCH_WINDOWS
#define walker_context(w) ((w)->context)
#else
#define walker_context(w) ((uintptr_t)0)
#endif

/* The rule is exact only since the module is new, or the code generated: a usual one
 * is used as such. */
static int step_usual(struct walker *w)
{
#ifdef ARCH_WINDOWS
    struct cfi_state *state = walker_state(w);
    uintptr_t key = place_key(w->at.pc, w->at.exact);
    uint32_t rule;
    intptr_t at;

    if (sigprof__cfi_is_trampoline(w, w->at.pc, w->at.sp, &at))
        return STEP_NO_CFI;
    load_place(w, &state->now);
    if (find_rules(w) == CFI_FOUND && !state->unit.signal) {
        rule = sigprof__pack(&state->rules.row, &state->unit, key);
        rule = sigprof__window_rule(w, key, rule);
        if (PACKED_KIND(rule) == PACKED_FP || PACKED_KIND(rule) == PACKED_SP)
            return sigprof__window_step(w, rule);
    }
#else
    (void)w;
#endif
    return STEP_NO_CFI;
}

int sigprof__cfi_exact(struct walker *w)
{
    struct cfi_state *state = walker_state(w);
    uintptr_t context = walker_context(w);
    bool whole = true;
    int step = step_usual(w);

    if (step != STEP_NO_CFI)
        return step;
    if (w->count == 1 && !w->has_point)
        load(w, &state->now);
    else if (w->has_point && is_at(&state->point, &w->at))
        registers_copy(&state->now, &state->point);
    else
        whole = false;
    if (!whole)
        load_place(w, &state->now);
    step = step_registers(w);
    if (step == NEEDS_MORE && !whole) {
        whole = true;
        step = repeat(w) ? step_registers(w) : FORMAT_END_NO_RULE;
    }
    step = sigprof__cfi_land(w, step);
    if (step == NEEDS_MORE)
        return FORMAT_END_NO_RULE;
    if (step >= 0 || step == STEP_NO_CFI)
        return step;
    if (whole || step == STEP_SIGNAL) {
        registers_copy(&state->point, &state->now);
        w->has_point = true;
    }
    w->at.pc = state->now.value[REGS_PC];
    w->at.sp = state->now.value[REGS_SP];
    w->at.fp = state->now.value[REGS_FP];
    w->at.exact = state->now.exact;
    w->at.low = false;
    follow_window(w, step, context);
    return step;
}
