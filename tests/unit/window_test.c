/* SPDX-License-Identifier: BSD-2-Clause */
/* Windows of registers: what instructions tell of them, what tables do, and a thread
 * that sleeps, of which only pc and sp are known. signal.step does the rest. */
#include <pthread.h>
#include <unistd.h>

#include "arch/arch.h"
#include "modules.h"
#include "os/regs.h"
#include "support/walk.h"
#include "unwind/packed.h"
#include "unwind/walker.h"
#include "unwind/window.h"

#define NOINLINE __attribute__((noinline))

/* As GNU as writes them. */
static void an_instruction_tells_of_its_window(void)
{
    static const struct {
        uint32_t word;
        enum arch_window told;
    } known[] = {
        {0x9de3bf50, ARCH_WINDOW_SAVE},    /* save %sp, -176, %sp */
        {0x9de00001, ARCH_WINDOW_SAVE},    /* save %g0, %g1, %sp */
        {0x81e80000, ARCH_WINDOW_OWN},     /* restore */
        {0x81c7e008, ARCH_WINDOW_OWN},     /* ret */
        {0x81cfe008, ARCH_WINDOW_OWN},     /* return %i7 + 8 */
        {0xb0060001, ARCH_WINDOW_OWN},     /* add %i0, %g1, %i0 */
        {0xc2072040, ARCH_WINDOW_OWN},     /* ld [%i4 + 0x40], %g1 */
        {0x81c3e008, ARCH_WINDOW_LEAF},    /* retl */
        {0x9fc04000, ARCH_WINDOW_CALL},    /* call %g1 */
        {0x9fc60000, ARCH_WINDOW_CALL},    /* call %i0 */
        {0x40000002, ARCH_WINDOW_CALL},    /* call .+8 */
        {0x30800002, ARCH_WINDOW_BRANCH},  /* ba,a .+8 */
        {0x10680004, ARCH_WINDOW_BRANCH},  /* ba,pt %xcc, .+16 */
        {0x12800002, ARCH_WINDOW_FORK},    /* bne .+8 */
        {0x02ca0002, ARCH_WINDOW_FORK},    /* brz,pt %o0, .+8 */
        {0x11800002, ARCH_WINDOW_FORK},    /* fba .+8 */
        {0x81c04000, ARCH_WINDOW_UNKNOWN}, /* jmp %g1 */
        {0x00000000, ARCH_WINDOW_UNKNOWN}, /* illtrap 0 */
        {0x01000000, ARCH_WINDOW_SILENT},  /* nop */
        {0x9e100001, ARCH_WINDOW_SILENT},  /* mov %g1, %o7 */
        {0x9c03bf50, ARCH_WINDOW_SILENT},  /* add %sp, -176, %sp */
        {0xa744c000, ARCH_WINDOW_SILENT},  /* rd %gsr, %l3 */
        {0xe1180000, ARCH_WINDOW_SILENT},  /* ldd [%g0], %f16 */
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (arch_window_told(known[i].word) != known[i].told)
            FAIL("%08x tells %d, want %d", (unsigned)known[i].word,
                 (int)arch_window_told(known[i].word), (int)known[i].told);
    CHECK_EQ(arch_branch_target(0x30800002, 0x1000), 0x1008);
    CHECK_EQ(arch_branch_target(0x306ffffc, 0x1000), 0xff0);
    CHECK_EQ(arch_branch_target(0x02ca0002, 0x1000), 0x1008);
    CHECK_EQ(arch_branch_target(0x02f23ffe, 0x1000), 0xff8);
    CHECK_EQ((uintptr_t)arch_sp_change(0x9c03bf50), (uintptr_t)-176);
    CHECK_EQ(arch_sp_change(0x9c23bf50), 176);
    CHECK_EQ(arch_puts_link_back(0x9e100005), 5);
}

__asm__(".text\n"
        "forks:\n" /* leaves, that take 192 bytes of stack back */
        "    bne 1f\n"
        "    add %sp, 192, %sp\n"
        "    retl\n"
        "    nop\n"
        "1:  retl\n"
        "    nop\n"
        "forks_annulled:\n"
        "    bne,a 1f\n"
        "    add %sp, 96, %sp\n"
        "    retl\n"
        "    add %sp, 192, %sp\n"
        "1:  retl\n"
        "    add %sp, 96, %sp\n"
        "goes_on:\n"
        "    ba,a 1f\n"
        "    restore\n"
        "1:  retl\n"
        "    add %sp, 192, %sp\n");
extern const char forks[], forks_annulled[], goes_on[];

static void a_delay_is_done_once_or_not_at_all(void)
{
    static struct walker w;
    const char *const codes[] = {forks, forks_annulled, goes_on};

    w.snapshot = sigprof__modules();
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        w.steps = UNWIND_STEPS_MAX;
        CHECK_EQ(sigprof__window_rule(&w, (uintptr_t)codes[i], PACKED_NONE),
                 PACKED_SP_READ + 192 / 8 * PACKED_CFA_WORD);
    }
}

/* ---- A thread that sleeps ------------------------------------------------ */

static int ends[2];
static uintptr_t sleeper[2]; /* pc, sp */
static volatile int sink;

/* All windows but that of the save go to the stack. */
static NOINLINE int sleep_here(void)
{
    char byte;

    __asm__ volatile("save %%sp, -176, %%sp\n"
                     "flushw\n"
                     "restore\n"
                     "rd %%pc, %0\n"
                     "mov %%sp, %1"
                     : "=r"(sleeper[0]), "=r"(sleeper[1])
                     :
                     : "memory");
    CHECK(write(ends[1], "", 1) == 1);
    return (int)read(ends[0], &byte, 1) + byte;
}

static NOINLINE int sleep_below(int depth)
{
    sink = depth ? sleep_below(depth - 1) : sleep_here();
    return sink;
}

static void *sleep_in_thread(void *arg)
{
    sleep_below(3);
    return arg;
}

static bool is_in(uintptr_t pc, uintptr_t function)
{
    return pc > function && pc - function < 256;
}

static void check_sleeper(struct unwind_walk *walk, uintptr_t sp)
{
    static struct regs_made made;

    regs_asleep(&made, sleeper[0], sp);
    walk->ucontext = &made.context;
    sigprof__unwind_cfi(walk);
    CHECK_EQ(walk->stack->end & FORMAT_END_REASON_MASK, FORMAT_END_COMPLETE);
    CHECK_EQ(test_walk_pc(walk, 0), sleeper[0]);
    for (uint32_t i = 1; i < 5; i++)
        CHECK(is_in(test_walk_pc(walk, i), (uintptr_t)sleep_below));
    CHECK(is_in(test_walk_pc(walk, 5), (uintptr_t)sleep_in_thread));
    CHECK(test_walk_count(walk) > 6);
}

static void a_sleeper_s_windows_are_on_its_stack(void)
{
    struct unwind_walk walk;
    pthread_t thread;
    int there[2], back[2];
    char byte;

    CHECK(pipe(there) == 0 && pipe(back) == 0);
    ends[0] = there[0];
    ends[1] = back[1];
    CHECK(pthread_create(&thread, NULL, sleep_in_thread, NULL) == 0);
    CHECK(read(back[0], &byte, 1) == 1);
    test_walk_make(&walk, 64);
    check_sleeper(&walk, sleeper[1]); /* with its bias */
    check_sleeper(&walk, sleeper[1] + REGS_BIAS);
    test_walk_drop(&walk);
    CHECK(write(there[1], "", 1) == 1);
    CHECK(pthread_join(thread, NULL) == 0);
}

/* ---- Tables -------------------------------------------------------------- */

static void a_save_in_tables_is_a_rule_for_all_registers(void)
{
    static struct rules rules;
    uintptr_t function = (uintptr_t)sleep_here;
    const struct module *module =
        sigprof__module_find(sigprof__modules(), function);
    struct rules_unit unit;
    const struct rules_row *row = &rules.row;

    CHECK(module);
    CHECK_EQ(sigprof__cfi_find(module->cfi, function, &unit), CFI_FOUND);
    CHECK(sigprof__rules_run(&rules, &unit, function));
    CHECK_EQ(row->cfa_register, REGS_SP);
    CHECK_EQ(row->cfa_value, 0);
    CHECK_EQ(sigprof__pack(row, &unit, function), PACKED_SP);
    CHECK_EQ(sigprof__brief(&unit, function), PACKED_SP);
    CHECK(sigprof__rules_run(&rules, &unit, function + 4));
    CHECK_EQ(row->cfa_register, REGS_FP);
    CHECK_EQ(row->cfa_value, 0);
    for (unsigned i = 8; i < 16; i++) {
        CHECK_EQ(row->kind[i], i == REGS_SP ? RULE_SAME : RULE_REGISTER);
        CHECK_EQ(row->value[i], i == REGS_SP ? 0 : i + 16);
    }
    for (unsigned i = 16; i < 32; i++) {
        CHECK_EQ(row->kind[i], RULE_AT);
        CHECK_EQ(row->value[i], 8 * (i - 16));
    }
    CHECK_EQ(sigprof__pack(row, &unit, function + 4), PACKED_FP);
    CHECK_EQ(sigprof__brief(&unit, function + 4), PACKED_FP);
}

int main(void)
{
    CHECK(sigprof__modules_refresh() == 0);
    RUN(an_instruction_tells_of_its_window);
    RUN(a_delay_is_done_once_or_not_at_all);
    RUN(a_sleeper_s_windows_are_on_its_stack);
    RUN(a_save_in_tables_is_a_rule_for_all_registers);
    return 0;
}
