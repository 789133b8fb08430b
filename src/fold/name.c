/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames to names. Contract: name.h.
 *
 * A frame has two names, of its own address (where a leaf, or what a signal
 * interrupted, was about to run) and of the byte before (in the call, for all
 * others). Most frames are used one way only, and only that is asked for.
 */
#include "name_impl.h"

#include <stdio.h>
#include <stdlib.h>

/* Addresses of the upper half are the kernel's on the systems we know. */
#define KERNEL_HALF (UINT64_C(1) << 63)

/* The ways in which frames are used: enum model_use, by frame. */
static uint8_t *find_uses(const struct model *model, bool every)
{
    size_t room = 0, slots = model->counts ? model->count_mask + 1 : 0;
    uint8_t *uses = sigprof__store_grow(NULL, &room, model->frame_count, 1);

    memset(uses, every ? USED_EXACT | USED_CALL : 0, model->frame_count);
    if (every)
        return uses;
    for (size_t i = 1; i < model->node_count; i++) {
        const struct model_node *node = &model->nodes[i];
        uint32_t above = model->nodes[node->parent].frame;

        uses[above] |= node->frame == FRAME_SIGNAL ? USED_EXACT : USED_CALL;
        if (above == FRAME_SIGNAL)
            uses[node->frame] |= USED_EXACT;
    }
    for (size_t i = 0; i < slots; i++)
        if (model->counts[i].value)
            uses[model->nodes[(uint32_t)model->counts[i].key].frame] |=
                USED_EXACT;
    for (size_t i = 0; i < model->process_count; i++)
        for (size_t j = 0; j < model->processes[i].thread_count; j++)
            uses[model->processes[i].threads[j].start_frame] |= USED_EXACT;
    return uses;
}

static void name_unmapped(struct naming *naming, struct model_frame *frame)
{
    bool kernel = frame->address >= KERNEL_HALF;
    char name[40] = "[unknown]";

    if (kernel)
        strcpy(name, "[kernel]");
    else if (naming->options->by == BY_ADDRESS)
        snprintf(name, sizeof name, "[unknown 0x%llx]",
                 (unsigned long long)frame->address);
    naming->base.size = 0;
    frame->exact = frame->call = sigprof__name_one_place(
        naming->model, sigprof__name_finish(naming, sigprof__text(name),
                                            kernel ? "_[k]" : ""));
}

static bool is_tier(char mark)
{
    return mark && strchr("~^+*", mark);
}

/* "JS:*f" and "JS:o+f" to "JS:f": V8's marks of an optimised function, one that is
 * interpreted, one that was replaced while it ran. */
static uint32_t without_tier(struct strings *strings, uint32_t name)
{
    struct text text = strings->text[name];
    size_t at = 3, size;
    char whole[4096];

    if (text.size < 5 || memcmp(text.at, "JS:", 3) != 0)
        return name;
    at += text.at[at] == 'o' && is_tier(text.at[at + 1]);
    if (!is_tier(text.at[at]) || text.size >= sizeof whole)
        return name;
    size = (size_t)snprintf(whole, sizeof whole, "JS:%.*s",
                            (int)(text.size - at - 1), text.at + at + 1);
    return sigprof__strings_add(strings, (struct text){whole, size});
}

/* Code that the program has named; offset: of the instruction meant. */
static struct model_places
name_code(struct naming *naming, const struct model_code *code, uint64_t offset)
{
    struct model *model = naming->model;
    uint32_t function = naming->options->merge_tiers
                            ? without_tier(&model->strings, code->name)
                            : code->name;
    struct text name = sigprof__model_text(model, function);
    struct text file = sigprof__model_text(model, code->file);
    struct model_place place = {.symbol = code->name,
                                .function = function,
                                .file = code->file,
                                .line = sigprof__code_line(code, offset)};
    char tail[512] = "";

    if (naming->options->by == BY_LINE && file.size && place.line)
        snprintf(tail, sizeof tail, " %.*s:%u",
                 (int)sigprof__name_base(file).size,
                 sigprof__name_base(file).at, place.line);
    else if (naming->options->by == BY_ADDRESS)
        snprintf(tail, sizeof tail, "+0x%llx", (unsigned long long)offset);
    naming->base = sigprof__text("[jit]");
    place.name = sigprof__name_marked(naming, name, tail, "_[j]");
    return (struct model_places){sigprof__name_push_place(model, &place), 1};
}

static void name_generated(struct naming *naming, struct model_frame *frame)
{
    const struct model_code *code =
        &naming->model->processes[frame->process].codes.code[frame->span_from];

    frame->exact = name_code(naming, code, frame->address);
    frame->call =
        name_code(naming, code, frame->address ? frame->address - 1 : 0);
}

/* Of a guest: where a function runs or calls, that is the line it was in. */
static struct model_places name_guest(struct naming *naming, uint64_t word,
                                      const struct model_function *function)
{
    struct model *model = naming->model;
    struct text name = sigprof__text("[unknown function]");
    struct text file = {"", 0};
    uint32_t line = (uint32_t)word;
    struct model_place place = {.line = line};
    char tail[512] = "";

    if (function) {
        name = sigprof__model_text(model, function->name);
        file = sigprof__model_text(model, function->file);
        place.symbol = place.function = function->name;
        place.file = file.size ? function->file : 0;
        place.line = line ? line : function->line;
    }
    if (naming->options->by != BY_FUNCTION && file.size && line)
        snprintf(tail, sizeof tail, " %.*s:%u",
                 (int)sigprof__name_base(file).size,
                 sigprof__name_base(file).at, line);
    naming->base = sigprof__text("[guest]");
    place.name = sigprof__name_marked(naming, name, tail, "_[g]");
    return (struct model_places){sigprof__name_push_place(model, &place), 1};
}

static void name_listed(struct naming *naming, struct model_frame *frame)
{
    const struct model_function *function =
        sigprof__model_function(&naming->model->processes[frame->process],
                                format_guest_function(frame->address));

    frame->exact = frame->call = name_guest(naming, frame->address, function);
}

/* Puts what is asked of a frame behind what is there. */
static void add_lookups(const struct model *model, size_t number, unsigned uses,
                        struct sort_item *lookups, size_t *end)
{
    const struct model_frame *frame = &model->frames[number];

    if (uses & USED_EXACT)
        lookups[(*end)++] =
            lookup_make(frame->address, number, USED_EXACT, false);
    if (uses & USED_CALL)
        lookups[(*end)++] = lookup_make(frame->address - 1, number, USED_CALL,
                                        (uses & USED_EXACT) != 0);
}

static bool is_asked(const struct model_frame *frame)
{
    return frame->module != MODEL_NO_MODULE && frame->module != MODEL_CODE &&
           frame->module != MODEL_GUEST;
}

/* Names what needs no file. The rest is counted by module: of module i there
 * are ends[i] lookups. */
static void name_or_count(struct naming *naming, const uint8_t *uses,
                          size_t *ends)
{
    struct model *model = naming->model;

    for (size_t i = FRAME_FIRST; i < model->frame_count; i++) {
        struct model_frame *frame = &model->frames[i];

        frame->exact = frame->call = (struct model_places){0, 0};
        if (frame->module == MODEL_NO_MODULE)
            name_unmapped(naming, frame);
        else if (frame->module == MODEL_CODE)
            name_generated(naming, frame);
        else if (frame->module == MODEL_GUEST)
            name_listed(naming, frame);
        else
            ends[frame->module] += (uses[i] & USED_EXACT ? 1u : 0) +
                                   (uses[i] & USED_CALL ? 1u : 0);
    }
}

/* By module, then by address. ends[i]: where those of module i end. */
static struct sort_item *sorted_lookups(struct naming *naming, size_t *ends)
{
    struct model *model = naming->model;
    uint8_t *uses = find_uses(model, naming->options->every_use);
    struct sort_item *lookups;
    size_t room = 0, sum = 0;

    name_or_count(naming, uses, ends);
    for (size_t i = 0; i < model->module_count; i++) {
        size_t own = ends[i];

        ends[i] = sum;
        sum += own;
    }
    lookups = sigprof__store_grow(NULL, &room, sum + 1, sizeof *lookups);
    for (size_t i = FRAME_FIRST; i < model->frame_count; i++)
        if (is_asked(&model->frames[i]))
            add_lookups(model, i, uses[i], lookups,
                        &ends[model->frames[i].module]);
    for (size_t i = 0, first = 0; i < model->module_count; first = ends[i++])
        sigprof__sort(lookups + first, ends[i] - first);
    free(uses);
    return lookups;
}

/* FRAME_SIGNAL's name is for a trampoline that has none of its own. */
static void name_marks(struct model *model)
{
    static const char *const names[FRAME_FIRST] = {[FRAME_GAP] =
                                                       "[frames left out]",
                                                   [FRAME_SIGNAL] = "[signal]",
                                                   [FRAME_KERNEL] = "[kernel]",
                                                   [FRAME_BUSY] = "[vm busy]",
                                                   [FRAME_DEFERRED] =
                                                       NAME_DEFERRED};

    model->place_count = 0;
    for (size_t i = 0; i < FRAME_FIRST; i++)
        if (names[i])
            model->frames[i].exact = model->frames[i].call =
                sigprof__name_one_place(
                    model, sigprof__strings_add(&model->strings,
                                                sigprof__text(names[i])));
}

void sigprof__name_frames(struct model *model,
                          const struct name_options *options,
                          void (*say)(const char *format, ...),
                          struct name_report *report)
{
    struct naming naming = {
        .model = model, .options = options, .say = say, .report = report};
    size_t room = 0, ends_room = 0, address_room = 0, answer_room = 0, count;
    struct sort_item *lookups;
    uint64_t *addresses;
    struct sym_answer *answers;
    struct name_job *jobs = NULL;
    size_t job_count = 0, job_room = 0;
    size_t *ends = sigprof__store_grow(NULL, &ends_room,
                                       model->module_count + 1, sizeof *ends);

    *report = (struct name_report){0};
    memset(ends, 0, (model->module_count + 1) * sizeof *ends);
    naming.shown = sigprof__store_grow(NULL, &room, SYM_NAME_MAX + 64, 1);
    room = 0;
    naming.whole = sigprof__store_grow(NULL, &room, SYM_NAME_MAX + 8192, 1);
    name_marks(model);
    lookups = sorted_lookups(&naming, ends);
    count = model->module_count ? ends[model->module_count - 1] : 0;
    addresses =
        sigprof__store_grow(NULL, &address_room, count + 1, sizeof *addresses);
    answers =
        sigprof__store_grow(NULL, &answer_room, count + 1, sizeof *answers);
    for (size_t i = 0, first = 0; i < model->module_count; first = ends[i++]) {
        if (first == ends[i])
            continue;
        ARRAY_ROOM(jobs, job_count, job_room);
        jobs[job_count] = (struct name_job){.lookups = lookups + first,
                                            .count = ends[i] - first,
                                            .addresses = addresses + first,
                                            .answers = answers + first};
        sigprof__name_job(model, &jobs[job_count++]);
    }
    sigprof__name_resolve(options, jobs, job_count);
    for (size_t i = 0; i < job_count; i++)
        sigprof__name_module(&naming, &jobs[i]);
    free(jobs);
    free(lookups);
    free(addresses);
    free(answers);
    free(ends);
    free(naming.shown);
    free(naming.whole);
}
