/* SPDX-License-Identifier: BSD-2-Clause */
/* The blocks of both trees, listed. */
#include "unwind-tree.h"

void (*tree_leaf)(void);

#define EACH(M, kind)                                                          \
    M(kind, 0) M(kind, 1) M(kind, 2) M(kind, 3) M(kind, 4) M(kind, 5)          \
    M(kind, 6) M(kind, 7) M(kind, 8) M(kind, 9) M(kind, a) M(kind, b)          \
    M(kind, c) M(kind, d) M(kind, e) M(kind, f)
#define DECLARE(kind, n) extern tree_block tree_block_##kind##_##n;
#define LIST(kind, n) &tree_block_##kind##_##n,

EACH(DECLARE, plain)
EACH(DECLARE, fp)

tree_block *const tree_plain[TREE_BLOCKS] = {EACH(LIST, plain)};
tree_block *const tree_fp[TREE_BLOCKS] = {EACH(LIST, fp)};
