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
    uint64_t open_ns; /* at most so much was used behind last sheets */
    bool is_unknown;  /* there is a profile without a sheet */
    struct tree_process *processes;
    size_t count, capacity;
};

/* Of all children that have been waited for, and of theirs. */
uint64_t tree_cpu_ns(void);

/* A place_visit; arg: the tree. */
void tree_add(void *arg, const char *name, int fd);

/* Has a run that used so much CPU time clearly used more than its profiles know? */
bool tree_lacks(const struct tree *tree, uint64_t cpu_ns);

void tree_free(struct tree *tree);

#endif
