/* SPDX-License-Identifier: BSD-2-Clause */
/* 4096 distinct functions with frames of 16 sizes; compiled with and without
 * frame pointers. */
#include "unwind-tree.h"

void (*tree_leaf)(void);

static long call(const uint16_t *path, long depth)
{
    if (depth == 0) {
        tree_leaf();
        return 1;
    }
    return tree_functions[*path](path + 1, depth - 1);
}

/* Saves a few registers, has a local array, and work to do after its call. */
#define FUNCTION(n)                                                            \
    static long f##n(const uint16_t *path, long depth)                         \
    {                                                                          \
        volatile long local[1 + (0x##n & 15)];                                 \
        long result;                                                           \
                                                                               \
        local[0] = depth;                                                      \
        result = call(path, depth);                                            \
        return result + local[0] + 0x##n;                                      \
    }
#define F16(n)                                                                 \
    FUNCTION(n##0)                                                             \
    FUNCTION(n##1)                                                             \
    FUNCTION(n##2)                                                             \
    FUNCTION(n##3)                                                             \
    FUNCTION(n##4)                                                             \
    FUNCTION(n##5)                                                             \
    FUNCTION(n##6)                                                             \
    FUNCTION(n##7)                                                             \
    FUNCTION(n##8)                                                             \
    FUNCTION(n##9)                                                             \
    FUNCTION(n##a)                                                             \
    FUNCTION(n##b)                                                             \
    FUNCTION(n##c)                                                             \
    FUNCTION(n##d)                                                             \
    FUNCTION(n##e)                                                             \
    FUNCTION(n##f)
#define X16(M, n)                                                              \
    M(n##0) M(n##1) M(n##2) M(n##3) M(n##4) M(n##5) M(n##6) M(n##7) M(n##8)    \
    M(n##9) M(n##a) M(n##b) M(n##c) M(n##d) M(n##e) M(n##f)
#define F256(n) X16(F16, n)

F256(0) F256(1) F256(2) F256(3) F256(4) F256(5) F256(6) F256(7)
F256(8) F256(9) F256(a) F256(b) F256(c) F256(d) F256(e) F256(f)

#define NAME(n) f##n,
#define N16(n) X16(NAME, n)
#define N256(n)                                                                \
    N16(n##0) N16(n##1) N16(n##2) N16(n##3) N16(n##4) N16(n##5) N16(n##6)      \
    N16(n##7) N16(n##8) N16(n##9) N16(n##a) N16(n##b) N16(n##c) N16(n##d)      \
    N16(n##e) N16(n##f)

tree_function *const tree_functions[TREE_FUNCTIONS] = {
    N256(0) N256(1) N256(2) N256(3) N256(4) N256(5) N256(6) N256(7)
    N256(8) N256(9) N256(a) N256(b) N256(c) N256(d) N256(e) N256(f)};
