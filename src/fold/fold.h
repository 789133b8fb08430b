/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pure folding: a model whose frames have names becomes a tree of names with
 * weights, from which the views are printed. No files, no terminal.
 */
#ifndef SIGPROF_FOLD_FOLD_H
#define SIGPROF_FOLD_FOLD_H

#include "model.h"

#include <regex.h>

enum fold_root_kind { ROOT_COMM, ROOT_PROCESS, ROOT_THREAD, ROOT_STATE, ROOT_LABEL };

struct fold_root {
    enum fold_root_kind kind;
    struct text key; /* of ROOT_LABEL */
};

/* What was left out on purpose, as the user gave it; NULL: nothing by that. */
struct fold_words {
    const char *time, *thread, *focus, *ignore;
};

struct fold_options {
    const struct fold_root *roots;
    size_t root_count;
    bool weigh_ns; /* model values are CPU ns; lines carry microseconds */
    bool filtered; /* by time or label: losses cannot be placed */
    bool fold_recursion; /* a function that calls itself is one frame */
    const regex_t *thread;         /* of thread names; NULL: all */
    const regex_t *focus, *ignore; /* of frames below the roots */
    struct fold_words words; /* of these */
};

struct fold_node {
    uint32_t name, parent;
    uint64_t self, base; /* base: of the profiles of --diff */
    bool is_root_frame; /* put before the stack: not a frame to search */
};

struct fold_tree {
    struct fold_node *nodes; /* [0] is above all; parents come first */
    size_t count, capacity;
    struct index index;
    bool compares;    /* there are profiles of --diff */
    uint64_t sampled; /* weight of samples that passed the filters */
    uint64_t hidden;  /* periods lost that a filter left no place for */
};

void sigprof__fold(struct model *model, const struct fold_options *options,
                   struct fold_tree *tree);
void sigprof__fold_free(struct fold_tree *tree);

/* A frame of a stack: a place of the model, or only a name. */
struct fold_frame {
    uint32_t name;
    uint32_t place; /* of the model; 0: none, name is all there is */
    uint32_t frame; /* of the model */
    bool at_call;   /* the frame's address is a return address */
};

/*
 * The frames of one sample, from the root on: those that --root puts in front,
 * why the walk ended, then the stack. Returns how many; where that is more than
 * `room`, what is stored is of no use. `roots` gets the number in front of the
 * stack.
 */
size_t sigprof__fold_frames(struct model *model,
                            const struct fold_options *options,
                            uint32_t context, uint32_t node,
                            struct fold_frame *frames, size_t room,
                            size_t *roots);

#define FOLD_MAX_ROOTS 64 /* --root can be given fewer times */

/* What no sample stands for. */
struct fold_loss {
    uint32_t process;
    uint32_t what;  /* the frame that says it */
    uint32_t below; /* a frame under it, or 0 */
    uint64_t periods, ns;
    uint32_t roots[FOLD_MAX_ROOTS];
    size_t root_count;
};

/* Calls `lost` for all of it. With a filter it has no place: then only the
 * number of periods is returned, which is 0 otherwise. */
uint64_t sigprof__fold_losses(struct model *model,
                              const struct fold_options *options,
                              void (*lost)(void *arg,
                                           const struct fold_loss *loss),
                              void *arg);

/* Does the context's thread pass --thread? */
bool sigprof__fold_thread_passes(struct model *model,
                                 const struct fold_options *options,
                                 uint32_t context);
bool sigprof__fold_matches(const regex_t *pattern, struct text text);

/* Words for enum format_state: "running", "sleeping", … */
const char *sigprof__fold_state_name(unsigned state);

/* Short words for enum model_end: "complete", "no rule", … */
const char *sigprof__fold_end_name(unsigned end);

#endif
