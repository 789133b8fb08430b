/* SPDX-License-Identifier: BSD-2-Clause */
/* The tree of stacks. Theory: stacks.h. */
#include "stacks.h"

#include <string.h>

#include "os/os.h"

#define ROOM_AT_FIRST 2048u /* 48 KiB in all; most programs' hot stacks */

static uint32_t mix(uint64_t value)
{
    value *= 0x9e3779b97f4a7c15u;
    return (uint32_t)(value >> 32);
}

static uint32_t node_mix(uint32_t parent, uint32_t pc)
{
    return mix((uint64_t)parent << 32 | pc);
}

/* Hashes have twice the room, and are a power of two. */
static bool make_nodes(struct stacks *stacks, uint32_t room)
{
    stacks->node = sigprof__os_map((room + 1) * sizeof *stacks->node);
    stacks->node_hash = sigprof__os_map(2 * room * sizeof(uint32_t));
    stacks->node_room = room;
    return stacks->node && stacks->node_hash;
}

static bool make_pcs(struct stacks *stacks, uint32_t room)
{
    stacks->pc = sigprof__os_map(room * sizeof *stacks->pc);
    stacks->pc_hash = sigprof__os_map(2 * room * sizeof(uint32_t));
    stacks->pc_room = room;
    return stacks->pc && stacks->pc_hash;
}

static void drop_nodes(struct stacks *stacks)
{
    sigprof__os_unmap(stacks->node,
                      (stacks->node_room + 1) * sizeof *stacks->node);
    sigprof__os_unmap(stacks->node_hash,
                      2 * stacks->node_room * sizeof(uint32_t));
}

static void drop_pcs(struct stacks *stacks)
{
    sigprof__os_unmap(stacks->pc, stacks->pc_room * sizeof *stacks->pc);
    sigprof__os_unmap(stacks->pc_hash, 2 * stacks->pc_room * sizeof(uint32_t));
}

bool sigprof__stacks_make(struct stacks *stacks)
{
    memset(stacks, 0, sizeof *stacks);
    if (make_nodes(stacks, ROOM_AT_FIRST) && make_pcs(stacks, ROOM_AT_FIRST))
        return true;
    sigprof__stacks_drop(stacks);
    return false;
}

void sigprof__stacks_drop(struct stacks *stacks)
{
    drop_nodes(stacks);
    drop_pcs(stacks);
    memset(stacks, 0, sizeof *stacks);
}

void sigprof__stacks_clear(struct stacks *stacks)
{
    memset(stacks->node_hash, 0, 2 * stacks->node_room * sizeof(uint32_t));
    memset(stacks->pc_hash, 0, 2 * stacks->pc_room * sizeof(uint32_t));
    stacks->nodes = 0;
    stacks->pcs = 0;
}

static void put_hash(uint32_t *hash, uint32_t size, uint32_t at, uint32_t value)
{
    while (hash[at & (size - 1)])
        at++;
    hash[at & (size - 1)] = value;
}

static bool grow_nodes(struct stacks *stacks)
{
    struct stacks old = *stacks;

    if (!make_nodes(stacks, 2 * old.node_room)) {
        drop_nodes(stacks);
        *stacks = old;
        return false;
    }
    memcpy(stacks->node, old.node, (old.nodes + 1) * sizeof *old.node);
    for (uint32_t id = 1; id <= old.nodes; id++)
        put_hash(stacks->node_hash, 2 * stacks->node_room,
                 node_mix(old.node[id].parent, old.node[id].pc), id);
    drop_nodes(&old);
    return true;
}

static bool grow_pcs(struct stacks *stacks)
{
    struct stacks old = *stacks;

    if (!make_pcs(stacks, 2 * old.pc_room)) {
        drop_pcs(stacks);
        *stacks = old;
        return false;
    }
    memcpy(stacks->pc, old.pc, old.pcs * sizeof *old.pc);
    for (uint32_t i = 0; i < old.pcs; i++)
        put_hash(stacks->pc_hash, 2 * stacks->pc_room, mix(old.pc[i]), i + 1);
    drop_pcs(&old);
    return true;
}

uint32_t sigprof__stacks_pc(struct stacks *stacks, uint64_t pc)
{
    uint32_t mask = 2 * stacks->pc_room - 1;
    uint32_t number;

    if (pc < FORMAT_FIRST_PC)
        return (uint32_t)pc;
    for (uint32_t at = mix(pc); (number = stacks->pc_hash[at & mask]); at++)
        if (stacks->pc[number - 1] == pc)
            return number - 1 + FORMAT_FIRST_PC;
    if (stacks->pcs == stacks->pc_room && !grow_pcs(stacks))
        return 0;
    stacks->pc[stacks->pcs++] = pc;
    put_hash(stacks->pc_hash, 2 * stacks->pc_room, mix(pc), stacks->pcs);
    return stacks->pcs - 1 + FORMAT_FIRST_PC;
}

uint32_t sigprof__stacks_find(const struct stacks *stacks, uint32_t parent,
                              uint32_t pc)
{
    uint32_t mask = 2 * stacks->node_room - 1;
    uint32_t id;

    for (uint32_t at = node_mix(parent, pc); (id = stacks->node_hash[at & mask]);
         at++)
        if (stacks->node[id].parent == parent && stacks->node[id].pc == pc)
            return id;
    return 0;
}

uint32_t sigprof__stacks_add(struct stacks *stacks, uint32_t parent,
                             uint32_t pc)
{
    if (stacks->nodes == stacks->node_room && !grow_nodes(stacks))
        return 0;
    stacks->nodes++;
    stacks->node[stacks->nodes] = (struct stacks_node){parent, pc};
    put_hash(stacks->node_hash, 2 * stacks->node_room, node_mix(parent, pc),
             stacks->nodes);
    return stacks->nodes;
}
