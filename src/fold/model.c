/* SPDX-License-Identifier: BSD-2-Clause */
/* The merged profiles. Theory and contracts: model.h. */
#include "model.h"
#include "mapping.h"

#include <stdlib.h>

/* A recorder that says nothing of its period samples at 99 Hz, our default. */
#define FALLBACK_PERIOD_NS (1000000000u / 99)

static uint64_t add_saturating(uint64_t a, uint64_t b)
{
    return a + b < a ? UINT64_MAX : a + b;
}

static uint64_t multiply_saturating(uint64_t a, uint64_t b)
{
    return b && a > UINT64_MAX / b ? UINT64_MAX : a * b;
}

static uint64_t parse_number(struct text text)
{
    uint64_t value = 0;

    for (size_t i = 0; i < text.size && i < 20; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return 0;
        value = value * 10 + (uint64_t)(text.at[i] - '0');
    }
    return value;
}

static bool text_equal(struct text a, struct text b)
{
    return a.size == b.size && memcmp(a.at, b.at, a.size) == 0;
}

void sigprof__model_init(struct model *model,
                         const struct model_options *options)
{
    *model = (struct model){.options = *options};
    sigprof__strings_init(&model->strings);
    model->frames = sigprof__store_grow(NULL, &model->frame_capacity,
                                        FRAME_FIRST, sizeof *model->frames);
    memset(model->frames, 0, FRAME_FIRST * sizeof *model->frames);
    model->frame_count = FRAME_FIRST;
    ARRAY_ROOM(model->nodes, model->node_count, model->node_capacity);
    model->nodes[model->node_count++] = (struct model_node){0};
}

static void process_free(struct model_process *process)
{
    free(process->info);
    free(process->mappings);
    sigprof__code_forget(&process->codes);
    free(process->threads);
    free(process->thread_index.slots);
    free(process->labels);
    free(process->functions);
    free(process->function_index.slots);
    free(process->exits);
    free(process->bounds);
    free(process->span_ids);
    free(process->view);
}

void sigprof__model_free(struct model *model)
{
    for (size_t i = 0; i < model->process_count; i++)
        process_free(&model->processes[i]);
    free(model->processes);
    sigprof__strings_free(&model->strings);
    free(model->modules);
    free(model->frames);
    free(model->places);
    free(model->nodes);
    free(model->contexts);
    free(model->counts);
    free(model->earlier);
    free(model->module_index.slots);
    free(model->frame_index.slots);
    free(model->node_index.slots);
    free(model->context_index.slots);
}

/* ---- Interning ----------------------------------------------------------- */

static uint32_t intern_module(struct model *model, const struct read_module *in)
{
    struct index *index = &model->module_index;
    uint32_t path = sigprof__strings_add(&model->strings, in->path);
    uint32_t build_id = sigprof__strings_add(&model->strings, in->build_id);
    uint32_t hash = sigprof__hash_mix((uint64_t)path << 32 | build_id);
    size_t at;

    sigprof__index_room(index);
    for (at = sigprof__index_at(index, hash); index->slots[at].id;
         at = sigprof__index_next(index, at)) {
        const struct model_module *other =
            &model->modules[index->slots[at].id - 1];

        if (other->path == path && other->build_id == build_id)
            return index->slots[at].id - 1;
    }
    ARRAY_ROOM(model->modules, model->module_count, model->module_capacity);
    model->modules[model->module_count++] =
        (struct model_module){path, build_id, in->flags, 0, false};
    sigprof__index_put(index, at, hash, (uint32_t)model->module_count);
    return (uint32_t)model->module_count - 1;
}

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

static uint32_t intern_context(struct model *model,
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

    if (old && model->count_used * 2 < slots)
        return;
    model->counts = sigprof__store_grow(NULL, &room, slots ? slots * 2 : 1024,
                                        sizeof *model->counts);
    memset(model->counts, 0, room * sizeof *model->counts);
    model->count_mask = room - 1;
    for (size_t i = 0; i < slots; i++)
        if (old[i].value)
            *count_slot(model, old[i].key) = old[i];
    free(old);
}

static void count_add(struct model *model, uint32_t context, uint32_t node,
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

/* Sets what was counted so far aside, so that a file can be counted again. */
static void counts_begin(struct model *model)
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
static void counts_end(struct model *model)
{
    if (model->earlier_used > model->count_used)
        counts_swap(model);
    for (size_t i = 0; model->earlier && i <= model->earlier_mask; i++) {
        const struct model_count *count = &model->earlier[i];

        count_add(model, (uint32_t)(count->key >> 32), (uint32_t)count->key,
                  count->value);
    }
    free(model->earlier);
    model->earlier = NULL;
    model->earlier_mask = model->earlier_used = 0;
}

/* ---- Modules ------------------------------------------------------------- */

static void note_seen(const struct model *model, struct model_module *module,
                      uint64_t time_ns)
{
    uint64_t start_ns = model->process->start_real_ns;
    uint64_t seen_ns = add_saturating(start_ns, time_ns);

    if (start_ns && (!module->seen_ns || seen_ns < module->seen_ns))
        module->seen_ns = seen_ns;
}

static void on_module(void *arg, const struct read_module *in)
{
    struct model *model = arg;
    struct model_mapping mapping = {in->low,    in->high, in->bias, in->time_ns,
                                    UINT64_MAX, in->id,   0};

    if (in->low >= in->high)
        return;
    mapping.module = intern_module(model, in);
    note_seen(model, &model->modules[mapping.module], in->time_ns);
    model->modules[mapping.module].illumos |= model->process->illumos;
    sigprof__mapping_add(model->process, &mapping);
}

static void on_unload(void *arg, uint32_t id, uint64_t time_ns)
{
    sigprof__mapping_end(((struct model *)arg)->process, id, time_ns);
}

/* It came after samples that it may name. */
static void notice_late(struct model_process *process, uint64_t low,
                        uint64_t high, uint64_t time_ns, bool since_before)
{
    if (process->wild_low < high && process->wild_high >= low &&
        (time_ns <= process->last_ns || since_before))
        process->late_code = true;
}

static void on_code(void *arg, const struct read_code *in)
{
    struct model *model = arg;
    struct strings *strings = &model->strings;
    struct model_codes *codes = &model->process->codes;
    size_t changes = codes->changes;
    struct model_code_names names = {
        .name = sigprof__strings_add(strings, in->name),
        .file = sigprof__strings_add(strings, in->file)};

    names.lines = sigprof__model_text(
        model, sigprof__strings_add(strings, in->lines));
    sigprof__code_add(codes, in, &names);
    if (codes->changes != changes)
        notice_late(model->process, in->start, in->start + in->bytes,
                    in->time_ns, in->source == FORMAT_CODE_MAP);
}

static void on_code_move(void *arg, uint64_t serial, uint64_t start,
                         uint64_t time_ns)
{
    struct model_process *process = ((struct model *)arg)->process;
    size_t changes = process->codes.changes;

    sigprof__code_move(&process->codes, serial, start, time_ns);
    if (process->codes.changes != changes)
        notice_late(process, 0, UINT64_MAX, time_ns, false);
}

static void on_code_free(void *arg, uint64_t serial, uint64_t time_ns)
{
    struct model *model = arg;

    sigprof__code_free(&model->process->codes, serial, time_ns);
}

static size_t function_at(const struct model_process *process, uint32_t number)
{
    const struct index *index = &process->function_index;
    size_t at = sigprof__index_at(index, sigprof__hash_mix(number));

    while (index->slots[at].id &&
           process->functions[index->slots[at].id - 1].number != number)
        at = sigprof__index_next(index, at);
    return at;
}

const struct model_function *
sigprof__model_function(const struct model_process *process, uint32_t number)
{
    uint32_t id;

    if (!process->function_index.slots)
        return NULL;
    id = process->function_index.slots[function_at(process, number)].id;
    return id ? &process->functions[id - 1] : NULL;
}

/* A number means the same as long as the process lives: it may be told again. */
static void on_function(void *arg, const struct read_function *in)
{
    struct model *model = arg;
    struct model_process *process = model->process;
    struct strings *strings = &model->strings;
    size_t at;

    sigprof__index_room(&process->function_index);
    at = function_at(process, in->number);
    if (process->function_index.slots[at].id)
        return;
    ARRAY_ROOM(process->functions, process->function_count,
               process->function_capacity);
    process->functions[process->function_count++] =
        (struct model_function){in->number,
                                sigprof__strings_add(strings, in->name),
                                sigprof__strings_add(strings, in->file),
                                in->line};
    sigprof__index_put(&process->function_index, at,
                       sigprof__hash_mix(in->number),
                       (uint32_t)process->function_count);
}

static uint32_t frame_of_pc(struct model *model, uint64_t pc)
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
        if (code)
            return intern_frame(model, MODEL_CODE, number,
                                pc - process->codes.code[code].low, code);
        mapping = sigprof__mapping_later(process, pc, process->view_from);
    }
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
                       number == FRAME_KERNEL || number == FRAME_BUSY
                   ? number
                   : (uint32_t)FRAME_NONE;
    if (pc->mapped_in != model->process->view_id) {
        pc->mapped = frame_of_pc(model, pc->pc);
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
static uint32_t map_node(struct model *model, struct reader *reader,
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

/* ---- Threads and labels -------------------------------------------------- */

static uint32_t thread_latest(const struct model_process *process, uint32_t tid)
{
    const struct index *index = &process->thread_index;
    uint32_t hash = sigprof__hash_mix(tid);

    if (!index->slots)
        return 0;
    for (size_t at = sigprof__index_at(index, hash); index->slots[at].id;
         at = sigprof__index_next(index, at))
        if (process->threads[index->slots[at].id].tid == tid)
            return index->slots[at].id;
    return 0;
}

static uint32_t thread_add(struct model_process *process, uint32_t tid)
{
    struct index *index = &process->thread_index;
    uint32_t hash = sigprof__hash_mix(tid), number;
    size_t at;

    if (process->thread_count == 0) {
        ARRAY_ROOM(process->threads, 0, process->thread_capacity);
        process->threads[process->thread_count++] = (struct model_thread){0};
    }
    ARRAY_ROOM(process->threads, process->thread_count,
               process->thread_capacity);
    number = (uint32_t)process->thread_count++;
    process->threads[number] = (struct model_thread){.tid = tid};
    sigprof__index_room(index);
    for (at = sigprof__index_at(index, hash); index->slots[at].id;
         at = sigprof__index_next(index, at))
        if (process->threads[index->slots[at].id].tid == tid) {
            index->slots[at].id = number;
            return number;
        }
    sigprof__index_put(index, at, hash, number);
    return number;
}

/* A new name of a thread that is known: what else is known of it stays. */
static void inherit(struct model_thread *thread, const struct model_thread *old)
{
    if (thread->start_routine == 0 && !old->ended) {
        thread->start_routine = old->start_routine;
        thread->start_frame = old->start_frame;
    }
}

static void on_thread(void *arg, uint32_t tid, uint64_t time_ns,
                      uint64_t start_routine, struct text name)
{
    struct model *model = arg;
    struct model_process *process = model->process;
    uint32_t label = sigprof__strings_add(&model->strings, name);
    uint32_t old = thread_latest(process, tid), number = old;
    struct model_thread *thread;

    model->cached_thread = 0;
    if (old) {
        thread = &process->threads[old];
        if (!thread->placeholder && !thread->ended && thread->name == label &&
            (!start_routine || thread->start_routine == start_routine))
            return; /* said again, for the beginning of a new file */
        if (!thread->name && !thread->ended && !start_routine) {
            thread->name = label; /* it was born without; now it is known */
            return;
        }
    }
    if (!old || !process->threads[old].placeholder)
        number = thread_add(process, tid);
    thread = &process->threads[number];
    thread->placeholder = false;
    thread->name = label;
    thread->from_ns = time_ns;
    thread->start_routine = start_routine;
    if (old && old != number)
        inherit(thread, &process->threads[old]);
    if (start_routine) {
        sigprof__mapping_at(process, time_ns);
        thread->start_frame = frame_of_pc(model, start_routine);
    }
}

/* The thread that had this id then. Names are few, so a walk back is short. */
static uint32_t thread_at(struct model *model, uint32_t tid, uint64_t time_ns)
{
    struct model_process *process = model->process;
    uint32_t latest = thread_latest(process, tid);
    uint32_t number = latest;

    if (!latest) {
        number = thread_add(process, tid);
        process->threads[number].placeholder = true;
        return number;
    }
    while (process->threads[number].from_ns > time_ns) {
        uint32_t older = number - 1;

        while (older && process->threads[older].tid != tid)
            older--;
        if (!older)
            break;
        number = older;
    }
    return number;
}

static void on_thread_exit(void *arg, const struct read_exit *in)
{
    struct model *model = arg;
    struct model_process *process = model->process;
    struct model_exit record = {.cause = in->cause};
    uint64_t sampled = multiply_saturating(in->periods, process->period_ns);

    record.thread = thread_at(model, in->tid, in->time_ns);
    process->threads[record.thread].ended = in->cause == FORMAT_EXIT_ENDED;
    record.unsampled_ns = (int64_t)(in->cpu_ns - sampled);
    if (in->cpu_ns > INT64_MAX || sampled > INT64_MAX)
        return; /* three hundred years: not a figure of ours */
    ARRAY_ROOM(process->exits, process->exit_count, process->exit_capacity);
    process->exits[process->exit_count++] = record;
}

static void on_label(void *arg, uint32_t id, uint32_t parent, struct text key,
                     struct text value)
{
    struct model *model = arg;
    struct model_process *process = model->process;
    struct model_label label = {id, parent, 0, 0};
    size_t at = process->label_count;

    label.key = sigprof__strings_add(&model->strings, key);
    label.value = sigprof__strings_add(&model->strings, value);
    if (sigprof__model_label(process, id))
        return;
    ARRAY_ROOM(process->labels, process->label_count, process->label_capacity);
    while (at > 0 && process->labels[at - 1].id > id) {
        process->labels[at] = process->labels[at - 1];
        at--;
    }
    process->labels[at] = label;
    process->label_count++;
}

const struct model_label *
sigprof__model_label(const struct model_process *process, uint32_t id)
{
    size_t low = 0, high = process->label_count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (process->labels[middle].id == id)
            return &process->labels[middle];
        if (process->labels[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

uint32_t sigprof__model_label_value(const struct model *model,
                                    const struct model_process *process,
                                    uint32_t label, struct text key)
{
    const struct model_label *at;

    /* Parents have lower ids; a file that says otherwise is not followed. */
    while (label && (at = sigprof__model_label(process, label)) != NULL) {
        if (text_equal(sigprof__model_text(model, at->key), key))
            return at->value;
        if (at->parent >= label)
            break;
        label = at->parent;
    }
    return 0;
}

uint32_t sigprof__model_thread_name(struct model *model,
                                    const struct model_process *process,
                                    uint32_t thread)
{
    const struct model_thread *at = &process->threads[thread];

    if (at->name)
        return at->name;
    return sigprof__strings_format(&model->strings, "tid %u", at->tid);
}

/* ---- The header, the sheet, the samples ---------------------------------- */

struct text sigprof__model_info(const struct model_process *process,
                                const char *key)
{
    struct text wanted = sigprof__text(key);

    for (size_t i = 0; i < process->info_count; i += 2)
        if (text_equal(process->info[i], wanted))
            return process->info[i + 1];
    return (struct text){"", 0};
}

static void info_set(struct model *model, struct text key, struct text value)
{
    struct model_process *process = model->process;
    uint32_t k = sigprof__strings_add(&model->strings, key);
    uint32_t v = sigprof__strings_add(&model->strings, value);
    size_t i = 0;

    key = sigprof__model_text(model, k);
    while (i < process->info_count && !text_equal(process->info[i], key))
        i += 2;
    if (i == process->info_count) {
        if (i + 2 > process->info_capacity)
            process->info =
                sigprof__store_grow(process->info, &process->info_capacity,
                                    i + 2, sizeof *process->info);
        process->info_count += 2;
    }
    process->info[i] = key;
    process->info[i + 1] = sigprof__model_text(model, v);
}

/* Hundreds of files are to need no more memory than one. A process whose comm is
 * not known yet is kept apart, for then it is looked up there. */
static void choose_stand_in(struct model *model)
{
    const struct model_options *options = &model->options;
    const struct model_process *process = model->process;
    uint32_t number = 0;

    if (options->by_process || options->by_thread || options->by_label ||
        !process->comm)
        number = (uint32_t)(process - model->processes);
    while (model->processes[number].base != process->base)
        number++;
    model->process->stand_in = number;
}

static void on_info(void *arg, struct text key, struct text value)
{
    struct model *model = arg;
    struct model_process *process = model->process;

    info_set(model, key, value);
    if (text_equal(key, sigprof__text("comm")) && value.size) {
        process->comm = sigprof__strings_add(&model->strings, value);
        if (!process->comm_first)
            process->comm_first = process->comm;
        choose_stand_in(model);
        model->context_id = UINT32_MAX;
    } else if (text_equal(key, sigprof__text("period_ns"))) {
        process->period_ns = parse_number(value);
        if (!process->period_ns)
            process->period_ns = FALLBACK_PERIOD_NS;
    } else if (text_equal(key, sigprof__text("os"))) {
        process->illumos = text_equal(value, sigprof__text("illumos"));
    } else if (text_equal(key, sigprof__text("clock"))) {
        process->by_realprof = text_equal(value, sigprof__text("realprof"));
        process->by_wall = text_equal(value, sigprof__text("wall"));
    } else if (text_equal(key, sigprof__text("id"))) {
        process->recording = sigprof__strings_add(&model->strings, value);
    } else if (text_equal(key, sigprof__text("pid"))) {
        process->pid = parse_number(value);
    } else if (text_equal(key, sigprof__text("start_mono_ns"))) {
        process->start_mono_ns = parse_number(value);
    } else if (text_equal(key, sigprof__text("start_real_ns"))) {
        process->start_real_ns = parse_number(value);
    }
}

static void on_sheet(void *arg, struct text name, int64_t value)
{
    struct model_sheet *sheet = &((struct model *)arg)->process->sheet;

    if (name.size == 0)
        return; /* a later sheet may name a few of the counts only */
    sheet->present |= text_equal(name, sigprof__text("due_ns"));
#define X(field)                                                               \
    if (text_equal(name, sigprof__text(#field)))                               \
        sheet->field = value;
    MODEL_SHEET_MAP(X)
#undef X
}

static uint32_t context_of(struct model *model, const struct read_sample *in)
{
    struct model_context context = {.process = model->process->stand_in,
                                    .comm = model->process->comm};
    unsigned reason = in->end & FORMAT_END_REASON_MASK;

    if (model->options.by_thread) {
        /* Names do not change within a batch of samples but rarely. */
        if (!model->cached_thread || model->cached_tid != in->tid ||
            model->process->threads[model->cached_thread].from_ns >
                in->time_ns ||
            thread_latest(model->process, in->tid) != model->cached_thread) {
            model->cached_tid = in->tid;
            model->cached_thread = thread_at(model, in->tid, in->time_ns);
        }
        context.thread = model->cached_thread;
    }
    if (model->options.by_label)
        context.label = in->label;
    if (model->options.by_state)
        context.state = in->state;
    context.end = in->damaged            ? MODEL_DAMAGED
                  : reason < MODEL_OTHER ? reason
                                         : (unsigned)MODEL_OTHER;
    if (model->context_id == UINT32_MAX ||
        memcmp(&context, &model->context, sizeof context) != 0) {
        model->context = context;
        model->context_id = intern_context(model, &context);
    }
    return model->context_id;
}

/* How many of the ends of periods from time_ns backwards lie at limit_ns or later. */
static uint64_t ends_since(uint64_t time_ns, uint64_t period_ns,
                           uint64_t limit_ns)
{
    if (limit_ns == 0)
        return UINT64_MAX; /* nothing is before the run */
    return time_ns < limit_ns ? 0 : (time_ns - limit_ns) / period_ns + 1;
}

/* Leaves of a sample what is within the limits of time. Where a state is told, the
 * periods are the last before its time; else all of them are there. */
static bool cut_by_time(const struct model *model, struct read_sample *sample)
{
    const struct model_options *options = &model->options;
    uint64_t period_ns = model->process->period_ns, behind, within;
    uint64_t time_ns =
        add_saturating(sample->time_ns, model->process->shift_ns);

    if (!options->time_limits)
        return true;
    if (sample->state == FORMAT_STATE_UNKNOWN || sample->weight < 2 ||
        period_ns == 0)
        return time_ns >= options->from_ns && time_ns < options->to_ns;
    behind = ends_since(time_ns, period_ns, options->to_ns);
    within = ends_since(time_ns, period_ns, options->from_ns);
    within = within < sample->weight ? within : sample->weight;
    if (within <= behind)
        return false;
    sample->weight = within - behind;
    behind *= period_ns; /* at most time_ns - to_ns, and one period */
    sample->time_ns -= behind < sample->time_ns ? behind : sample->time_ns;
    return true;
}

static void tally(struct model *model, const struct read_sample *in)
{
    struct model_process *process = model->process;

    process->samples++;
    process->periods = add_saturating(process->periods, in->weight);
    process->ended[model->contexts[model->context_id].end]++;
    process->guessed += (in->end & FORMAT_END_GUESSED) != 0;
    process->unknown_stack += (in->end & FORMAT_END_UNKNOWN_STACK) != 0;
    if (in->time_ns > process->last_ns)
        process->last_ns = in->time_ns;
    process->late += in->lag_ns != 0;
    process->late_ns = add_saturating(process->late_ns, in->lag_ns);
    if (in->lag_ns > process->late_max_ns)
        process->late_max_ns = in->lag_ns;
}

/* In CPU time there is none of it. */
static bool is_beside(const struct model *model, const struct read_sample *in)
{
    return model->process->by_realprof && !model->options.all_states &&
           in->state != FORMAT_STATE_UNKNOWN &&
           in->state != FORMAT_STATE_RUNNING &&
           in->state != FORMAT_STATE_USER && in->state != FORMAT_STATE_SYSTEM;
}

static void on_sample(void *arg, struct reader *reader,
                      const struct read_sample *in)
{
    struct model *model = arg;
    struct model_process *process = model->process;
    uint32_t context = context_of(model, in), node;
    struct read_sample part = *in;

    if (!model->visit && !model->recounts)
        tally(model, in);
    if (is_beside(model, in) || !cut_by_time(model, &part))
        return;
    sigprof__mapping_at(process, in->time_ns);
    node = map_node(model, reader, in->node);
    if (model->visit)
        model->visit(model->visit_arg, &part, context, node);
    else
        count_add(model, context, node,
                  model->options.weigh_ns
                      ? multiply_saturating(part.weight, process->period_ns)
                      : part.weight);
}

/* ---- A file's beginning and end ------------------------------------------ */

static void on_progress(void *arg, size_t done)
{
    struct model *model = arg;

    if (model->progress)
        model->progress(model->progress_arg, done);
}

struct read_sink sigprof__model_begin(struct model *model, struct text file)
{
    struct model_process *process;

    ARRAY_ROOM(model->processes, model->process_count, model->process_capacity);
    process = &model->processes[model->process_count++];
    *process = (struct model_process){.period_ns = FALLBACK_PERIOD_NS,
                                      .wild_low = UINT64_MAX};
    counts_begin(model);
    process->file = sigprof__strings_add(&model->strings, file);
    sigprof__mapping_init(process);
    model->process = process;
    choose_stand_in(model);
    model->context_id = UINT32_MAX;
    model->cached_thread = 0;
    return (struct read_sink){.arg = model,
                              .info = on_info,
                              .module = on_module,
                              .unload = on_unload,
                              .code = on_code,
                              .code_move = on_code_move,
                              .code_free = on_code_free,
                              .function = on_function,
                              .thread = on_thread,
                              .exited = on_thread_exit,
                              .label = on_label,
                              .sheet = on_sheet,
                              .sample = on_sample,
                              .progress = on_progress};
}

void sigprof__model_drop(struct model *model)
{
    counts_end(model);
    process_free(&model->processes[--model->process_count]);
    model->process = NULL;
}

/* A module that was heard of only after its code was sampled. */
static void place_late(struct model *model, struct model_frame *frame)
{
    const struct model_mapping *mapping = sigprof__mapping_later(
        model->process, frame->address, frame->span_from);

    if (mapping) {
        frame->module = mapping->module;
        frame->address -= mapping->bias;
    }
}

static void comm_from_main(struct model *model)
{
    struct model_process *process = model->process;

    for (size_t i = 0; !process->comm && i < process->mapping_count; i++) {
        const struct model_module *module =
            &model->modules[process->mappings[i].module];
        struct text path = sigprof__model_text(model, module->path);

        if (!(module->flags & FORMAT_MODULE_MAIN))
            continue;
        for (size_t j = path.size; j-- > 0;)
            if (path.at[j] == '/') {
                path.at += j + 1;
                path.size -= j + 1;
                break;
            }
        process->comm = sigprof__strings_add(&model->strings, path);
    }
}

void sigprof__model_end(struct model *model, const struct reader *reader)
{
    struct model_process *process = model->process;
    uint32_t number = (uint32_t)(process - model->processes);

    process->blocks = reader->blocks;
    process->torn_bytes = reader->torn_bytes;
    process->damaged_bytes = reader->damaged_bytes;
    process->missing_blocks = reader->missing_blocks;
    process->foreign_blocks = reader->foreign_blocks;
    process->bad_records = reader->bad_records;
    process->unknown_records = reader->unknown_records;
    for (size_t i = FRAME_FIRST; i < model->frame_count; i++)
        if (model->frames[i].module == MODEL_NO_MODULE &&
            model->frames[i].process == number)
            place_late(model, &model->frames[i]);
    if (!process->comm)
        comm_from_main(model);
    if (!process->comm_first)
        process->comm_first = process->comm;
    model->recounts = false;
    counts_end(model);
}

void sigprof__model_settle(struct model *model)
{
    free(model->node_index.slots);
    model->node_index = (struct index){0};
}

struct read_sink sigprof__model_again(struct model *model, size_t process)
{
    model->process = &model->processes[process];
    model->process->view_valid = false;
    model->process->comm = model->process->comm_first;
    choose_stand_in(model);
    model->context_id = UINT32_MAX;
    model->cached_thread = 0;
    return (struct read_sink){.arg = model,
                              .info = on_info,
                              .sample = on_sample,
                              .progress = on_progress};
}

bool sigprof__model_wants_again(const struct model *model)
{
    return model->process->late_code;
}

struct read_sink sigprof__model_recount(struct model *model)
{
    free(model->counts);
    model->counts = NULL;
    model->count_mask = model->count_used = 0;
    model->recounts = true;
    return sigprof__model_again(
        model, (size_t)(model->process - model->processes));
}

void sigprof__model_code(struct model *model, const struct read_code *in)
{
    struct read_code code = *in;

    code.serial = UINT64_MAX - model->process->codes.count;
    on_code(model, &code);
}

void sigprof__model_code_move(struct model *model, uint64_t from, uint64_t to,
                              uint64_t time_ns)
{
    const struct model_codes *codes = &model->process->codes;
    uint32_t number = sigprof__code_find(codes, from, time_ns);

    if (number)
        on_code_move(model, codes->code[number].serial, to, time_ns);
}
