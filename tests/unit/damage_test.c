/* SPDX-License-Identifier: BSD-2-Clause */
/* Walks of damaged stacks. */
#include "unwind/unwind.h"

#include <sys/mman.h>

#include "modules.h"
#include "support/registers.h"
#include "support/walk.h"
#include "unwind/walker.h"

static struct unwind_walk walk;

static uint64_t next_random(void)
{
    static uint64_t state = 88172645463325252u;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* A pc of real code, and a stack of words that look like addresses. */
static void damage(void *context, uintptr_t *words, unsigned count)
{
    const struct module_snapshot *snapshot = sigprof__modules();

    for (unsigned i = 0; i < count; i++) {
        const struct module *module =
            &snapshot->module[next_random() % snapshot->count];

        switch (next_random() % 4) {
        case 0:
            words[i] = (uintptr_t)next_random();
            break;
        case 1:
            words[i] = (uintptr_t)&words[next_random() % count];
            break;
        default:
            words[i] = module->low +
                       (uintptr_t)next_random() % (module->high - module->low);
        }
    }
    for (unsigned i = 0; i < REGS_COUNT; i++)
        test_register(context, i, words[next_random() % count]);
    test_register(context, REGS_PC, words[0]);
    test_register(context, REGS_SP, (uintptr_t)&words[next_random() % count]);
    if (next_random() % 8 == 0)
        test_register(context, REGS_SP, (uintptr_t)next_random());
    if (next_random() % 2)
        test_register(context, REGS_FP,
                      (uintptr_t)&words[next_random() % count]);
}

static void no_damaged_stack_makes_a_walk_fault_or_run_on(void)
{
    enum { WORDS = 2048 };
    uintptr_t *words = mmap(NULL, WORDS * sizeof *words, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    static struct regs_made context;
    unsigned ends[16] = {0};
    int rounds = test_is_long() ? 200000 : 20000;

    CHECK(words != MAP_FAILED);
    test_walk_make(&walk, 64);
    walk.ucontext = &context.context;
    walk.thread.low = (uintptr_t)words;
    walk.thread.high = (uintptr_t)(words + WORDS);
    for (int i = 0; i < rounds; i++) {
        damage(&context.context, words, WORDS);
        walk.may_call_system = i % 16 == 0;
        sigprof__unwind_cfi(&walk);
        CHECK(test_walk_count(&walk) >= 1 && test_walk_count(&walk) <= 65);
        CHECK_EQ(test_walk_pc(&walk, 0), regs_pc(&context.context) < FORMAT_FIRST_PC
                                             ? FORMAT_FIRST_PC
                                             : regs_pc(&context.context));
        ends[walk.stack->end & FORMAT_END_REASON_MASK]++;
        sigprof__unwind_fp(&walk);
        CHECK(test_walk_count(&walk) <= 65);
    }
    CHECK(ends[FORMAT_END_BAD_ADDRESS] > 0);
#ifndef ARCH_WINDOWS /* where frames need none */
    CHECK(ends[FORMAT_END_NO_RULE] > 0);
#endif
    CHECK(ends[FORMAT_END_FOREIGN_STACK] > 0);
    munmap(words, WORDS * sizeof *words);
    test_walk_drop(&walk);
}

int main(void)
{
    CHECK_EQ(sigprof__modules_refresh(), 0);
    RUN(no_damaged_stack_makes_a_walk_fault_or_run_on);
    return 0;
}
