/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rules for frames of 32-bit arm. Signal-safe.
 *
 * Its unwind tables are made for exceptions: they hold where a function has called
 * another, and compilers write them for few functions of C. For all other code
 * linkers say that an exception ends there (CANTUNWIND), which is no reason for a
 * stack to. So
 *
 *  a caller with a table entry is stepped by it;
 *  a caller without one, by following its code to where it returns (arm-code.c), or,
 *  where that cannot be followed, by the code that has made its frame, further back;
 *  the interrupted frame by its code first, since it may be anywhere in a function;
 *  if that cannot be followed, by its table entry.
 *
 * An answer of the code is believed sooner where a return address is found by it. Where
 * threads begin, no code returns: it ends with exit, or nothing was called there.
 */
#include "unwind/exidx.h"

#include <dlfcn.h>

#include "unwind/exidx_impl.h"
#include "unwind/packed.h"

#define NOINLINE __attribute__((noinline))

#define FOLLOW_COST 4u      /* of them count for a step */
#define BACK_COST 16u       /* ... that count for a step */
#define PULLED_WORDS 32     /* of an entry that no snapshot has yet */

/* ---- Tables --------------------------------------------------------------- */

/* Where the code that a row is for begins. */
static uintptr_t row_begin(const struct module_cfi *cfi, uint32_t index)
{
    const uint32_t *row = cfi->exidx + 2 * (uintptr_t)index;

    return ehabi_prel31((uint32_t)((uintptr_t)row + cfi->exidx_delta), row[0]);
}

/* The last row at or below address; count > 0. */
static uint32_t find_row(const struct module_cfi *cfi, uintptr_t address)
{
    uint32_t low = 0, high = cfi->exidx_count;

    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;

        if (row_begin(cfi, middle) <= address)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static enum ehabi_result run_entry(const uint32_t *word, unsigned words,
                                   struct arm_frame *frame)
{
    unsigned first, bytes;
    enum ehabi_result result =
        sigprof__ehabi_find(word, words, &first, &bytes);

    return result == EHABI_OK ? sigprof__ehabi_run(word, first, bytes, frame)
                              : result;
}

static enum ehabi_result look_up(const struct module_cfi *cfi,
                                 uintptr_t address, struct question *q,
                                 struct arm_frame *frame)
{
    const uint32_t *row;
    uintptr_t at, entry;
    uint32_t index;

    if (!cfi || !cfi->exidx)
        return EHABI_BAD;
    index = find_row(cfi, address);
    row = cfi->exidx + 2 * (uintptr_t)index;
    at = (uintptr_t)row + cfi->exidx_delta;
    if (address < row_begin(cfi, index))
        return EHABI_BAD;
    q->row_low = row_begin(cfi, index);
    if (index + 1 < cfi->exidx_count)
        q->row_high = row_begin(cfi, index + 1);
    if (row[1] == EHABI_CANTUNWIND || (row[1] & 0x80000000))
        return run_entry(&row[1], 1, frame);
    entry = ehabi_prel31((uint32_t)at + 4, row[1]);
    if (entry < cfi->exidx_low || entry >= cfi->exidx_high || entry % 4 != 0)
        return EHABI_BAD;
    return run_entry((const uint32_t *)(entry - cfi->exidx_delta),
                     (unsigned)((cfi->exidx_high - entry) / 4), frame);
}

/* ---- Tables of an object that no snapshot has yet -------------------------- */

#if defined DLFO_EH_SEGMENT_TYPE && DLFO_STRUCT_HAS_EH_COUNT

typedef int find_object(void *pc, struct dl_find_object *result);

static bool read_row(struct walker *w, uintptr_t rows, uint32_t index,
                     uint32_t row[2])
{
    return sigprof__memory_copy(&w->memory, rows + 8 * (uintptr_t)index, row, 8);
}

static NOINLINE enum ehabi_result search_rows(struct walker *w, uintptr_t rows,
                                              uint32_t count, uintptr_t address,
                                              struct arm_frame *frame)
{
    uint32_t *words = /* code is read there later */
        (uint32_t *)(void *)((struct search *)(void *)walker_state(w)->pulled)
            ->code;
    uint32_t row[2], low = 0, high = count;

    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;

        if (!read_row(w, rows, middle, row))
            return EHABI_BAD;
        if (ehabi_prel31((uint32_t)rows + 8 * middle, row[0]) <= address)
            low = middle;
        else
            high = middle;
    }
    if (!read_row(w, rows, low, row) ||
        address < ehabi_prel31((uint32_t)rows + 8 * low, row[0]))
        return EHABI_BAD;
    if (row[1] == EHABI_CANTUNWIND || (row[1] & 0x80000000))
        return run_entry(&row[1], 1, frame);
    if (!sigprof__memory_copy(&w->memory,
                              ehabi_prel31((uint32_t)rows + 8 * low + 4, row[1]),
                              words, PULLED_WORDS * sizeof *words))
        return EHABI_BAD;
    return run_entry(words, PULLED_WORDS, frame);
}

/* false: there is no such object. */
static NOINLINE bool pull(struct walker *w, uintptr_t address,
                          struct arm_frame *frame, enum ehabi_result *result)
{
    find_object *find = (find_object *)sigprof__cfi_find_object;
    struct dl_find_object found;

    if (!find || !w->memory.walk->may_call_system ||
        w->memory.pages_left == 0 || find((void *)address, &found) != 0)
        return false;
    *result = EHABI_BAD;
    if (found.dlfo_eh_frame && found.dlfo_eh_count > 0)
        *result = search_rows(w, (uintptr_t)found.dlfo_eh_frame,
                              (uint32_t)found.dlfo_eh_count, address, frame);
    return true;
}

#else /* another C library: what is new is followed by its code */

static bool pull(struct walker *w, uintptr_t address, struct arm_frame *frame,
                 enum ehabi_result *result)
{
    (void)frame;
    *result = EHABI_BAD;
    return w->memory.walk->may_call_system && address != 0;
}

#endif

/* ---- Which of them --------------------------------------------------------- */

/* Is the code Thumb? The status register says so of what was interrupted; if it is not
 * at hand, what called says so, or where the frame is made. */
static bool is_thumb(struct walker *w, const struct place *place,
                     uintptr_t status)
{
    uint8_t code[4];

    if (place->pc & 2)
        return true;
    if (place->exact)
        return (status & REGS_STATUS_MODE) == REGS_STATUS_USER
                   ? (status & REGS_STATUS_THUMB) != 0
                   : true;
    return !sigprof__cfi_read_code(w, place->pc - 4, code, sizeof code) ||
           is_thumb_call(code) || !is_arm_call(code);
}

/* Nothing can have called from there: makecontext puts such an address at the bottom
 * of a stack. */
static bool is_put_there(struct walker *w, const struct place *place)
{
    uint8_t code[4];

    if (place->exact ||
        !sigprof__cfi_read_code(w, place->pc - 4, code, sizeof code))
        return false;
    return (!is_thumb_call(code) && !is_arm_call(code)) ||
           is_behind_nop(place->pc, code);
}

#define START_BYTES 64 /* from there to _start's call of main's caller: at most 44 */

/* Is the call one of a program's first function? That begins with fp and lr set to 0;
 * behind its last call lies data, which looks like code. */
static bool is_start(struct walker *w, const struct place *place)
{
    uint8_t *code = ((struct search *)(void *)walker_state(w)->pulled)->code;

    if (place->exact ||
        !sigprof__cfi_read_code(w, place->pc - START_BYTES, code, START_BYTES))
        return false;
    for (unsigned i = 0; i + 8 <= START_BYTES; i += 2) {
        uint32_t fp = half_of(code + i) | half_of(code + i + 2) << 16;
        uint32_t lr = half_of(code + i + 4) | half_of(code + i + 6) << 16;

        if ((fp == 0x0b00f04f && lr == 0x0e00f04f) || /* Thumb */
            (fp == 0xe3a0b000 && lr == 0xe3a0e000))
            return true;
    }
    return false;
}

static void charge(struct walker *w, const struct question *q)
{
    walker_charge(w, (FOLLOW_MAX - q->left) / FOLLOW_COST +
                         (BACK_MAX - q->back_left) / BACK_COST);
}

/* What has no caller: nobody may have said anything of it. */
static void be_no_frame(struct arm_frame *frame)
{
    frame->base = ARM_SP;
    frame->saved = 0;
    frame->cfa = 0;
}

static void fill_row(const struct arm_frame *frame, bool root,
                     struct rules_unit *unit, struct rules_row *row)
{
    for (unsigned i = 0; i < RULES_COLUMNS; i++) {
        bool saved = i < ARM_REGISTERS && (frame->saved >> i & 1);

        row->kind[i] = saved ? RULE_AT : RULE_SAME;
        row->value[i] = saved ? frame->at[i] : 0;
    }
    row->kind[REGS_STATUS] = RULE_UNDEFINED;
    if (root)
        row->kind[REGS_LINK] = RULE_UNDEFINED;
    row->cfa_kind = RULE_REGISTER;
    row->cfa_register = frame->base;
    row->cfa_value = frame->cfa;
    unit->base = unit->end = 0;
    unit->ra_column = REGS_LINK;
    unit->signal = false;
}

enum cfi_found sigprof__exidx_row(struct walker *w, const struct place *place,
                                  uintptr_t status, struct rules_unit *unit,
                                  struct rules_row *row, bool *read)
{
    uintptr_t key = place_key(place->pc, place->exact);
    const struct module *module = sigprof__module_find(w->snapshot, key);
    struct search *search = (struct search *)(void *)walker_state(w)->pulled;
    struct question q;
    struct arm_frame *frame;
    enum ehabi_result result = EHABI_BAD;
    bool root = false;
    intptr_t at;

    *read = false;
    q.place = place; /* one by one: no call of memset */
    q.search = search;
    q.low = q.high = 0;
    q.link = q.row_low = q.row_high = 0;
    q.left = FOLLOW_MAX;
    q.back_left = BACK_MAX;
    q.pending = q.seen = 0;
    q.pulled = !module;
    q.ends = q.entered = q.doubtful = false;
    if (sigprof__cfi_is_trampoline(w, place->pc, module ? 0 : place->sp, &at))
        return CFI_NO_RULE;
    if (module)
        result = look_up(module->cfi, key, &q, &search->table);
    else if (!pull(w, key, &search->table, &result))
        return CFI_NO_MODULE;
    root = is_put_there(w, place) || (result != EHABI_OK && is_start(w, place));
    if (!root && (result != EHABI_OK || place->exact)) {
        q.thumb = is_thumb(w, place, status);
        if (w->count == 1 && place->exact)
            q.link = regs_get(w->memory.walk->ucontext, REGS_LINK);
        *read = sigprof__exidx_read_code(w, &q, result == EHABI_OK, &root) == CFI_FOUND;
        charge(w, &q);
        if (!*read && result != EHABI_OK)
            return CFI_NO_RULE;
    }
    frame = *read ? &search->frame : &search->table;
    if (root)
        be_no_frame(frame);
    fill_row(frame, root, unit, row);
    /* Where the two say the same, it is no guess. */
    *read &= result != EHABI_OK;
    return CFI_FOUND;
}

/* ---- For the walk ----------------------------------------------------------- */

static uintptr_t status_at(const struct walker *w)
{
    const struct registers *point = &walker_state(w)->point;

    if (w->count == 1)
        return regs_get(w->memory.walk->ucontext, REGS_STATUS);
    if (w->has_point && point->value[REGS_PC] == w->at.pc &&
        point->value[REGS_SP] == w->at.sp)
        return point->value[REGS_STATUS];
    return 0;
}

uint32_t sigprof__exidx_rule(struct walker *w)
{
    struct rules_unit *unit = &walker_state(w)->unit;
    struct rules_row *row = &walker_state(w)->rules.row;
    uint32_t rule;
    bool read;

    if (sigprof__exidx_row(w, &w->at, w->at.exact ? status_at(w) : 0, unit, row,
                           &read) != CFI_FOUND)
        return PACKED_NONE;
    rule = sigprof__pack(row, unit, w->at.pc);
    if (read && PACKED_KIND(rule) == PACKED_SP)
        rule += PACKED_SP_READ - PACKED_SP;
    else if (read && PACKED_KIND(rule) == PACKED_FP)
        rule += PACKED_FP_READ - PACKED_FP;
    return rule;
}
