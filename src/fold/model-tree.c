/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tree of calls of all processes, and what was counted at its nodes.
 * Contract: model_impl.h.
 */
#include "model_impl.h"

#include <stdlib.h>

/* ---- Interning ----------------------------------------------------------- */

static uint32_t intern_frame(struct model *model, uint32_t module,
                             uint32_t process, uint64_t address,
                             uint64_t span_from)
{
    struct index *index = &model->frame_index;
    uint64_t code = module == MODEL_CODE ? span_from : 0;
    uint32_t hash = sigprof__hash_mix(
        address ^ (uint64_t)(module + process) << 40 ^ code << 20);
    size_t at;

    sigprof__index_room(index);
    for (at = sigprof__index_at(index, hash); index->slots[at].id;
         at = sigprof__index_next(index, at)) {
        const struct model_frame *other = &model->frames[index->slots[at].id];

        if (index->slots[at].hash == hash && other->address == address &&
            other->module == module && other->process == process &&
            (module != MODEL_CODE || other->span_from == code))
            return index->slots[at].id;
    }
    ARRAY_ROOM(model->frames, model->frame_count, model->frame_capacity);
    model->frames[model->frame_count] =
        (struct model_frame){.address = address,
                             .module = module,
                             .process = process,
                             .span_from = span_from};
    sigprof__index_put(index, at, hash, (uint32_t)model->frame_count);
    return (uint32_t)model->frame_count++;
}

static uint32_t intern_node(struct model *model, uint32_t parent,
                            uint32_t frame, uint32_t hash)
{
    struct index *index = &model->node_index;
    uint32_t next = parent + 1;
    size_t at;

    /* A stack that was new in many frames has them one behind the other. */
    if (next < model->node_count && model->nodes[next].parent == parent &&
        model->nodes[next].frame == frame)
        return next;
    sigprof__index_room(index);
    for (at = sigprof__index_at(index, hash); index->slots[at].id;
         at = sigprof__index_next(index, at)) {
        const struct model_node *other = &model->nodes[index->slots[at].id];

        if (index->slots[at].hash == hash && other->parent == parent &&
            other->frame == frame)
            return index->slots[at].id;
    }
    ARRAY_ROOM(model->nodes, model->node_count, model->node_capacity);
    model->nodes[model->node_count] = (struct model_node){parent, frame, hash};
    sigprof__index_put(index, at, hash, (uint32_t)model->node_count);
    return (uint32_t)model->node_count++;
}

uint32_t sigprof__model_context(struct model *model,
                                const struct model_context *context)
{
    struct index *index = &model->context_index;
    uint32_t hash = sigprof__hash_bytes(context, sizeof *context);
    size_t at;

    sigprof__index_room(index);
    for (at = sigprof__index_at(index, hash); index->slots[at].id;
         at = sigprof__index_next(index, at))
        if (memcmp(&model->contexts[index->slots[at].id - 1], context,
                   sizeof *context) == 0)
            return index->slots[at].id - 1;
    ARRAY_ROOM(model->contexts, model->context_count, model->context_capacity);
    model->contexts[model->context_count++] = *context;
    sigprof__index_put(index, at, hash, (uint32_t)model->context_count);
    return (uint32_t)model->context_count - 1;
}

/* ---- Counts -------------------------------------------------------------- */

#define FEW_COUNTS 16384 /* a quarter of a megabyte: may be too many */

static struct model_count *count_slot(struct model *model, uint64_t key)
{
    size_t at = sigprof__hash_mix(key) & model->count_mask;

    while (model->counts[at].value && model->counts[at].key != key)
        at = (at + 1) & model->count_mask;
    return &model->counts[at];
}

static void counts_room(struct model *model)
{
    struct model_count *old = model->counts;
    size_t slots = old ? model->count_mask + 1 : 0, room = 0;

    if (old && model->count_used * 4 < slots * 3)
        return;
    model->counts = sigprof__store_grow(
        NULL, &room, slots ? slots * (slots < FEW_COUNTS ? 4 : 2) : 1024,
        sizeof *model->counts);
    memset(model->counts, 0, room * sizeof *model->counts);
    model->count_mask = room - 1;
    for (size_t i = 0; i < slots; i++)
        if (old[i].value)
            *count_slot(model, old[i].key) = old[i];
    free(old);
}

void sigprof__model_count(struct model *model, uint32_t context, uint32_t node,
                          uint64_t value)
{
    uint64_t key = (uint64_t)context << 32 | node;
    struct model_count *slot;

    if (value == 0)
        return;
    counts_room(model);
    slot = count_slot(model, key);
    if (!slot->value)
        model->count_used++;
    slot->key = key;
    slot->value = add_saturating(slot->value, value);
}

void sigprof__model_counts_begin(struct model *model)
{
    model->earlier = model->counts;
    model->earlier_mask = model->count_mask;
    model->earlier_used = model->count_used;
    model->counts = NULL;
    model->count_mask = model->count_used = 0;
}

static void counts_swap(struct model *model)
{
    struct model_count *counts = model->counts;
    size_t mask = model->count_mask, used = model->count_used;

    model->counts = model->earlier;
    model->count_mask = model->earlier_mask;
    model->count_used = model->earlier_used;
    model->earlier = counts;
    model->earlier_mask = mask;
    model->earlier_used = used;
}

/* Adds the fewer to the more. */
void sigprof__model_counts_end(struct model *model)
{
    if (model->earlier_used > model->count_used)
        counts_swap(model);
    for (size_t i = 0; model->earlier && i <= model->earlier_mask; i++) {
        const struct model_count *count = &model->earlier[i];

        sigprof__model_count(model, (uint32_t)(count->key >> 32),
                             (uint32_t)count->key, count->value);
    }
    free(model->earlier);
    model->earlier = NULL;
    model->earlier_mask = model->earlier_used = 0;
}

/* ---- Stacks -------------------------------------------------------------- */

/* A program that declares code in a file knows more of it than the file's symbols: V8
 * runs its builtins where the file has them and in a copy, and they are one function. */
static uint32_t declared_at(const struct model_process *process, uint64_t pc)
{
    uint32_t code = process->codes.count > 1
                        ? sigprof__code_find(&process->codes, pc,
                                             process->view_time)
                        : 0;

    return code && process->codes.code[code].is_declared ? code : 0;
}

uint32_t sigprof__model_frame(struct model *model, uint64_t pc)
{
    struct model_process *process = model->process;
    const struct model_mapping *mapping = sigprof__mapping_in_view(process, pc);
    uint32_t number = (uint32_t)(process - model->processes), code;

    if (format_is_guest(pc))
        return intern_frame(model, MODEL_GUEST, number, pc, 0);
    if (!mapping) {
        if (pc < process->wild_low)
            process->wild_low = pc;
        if (pc > process->wild_high)
            process->wild_high = pc;
        code = sigprof__code_find(&process->codes, pc, process->view_time);
    } else {
        code = declared_at(process, pc);
    }
    if (code)
        return intern_frame(model, MODEL_CODE, number,
                            pc - process->codes.code[code].low, code);
    if (!mapping)
        mapping = sigprof__mapping_later(process, pc, process->view_from);
    if (mapping)
        return intern_frame(model, mapping->module, 0, pc - mapping->bias, 0);
    return intern_frame(model, MODEL_NO_MODULE, number, pc, process->view_from);
}

/* A generation's node on the way to the tree. */
struct step {
    uint32_t node;  /* of the reader */
    uint32_t frame; /* FRAME_NONE: stands for its parent */
    uint32_t hash;
};

static uint32_t step_frame(struct model *model, struct reader *reader,
                           uint32_t number)
{
    struct read_pc *pc = &reader->pcs[number];

    /* A guess is known from the sample's end, so its mark is left out. */
    if (number < FORMAT_FIRST_PC)
        return number == FRAME_SIGNAL || number == FRAME_GAP ||
                       number == FRAME_KERNEL || number == FRAME_BUSY ||
                       number == FRAME_DEFERRED
                   ? number
                   : (uint32_t)FRAME_NONE;
    if (pc->mapped_in != model->process->view_id) {
        pc->mapped = sigprof__model_frame(model, pc->pc);
        pc->mapped_in = model->process->view_id;
    }
    return pc->mapped;
}

/* The tree of a large profile is in no cache, and each look-up waits for the
 * one before it; but hashes do not depend on ids, so the slots, and then the
 * nodes, of a whole path are asked for at once. */
static void fetch_ahead(const struct model *model, const struct step *steps,
                        size_t depth)
{
    const struct index *index = &model->node_index;

    if (!index->slots)
        return;
    for (size_t i = depth; i-- > 0;)
        __builtin_prefetch(
            &index->slots[sigprof__index_at(index, steps[i].hash)]);
    for (size_t i = depth; i-- > 0;)
        __builtin_prefetch(
            &model->nodes[index->slots[sigprof__index_at(index, steps[i].hash)]
                              .id]);
}

/* The node of the tree that a generation's node stands for, mapped once in
 * each span. */
uint32_t sigprof__model_node(struct model *model, struct reader *reader,
                             uint32_t leaf)
{
    uint32_t span = model->process->view_id, mapped = 0, hash;
    struct step steps[READ_MAX_DEPTH];
    size_t depth = 0;

    for (uint32_t at = leaf; at; at = reader->nodes[at].parent) {
        if (reader->nodes[at].mapped_in == span) {
            mapped = reader->nodes[at].mapped;
            break;
        }
        steps[depth++].node = at;
    }
    hash = model->nodes[mapped].hash;
    for (size_t i = depth; i-- > 0;) {
        steps[i].frame =
            step_frame(model, reader, reader->nodes[steps[i].node].pc);
        if (steps[i].frame)
            hash = sigprof__hash_mix((uint64_t)hash << 32 | steps[i].frame);
        steps[i].hash = hash;
    }
    if (depth > 1)
        fetch_ahead(model, steps, depth);
    while (depth--) {
        if (steps[depth].frame)
            mapped = intern_node(model, mapped, steps[depth].frame,
                                 steps[depth].hash);
        reader->nodes[steps[depth].node].mapped = mapped;
        reader->nodes[steps[depth].node].mapped_in = span;
    }
    return mapped;
}
