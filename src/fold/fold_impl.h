/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of folding have in common (fold.h).
 *
 *   fold.c         samples to the tree of names, and filters
 *   fold-frames.c  what stands in front of a stack, and what its nodes show
 *   fold-losses.c  what no sample stands for
 */
#ifndef SIGPROF_FOLD_FOLD_IMPL_H
#define SIGPROF_FOLD_FOLD_IMPL_H

#include "fold.h"

/* The frames in front of the stacks of a context; what is known to be lost (loss)
 * has no thread, no state and no label. Returns how many. */
size_t sigprof__fold_roots(struct model *model,
                           const struct fold_options *options,
                           const struct model_context *context, bool loss,
                           uint32_t *names, size_t room);

/* The frame that says why a walk ended; 0: the stack is whole and speaks for
 * itself. */
uint32_t sigprof__fold_end(struct model *model, unsigned end, bool has_stack);

/*
 * What a node shows: exact says that it is a leaf or was interrupted. What a
 * signal handler returns to is the trampoline's first byte, so that is exact
 * too; libc's has no symbol of its own in a stripped system.
 */
struct model_places sigprof__fold_places(const struct model *model,
                                         uint32_t node, bool exact);

/* A name of ours, as a string. */
uint32_t sigprof__fold_word(struct model *model, const char *name);

#endif
