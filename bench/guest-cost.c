/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest-cost.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <ucontext.h>

#include "jit/guest.h"
#include "os/os.h"
#include "os/regs.h"

#define DEPTH 256
#define NATIVE 30
#define ROUNDS 1001

static double now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values)
{
    qsort(values, ROUNDS, sizeof *values, by_value);
    return values[ROUNDS / 2];
}

static double page_ns(void)
{
    static unsigned char from[2 * UNWIND_PAGE_BYTES], to[UNWIND_PAGE_BYTES];
    static double round_ns[ROUNDS];
    uintptr_t page = ((uintptr_t)from + UNWIND_PAGE_BYTES - 1) &
                     ~(uintptr_t)(UNWIND_PAGE_BYTES - 1);

    from[0] = from[UNWIND_PAGE_BYTES] = 1;
    for (unsigned i = 0; i < ROUNDS; i++) {
        double begin = now_ns();

        sigprof__os_read_memory(page, to, sizeof to);
        round_ns[i] = now_ns() - begin;
    }
    return median(round_ns);
}

static uint32_t guests_in(const struct unwind_stack *stack)
{
    uint32_t count = 0;

    for (uint32_t i = stack->top; i < stack->capacity; i++)
        count += stack->frame[i].pc == UNWIND_GUEST;
    return count;
}

void guest_cost(const char *what, struct sigprof_guest *guest)
{
    static struct unwind_frame frames[DEPTH + 8], fresh[DEPTH + 8];
    static struct unwind_window window;
    static struct regs_made registers;
    static double round_ns[ROUNDS];
    struct unwind_stack native = {.capacity = DEPTH + 8,
                                  .depth = DEPTH,
                                  .top = DEPTH + 8 - NATIVE,
                                  .window = &window,
                                  .frame = frames,
                                  .fresh = fresh};
    struct unwind_walk walk = {.ucontext = &registers.context,
                               .may_call_system = true,
                               .stack = &native};
    uintptr_t sp = (uintptr_t)&walk;
    struct guest_account account;
    const struct unwind_stack *stack = NULL;
    void *memory = calloc(1, sigprof__guest_account_bytes(DEPTH));

    if (!memory)
        abort();
    for (uint32_t i = native.top; i < native.capacity; i++)
        frames[i] = (struct unwind_frame){.pc = 0x400000 + i,
                                          .sp = sp + 64 * (i - native.top)};
    regs_asleep(&registers, frames[native.top].pc, sp);
    sigprof__guest_account_make(&account, &native, memory);
    sigprof_guest_enter(guest);
    for (unsigned i = 0; i < ROUNDS; i++) {
        double from = now_ns();

        stack = sigprof__guest_stack(&account, &walk);
        round_ns[i] = now_ns() - from;
    }
    sigprof_guest_enter(NULL);
    printf("%-34s %7.0f ns   (%.1f pages; %u frames, %u pages read)\n", what,
           median(round_ns), median(round_ns) / page_ns(), guests_in(stack),
           GUEST_READS_MAX - account.walk.reads_left);
    fflush(stdout);
    free(memory);
}
