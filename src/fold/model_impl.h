/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of the model have in common (model.h).
 *
 *   model.c          a file's beginning and end, its header and sheet, its samples
 *   model-tree.c     frames, nodes, contexts and counts
 *   model-records.c  modules, generated code, guests' functions, threads, labels
 *   mapping.c        which module was mapped where, and when
 *   code.c           the same of generated code
 */
#ifndef SIGPROF_FOLD_MODEL_IMPL_H
#define SIGPROF_FOLD_MODEL_IMPL_H

#include "mapping.h"
#include "model.h"

static inline uint64_t add_saturating(uint64_t a, uint64_t b)
{
    return a + b < a ? UINT64_MAX : a + b;
}

static inline uint64_t multiply_saturating(uint64_t a, uint64_t b)
{
    return b && a > UINT64_MAX / b ? UINT64_MAX : a * b;
}

static inline bool text_equal(struct text a, struct text b)
{
    return a.size == b.size && memcmp(a.at, b.at, a.size) == 0;
}

/* ---- model-tree.c -------------------------------------------------------- */

/* The number of a context like this one. */
uint32_t sigprof__model_context(struct model *model,
                                const struct model_context *context);
/* The frame of a pc of model->process, in the span that was set last. */
uint32_t sigprof__model_frame(struct model *model, uint64_t pc);
/* The node that a generation's node stands for, there. */
uint32_t sigprof__model_node(struct model *model, struct reader *reader,
                             uint32_t leaf);

void sigprof__model_count(struct model *model, uint32_t context, uint32_t node,
                          uint64_t value);
/* Sets what was counted so far aside, so that a file can be counted again. */
void sigprof__model_counts_begin(struct model *model);
/* … and adds it to what was counted since. */
void sigprof__model_counts_end(struct model *model);

/* ---- model-records.c ----------------------------------------------------- */

/* The latest thread that had this id, or 0; and the one that had it then, which
 * is made up where none is known. */
uint32_t sigprof__model_thread_latest(const struct model_process *process,
                                      uint32_t tid);
uint32_t sigprof__model_thread_at(struct model *model, uint32_t tid,
                                  uint64_t time_ns);

/* Of struct read_sink; arg is the model. */
void sigprof__model_on_module(void *arg, const struct read_module *in);
void sigprof__model_on_unload(void *arg, uint32_t id, uint64_t time_ns);
void sigprof__model_on_code(void *arg, const struct read_code *in);
void sigprof__model_on_code_move(void *arg, uint64_t serial, uint64_t start,
                                 uint64_t time_ns);
void sigprof__model_on_code_free(void *arg, uint64_t serial, uint64_t time_ns);
void sigprof__model_on_function(void *arg, const struct read_function *in);
void sigprof__model_on_thread(void *arg, uint32_t tid, uint64_t time_ns,
                              uint64_t start_routine, struct text name);
void sigprof__model_on_thread_exit(void *arg, const struct read_exit *in);
void sigprof__model_on_label(void *arg, uint32_t id, uint32_t parent,
                             struct text key, struct text value);

#endif
