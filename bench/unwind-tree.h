/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Code to be sampled: 4096 functions that call one another as they are told,
 * compiled twice: as distributions do, and with frame pointers.
 */
#ifndef UNWIND_TREE_H
#define UNWIND_TREE_H

#include <stdint.h>

#define TREE_BLOCKS 16
#define TREE_BLOCK_FUNCTIONS 256 /* more in one file, and compilers crawl */
#define TREE_FUNCTIONS (TREE_BLOCKS * TREE_BLOCK_FUNCTIONS)

typedef long tree_function(const uint16_t *path, long depth);
typedef tree_function *const tree_block[TREE_BLOCK_FUNCTIONS];

extern tree_block *const tree_plain[TREE_BLOCKS];
extern tree_block *const tree_fp[TREE_BLOCKS];

/* Called at the end of a path. */
extern void (*tree_leaf)(void);

/* Calls the functions that path names, depth of them, one from the other. */
static inline long tree_call(tree_block *const *tree, const uint16_t *path,
                             long depth)
{
    return (*tree[*path / TREE_BLOCK_FUNCTIONS])[*path % TREE_BLOCK_FUNCTIONS](
        path + 1, depth - 1);
}

#endif
