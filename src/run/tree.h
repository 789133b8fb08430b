/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The CPU time of all processes of a run, against what its profiles know of: what is
 * missing was used by programs that could not be profiled. Control.
 *
 * The system's sum has the program and those of its descendants that were waited for,
 * each by its parent. A profile tells what the whole process had used until then
 * (process_cpu_ns of its last sheet), so time before the library was loaded is known,
 * as is that of the same process before it executed another program. Processes that
 * nobody waited for are known and not in the sum; they hide what others lack, and
 * never make it more.
 *
 * Behind its last sheet a process runs the destructors of other libraries and has its
 * memory freed. For the latter the memory of the largest process is allowed for in each;
 * the system tells no other.
 */
#ifndef SIGPROF_RUN_TREE_H
#define SIGPROF_RUN_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tree_process;

struct tree {
    char name[256]; /* of a profile */
    uint64_t known_ns;
    bool is_unknown; /* there is a profile without a sheet, or that was not read */
    struct tree_process *processes;
    size_t count;
};

struct tree_use {
    uint64_t cpu_ns;
    uint64_t largest_bytes; /* that any one of them had in memory */
};

/* Of all children that have been waited for, and of theirs. */
struct tree_use tree_use(void);

/* A place_visit; arg: the tree. What there is no memory for is unknown: the program's
 * status is still to be given. */
void tree_add(void *arg, const char *name, int fd);

/* Has a run that used so much clearly used more CPU time than its profiles know? */
bool tree_lacks(const struct tree *tree, struct tree_use use);

void tree_free(struct tree *tree);

#endif
