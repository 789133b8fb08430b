/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes of one tree: forked children, executed programs, and which of them
 * are profiled.
 *
 * The rings of running processes are the register of who is being profiled: a
 * ring's name holds pid and recording id. So a program that starts finds out
 * whether an ancestor of its is, without a word in its environment; and where an
 * interposed exec started it, SIGPROF_PARENT tells even of one that has ended.
 */
#ifndef SIGPROF_CHILDREN_H
#define SIGPROF_CHILDREN_H

#include <stdbool.h>

#include "config.h"

/* Control. Looks for an ancestor's ring, and sweeps rings of dead processes
 * whose samples are in their file. */
void sigprof__children_look(void);

/* Is an ancestor being profiled, or was this process forked by one? */
bool sigprof__of_tree(void);

/* The parent's recording id, 32 digits, or "". */
const char *sigprof__parent_id(void);

/* Control, in a child of the process that the last session was of: it is this one's, and
 * sampling begins if children are followed. */
void sigprof__children_begin_here(const struct sigprof__config *config);

/* Control, once. Registers the fork handlers. */
void sigprof__children_begin(void);

#endif
