/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames of 32-bit arm by their code: by following it to a return, or, where that leads
 * nowhere, by what has made the frame. Signal-safe.
 */
#include "unwind/exidx_impl.h"

#define NOINLINE __attribute__((noinline))

#define END_MAX 16          /* ... from a thread's first call to its end */
#define BACK_BYTES 16384u   /* nearly all functions are shorter */
#define MAKING_BYTES 256u   /* within which a frame is made */
#define BACK_TRIES 16
#define ARGUMENTS_BYTES 8u
#define STRAIGHT_BYTES 64u  /* from where a frame is begun, without a branch */
#define ALL_BYTES 60        /* of all registers up to lr, */
#define ALL_PUSHES 4        /* ... which are pushed in parts */

/* How sure an answer is. */
enum answer { ANSWER_NONE, ANSWER_LEAVES, ANSWER_SURE };

/* Does a return address, with the bit for Thumb, follow a call? Or is it where a
 * handler returns to, with that sp, or where a stack of makecontext ends? */
static bool returns_to(struct walker *w, const struct question *q,
                       uintptr_t word, uintptr_t sp)
{
    uintptr_t pc = word & ~(uintptr_t)1;
    uint8_t code[4];
    intptr_t at;

    if (pc < FORMAT_FIRST_PC || ((word & 1) == 0 && (word & 2) != 0))
        return false;
    if (sigprof__cfi_is_trampoline(w, pc, sp, &at))
        return true;
    if ((!q->pulled && !sigprof__module_find(w->snapshot, pc)) ||
        !sigprof__cfi_read_code(w, pc - sizeof code, code, sizeof code))
        return false;
    return word & 1 ? is_thumb_call(code)
                    : is_arm_call(code) || is_behind_nop(pc, code);
}

static const uint8_t *code_at(struct walker *w, struct question *q,
                              uintptr_t at, bool backwards)
{
    if (at - q->low >= q->high - q->low) {
        q->low = backwards ? at + 4 - CHUNK_BYTES : at;
        q->high = q->low + CHUNK_BYTES;
        if (!sigprof__cfi_read_code(w, q->low, q->search->code,
                                    CHUNK_BYTES + ARM_CODE_BYTES)) {
            q->low = q->high = 0;
            return 0;
        }
    }
    return q->search->code + (at - q->low);
}

/* Is a return address where the frame says? Other bases than those that a walk
 * carries are not asked. */
static bool is_confirmed(struct walker *w, const struct question *q,
                         const struct arm_frame *frame)
{
    uintptr_t cfa = frame->base == REGS_SP ? q->place->sp : q->place->fp;
    uintptr_t word;

    if (!(frame->saved >> ARM_LR & 1))
        return q->link &&
               returns_to(w, q, q->link, cfa + (uintptr_t)(intptr_t)frame->cfa);
    if ((frame->base != REGS_SP && frame->base != REGS_FP) ||
        (frame->base == REGS_SP && place_is_low(q->place)))
        return true;
    cfa += (uintptr_t)(intptr_t)frame->cfa;
    return cfa > q->place->sp &&
           sigprof__memory_read(
               &w->memory, cfa + (uintptr_t)(intptr_t)frame->at[ARM_LR],
               &word) &&
           returns_to(w, q, word, cfa);
}

/* ---- Following code ------------------------------------------------------ */

/* Not by "=", which becomes a call of memcpy. */
static void copy_words(void *to, const void *from, unsigned bytes)
{
    const volatile uint32_t *word = (const volatile uint32_t *)from;
    uint32_t *out = (uint32_t *)to;

    for (unsigned i = 0; i < bytes / sizeof *out; i++)
        out[i] = word[i];
}

static void code_copy(struct arm_code *to, const struct arm_code *from)
{
    _Static_assert(sizeof *to % sizeof(uint32_t) == 0, "copied in words");
    copy_words(to, from, sizeof *to);
}

/* Has a jump led there before? It has now. */
static bool is_seen(struct question *q, uint32_t target)
{
    unsigned count = q->seen < SEEN ? q->seen : SEEN;

    for (unsigned i = 0; i < count; i++)
        if (q->search->seen[i] == target)
            return true;
    q->search->seen[q->seen++ % SEEN] = target;
    return false;
}

/* A branch that may be taken, if the way on leads nowhere. */
static void remember(struct question *q)
{
    struct search *search = q->search;

    if (is_seen(q, search->now.target))
        return;
    if (q->pending == PENDING) {
        for (unsigned i = 1; i < PENDING; i++)
            code_copy(&search->pending[i - 1], &search->pending[i]);
        q->pending--;
    }
    code_copy(&search->pending[q->pending], &search->now);
    search->pending[q->pending].pc = search->now.target;
    search->pending[q->pending++].it = 0;
}

/* A table of jumps: one of them is as good as the others. */
static bool enter_table(struct walker *w, struct question *q)
{
    struct arm_code *now = &q->search->now;
    const uint8_t *entry = code_at(w, q, now->target, false);

    if (!entry)
        return false;
    now->pc = now->target + 2 * (now->span == 1 ? entry[0] : half_of(entry));
    return true;
}

/* Has the link register been popped, so that a jump is the last call? */
static bool is_restored(const struct arm_code *code)
{
    return code->holds[ARM_LR] == ARM_LOADED &&
           code->value[ARM_LR] < code->sp;
}

/*
 * The function only begins: it has just saved the link register, which nothing has
 * changed since place. sp: what it was before. That is its frame, if it does not return.
 * Arguments may have been put on the stack in front of that.
 */
static void enter(struct walker *w, struct question *q, int32_t sp)
{
    struct arm_frame *frame = &q->search->entered;
    uint8_t code[2];

    q->entered = q->search->now.base == ARM_SP;
    frame->base = ARM_SP;
    frame->saved = 0;
    frame->cfa = sp > 0 ? sp : 0;
    for (unsigned i = 0; i < ARM_REGISTERS; i++)
        frame->at[i] = 0;
    if (sp == 0 && q->thumb &&
        sigprof__cfi_read_code(w, q->place->pc - 2, code, sizeof code) &&
        (half_of(code) & 0xfff0) == 0xb400)
        frame->cfa = 4 * (int32_t)arm_count(half_of(code) & 15);
}

/* One way from search->now on, to its end. */
static enum answer follow_way(struct walker *w, struct question *q,
                              struct arm_frame *frame)
{
    struct arm_code *now = &q->search->now;
    unsigned taken = 0;

    while (q->left > 0) {
        const uint8_t *bytes = code_at(w, q, now->pc, false);
        int32_t sp = now->sp;
        enum arm_flow flow =
            bytes ? sigprof__arm_code_take(now, bytes) : ARM_FAILS;

        q->left--;
        taken++;
        if (!q->entered && (now->put >> ARM_LR & 1))
            enter(w, q, sp);
        if (flow == ARM_JUMPS && is_restored(now))
            flow = ARM_LEAVES;
        switch (flow) {
        case ARM_GOES_ON:
            break;
        case ARM_BRANCHES:
            remember(q);
            break;
        case ARM_JUMPS:
            if (is_seen(q, now->target))
                return ANSWER_NONE;
            now->pc = now->target;
            break;
        case ARM_TABLE:
            if (!enter_table(w, q))
                return ANSWER_NONE;
            break;
        case ARM_RETURNS:
            return sigprof__arm_code_frame(now, frame) ? ANSWER_SURE
                                                       : ANSWER_NONE;
        case ARM_LEAVES:
            if (!sigprof__arm_code_frame(now, frame))
                return ANSWER_NONE;
            return is_restored(now) ? ANSWER_SURE : ANSWER_LEAVES;
        case ARM_ENDS:
            q->ends |= taken <= END_MAX;
            return ANSWER_NONE;
        default:
            return ANSWER_NONE;
        }
    }
    return ANSWER_NONE;
}

/* The ways from place on, until one gives a frame that is confirmed: search->frame, or
 * else the first that was not. */
static NOINLINE enum answer follow(struct walker *w, struct question *q)
{
    struct search *search = q->search;
    struct arm_frame *found = &search->found;
    enum answer best = ANSWER_NONE;

    sigprof__arm_code_begin(&search->now, (uint32_t)q->place->pc, q->thumb,
                            q->place->exact);
    for (;;) {
        enum answer answer = follow_way(w, q, found);
        bool confirmed = answer != ANSWER_NONE && is_confirmed(w, q, found);

        if (answer > best || (answer == best && confirmed && q->doubtful)) {
            best = answer;
            copy_words(&search->frame, found, sizeof *found);
            q->doubtful = !confirmed;
        }
        if ((best == ANSWER_SURE && !q->doubtful) || q->pending == 0)
            return best;
        code_copy(&search->now, &search->pending[--q->pending]);
    }
}

/* ---- What has made the frame --------------------------------------------- */

/* From there or, close before, where arguments were put on the stack. */
static uintptr_t with_arguments(struct walker *w, struct question *q,
                                uintptr_t begin)
{
    unsigned unit = q->thumb ? 2 : 4;

    for (uintptr_t at = begin - unit; begin - at <= ARGUMENTS_BYTES;
         at -= unit) {
        const uint8_t *code = code_at(w, q, at, true);

        if (code &&
            sigprof__arm_code_sign(code, q->thumb) == ARM_SIGN_ARGUMENTS)
            return at;
    }
    return begin;
}

/* Back from pc to where a frame is begun; 0: nowhere near, or behind a return, if
 * those are not passed. */
static NOINLINE uintptr_t find_begin(struct walker *w, struct question *q,
                                     uintptr_t pc, uintptr_t bytes, bool passes)
{
    unsigned unit = q->thumb ? 2 : 4;

    for (uintptr_t at = pc - unit;
         pc - at <= bytes && at >= q->row_low && q->back_left > 0;
         at -= unit, q->back_left--) {
        const uint8_t *code = code_at(w, q, at, true);
        enum arm_sign sign = code ? sigprof__arm_code_sign(code, q->thumb)
                                  : ARM_SIGN_RETURNS;

        if (sign == ARM_SIGN_BEGINS)
            return at;
        if (!code || (sign == ARM_SIGN_RETURNS && !passes))
            return 0;
    }
    return 0;
}

/* straight: it has to lead from begin to the place without a branch. */
static bool read_making(struct walker *w, struct question *q, uintptr_t begin,
                        bool straight, struct arm_frame *frame)
{
    struct arm_code *now = &q->search->now;
    enum arm_flow flow = ARM_GOES_ON;

    begin = with_arguments(w, q, begin);
    sigprof__arm_code_begin(now, (uint32_t)begin, q->thumb, true);
    while (flow == ARM_GOES_ON && now->pc < q->place->pc &&
           now->pc - begin < MAKING_BYTES &&
           now->holds[ARM_LR] != ARM_LOST) { /* it has called */
        const uint8_t *code = code_at(w, q, now->pc, false);

        flow = code ? sigprof__arm_code_take(now, code) : ARM_FAILS;
    }
    return sigprof__arm_code_made(now, frame) &&
           (!straight || (flow == ARM_GOES_ON && now->pc == q->place->pc));
}

/* Is the place so near behind where its frame is begun that there is no doubt? */
static NOINLINE bool look_straight_back(struct walker *w, struct question *q)
{
    uintptr_t begin =
        find_begin(w, q, q->place->pc, STRAIGHT_BYTES, false);

    return begin && read_making(w, q, begin, true, &q->search->frame) &&
           is_confirmed(w, q, &q->search->frame);
}

/* search->back. */
static NOINLINE bool look_back(struct walker *w, struct question *q)
{
    struct arm_frame *frame = &q->search->back;
    uintptr_t begin = q->place->pc;

    for (unsigned i = 0; i < BACK_TRIES; i++) {
        begin = find_begin(w, q, begin, BACK_BYTES, true);
        if (begin == 0)
            return false;
        if (read_making(w, q, begin, false, frame) && is_confirmed(w, q, frame))
            return true;
    }
    return false;
}

/* From there or, right before, where sp is moved to a register that can be pushed. */
static uintptr_t with_sp_kept(struct walker *w, struct question *q,
                              uintptr_t begin)
{
    unsigned unit = q->thumb ? 2 : 4;
    const uint8_t *code = code_at(w, q, begin - unit, true);
    bool kept = code && half_of(code) == (q->thumb ? 0x46ecu : 0xc00du) &&
                (q->thumb || half_of(code + 2) == 0xe1a0);

    return kept ? begin - unit : begin; /* mov ip, sp */
}

/*
 * Where all registers have been saved, it is for somebody to change them: the frame
 * returns to whom they say. The way to its end does not tell of sp's place.
 */
static NOINLINE void take_all(struct walker *w, struct question *q)
{
    struct arm_frame *frame = &q->search->frame;
    const struct arm_code *now = &q->search->now;
    uintptr_t begin = q->place->pc;
    bool all = false;

    if (frame->base != ARM_SP || frame->cfa < ALL_BYTES)
        return;
    for (unsigned i = 0; i < ALL_PUSHES && !all; i++) {
        begin = find_begin(w, q, begin, STRAIGHT_BYTES, true);
        if (begin == 0)
            return;
        all = read_making(w, q, with_sp_kept(w, q, begin), true,
                          &q->search->back) &&
              q->search->back.cfa == frame->cfa &&
              sigprof__arm_code_saves_all(now);
    }
    for (unsigned i = 4; all && i <= ARM_SP; i++) {
        if (!(now->put >> i & 1))
            continue;
        frame->saved |= (uint16_t)(1u << i);
        frame->at[i] = now->put_at[i];
    }
}

/*
 * Has the function called, and kept its return address nowhere? libstdc++'s
 * __cxa_end_cleanup for arm does so, which never returns. Only where tables say where it
 * begins can that be told.
 */
static NOINLINE bool has_lost_link(struct walker *w, struct question *q)
{
    struct arm_code *now = &q->search->now;
    enum arm_flow flow = ARM_GOES_ON;

    if (q->place->exact || q->row_low == 0 ||
        q->place->pc - q->row_low > STRAIGHT_BYTES)
        return false;
    sigprof__arm_code_begin(now, (uint32_t)q->row_low, q->thumb, true);
    while (flow == ARM_GOES_ON && now->pc < q->place->pc) {
        const uint8_t *code = code_at(w, q, now->pc, false);

        flow = code ? sigprof__arm_code_take(now, code) : ARM_FAILS;
    }
    return flow == ARM_GOES_ON && now->pc == q->place->pc &&
           now->holds[ARM_LR] == ARM_LOST && !(now->put >> ARM_LR & 1);
}

/* search->frame: the return address would be in the link register (lost.c). */
static void be_lost(struct question *q)
{
    struct arm_frame *frame = &q->search->frame;

    frame->base = ARM_SP;
    frame->saved = 0;
    frame->cfa = -q->search->now.sp;
    for (unsigned i = 0; i < ARM_REGISTERS; i++)
        frame->at[i] = 0;
}

/* ---- Which of them -------------------------------------------------------- */

/* Is the link register of a call that this very function has made? Then none is begun
 * between that and the place. */
static bool is_own_link(struct walker *w, struct question *q)
{
    uintptr_t link = q->link & ~(uintptr_t)1;
    uintptr_t pc = q->place->pc;
    uintptr_t low = link < pc ? link : pc;
    uintptr_t high = link < pc ? pc : link;

    return high - low <= BACK_BYTES &&
           find_begin(w, q, high, high - low, true) == 0;
}

enum cfi_found sigprof__exidx_read_code(struct walker *w, struct question *q,
                                        bool has_table, bool *root)
{
    enum answer answer;

    if (q->place->exact && look_straight_back(w, q))
        return CFI_FOUND;
    answer = q->place->pc == q->row_high ? ANSWER_NONE : follow(w, q);
    if (answer == ANSWER_SURE && !q->doubtful) {
        take_all(w, q);
        return CFI_FOUND;
    }
    if (!q->ends && has_lost_link(w, q)) {
        be_lost(q);
        return CFI_FOUND;
    }
    if (q->entered && is_confirmed(w, q, &q->search->entered)) {
        copy_words(&q->search->frame, &q->search->entered,
                   sizeof q->search->entered);
        return CFI_FOUND;
    }
    if (has_table)
        return CFI_NO_RULE;
    /* The last call of a function; or a jump in one, whose own call the link
     * register is of. */
    if (answer == ANSWER_LEAVES && is_own_link(w, q))
        answer = ANSWER_NONE;
    if (answer == ANSWER_LEAVES && !q->doubtful)
        return CFI_FOUND;
    *root = sigprof__cfi_begins_program(w, q->place->sp);
    if (*root)
        return CFI_FOUND;
    if (look_back(w, q)) {
        copy_words(&q->search->frame, &q->search->back,
                   sizeof q->search->back);
        return CFI_FOUND;
    }
    *root = answer == ANSWER_NONE && q->ends;
    return *root || answer != ANSWER_NONE ? CFI_FOUND : CFI_NO_RULE;
}
