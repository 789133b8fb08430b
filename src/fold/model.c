/* SPDX-License-Identifier: BSD-2-Clause */
/* The merged profiles. Theory and contracts: model.h. */
#include "model_impl.h"

#include <stdlib.h>

/* What is assumed where the rate is lost: our default. */
#define FALLBACK_PERIOD_NS (1000000000u / 99)

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

static void set_rate(struct model_process *process, enum model_rate rate,
                     uint64_t period_ns)
{
    if (!period_ns || rate < process->rate ||
        (rate == RATE_GRANTED && process->rate == rate))
        return; /* of several that were granted, the first */
    process->late_rate |= process->samples && process->period_ns != period_ns;
    process->rate = rate;
    process->period_ns = period_ns;
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
        set_rate(process, RATE_TOLD, parse_number(value));
    } else if (text_equal(key, sigprof__text("hz_granted"))) {
        uint64_t hz = parse_number(value);

        set_rate(process, RATE_GRANTED, hz ? 1000000000u / hz : 0);
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
            sigprof__model_thread_latest(model->process, in->tid) !=
                model->cached_thread) {
            model->cached_tid = in->tid;
            model->cached_thread =
                sigprof__model_thread_at(model, in->tid, in->time_ns);
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
        model->context_id = sigprof__model_context(model, &context);
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
    node = sigprof__model_node(model, reader, in->node);
    if (model->visit)
        model->visit(model->visit_arg, &part, context, node);
    else
        sigprof__model_count(
            model, context, node,
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
    sigprof__model_counts_begin(model);
    process->file = sigprof__strings_add(&model->strings, file);
    sigprof__mapping_init(process);
    model->process = process;
    choose_stand_in(model);
    model->context_id = UINT32_MAX;
    model->cached_thread = 0;
    return (struct read_sink){.arg = model,
                              .info = on_info,
                              .module = sigprof__model_on_module,
                              .unload = sigprof__model_on_unload,
                              .code = sigprof__model_on_code,
                              .code_move = sigprof__model_on_code_move,
                              .code_free = sigprof__model_on_code_free,
                              .function = sigprof__model_on_function,
                              .thread = sigprof__model_on_thread,
                              .exited = sigprof__model_on_thread_exit,
                              .label = sigprof__model_on_label,
                              .sheet = on_sheet,
                              .sample = on_sample,
                              .progress = on_progress};
}

void sigprof__model_drop(struct model *model)
{
    sigprof__model_counts_end(model);
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
    process->ended_ns = reader->ended_ns;
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
    sigprof__model_counts_end(model);
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
    return model->process->late_code || model->process->late_rate;
}

struct read_sink sigprof__model_recount(struct model *model)
{
    free(model->counts);
    model->counts = NULL;
    model->count_mask = model->count_used = 0;
    model->recounts = true;
    return sigprof__model_again(model,
                                (size_t)(model->process - model->processes));
}

void sigprof__model_code(struct model *model, const struct read_code *in)
{
    struct read_code code = *in;

    code.serial = UINT64_MAX - model->process->codes.count;
    sigprof__model_on_code(model, &code);
}

void sigprof__model_code_move(struct model *model, uint64_t from, uint64_t to,
                              uint64_t time_ns)
{
    const struct model_codes *codes = &model->process->codes;
    uint32_t number = sigprof__code_find(codes, from, time_ns);

    if (number)
        sigprof__model_on_code_move(model, codes->code[number].serial, to,
                                    time_ns);
}
