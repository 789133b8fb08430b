/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plays another system on Linux: every SIGPROF that a timer raises comes with
 * real registers, which are put into a context as the other system lays it out
 * (places.h, made of layouts.tsv) and read back by its register cell (cell.c).
 * What a 64-bit illumos kernel leaves 0 is 0, all else is a pattern that is no
 * register.
 *
 * Says how many ticks were right; 1: not all, or a context that the cell makes is wrong.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "arch/arch.h"
#include "os/regs.h"
#include "places.h"

enum { TICKS = 1000 };

uintptr_t cell_register(const void *ucontext, unsigned column);
uintptr_t cell_pc(const void *ucontext);
uintptr_t cell_sp(const void *ucontext);
uintptr_t cell_fp(const void *ucontext);
bool cell_sleeps(uintptr_t pc, uintptr_t sp);
extern unsigned cell_columns;

#define ON_STACK SIZE_MAX /* the kernel has put it there, and not into the context */

static const size_t place[] = PLACES;
static volatile sig_atomic_t ticks, right, wrong_column = -1;
static _Alignas(64) unsigned char context[2048];
static _Alignas(64) unsigned char elsewhere[2048];

/* A register of the window, where that kernel flushes it to. */
static void put_on_stack(const void *ucontext, unsigned column, uintptr_t value)
{
#ifdef ARCH_WINDOWS
    ((uintptr_t *)regs_sp(ucontext))[column - ARCH_WINDOW_FIRST] = value;
#else
    (void)ucontext;
    (void)column;
    (void)value;
#endif
}

/* The other system's context of these registers. */
static void lay_out(const void *ucontext)
{
    unsigned char *base = context;

    memset(context, 0xa5, sizeof context);
    memset(elsewhere, 0xa5, sizeof elsewhere);
#ifdef POINTER_AT
    base = elsewhere;
    memcpy(context + POINTER_AT, &base, sizeof base);
#endif
    for (unsigned column = 0; column < REGS_COUNT; column++) {
        uintptr_t value = regs_get(ucontext, column);

        if (place[column] == ON_STACK)
            put_on_stack(ucontext, column, value);
        else
            memcpy(base + place[column], &value, sizeof value);
    }
#ifdef ZERO_AT
    memset(base + ZERO_AT, 0, sizeof(uintptr_t));
#endif
}

static void handler(int number, siginfo_t *info, void *ucontext)
{
    bool good = cell_columns == REGS_COUNT;

    (void)number;
    (void)info;
    if (ticks == TICKS)
        return;
    lay_out(ucontext);
    for (unsigned column = 0; good && column < REGS_COUNT; column++)
        if (cell_register(context, column) != regs_get(ucontext, column)) {
            wrong_column = (int)column;
            good = false;
        }
    good = good && cell_pc(context) == regs_pc(ucontext) &&
           cell_sp(context) == regs_sp(ucontext) &&
           cell_fp(context) == regs_fp(ucontext);
    right += good;
    ticks++;
}

/* Registers that differ from tick to tick. */
static unsigned busy(unsigned depth)
{
    volatile unsigned sum = depth;

    for (unsigned i = 0; i < 1000; i++)
        sum += i * depth;
    return depth ? sum + busy(depth - 1) : sum;
}

int main(void)
{
    struct sigaction action;
    struct itimerspec every = {{0, 200000}, {0, 200000}};
    struct sigevent event;
    timer_t timer;
    unsigned sum = 0;

    memset(&action, 0, sizeof action);
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    sigaction(SIGPROF, &action, NULL);
    memset(&event, 0, sizeof event);
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGPROF;
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 ||
        timer_settime(timer, 0, &every, NULL) != 0)
        return 2;
    while (ticks < TICKS)
        sum += busy(sum % 16);
    timer_delete(timer);
    printf("%d of %d ticks right", (int)right, (int)ticks);
    if (wrong_column >= 0)
        printf(", DWARF register %d was wrong", (int)wrong_column);
    printf("\n");
    if (!cell_sleeps(0x1234560, 0x7654320)) {
        printf("the context that is made of a sleeper is wrong\n");
        return 1;
    }
    return right == TICKS ? 0 : 1;
}
