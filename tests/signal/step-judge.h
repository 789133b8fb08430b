/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verdict of the single-step oracle: asks each engine for the stack where the
 * program is, compares with the shadow stack, counts distinct (pc, chain) pairs.
 *
 * The cfi engine is asked after every instruction, so its memory of the walk
 * before is tried too; one wrong answer makes the pair wrong. The others, which
 * remember nothing of a walk, are asked once for each pair.
 *
 * One truth is not enough between the two ends of a jump: glibc's unwind tables
 * say of longjmp's last instructions, and libgcc's of an exception's, that the
 * caller is where they will land. So an answer that differs is kept for a while;
 * if the jump then lands on exactly that stack, the answer was right.
 */
#ifndef STEP_JUDGE_H
#define STEP_JUDGE_H

#include <stdbool.h>

#include "step-shadow.h"
#include "unwind/unwind.h"

enum judge_engine { JUDGE_CFI, JUDGE_LIBUNWIND, JUDGE_FP, JUDGE_ENGINES };

/* How an engine is run: on a stack whose use is seen, for instance. */
typedef void judge_call(unwind_engine *engine, struct unwind_walk *walk);

/* Before the first step. pairs_max: distinct pairs there is room for. Exits if
 * there is no memory. */
void judge_open(judge_call *call, unsigned pairs_max);

/* What is stepped from now on counts for the row of that name. */
void judge_row(const char *name);

/* The program is where shadow says, its registers are ucontext's. Signal-safe but
 * for libunwind. */
void judge_at(const struct shadow *shadow, const void *ucontext);

/* The table, and what the cfi engine had wrong by cause; all: the others' too.
 * Returns false, having said why, if a row has less than row_per_million exact, or
 * all together less than per_million. */
bool judge_report(unsigned row_per_million, unsigned per_million, bool all);

unsigned long judge_steps(void);
unsigned long judge_pairs(void);

#endif
