/* SPDX-License-Identifier: BSD-2-Clause */
/* From the model to a chart. Contract: chart.h. */
#include "chart_impl.h"
#include "name.h"

#include <stdlib.h>

#define PARTS_MAX 32u /* of a sample of many periods, in a chart by time */

struct chart_leaf {
    uint64_t key; /* context << 32 | node, of the model */
    uint32_t node;
};

enum path_flag {
    PATH_FOCUS = 1, /* a frame of the path matches --focus */
    PATH_IGNORE = 2
};

struct text sigprof__chart_module(const struct chart *chart,
                                  const struct chart_place *place)
{
    if (place->module == MODEL_NO_MODULE)
        return (struct text){"", 0};
    return sigprof__name_base(
        sigprof__chart_text(chart, chart->model->modules[place->module].path));
}

/* ---- The recordings ------------------------------------------------------ */

static uint64_t info_number(const struct model_process *process,
                            const char *key)
{
    struct text text = sigprof__model_info(process, key);
    uint64_t value = 0;

    for (size_t i = 0; i < text.size && i < 19; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return 0;
        value = value * 10 + (uint64_t)(text.at[i] - '0');
    }
    return value;
}

struct chart_times sigprof__chart_times(const struct chart *chart)
{
    struct chart_times times = {0};

    for (size_t i = 0; i < chart->model->process_count; i++) {
        const struct model_process *process = &chart->model->processes[i];
        uint64_t began = info_number(process, "start_real_ns");
        uint64_t last_ns =
            process->samples ? process->last_ns : process->ended_ns;
        uint64_t end = last_ns + process->shift_ns;

        if (began && (!times.start_real_ns || began < times.start_real_ns))
            times.start_real_ns = began;
        if (last_ns && end > times.duration_ns)
            times.duration_ns = end;
        if (!times.period_ns)
            times.period_ns = process->period_ns;
    }
    return times;
}

uint32_t sigprof__chart_command(const struct chart *chart, uint32_t process)
{
    struct text line =
        sigprof__model_info(&chart->model->processes[process], "cmdline");
    size_t room = 0;
    char *copy;
    uint32_t id;

    while (line.size && line.at[line.size - 1] == '\0')
        line.size--;
    if (!line.size)
        return 0;
    copy = sigprof__store_grow(NULL, &room, line.size, 1);
    for (size_t i = 0; i < line.size; i++)
        copy[i] = line.at[i] == '\0' ? ' ' : line.at[i];
    id = sigprof__name_readable(&chart->model->strings,
                                (struct text){copy, line.size});
    free(copy);
    return id;
}

/* ---- Nodes --------------------------------------------------------------- */

static uint8_t match(const struct chart *chart, const struct chart_place *place)
{
    struct text name = sigprof__chart_text(chart, place->name);
    uint8_t found = 0;

    if (place->kind == KIND_ROOT)
        return 0;
    if (chart->options->focus &&
        sigprof__fold_matches(chart->options->focus, name))
        found |= PATH_FOCUS;
    if (chart->options->ignore &&
        sigprof__fold_matches(chart->options->ignore, name))
        found |= PATH_IGNORE;
    return found;
}

static bool searches(const struct chart *chart)
{
    return chart->options->focus || chart->options->ignore;
}

static uint32_t child(struct chart *chart, uint32_t parent, uint32_t place)
{
    struct index *index = &chart->node_index;
    uint32_t hash = sigprof__hash_mix((uint64_t)parent << 32 | place);
    size_t at;

    sigprof__index_room(index);
    for (at = sigprof__index_at(index, hash); index->slots[at].id;
         at = sigprof__index_next(index, at)) {
        const struct chart_node *other = &chart->nodes[index->slots[at].id];

        if (other->parent == parent && other->place == place)
            return index->slots[at].id;
    }
    ARRAY_ROOM(chart->nodes, chart->node_count, chart->node_capacity);
    chart->nodes[chart->node_count] = (struct chart_node){parent, place};
    if (searches(chart)) {
        ARRAY_ROOM(chart->flags, chart->node_count, chart->flag_room);
        chart->flags[chart->node_count] =
            chart->flags[parent] | match(chart, &chart->places[place]);
    }
    sigprof__index_put(index, at, hash, (uint32_t)chart->node_count);
    return (uint32_t)chart->node_count++;
}

static uint32_t add_stack(struct chart *chart, uint32_t context, uint32_t node)
{
    size_t roots, count;
    uint32_t at = 0;

    while ((count = sigprof__fold_frames(chart->model, chart->options, context,
                                         node, chart->frames, chart->frame_room,
                                         &roots)) > chart->frame_room)
        chart->frames = sigprof__store_grow(chart->frames, &chart->frame_room,
                                            chart->frame_room + 1024,
                                            sizeof *chart->frames);
    for (size_t i = 0; i < count; i++)
        at = child(chart, at,
                   sigprof__chart_place(chart, &chart->frames[i], i < roots));
    return at;
}

/* The chart's node of a stack that samples share, made once. */
static uint32_t leaf_of(struct chart *chart, uint32_t context, uint32_t node)
{
    struct index *index = &chart->leaf_index;
    uint64_t key = (uint64_t)context << 32 | node;
    uint32_t hash = sigprof__hash_mix(key);
    size_t at;

    sigprof__index_room(index);
    for (at = sigprof__index_at(index, hash); index->slots[at].id;
         at = sigprof__index_next(index, at))
        if (chart->leaves[index->slots[at].id].key == key)
            return chart->leaves[index->slots[at].id].node;
    if (!chart->leaf_count)
        chart->leaf_count = 1; /* ids are above 0 */
    if (chart->leaf_count >= chart->leaf_capacity)
        chart->leaves =
            sigprof__store_grow(chart->leaves, &chart->leaf_capacity,
                                chart->leaf_count + 1, sizeof *chart->leaves);
    chart->leaves[chart->leaf_count] =
        (struct chart_leaf){key, add_stack(chart, context, node)};
    sigprof__index_put(index, at, hash, (uint32_t)chart->leaf_count);
    return chart->leaves[chart->leaf_count++].node;
}

size_t sigprof__chart_path(const struct chart *chart, uint32_t node,
                           uint32_t **path, size_t *room)
{
    size_t depth = 0, i;

    for (uint32_t at = node; at; at = chart->nodes[at].parent)
        depth++;
    if (depth > *room)
        *path = sigprof__store_grow(*path, room, depth, sizeof **path);
    for (i = depth; i-- > 0; node = chart->nodes[node].parent)
        (*path)[i] = chart->nodes[node].place;
    return depth;
}

static bool passes(const struct chart *chart, uint32_t node)
{
    if (!searches(chart))
        return true;
    return (!chart->options->focus || (chart->flags[node] & PATH_FOCUS)) &&
           !(chart->flags[node] & PATH_IGNORE);
}

/* ---- Threads ------------------------------------------------------------- */

static uint32_t thread_name(struct chart *chart, uint32_t process,
                            uint32_t thread)
{
    struct model *model = chart->model;
    const struct model_process *in = &model->processes[process];
    struct strings *strings = &model->strings;
    struct text name;
    uint32_t id;

    if (!thread) {
        name = sigprof__model_text(model, in->comm);
        id = sigprof__strings_format(strings, "%.*s-%llu (no thread)",
                                     (int)name.size, name.at,
                                     (unsigned long long)in->pid);
    } else {
        id = sigprof__model_thread_name(model, in, thread);
        name = sigprof__model_text(model, id);
        if (in->threads[thread].name)
            id = sigprof__strings_format(strings, "%.*s-%u", (int)name.size,
                                         name.at, in->threads[thread].tid);
    }
    return sigprof__name_safe(strings, sigprof__model_text(model, id));
}

static uint32_t intern_thread(struct chart *chart, uint32_t process,
                              uint32_t thread)
{
    struct index *index = &chart->thread_index;
    uint32_t hash = sigprof__hash_mix((uint64_t)process << 32 | thread);
    size_t at;

    sigprof__index_room(index);
    for (at = sigprof__index_at(index, hash); index->slots[at].id;
         at = sigprof__index_next(index, at)) {
        const struct chart_thread *other =
            &chart->threads[index->slots[at].id - 1];

        if (other->process == process && other->thread == thread)
            return index->slots[at].id - 1;
    }
    ARRAY_ROOM(chart->threads, chart->thread_count, chart->thread_capacity);
    chart->threads[chart->thread_count++] = (struct chart_thread){
        process, thread, thread_name(chart, process, thread)};
    sigprof__index_put(index, at, hash, (uint32_t)chart->thread_count);
    return (uint32_t)chart->thread_count - 1;
}

/* ---- Rows ---------------------------------------------------------------- */

static uint64_t multiply(uint64_t a, uint64_t b)
{
    return b && a > UINT64_MAX / b ? UINT64_MAX : a * b;
}

static uint64_t add(uint64_t a, uint64_t b)
{
    return a + b < a ? UINT64_MAX : a + b;
}

static void push_row(struct chart *chart, const struct chart_row *row)
{
    ARRAY_ROOM(chart->rows, chart->row_count, chart->row_capacity);
    chart->rows[chart->row_count++] = *row;
}

static void add_row(struct chart *chart, uint32_t context, uint32_t node,
                    uint64_t time_ns, uint64_t periods)
{
    const struct model_context *in = &chart->model->contexts[context];
    uint32_t leaf;

    if (!periods ||
        !sigprof__fold_thread_passes(chart->model, chart->options, context))
        return;
    leaf = chart->timed ? leaf_of(chart, context, node)
                        : add_stack(chart, context, node);
    if (!passes(chart, leaf))
        return;
    chart->sampled = add(chart->sampled, periods);
    push_row(chart,
             &(struct chart_row){
                 .thread = intern_thread(chart, in->process, in->thread),
                 .node = leaf,
                 .label = in->label,
                 .time_ns = time_ns,
                 .periods = periods,
                 .cpu_ns = multiply(
                     periods, chart->model->processes[in->process].period_ns)});
}

static int by_key(const void *a, const void *b)
{
    const struct model_count *x = a, *y = b;

    return (x->key > y->key) - (x->key < y->key);
}

void sigprof__chart_add_counts(struct chart *chart)
{
    const struct model *model = chart->model;
    size_t room = 0, count = 0,
           slots = model->counts ? model->count_mask + 1 : 0;
    struct model_count *counts =
        sigprof__store_grow(NULL, &room, model->count_used + 1, sizeof *counts);

    for (size_t i = 0; i < slots; i++)
        if (model->counts[i].value)
            counts[count++] = model->counts[i];
    if (count)
        qsort(counts, count, sizeof *counts, by_key);
    for (size_t i = 0; i < count; i++)
        add_row(chart, (uint32_t)(counts[i].key >> 32), (uint32_t)counts[i].key,
                0, counts[i].value);
    free(counts);
}

/* Rows for a sample: where a state is told, its periods lie one behind the other up
 * to its time. In a long profile of many sleepers rows are dearer than that. */
static uint64_t parts_of(const struct chart *chart,
                         const struct read_sample *sample)
{
    if (sample->state == FORMAT_STATE_UNKNOWN ||
        chart->row_count >= CHART_MAX_TIMED_ROWS / 2)
        return 1;
    return sample->weight < PARTS_MAX ? sample->weight : PARTS_MAX;
}

void sigprof__chart_add_sample(void *arg, const struct read_sample *sample,
                               uint32_t context, uint32_t node)
{
    struct chart *chart = arg;
    const struct model_context *in = &chart->model->contexts[context];
    const struct model_process *process =
        &chart->model->processes[in->process];
    uint64_t time_ns = sample->time_ns + process->shift_ns;
    uint64_t parts = parts_of(chart, sample), left = sample->weight;

    if (chart->row_count >= CHART_MAX_TIMED_ROWS) {
        chart->too_many++;
        return;
    }
    for (; parts > 0; parts--) {
        uint64_t periods = left / parts;
        uint64_t ago_ns = multiply(sample->weight - left, process->period_ns);

        add_row(chart, context, node, ago_ns < time_ns ? time_ns - ago_ns : 0,
                periods);
        left -= periods;
    }
}

static void add_loss(void *arg, const struct fold_loss *loss)
{
    struct chart *chart = arg;
    struct fold_frame frame = {0};
    uint32_t at = 0;

    for (size_t i = 0; i < loss->root_count; i++) {
        frame.name = loss->roots[i];
        at = child(chart, at, sigprof__chart_place(chart, &frame, true));
    }
    frame.name = loss->what;
    at = child(chart, at, sigprof__chart_place(chart, &frame, false));
    if (loss->below) {
        frame.name = loss->below;
        at = child(chart, at, sigprof__chart_place(chart, &frame, false));
    }
    if (passes(chart, at))
        push_row(chart, &(struct chart_row){
                            .thread = intern_thread(chart, loss->process, 0),
                            .node = at,
                            .periods = loss->periods,
                            .cpu_ns = loss->ns});
}

static int row_order(const void *a, const void *b)
{
    const struct chart_row *x = a, *y = b;

    if (x->thread != y->thread)
        return x->thread < y->thread ? -1 : 1;
    if (x->time_ns != y->time_ns)
        return x->time_ns < y->time_ns ? -1 : 1;
    if (x->node != y->node)
        return x->node < y->node ? -1 : 1;
    return (x->label > y->label) - (x->label < y->label);
}

/* Rows that differ in nothing but their weight become one. */
static void merge_rows(struct chart *chart)
{
    size_t kept = 0;

    if (chart->row_count)
        qsort(chart->rows, chart->row_count, sizeof *chart->rows, row_order);
    for (size_t i = 0; i < chart->row_count; i++) {
        struct chart_row *last = kept ? &chart->rows[kept - 1] : NULL;

        if (last && row_order(last, &chart->rows[i]) == 0) {
            last->periods = add(last->periods, chart->rows[i].periods);
            last->cpu_ns = add(last->cpu_ns, chart->rows[i].cpu_ns);
        } else {
            chart->rows[kept++] = chart->rows[i];
        }
    }
    chart->row_count = kept;
}

/* ---- All of it ----------------------------------------------------------- */

void sigprof__chart_begin(struct chart *chart, struct model *model,
                          const struct fold_options *options, bool addresses,
                          bool timed)
{
    *chart = (struct chart){.model = model,
                            .options = options,
                            .addresses = addresses,
                            .timed = timed};
    ARRAY_ROOM(chart->places, chart->place_count, chart->place_capacity);
    chart->places[chart->place_count++] =
        (struct chart_place){.module = MODEL_NO_MODULE};
    ARRAY_ROOM(chart->nodes, chart->node_count, chart->node_capacity);
    chart->nodes[chart->node_count++] = (struct chart_node){0};
    ARRAY_ROOM(chart->flags, 0, chart->flag_room);
    chart->flags[0] = 0;
}

void sigprof__chart_end(struct chart *chart)
{
    chart->hidden =
        sigprof__fold_losses(chart->model, chart->options, add_loss, chart);
    merge_rows(chart);
}

void sigprof__chart_free(struct chart *chart)
{
    free(chart->places);
    free(chart->nodes);
    free(chart->threads);
    free(chart->rows);
    free(chart->place_index.slots);
    free(chart->node_index.slots);
    free(chart->thread_index.slots);
    free(chart->leaf_index.slots);
    free(chart->leaves);
    free(chart->frames);
    free(chart->flags);
    *chart = (struct chart){0};
}
