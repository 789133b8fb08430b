/* SPDX-License-Identifier: BSD-2-Clause */
#include "step-judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/os.h"
#include "os/regs.h"
#include "step-names.h"

#define DEPTH 512
#define FRAMES (DEPTH + 8)
#define ROWS_MAX 64
#define CAUSES_MAX 4096
#define PENDING_MAX 4096
#define PENDING_STEPS 4000 /* from the tables' saying so to the landing */
#define NO_PAIR UINT32_MAX

struct pair {
    uint64_t key; /* 0: empty */
    uint16_t row;
    uint8_t wrong[JUDGE_ENGINES];  /* answers; 255: that or more */
    uint16_t cause[JUDGE_ENGINES]; /* of the first wrong one */
};

struct row {
    const char *name;
    unsigned long steps, pairs;
};

/* Where the first wrong step of a walk began, and what came of it. */
struct cause {
    uintptr_t pc;
    uint8_t engine;
    uint8_t how; /* enum how */
    uint8_t end; /* of the walk */
    bool first;  /* the frame was the interrupted one */
    struct step_place place;
    unsigned long pairs;
};

enum how { HOW_WRONG_CALLER, HOW_ENDS_EARLY };

/* An answer that is wrong unless a jump proves it right. */
struct pending {
    uint32_t pair;
    uint8_t engine;
    unsigned long step;
    unsigned right; /* frames that were, from the leaf */
    unsigned count;
    unsigned truth_count;
    uintptr_t frame[FRAMES];
    uintptr_t truth[FRAMES]; /* as it was then */
};

static struct {
    judge_call *call;
    struct unwind_walk walk[JUDGE_ENGINES];
    struct unwind_stack stack[JUDGE_ENGINES];
    bool has[JUDGE_ENGINES];
    struct pair *pair;
    uint32_t pair_mask;
    unsigned long pairs, pairs_max, not_kept;
    unsigned long steps, frames, shared, guessed;
    struct row row[ROWS_MAX];
    unsigned rows;
    struct cause cause[CAUSES_MAX];
    unsigned causes;
    struct pending pending[PENDING_MAX];
    unsigned next_pending;
} judge;

static unwind_engine *const engines[JUDGE_ENGINES] = {
    sigprof__unwind_cfi, sigprof__unwind_libunwind, sigprof__unwind_fp};
static const char *const engine_names[JUDGE_ENGINES] = {"cfi", "libunwind",
                                                        "fp"};

static void *zeroed(size_t count, size_t size)
{
    void *memory = calloc(count, size);

    if (!memory) {
        fprintf(stderr, "no memory for the oracle\n");
        exit(1);
    }
    return memory;
}

static void open_engine(unsigned engine)
{
    struct unwind_stack *stack = &judge.stack[engine];
    struct unwind_walk *walk = &judge.walk[engine];

    stack->depth = DEPTH;
    stack->capacity = FRAMES;
    stack->top = FRAMES;
    stack->frame = zeroed(FRAMES, sizeof *stack->frame);
    stack->fresh = zeroed(FRAMES, sizeof *stack->fresh);
    stack->window = zeroed(1, sizeof *stack->window);
    walk->stack = stack;
    walk->may_call_system = true;
    if (sigprof__os_stack_main(&walk->thread.low, &walk->thread.high) != 0)
        abort();
}

void judge_open(judge_call *call, unsigned pairs_max)
{
    uint32_t slots = 1;

    while (slots < pairs_max + pairs_max / 2)
        slots *= 2;
    judge.call = call;
    judge.pairs_max = pairs_max;
    judge.pair_mask = slots - 1;
    judge.pair = zeroed(slots, sizeof *judge.pair);
    for (unsigned engine = 0; engine < JUDGE_ENGINES; engine++) {
        open_engine(engine);
        judge.has[engine] = true;
    }
    judge.has[JUDGE_LIBUNWIND] = sigprof__unwind_libunwind_load() == 0;
}

void judge_row(const char *name)
{
    if (judge.rows == ROWS_MAX)
        abort();
    judge.row[judge.rows++].name = name;
    judge.next_pending = 0;
}

/* ---- One answer -------------------------------------------------------- */

/* The frames of the engine's answer, leaf first, with marks of signals but not of
 * guesses: a guess that is right is right. */
static unsigned answer_of(const struct unwind_stack *stack, uintptr_t *frame)
{
    unsigned count = 0;

    for (uint32_t at = stack->top; at < stack->capacity; at++) {
        if (stack->frame[at].pc != FORMAT_MARK_GUESS)
            frame[count++] = stack->frame[at].pc;
    }
    return count;
}

/* The same of the truth, from pc on. */
static unsigned truth_of(const struct shadow *shadow, uintptr_t *frame)
{
    unsigned depth = shadow_depth(shadow);
    unsigned count = 0;

    frame[count++] = shadow->pc;
    for (unsigned i = 0; i < depth && count + 2 <= FRAMES; i++) {
        bool signal;
        uintptr_t pc = shadow_frame(shadow, i, &signal);

        if (signal)
            frame[count++] = FORMAT_MARK_SIGNAL;
        frame[count++] = pc;
    }
    return count;
}

static unsigned count_equal(const uintptr_t *a, unsigned a_count,
                            const uintptr_t *b, unsigned b_count)
{
    unsigned i = 0;

    while (i < a_count && i < b_count && a[i] == b[i])
        i++;
    return i;
}

static unsigned find_cause(const struct cause *wanted)
{
    for (unsigned i = 1; i < judge.causes; i++) {
        const struct cause *cause = &judge.cause[i];

        if (cause->pc == wanted->pc && cause->engine == wanted->engine &&
            cause->how == wanted->how && cause->end == wanted->end)
            return i;
    }
    return 0;
}

/* Number 0 stands for those beyond the table. */
static uint16_t cause_of(unsigned engine, const uintptr_t *truth,
                         unsigned right, unsigned answered)
{
    struct cause cause = {.engine = (uint8_t)engine};
    unsigned found;

    /* fp is wrong nearly everywhere. */
    if (engine != JUDGE_FP)
        cause.pc = right > 0 ? truth[right - 1] : truth[0];
    cause.first = right <= 1;
    cause.end = judge.stack[engine].end & FORMAT_END_REASON_MASK;
    cause.how = right == answered ? HOW_ENDS_EARLY : HOW_WRONG_CALLER;
    found = find_cause(&cause);
    if (found || judge.causes == CAUSES_MAX)
        return (uint16_t)found;
    if (judge.causes == 0)
        judge.causes = 1;
    if (cause.pc)
        cause.place = step_place(cause.pc);
    judge.cause[judge.causes] = cause;
    return (uint16_t)judge.causes++;
}

static void wait_for_jump(uint32_t pair, unsigned engine, unsigned right,
                          const uintptr_t *frame, unsigned count,
                          const uintptr_t *truth, unsigned truth_count)
{
    struct pending *pending =
        &judge.pending[judge.next_pending++ % PENDING_MAX];

    pending->pair = pair;
    pending->engine = (uint8_t)engine;
    pending->step = judge.steps;
    pending->right = right;
    pending->count = count;
    pending->truth_count = truth_count;
    memcpy(pending->frame, frame, count * sizeof *frame);
    memcpy(pending->truth, truth, truth_count * sizeof *truth);
}

/* Is the engine's whole stack the true one? If not, the pair is wrong for now. */
static void ask(unsigned engine, uint32_t at, const uintptr_t *truth,
                unsigned truth_count, const void *ucontext)
{
    static uintptr_t frame[FRAMES];
    const struct unwind_stack *stack = &judge.stack[engine];
    struct pair *pair = &judge.pair[at];
    unsigned count, right;

    judge.walk[engine].ucontext = ucontext;
    judge.call(engines[engine], &judge.walk[engine]);
    count = answer_of(stack, frame);
    right = count_equal(frame, count, truth, truth_count);
    if (right == count && right == truth_count &&
        (stack->end & FORMAT_END_REASON_MASK) == FORMAT_END_COMPLETE)
        return;
    if (pair->wrong[engine] == 0)
        pair->cause[engine] = cause_of(engine, truth, right, count);
    if (pair->wrong[engine] < 255)
        pair->wrong[engine]++;
    if (engine != JUDGE_FP)
        wait_for_jump(at, engine, right, frame, count, truth, truth_count);
}

/*
 * Did the answer have the program where it has landed now? What it had left by
 * then is missing from it; of those frames, some on the leaf's side are right.
 * The frame of the landing may still be at its call.
 */
static bool has_landed(const struct pending *pending, const uintptr_t *truth,
                       unsigned truth_count)
{
    unsigned before = pending->count - truth_count;
    uintptr_t call;

    if (pending->count <= truth_count || pending->truth_count < truth_count ||
        before > pending->right)
        return false;
    call = pending->truth[pending->truth_count - truth_count];
    return (pending->frame[before] == truth[0] ||
            pending->frame[before] == call) &&
           memcmp(&pending->frame[before + 1], &truth[1],
                  (truth_count - 1) * sizeof *truth) == 0;
}

/* The program has landed: answers that had it there already were right. */
static void settle(const uintptr_t *truth, unsigned truth_count)
{
    unsigned kept = judge.next_pending < PENDING_MAX ? judge.next_pending
                                                      : PENDING_MAX;

    for (unsigned i = 0; i < kept; i++) {
        struct pending *pending = &judge.pending[i];
        struct pair *pair;

        if (pending->pair == NO_PAIR ||
            judge.steps - pending->step > PENDING_STEPS ||
            !has_landed(pending, truth, truth_count))
            continue;
        pair = &judge.pair[pending->pair];
        if (pair->wrong[pending->engine] < 255)
            pair->wrong[pending->engine]--;
        pending->pair = NO_PAIR;
    }
}

/* ---- Pairs ------------------------------------------------------------- */

/* The pair's slot, a new one maybe; NO_PAIR: there is no room. */
static uint32_t find_pair(uint64_t key, bool *is_new)
{
    uint32_t at = (uint32_t)(key >> 32) & judge.pair_mask;

    key |= key == 0;
    while (judge.pair[at].key != 0 && judge.pair[at].key != key)
        at = (at + 1) & judge.pair_mask;
    *is_new = judge.pair[at].key == 0;
    if (*is_new && judge.pairs == judge.pairs_max)
        return NO_PAIR;
    if (*is_new) {
        judge.pair[at].key = key;
        judge.pair[at].row = (uint16_t)(judge.rows - 1);
        judge.row[judge.rows - 1].pairs++;
        judge.pairs++;
    }
    return at;
}

void judge_at(const struct shadow *shadow, const void *ucontext)
{
    static uintptr_t truth[FRAMES];
    unsigned truth_count = truth_of(shadow, truth);
    bool is_new;
    uint32_t at = find_pair(shadow_hash(shadow), &is_new);

    judge.steps++;
    judge.row[judge.rows - 1].steps++;
    if (shadow->jumped)
        settle(truth, truth_count);
    if (at == NO_PAIR) {
        judge.not_kept++;
        return;
    }
    ask(JUDGE_CFI, at, truth, truth_count, ucontext);
    judge.frames += FRAMES - judge.stack[JUDGE_CFI].top;
    judge.shared += judge.stack[JUDGE_CFI].shared;
    judge.guessed += (judge.stack[JUDGE_CFI].end & FORMAT_END_GUESSED) != 0;
    for (unsigned engine = JUDGE_CFI + 1; is_new && engine < JUDGE_ENGINES;
         engine++) {
        if (judge.has[engine])
            ask(engine, at, truth, truth_count, ucontext);
    }
}

/* ---- Report ------------------------------------------------------------ */

unsigned long judge_steps(void)
{
    return judge.steps;
}

unsigned long judge_pairs(void)
{
    return judge.pairs;
}

static void count_wrong(unsigned long wrong[ROWS_MAX][JUDGE_ENGINES])
{
    memset(wrong, 0, ROWS_MAX * sizeof *wrong);
    for (uint32_t at = 0; at <= judge.pair_mask; at++) {
        const struct pair *pair = &judge.pair[at];

        for (unsigned engine = 0; engine < JUDGE_ENGINES; engine++) {
            if (pair->key == 0 || pair->wrong[engine] == 0)
                continue;
            wrong[pair->row][engine]++;
            judge.cause[pair->cause[engine]].pairs++;
        }
    }
}

static void print_row(const struct row *row, const unsigned long *wrong)
{
    printf("%-16s %10lu %9lu", row->name, row->steps, row->pairs);
    for (unsigned engine = 0; engine < JUDGE_ENGINES; engine++) {
        unsigned long right = row->pairs - wrong[engine];

        if (judge.has[engine])
            printf(" %10.3f", 100.0 * (double)right / (double)row->pairs);
        else
            printf(" %10s", "-");
    }
    printf(" %7lu\n", wrong[JUDGE_CFI]);
}

static int by_pairs(const void *a, const void *b)
{
    const struct cause *left = a, *right = b;

    if (left->engine != right->engine)
        return left->engine - right->engine;
    return (left->pairs < right->pairs) - (left->pairs > right->pairs);
}

static void print_causes(unsigned engine, unsigned most)
{
    static const char *const ends[] = {"complete", "too deep", "no rule",
                                       "bad address", "foreign stack"};

    for (unsigned i = 0; i < judge.causes && most > 0; i++) {
        const struct cause *cause = &judge.cause[i];
        char name[160];

        if (cause->engine != engine || cause->pairs == 0)
            continue;
        if (cause->pc)
            step_name(&cause->place, name, sizeof name);
        else
            snprintf(name, sizeof name, "code");
        printf("  %-9s %6lu  %s %s: %s, end: %s\n", engine_names[engine],
               cause->pairs, cause->first ? "at" : "above", name,
               cause->how == HOW_ENDS_EARLY ? "ends early" : "wrong caller",
               cause->end < 5 ? ends[cause->end] : "?");
        most--;
    }
}

static bool is_enough(const char *name, unsigned long wrong,
                      unsigned long pairs, unsigned per_million)
{
    if (wrong * UINT64_C(1000000) <=
        (1000000 - per_million) * (uint64_t)pairs)
        return true;
    printf("FAIL: %s: %lu of %lu pairs are wrong\n", name, wrong, pairs);
    return false;
}

bool judge_report(unsigned row_per_million, unsigned per_million, bool all)
{
    static unsigned long wrong[ROWS_MAX][JUDGE_ENGINES];
    unsigned long total[JUDGE_ENGINES] = {0};
    struct row sum = {.name = "all"};
    bool passes = true;

    count_wrong(wrong);
    printf("%-16s %10s %9s %10s %10s %10s %7s\n", "workload", "steps", "pairs",
           "cfi %", "libunwind %", "fp %", "wrong");
    for (unsigned i = 0; i < judge.rows; i++) {
        const struct row *row = &judge.row[i];

        if (row->pairs == 0)
            continue;
        print_row(row, wrong[i]);
        sum.steps += row->steps;
        sum.pairs += row->pairs;
        for (unsigned engine = 0; engine < JUDGE_ENGINES; engine++)
            total[engine] += wrong[i][engine];
        passes &= is_enough(row->name, wrong[i][JUDGE_CFI], row->pairs,
                            row_per_million);
    }
    print_row(&sum, total);
    passes &= is_enough(sum.name, total[JUDGE_CFI], sum.pairs, per_million);
    printf("%.1f frames a walk, %.1f %% of them as in the walk before; %lu "
           "walks with a guess; %lu steps beyond the room for pairs\n",
           (double)judge.frames / (double)judge.steps,
           100.0 * (double)judge.shared / (double)judge.frames, judge.guessed,
           judge.not_kept);
    qsort(judge.cause, judge.causes, sizeof *judge.cause, by_pairs);
    for (unsigned engine = 0; engine < JUDGE_ENGINES; engine++)
        print_causes(engine, engine == JUDGE_CFI || all ? CAUSES_MAX : 8);
    return passes;
}
