/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frames of a sample: what stands in front of its stack, and what its nodes
 * show. Contract: fold.h, fold_impl.h.
 */
#include "fold_impl.h"
#include "name.h"

static const char *const end_names[MODEL_ENDS] = {
    "complete",      "depth", "no rule", "bad address",
    "foreign stack", "other", "damaged"};

const char *sigprof__fold_end_name(unsigned end)
{
    return end < MODEL_ENDS ? end_names[end] : "other";
}

/* ---- What stands in front of a stack ------------------------------------- */

/* A CPU clock does not say more than that the thread ran. */
static const char *const state_names[FORMAT_STATES] = {
    "running", "running",  "sleeping",         "waiting for cpu", "user",
    "system",  "faulting", "waiting for lock", "stopped"};

const char *sigprof__fold_state_name(unsigned state)
{
    return state_names[state < FORMAT_STATES ? state : FORMAT_STATE_UNKNOWN];
}

static uint32_t root_name(struct model *model, const struct fold_root *root,
                          const struct model_process *process,
                          const struct model_context *context)
{
    struct strings *strings = &model->strings;
    uint32_t comm = context->comm ? context->comm : process->comm;
    struct text name = sigprof__model_text(model, comm), key;
    uint32_t value;

    switch (root->kind) {
    case ROOT_COMM:
        break;
    case ROOT_PROCESS:
        value =
            sigprof__strings_format(strings, "%.*s-%llu", (int)name.size,
                                    name.at, (unsigned long long)process->pid);
        name = sigprof__model_text(model, value);
        break;
    case ROOT_THREAD:
        if (!context->thread)
            return 0;
        value = sigprof__model_thread_name(model, process, context->thread);
        name = sigprof__model_text(model, value);
        if (process->threads[context->thread].name) {
            value = sigprof__strings_format(
                strings, "%.*s-%u", (int)name.size, name.at,
                process->threads[context->thread].tid);
            name = sigprof__model_text(model, value);
        }
        break;
    case ROOT_STATE:
        return sigprof__strings_format(
            strings, "[%s]", sigprof__fold_state_name(context->state));
    case ROOT_LABEL:
        value = sigprof__model_label_value(model, process, context->label,
                                           root->key);
        key = root->key;
        if (!value)
            value = sigprof__strings_format(strings, "[no %.*s]", (int)key.size,
                                            key.at);
        name = sigprof__model_text(model, value);
        break;
    }
    return sigprof__name_safe(strings, name);
}

size_t sigprof__fold_roots(struct model *model,
                           const struct fold_options *options,
                           const struct model_context *context, bool loss,
                           uint32_t *names, size_t room)
{
    const struct model_process *process = &model->processes[context->process];
    size_t count = 0;

    for (size_t i = 0; i < options->root_count && count < room; i++) {
        const struct fold_root *root = &options->roots[i];

        if (loss && (root->kind == ROOT_THREAD || root->kind == ROOT_STATE ||
                     root->kind == ROOT_LABEL))
            continue;
        names[count++] = root_name(model, root, process, context);
    }
    return count;
}

uint32_t sigprof__fold_word(struct model *model, const char *name)
{
    return sigprof__strings_add(&model->strings, sigprof__text(name));
}

uint32_t sigprof__fold_end(struct model *model, unsigned end, bool has_stack)
{
    if (end == MODEL_DAMAGED)
        return sigprof__fold_word(model, "[damaged]");
    if (end != MODEL_COMPLETE)
        return sigprof__strings_format(&model->strings, "[truncated: %s]",
                                       sigprof__fold_end_name(end));
    return has_stack ? 0 : sigprof__fold_word(model, "[no stack]");
}

/* ---- Names of a node ----------------------------------------------------- */

static bool below_signal(const struct model *model, uint32_t node)
{
    uint32_t parent = model->nodes[node].parent;

    return parent && model->nodes[parent].frame == FRAME_SIGNAL;
}

static bool is_named(const struct model *model, struct model_places places)
{
    return places.count && model->places[places.first].function;
}

struct model_places sigprof__fold_places(const struct model *model,
                                         uint32_t node, bool exact)
{
    const struct model_frame *frame = &model->frames[model->nodes[node].frame];

    if (model->nodes[node].frame == FRAME_SIGNAL)
        return (struct model_places){0, 0};
    if (below_signal(model, node))
        return is_named(model, frame->exact)
                   ? frame->exact
                   : model->frames[FRAME_SIGNAL].exact;
    return exact ? frame->exact : frame->call;
}

/* The places of a node, innermost first, behind what is there; false: no room.
 */
static bool push_places(const struct model *model, uint32_t node, bool exact,
                        struct fold_frame *frames, size_t room, size_t *count)
{
    struct model_places places = sigprof__fold_places(model, node, exact);
    bool at_call = !exact && !below_signal(model, node);

    if (places.count > room - *count)
        return false;
    while (places.count) {
        uint32_t place = places.first + --places.count;

        frames[(*count)++] =
            (struct fold_frame){model->places[place].name, place,
                                model->nodes[node].frame, at_call};
    }
    return true;
}

/* Of frames with one name that follow each other, the innermost stays: it tells
 * what ran. */
static size_t without_repeats(struct fold_frame *frames, size_t first,
                              size_t count)
{
    size_t kept = first;

    for (size_t i = first; i < count; i++) {
        if (kept > first && frames[kept - 1].name == frames[i].name)
            kept--;
        frames[kept++] = frames[i];
    }
    return kept;
}

size_t sigprof__fold_frames(struct model *model,
                            const struct fold_options *options,
                            uint32_t context, uint32_t node,
                            struct fold_frame *frames, size_t room,
                            size_t *roots)
{
    const struct model_context *in = &model->contexts[context];
    uint32_t names[FOLD_MAX_ROOTS];
    size_t count = sigprof__fold_roots(model, options, in, false, names,
                                       sizeof names / sizeof *names);
    uint32_t end = sigprof__fold_end(model, in->end, node != 0);
    bool exact = true;
    size_t first;

    *roots = count;
    if (count + 1 > room)
        return room + 1;
    for (size_t i = 0; i < count; i++)
        frames[i] = (struct fold_frame){.name = names[i]};
    if (end)
        frames[count++] = (struct fold_frame){.name = end};
    first = count;
    for (; node; node = model->nodes[node].parent) {
        if (!push_places(model, node, exact, frames, room, &count))
            return room + 1;
        exact = model->nodes[node].frame == FRAME_SIGNAL;
    }
    for (size_t i = first, j = count; i + 1 < j; i++) {
        struct fold_frame swap = frames[i];

        frames[i] = frames[--j];
        frames[j] = swap;
    }
    return options->fold_recursion ? without_repeats(frames, first, count)
                                   : count;
}
