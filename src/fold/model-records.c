/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a process tells beside its samples: modules, generated code, guests'
 * functions, threads and labels. Contract: model_impl.h, model.h.
 */
#include "model_impl.h"

/* ---- Modules ------------------------------------------------------------- */

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

static void note_seen(const struct model *model, struct model_module *module,
                      uint64_t time_ns)
{
    uint64_t start_ns = model->process->start_real_ns;
    uint64_t seen_ns = add_saturating(start_ns, time_ns);

    if (start_ns && (!module->seen_ns || seen_ns < module->seen_ns))
        module->seen_ns = seen_ns;
}

void sigprof__model_on_module(void *arg, const struct read_module *in)
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

void sigprof__model_on_unload(void *arg, uint32_t id, uint64_t time_ns)
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

void sigprof__model_on_code(void *arg, const struct read_code *in)
{
    struct model *model = arg;
    struct strings *strings = &model->strings;
    struct model_codes *codes = &model->process->codes;
    size_t changes = codes->changes;
    struct model_code_names names = {
        .name = sigprof__strings_add(strings, in->name),
        .file = sigprof__strings_add(strings, in->file)};

    names.lines =
        sigprof__model_text(model, sigprof__strings_add(strings, in->lines));
    sigprof__code_add(codes, in, &names);
    if (codes->changes != changes)
        notice_late(model->process, in->start, in->start + in->bytes,
                    in->time_ns, in->source == FORMAT_CODE_MAP);
}

void sigprof__model_on_code_move(void *arg, uint64_t serial, uint64_t start,
                                 uint64_t time_ns)
{
    struct model_process *process = ((struct model *)arg)->process;
    size_t changes = process->codes.changes;

    sigprof__code_move(&process->codes, serial, start, time_ns);
    if (process->codes.changes != changes)
        notice_late(process, 0, UINT64_MAX, time_ns, false);
}

void sigprof__model_on_code_free(void *arg, uint64_t serial, uint64_t time_ns)
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
void sigprof__model_on_function(void *arg, const struct read_function *in)
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
    process->functions[process->function_count++] = (struct model_function){
        in->number, sigprof__strings_add(strings, in->name),
        sigprof__strings_add(strings, in->file), in->line};
    sigprof__index_put(&process->function_index, at,
                       sigprof__hash_mix(in->number),
                       (uint32_t)process->function_count);
}

/* ---- Threads and labels -------------------------------------------------- */

uint32_t sigprof__model_thread_latest(const struct model_process *process,
                                      uint32_t tid)
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

void sigprof__model_on_thread(void *arg, uint32_t tid, uint64_t time_ns,
                              uint64_t start_routine, struct text name)
{
    struct model *model = arg;
    struct model_process *process = model->process;
    uint32_t label = sigprof__strings_add(&model->strings, name);
    uint32_t old = sigprof__model_thread_latest(process, tid), number = old;
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
        thread->start_frame = sigprof__model_frame(model, start_routine);
    }
}

/* The thread that had this id then. Names are few, so a walk back is short. */
uint32_t sigprof__model_thread_at(struct model *model, uint32_t tid,
                                  uint64_t time_ns)
{
    struct model_process *process = model->process;
    uint32_t latest = sigprof__model_thread_latest(process, tid);
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

void sigprof__model_on_thread_exit(void *arg, const struct read_exit *in)
{
    struct model *model = arg;
    struct model_process *process = model->process;
    struct model_exit record = {.cause = in->cause};
    uint64_t sampled = multiply_saturating(in->periods, process->period_ns);

    record.thread = sigprof__model_thread_at(model, in->tid, in->time_ns);
    process->threads[record.thread].ended = in->cause == FORMAT_EXIT_ENDED;
    record.unsampled_ns = (int64_t)(in->cpu_ns - sampled);
    if (in->cpu_ns > INT64_MAX || sampled > INT64_MAX)
        return; /* three hundred years: not a figure of ours */
    ARRAY_ROOM(process->exits, process->exit_count, process->exit_capacity);
    process->exits[process->exit_count++] = record;
}

void sigprof__model_on_label(void *arg, uint32_t id, uint32_t parent,
                             struct text key, struct text value)
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
