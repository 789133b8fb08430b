/* SPDX-License-Identifier: BSD-2-Clause */
/* One block of the functions, number TREE_BLOCK (a hexadecimal digit) of
 * TREE_KIND (plain or fp); their frames have 16 sizes. */
#include "unwind-tree.h"

#define PASTE(a, b, c) a##b##_##c
#define NAMED(a, b, c) PASTE(a, b, c)
#define KIND(a, b) a##b
#define TREE(kind) KIND(tree_, kind)

/* Saves a few registers, has a local array, and work to do after its call. */
#define FUNCTION(n)                                                            \
    static long f##n(const uint16_t *path, long depth)                         \
    {                                                                          \
        volatile long local[1 + (0x##n & 15)];                                 \
        long result = 1;                                                       \
                                                                               \
        local[0] = depth;                                                      \
        if (depth == 0)                                                        \
            tree_leaf();                                                       \
        else                                                                   \
            result = tree_call(TREE(TREE_KIND), path, depth);                  \
        return result + local[0] + 0x##n;                                      \
    }
#define X16(M, n)                                                              \
    M(n##0) M(n##1) M(n##2) M(n##3) M(n##4) M(n##5) M(n##6) M(n##7) M(n##8)    \
    M(n##9) M(n##a) M(n##b) M(n##c) M(n##d) M(n##e) M(n##f)
#define F16(n) X16(FUNCTION, n)
#define NAME(n) f##n,
#define N16(n) X16(NAME, n)

F16(0) F16(1) F16(2) F16(3) F16(4) F16(5) F16(6) F16(7)
F16(8) F16(9) F16(a) F16(b) F16(c) F16(d) F16(e) F16(f)

extern tree_block NAMED(tree_block_, TREE_KIND, TREE_BLOCK);
tree_block NAMED(tree_block_, TREE_KIND, TREE_BLOCK) = {
    N16(0) N16(1) N16(2) N16(3) N16(4) N16(5) N16(6) N16(7)
    N16(8) N16(9) N16(a) N16(b) N16(c) N16(d) N16(e) N16(f)};
