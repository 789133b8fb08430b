/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Steps over windows of registers. Signal-safe.
 *
 * Theory. A function that has called another has a window (arch/sparcv9.h): its fp is
 * its caller's sp, and its return address is a word of its window, which lies at its
 * own sp once windows are flushed. So frames above the interrupted one need no tables
 * at all, and compilers for C write none.
 *
 * An interrupted function may have its caller's window, as before its save, after its
 * restore, or for good. If tables do not say, its code does: it is followed from
 * where it was stopped to its next save, return or restore. In the delay of a
 * jump it goes on where npc says.
 *
 * The interrupted code's window is in its context: the kernel has put it on the stack
 * too, but qemu-user has not. As long as walker_has_window(), the frame that
 * the walk is at has that window.
 */
#include "unwind/window.h"

#define NOINLINE __attribute__((noinline))

#define FORWARD_MAX 512 /* instructions to a return: few need ten */
#define BACK_MAX 4096   /* ... back to a save */
#define WAYS_MAX 8      /* of branches, to be followed later */
#define LOOK_STEPS 16   /* instructions that count as a step of the walk */
#define NOP 0x01000000
#define LINK REGS_LINK
#define RETURN ARCH_WINDOW_LAST

/* What has been found out of the function. */
struct found {
    bool own;      /* it has a window of its own */
    unsigned link; /* else: in which register its return address is, */
    int sp_change; /* ... and what it will have added to sp by its return */
};

static bool read_word(struct walker *w, uintptr_t at, uint32_t *word)
{
    uint8_t code[4];

    if (!sigprof__cfi_read_code(w, at, code, sizeof code))
        return false;
    *word = arch_word(code);
    return true;
}

/* Does the call say that it calls nothing but "where am I", which returns at once? */
static bool calls_thunk(struct walker *w, uint32_t call, uintptr_t at)
{
    uintptr_t target =
        at + (uintptr_t)((intptr_t)(int32_t)(call << 2) >> 2) * 4;
    uint32_t word;

    return call >> 30 == 1 && read_word(w, target, &word) &&
           (target == at + 8 || arch_window_told(word) == ARCH_WINDOW_LEAF);
}

/* Behind a call at at: what does the code in its delay say? */
static bool told_by_delay(uint32_t delay, struct found *found)
{
    if (arch_is_restore(delay)) {
        found->own = true;
        return true;
    }
    if (!arch_puts_link_back(delay))
        return false;
    found->own = false;
    return true;
}

/* Back from pc: is there a save, or a use of the window, and no return between, nor
 * another stub of a PLT? What is done in a return's delay is the return's. */
static NOINLINE bool follows_save(struct walker *w, uintptr_t pc)
{
    bool own = false;
    uint32_t word;

    walker_charge(w, BACK_MAX / LOOK_STEPS);
    for (unsigned i = 1; i <= BACK_MAX; i++) {
        if (!read_word(w, pc - 4 * (uintptr_t)i, &word) || arch_ends(word) ||
            arch_ends_stub(word))
            return false;
        if (own || arch_window_told(word) == ARCH_WINDOW_SAVE)
            return true;
        own = arch_window_told(word) == ARCH_WINDOW_OWN;
    }
    return false;
}

/* Where a branch may go that has not been followed yet, and the change of sp there. */
struct ways {
    uintptr_t at[WAYS_MAX];
    int sp_change[WAYS_MAX];
    unsigned count;
    uintptr_t back[WAYS_MAX]; /* targets of those that go back */
    unsigned back_count;
};

/* Where a branch at at leads; 0: it has gone there before. */
static uintptr_t go_back(struct ways *ways, uintptr_t at, uintptr_t target)
{
    if (target > at)
        return target;
    for (unsigned i = 0; i < ways->back_count; i++)
        if (ways->back[i] == target)
            return 0;
    if (ways->back_count == WAYS_MAX)
        return 0;
    ways->back[ways->back_count++] = target;
    return target;
}

static void add_way(struct ways *ways, uintptr_t at, int sp_change)
{
    if (ways->count == WAYS_MAX)
        return;
    ways->at[ways->count] = at;
    ways->sp_change[ways->count++] = sp_change;
}

/* Takes the latest. false: there is none left. */
static bool take_way(struct ways *ways, uintptr_t *at, int *sp_change)
{
    if (ways->count == 0)
        return false;
    *at = ways->at[--ways->count];
    *sp_change = ways->sp_change[ways->count];
    return true;
}

/* What the instruction at *at tells, with that in its delay; then *found has it. false:
 * nothing, and *at becomes the next one; or 0, if nobody knows where that is. */
static bool look_at(struct walker *w, uintptr_t *at, struct ways *ways,
                    struct found *found)
{
    uint32_t word, delay;
    enum arch_window told;

    if (!read_word(w, *at, &word) || !read_word(w, *at + 4, &delay)) {
        *at = 0;
        return false;
    }
    told = arch_window_told(word);
    if (told == ARCH_WINDOW_BRANCH && arch_annuls(word))
        delay = NOP;
    found->own = told == ARCH_WINDOW_OWN ||
                 (told != ARCH_WINDOW_SILENT && told != ARCH_WINDOW_SAVE &&
                  arch_is_restore(delay));
    if (found->own || told == ARCH_WINDOW_SAVE)
        return true;
    if (told == ARCH_WINDOW_CALL && told_by_delay(delay, found))
        return true;
    if (told == ARCH_WINDOW_CALL && !calls_thunk(w, word, *at)) {
        found->own = true;
        return true;
    }
    if (told == ARCH_WINDOW_SILENT && arch_puts_link_back(word))
        found->link = arch_puts_link_back(word);
    if (told == ARCH_WINDOW_FORK)
        add_way(ways, arch_branch_target(word, *at),
                found->sp_change + arch_sp_change(delay));
    if (told == ARCH_WINDOW_FORK || told == ARCH_WINDOW_CALL) {
        *at += told == ARCH_WINDOW_FORK && arch_annuls(word) ? 8 : 4;
        return false; /* the delay comes next */
    }
    found->sp_change +=
        arch_sp_change(told == ARCH_WINDOW_SILENT ? word : delay);
    if (told == ARCH_WINDOW_BRANCH) {
        *at = go_back(ways, *at, arch_branch_target(word, *at));
    } else {
        *at = told == ARCH_WINDOW_UNKNOWN ? 0 : *at + 4;
    }
    return told == ARCH_WINDOW_LEAF;
}

/* From at, which is executed next. */
static NOINLINE void follow(struct walker *w, uintptr_t at, struct found *found)
{
    struct ways ways;
    uintptr_t from = at;

    ways.count = 0;
    ways.back_count = 0;
    for (unsigned i = 0; i < FORWARD_MAX; i++) {
        if (i % LOOK_STEPS == 0)
            walker_charge(w, 1);
        if (look_at(w, &at, &ways, found))
            return;
        if (at == 0 && !take_way(&ways, &at, &found->sp_change))
            break;
    }
    found->own = follows_save(w, from);
}

uint32_t sigprof__window_rule(struct walker *w, uintptr_t key, uint32_t rule)
{
    struct found found = {false, LINK, 0};

    if (rule != PACKED_NONE && !packed_may_lie(rule))
        return rule;
    if (key & 3) /* of a return address */
        return PACKED_FP;
    follow(w, key, &found);
    if (found.own)
        return PACKED_FP_READ;
    if (rule != PACKED_NONE)
        return rule;
    if (found.link != LINK || found.sp_change < 0 ||
        found.sp_change / ARCH_WORD > PACKED_CFA_MAX)
        return PACKED_NONE;
    return PACKED_SP_READ | (uint32_t)(found.sp_change / ARCH_WORD) << 3;
}

/* ---- Delays ------------------------------------------------------------ */

/* Is the interrupted code what is done in the delay of a jump? Then that is at
 * pc - 4, and *next is where it goes. */
static bool is_delay(struct walker *w, uintptr_t *next)
{
    uintptr_t word;

    if (!w->at.exact || !sigprof__window_register(w, REGS_NEXT_PC, &word) ||
        word == w->at.pc + 4)
        return false;
    *next = word;
    return true;
}

/* What the delay tells of the window. false: nothing; the code at *next does. */
static NOINLINE bool look_at_delay(struct walker *w, struct found *found,
                                   uintptr_t *next)
{
    uint32_t jump, word;

    if (!read_word(w, w->at.pc - 4, &jump) || !read_word(w, w->at.pc, &word))
        return false;
    found->own = true;
    switch (arch_window_told(jump)) {
    case ARCH_WINDOW_OWN: /* return has changed windows, ret will not */
        found->own = !arch_is_return(jump);
        return true;
    case ARCH_WINDOW_LEAF:
        found->own = false;
        found->sp_change = arch_sp_change(word);
        return true;
    case ARCH_WINDOW_CALL:
        if (arch_puts_link_back(word))
            found->link = arch_puts_link_back(word);
        if (told_by_delay(word, found) || !calls_thunk(w, jump, w->at.pc - 4))
            return true;
        *next = w->at.pc + 4;
        return false;
    default:
        found->sp_change = arch_sp_change(word);
        return arch_is_restore(word);
    }
}

/* ---- Steps ------------------------------------------------------------- */

bool sigprof__window_register(struct walker *w, unsigned column,
                              uintptr_t *value)
{
    bool windowed = column - ARCH_WINDOW_FIRST <= RETURN - ARCH_WINDOW_FIRST;
    uintptr_t at = w->context + regs_offset(column);

#ifdef REGS_WINDOW
    if (!windowed)
#endif
    {
        if (w->context)
            return sigprof__memory_read(&w->memory, at, value);
        *value = regs_get(w->memory.walk->ucontext, column);
        if (*value != REGS_NOT_KNOWN)
            return true;
    }
    /* Also of a thread that sleeps. */
    at = w->context_sp + ARCH_WORD * (uintptr_t)(column - ARCH_WINDOW_FIRST);
    return windowed && sigprof__memory_read(&w->memory, at, value);
}

void sigprof__window_begin(struct walker *w, uintptr_t context)
{
    uintptr_t fp;

    w->has_window = true;
    w->context = context;
    w->context_sp = w->at.sp;
    if (sigprof__window_register(w, REGS_FP, &fp))
        w->at.fp = regs_unbiased(fp);
}

/* The place's caller has its window. */
static int step_leaf(struct walker *w, const struct found *found)
{
    uintptr_t pc;

    if (!w->has_window || !sigprof__window_register(w, found->link, &pc))
        return FORMAT_END_BAD_ADDRESS;
    pc = arch_return_address(pc);
    if (pc < FORMAT_FIRST_PC)
        return pc == 0 ? FORMAT_END_COMPLETE : FORMAT_END_BAD_ADDRESS;
    w->at.pc = pc;
    w->at.sp += (uintptr_t)(intptr_t)found->sp_change;
    w->at.exact = false;
    return STEP_ON;
}

/* A frame pointer of 0: the stack begins here. */
static int end_here(struct walker *w)
{
    if (!w->has_window) {
        w->last->ra_at = ARCH_WINDOW_FP;
        w->last->flags |= FRAME_ROOT;
    }
    return FORMAT_END_COMPLETE;
}

static int step_own(struct walker *w)
{
    uintptr_t sp = w->at.fp;
    uintptr_t pc_at = w->at.sp + ARCH_WINDOW_PC;
    intptr_t ra_at = (intptr_t)(pc_at - sp);
    uintptr_t fp, pc;

    if (sp == 0)
        return end_here(w);
    if (sp <= w->at.sp || (sp & (ARCH_STACK_ALIGN - 1)) != 0)
        return FORMAT_END_BAD_ADDRESS;
    if (!(w->has_window ? sigprof__window_register(w, RETURN, &pc)
                        : sigprof__memory_read(&w->memory, pc_at, &pc)))
        return walker_unreadable(w);
    pc = arch_return_address(pc);
    if (pc < FORMAT_FIRST_PC)
        return pc == 0 ? FORMAT_END_COMPLETE : FORMAT_END_BAD_ADDRESS;
    if (sigprof__memory_is_outside(&w->memory, sp)) {
        sigprof__memory_enter(&w->memory, w->memory.walk, sp);
        sigprof__memo_other_stack(w);
    }
    if (!sigprof__memory_read(&w->memory, sp + ARCH_WINDOW_FP, &fp))
        return walker_unreadable(w);
    if (!w->has_window && ra_at == (int16_t)ra_at) {
        w->last->ra_at = (int16_t)ra_at;
        w->last->fp_at = ARCH_WINDOW_FP;
        walker_note_step(w, true, true);
    }
    w->has_window = false;
    w->at.pc = pc;
    w->at.sp = sp;
    w->at.fp = regs_unbiased(fp);
    w->at.exact = false;
    return STEP_ON;
}

int sigprof__window_step(struct walker *w, uint32_t rule)
{
    struct found found = {.own = PACKED_KIND(rule) == PACKED_FP,
                          .link = LINK,
                          .sp_change = (int)PACKED_CFA(rule)};
    struct found told = found;
    uintptr_t next;

    if (is_delay(w, &next) && look_at_delay(w, &told, &next)) {
        found.own = told.own;
        found.link = told.link;
    }
    return found.own ? step_own(w) : step_leaf(w, &found);
}

int sigprof__window_guess(struct walker *w)
{
    struct found found = {.own = true, .link = LINK, .sp_change = 0};
    uintptr_t next = w->at.pc;
    uint32_t word;

    if (w->at.exact && !read_word(w, w->at.pc, &word)) {
        int step;

        found.own = false; /* called what is no code */
        step = step_leaf(w, &found);
        return step == STEP_ON ? STEP_GUESSED : step;
    }

    if (w->at.exact &&
        !(is_delay(w, &next) && look_at_delay(w, &found, &next)))
        follow(w, next, &found);
    return found.own ? step_own(w) : step_leaf(w, &found);
}

int sigprof__window_read(struct walker *w, uint32_t rule)
{
    uintptr_t next;

    return is_delay(w, &next) ? sigprof__window_guess(w)
                              : sigprof__window_step(w, rule);
}
