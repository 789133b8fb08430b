/* SPDX-License-Identifier: BSD-2-Clause */
/* Code to be sampled: 4096 functions that call one another as they are told. */
#ifndef UNWIND_TREE_H
#define UNWIND_TREE_H

#include <stdint.h>

#define TREE_FUNCTIONS 4096

typedef long tree_function(const uint16_t *path, long depth);
extern tree_function *const tree_functions[TREE_FUNCTIONS];
extern void (*tree_leaf)(void);

#endif
