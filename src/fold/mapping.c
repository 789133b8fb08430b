/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which module was mapped where, and when, within one process. Theory: model.h
 * (modules by time); contracts: mapping.h.
 */
#include "mapping.h"

#include <stdlib.h>

static size_t span_of(const struct model_process *process, uint64_t time_ns)
{
    size_t low = 0, high = process->bound_count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (process->bounds[middle] <= time_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void sigprof__mapping_init(struct model_process *process)
{
    process->span_ids = sigprof__store_grow(NULL, &process->span_capacity, 16,
                                            sizeof *process->span_ids);
    process->span_ids[0] = ++process->last_span_id;
}

/* Both halves of the span that is cut get new numbers, so what was mapped in
 * the whole is mapped again. */
static void spans_cut(struct model_process *process, uint64_t time_ns)
{
    size_t span = span_of(process, time_ns);
    size_t behind = process->bound_count - span;

    process->view_valid = false;
    if (span > 0 && process->bounds[span - 1] == time_ns) {
        process->span_ids[span - 1] = ++process->last_span_id;
        process->span_ids[span] = ++process->last_span_id;
        return;
    }
    ARRAY_ROOM(process->bounds, process->bound_count, process->bound_capacity);
    if (process->bound_count + 2 > process->span_capacity)
        process->span_ids = sigprof__store_grow(
            process->span_ids, &process->span_capacity,
            process->bound_count + 2, sizeof *process->span_ids);
    memmove(process->bounds + span + 1, process->bounds + span,
            behind * sizeof *process->bounds);
    memmove(process->span_ids + span + 1, process->span_ids + span,
            (behind + 1) * sizeof *process->span_ids);
    process->bounds[span] = time_ns;
    process->bound_count++;
    process->span_ids[span] = ++process->last_span_id;
    process->span_ids[span + 1] = ++process->last_span_id;
}

static void end_mapping(struct model_process *process,
                        struct model_mapping *mapping, uint64_t time_ns)
{
    mapping->to_ns = time_ns;
    spans_cut(process, time_ns);
}

void sigprof__mapping_add(struct model_process *process,
                          const struct model_mapping *mapping)
{
    for (size_t i = 0; i < process->mapping_count; i++) {
        struct model_mapping *old = &process->mappings[i];

        if (old->to_ns != UINT64_MAX || old->low >= mapping->high ||
            old->high <= mapping->low)
            continue;
        if (old->low == mapping->low && old->high == mapping->high &&
            old->bias == mapping->bias && old->module == mapping->module)
            return; /* said again, for the beginning of a new file */
        end_mapping(process, old, mapping->from_ns);
    }
    ARRAY_ROOM(process->mappings, process->mapping_count,
               process->mapping_capacity);
    process->mappings[process->mapping_count++] = *mapping;
    process->view_valid = false;
}

void sigprof__mapping_end(struct model_process *process, uint32_t id,
                          uint64_t time_ns)
{
    for (size_t i = process->mapping_count; i-- > 0;) {
        struct model_mapping *mapping = &process->mappings[i];

        if (mapping->id == id && mapping->to_ns == UINT64_MAX) {
            end_mapping(process, mapping, time_ns);
            return;
        }
    }
}

static int by_low(const void *a, const void *b)
{
    const struct model_mapping *x = a, *y = b;

    if (x->low != y->low)
        return x->low < y->low ? -1 : 1;
    return (x->from_ns > y->from_ns) - (x->from_ns < y->from_ns);
}

static void view_set(struct model_process *process, uint64_t time_ns)
{
    size_t span = span_of(process, time_ns);

    process->view_from = span ? process->bounds[span - 1] : 0;
    process->view_to =
        span < process->bound_count ? process->bounds[span] : UINT64_MAX;
    process->view_span = process->view_id = process->span_ids[span];
    process->view_changes = SIZE_MAX;
    process->view_valid = true;
    process->view_count = 0;
    for (size_t i = 0; i < process->mapping_count; i++) {
        const struct model_mapping *mapping = &process->mappings[i];

        if (mapping->to_ns <= process->view_from ||
            mapping->from_ns >= process->view_to)
            continue;
        ARRAY_ROOM(process->view, process->view_count, process->view_capacity);
        process->view[process->view_count++] = *mapping;
    }
    if (process->view_count)
        qsort(process->view, process->view_count, sizeof *process->view,
              by_low);
}

/* Code comes and goes more often than modules do: each change is a view of its
 * own, and what was mapped in one is mapped again in the next. */
static void view_code(struct model_process *process, uint64_t time_ns)
{
    size_t span = sigprof__code_span(&process->codes, time_ns);

    if (span == process->view_code &&
        process->codes.changes == process->view_changes)
        return;
    process->view_code = span;
    process->view_changes = process->codes.changes;
    process->view_id = ++process->last_span_id;
}

void sigprof__mapping_at(struct model_process *process, uint64_t time_ns)
{
    if (!process->view_valid || time_ns < process->view_from ||
        time_ns >= process->view_to)
        view_set(process, time_ns);
    process->view_time = time_ns;
    if (process->codes.time_count)
        view_code(process, time_ns);
}

const struct model_mapping *
sigprof__mapping_in_view(const struct model_process *process, uint64_t pc)
{
    size_t low = 0, high = process->view_count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (process->view[middle].low <= pc)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || process->view[low - 1].high <= pc)
        return NULL;
    return &process->view[low - 1];
}

const struct model_mapping *
sigprof__mapping_later(const struct model_process *process, uint64_t pc,
                       uint64_t span_from)
{
    const struct model_mapping *best = NULL;

    for (size_t i = 0; i < process->mapping_count; i++) {
        const struct model_mapping *mapping = &process->mappings[i];

        if (mapping->low <= pc && pc < mapping->high &&
            mapping->from_ns >= span_from &&
            (!best || mapping->from_ns < best->from_ns))
            best = mapping;
    }
    return best;
}

