/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Equal stacks become one number: pcs are numbered, and a stack is a node of a
 * tree whose edges are pcs, root first. Two stacks that share their root's side
 * share its nodes, so a new stack costs only its new frames. Ordinary code; one
 * user at a time.
 */
#ifndef SIGPROF_STACKS_H
#define SIGPROF_STACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format.h"

struct stacks_node {
    uint32_t parent; /* 0: a root */
    uint32_t pc;     /* number */
};

/* Open-addressed; grows by doubling, from memory of the system's. */
struct stacks {
    struct stacks_node *node; /* node[1..nodes] */
    uint32_t *node_hash;
    uint32_t nodes, node_room;
    uint64_t *pc; /* pc[0] has number FORMAT_FIRST_PC */
    uint32_t *pc_hash;
    uint32_t pcs, pc_room;
};

/* false: no memory. */
bool sigprof__stacks_make(struct stacks *stacks);
void sigprof__stacks_clear(struct stacks *stacks);
void sigprof__stacks_drop(struct stacks *stacks);

/* The number of pc, a new one if need be; 0: no memory. */
uint32_t sigprof__stacks_pc(struct stacks *stacks, uint64_t pc);

/* The child of parent by the pc with that number, or 0. */
uint32_t sigprof__stacks_find(const struct stacks *stacks, uint32_t parent,
                              uint32_t pc);

/* Adds it; 0: no memory. */
uint32_t sigprof__stacks_add(struct stacks *stacks, uint32_t parent,
                             uint32_t pc);

#endif
