/* SPDX-License-Identifier: BSD-2-Clause */
/* unwind/memory.h: what is read how, and what is refused. */
#include "unwind/memory.h"

#include "arch/arch.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <ucontext.h>

#include "os/os.h"
#include "os/regs.h"
#include "support/walk.h"
#include "unwind/cfi.h"

#define PAGE 4096u

static struct regs_made made;
#define context made.context
static struct unwind_walk walk;
static struct memory memory;
static unsigned char *pages; /* 128, readable */

static void begin(uintptr_t sp)
{
    sigprof__memory_begin(&memory, &walk, sp);
}

static uintptr_t at(unsigned offset)
{
    return (uintptr_t)pages + offset;
}

static void a_word_on_the_known_stack_is_a_plain_load(void)
{
    uintptr_t word = 0;

    walk.thread.low = at(0);
    walk.thread.high = at(PAGE);
    walk.may_call_system = false;
    begin(at(1024));
    *(uintptr_t *)(void *)(pages + 2048) = 77;
    CHECK(sigprof__memory_read(&memory, at(2048), &word));
    CHECK_EQ(word, 77);
    CHECK_EQ(memory.pages_left, MEMORY_PAGES_MAX);
}

static void the_alternate_signal_stack_is_known(void)
{
    uintptr_t word = 0;

    context.REGS_STACK.ss_sp = pages + 2 * PAGE;
    context.REGS_STACK.ss_size = PAGE;
    begin(at(2 * PAGE + 512));
    *(uintptr_t *)(void *)(pages + 3 * PAGE - 8) = 78;
    CHECK(sigprof__memory_read(&memory, at(3 * PAGE - 8), &word));
    CHECK_EQ(word, 78);
    CHECK(!sigprof__memory_read(&memory, at(3 * PAGE), &word));
    begin(at(3 * PAGE)); /* behind it, so on another stack */
    CHECK(!sigprof__memory_read(&memory, at(3 * PAGE - 8), &word));
    context.REGS_STACK.ss_size = 0;
}

static void the_red_zone_below_sp_is_read_and_no_more(void)
{
    uintptr_t word;

    begin(at(1024));
    CHECK(sigprof__memory_read(&memory, at(1024 - ARCH_RED_ZONE), &word));
    CHECK(!sigprof__memory_read(&memory, at(1024 - ARCH_RED_ZONE - 8), &word));
    begin(at(ARCH_RED_ZONE / 2)); /* the stack ends before the red zone does */
    CHECK(sigprof__memory_read(&memory, at(0), &word));
    CHECK(!sigprof__memory_read(&memory, at(0) - 8, &word));
}

static void the_end_of_the_stack_is_not_read_past(void)
{
    uintptr_t word;

    begin(at(1024));
    CHECK(sigprof__memory_read(&memory, at(PAGE - 8), &word));
    CHECK(!sigprof__memory_read(&memory, at(PAGE), &word));
    CHECK(!sigprof__memory_read(&memory, ~(uintptr_t)7, &word));
    CHECK(!sigprof__memory_read(&memory, 0, &word));
}

static void an_unaligned_word_is_refused(void)
{
    uintptr_t word;

    begin(at(1024));
    for (unsigned i = 1; i < sizeof word; i++)
        CHECK(!sigprof__memory_read(&memory, at(2048 + i), &word));
    walk.may_call_system = true;
    CHECK(!sigprof__memory_read(&memory, at(3 * PAGE + 2), &word));
    walk.may_call_system = false;
}

static void a_declared_stack_is_found_among_others(void)
{
    struct unwind_ranges *ranges =
        malloc(sizeof *ranges + 3 * sizeof *ranges->range);
    uintptr_t word;

    CHECK(ranges);
    ranges->count = 3;
    for (unsigned i = 0; i < 3; i++) {
        ranges->range[i].low = at((2 + 2 * i) * PAGE);
        ranges->range[i].high = at((3 + 2 * i) * PAGE);
    }
    walk.declared = ranges;
    for (unsigned i = 0; i < 3; i++) {
        begin(at((2 + 2 * i) * PAGE));
        CHECK(sigprof__memory_read(&memory, at((2 + 2 * i) * PAGE), &word));
        CHECK(!sigprof__memory_read(&memory, at((3 + 2 * i) * PAGE), &word));
    }
    begin(at(3 * PAGE)); /* just behind one */
    CHECK_EQ(memory.now.high, 0);
    walk.declared = NULL;
    free(ranges);
}

static void an_unknown_stack_costs_one_call_a_page(void)
{
    uintptr_t word;

    walk.may_call_system = true;
    begin(at(10 * PAGE));
    CHECK_EQ(memory.now.high, 0);
    for (unsigned i = 0; i < PAGE; i += 8) {
        *(uintptr_t *)(void *)(pages + 10 * PAGE + i) = i;
    }
    for (unsigned i = 0; i < PAGE; i += 8) {
        CHECK(sigprof__memory_read(&memory, at(10 * PAGE + i), &word));
        CHECK_EQ(word, i);
    }
    CHECK_EQ(memory.pages_left, MEMORY_PAGES_MAX - 1);
}

static void system_calls_are_bounded_for_a_walk(void)
{
    uintptr_t word;
    unsigned read = 0;

    begin(at(10 * PAGE));
    for (unsigned i = 0; i < 128; i++)
        read += sigprof__memory_read(&memory, at(i * PAGE), &word);
    /* The first page is in the known range, but sp is not. */
    CHECK_EQ(read, MEMORY_PAGES_MAX);
}

static void unmapped_and_unreadable_memory_is_refused(void)
{
    uintptr_t word;
    unsigned char bytes[16];

    CHECK(mprotect(pages + 20 * PAGE, PAGE, PROT_NONE) == 0);
    begin(at(10 * PAGE));
    CHECK(!sigprof__memory_read(&memory, at(20 * PAGE), &word));
    CHECK(!sigprof__memory_read(&memory, 8, &word));
    CHECK(!sigprof__memory_read(&memory, ~(uintptr_t)4095, &word));
    CHECK(!sigprof__memory_copy(&memory, at(20 * PAGE) - 8, bytes, 16));
    CHECK(sigprof__memory_copy(&memory, at(20 * PAGE) - 16, bytes, 16));
    CHECK(mprotect(pages + 20 * PAGE, PAGE, PROT_READ | PROT_WRITE) == 0);
}

static void a_copy_crosses_pages_and_needs_no_alignment(void)
{
    unsigned char bytes[300];

    for (unsigned i = 0; i < 300; i++)
        pages[15 * PAGE - 151 + i] = (unsigned char)i;
    begin(at(10 * PAGE));
    CHECK(sigprof__memory_copy(&memory, at(15 * PAGE - 151), bytes, 300));
    for (unsigned i = 0; i < 300; i++)
        CHECK_EQ(bytes[i], (unsigned char)i);
}

static void without_system_calls_nothing_else_is_read(void)
{
    uintptr_t word;
    unsigned char byte;

    walk.may_call_system = false;
    begin(at(10 * PAGE));
    CHECK(!sigprof__memory_read(&memory, at(10 * PAGE), &word));
    CHECK(!sigprof__memory_copy(&memory, at(10 * PAGE), &byte, 1));
}

/* A limit that was raised counts; but what may be mapped below is none of it. */
static void the_main_stack_is_as_large_as_it_may_become(void)
{
    static const rlim_t mb[] = {4, 32, 4096};
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    struct rlimit before, limit;
    uintptr_t low, high;

    CHECK(getrlimit(RLIMIT_STACK, &before) == 0);
    for (unsigned i = 0; i < 3; i++) {
        limit = before;
        limit.rlim_cur = mb[i] << 20;
        if (limit.rlim_cur > limit.rlim_max)
            limit.rlim_cur = limit.rlim_max;
        CHECK(setrlimit(RLIMIT_STACK, &limit) == 0);
        CHECK(getrlimit(RLIMIT_STACK, &limit) == 0); /* an emulator's own */
        CHECK_EQ(sigprof__os_stack_main(&low, &high), 0);
        CHECK(low < here && here < high);
        if (limit.rlim_cur > 128u << 20)
            limit.rlim_cur = 128u << 20;
        CHECK(high - low >= limit.rlim_cur);
    }
    CHECK(setrlimit(RLIMIT_STACK, &before) == 0);
}

int main(void)
{
    test_walk_make(&walk, 16);
    walk.ucontext = &context;
    pages = mmap(NULL, 128 * PAGE, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages != MAP_FAILED);
    sigprof__cfi_prepare();
    RUN(a_word_on_the_known_stack_is_a_plain_load);
    RUN(the_main_stack_is_as_large_as_it_may_become);
    RUN(the_alternate_signal_stack_is_known);
    RUN(the_red_zone_below_sp_is_read_and_no_more);
    RUN(the_end_of_the_stack_is_not_read_past);
    RUN(an_unaligned_word_is_refused);
    RUN(a_declared_stack_is_found_among_others);
    RUN(an_unknown_stack_costs_one_call_a_page);
    RUN(system_calls_are_bounded_for_a_walk);
    RUN(unmapped_and_unreadable_memory_is_refused);
    RUN(a_copy_crosses_pages_and_needs_no_alignment);
    RUN(without_system_calls_nothing_else_is_read);
    test_walk_drop(&walk);
    return 0;
}
