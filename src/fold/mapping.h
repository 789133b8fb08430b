/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which module was mapped where, and when, within one process: the fields of
 * struct model_process from `mappings` to `view_id`. Theory: model.h.
 */
#ifndef SIGPROF_FOLD_MAPPING_H
#define SIGPROF_FOLD_MAPPING_H

#include "model.h"

void sigprof__mapping_init(struct model_process *process);

/* A module was mapped; what it overlaps ends then. */
void sigprof__mapping_add(struct model_process *process,
                          const struct model_mapping *mapping);

/* The module with this id, if it is mapped, was unloaded. */
void sigprof__mapping_end(struct model_process *process, uint32_t id,
                          uint64_t time_ns);

/* From here on, addresses are looked up as of this time; view_id is then the
 * number of its span. */
void sigprof__mapping_at(struct model_process *process, uint64_t time_ns);

/* The mapping that holds pc in the span in use, or NULL. */
const struct model_mapping *
sigprof__mapping_in_view(const struct model_process *process, uint64_t pc);

/* The first mapping to hold pc that began at span_from or later. */
const struct model_mapping *
sigprof__mapping_later(const struct model_process *process, uint64_t pc,
                       uint64_t span_from);

#endif
