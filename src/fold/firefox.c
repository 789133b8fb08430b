/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Firefox profiler's "processed profile", version 60: newer programs
 * upgrade it, and it is the last whose tables are plain columns. The samples of
 * a thread are in the order they were taken where the chart is timed, else one
 * behind the other in CPU time. Weights are samples (periods), or with --weight
 * cpu milliseconds.
 *
 * Each table is an object of columns of one length; rows refer to each other by
 * number. A stack is a node of the chart, so its number is the node's less one.
 */
#include "bytes.h"
#include "view.h"

#include <inttypes.h>
#include <stdlib.h>

#define FORMAT_VERSION 60
#define FLUSH_BYTES 65536

struct firefox {
    const struct chart *chart;
    FILE *out;
    struct bytes bytes;
    struct numbering strings;
    struct numbering libraries; /* modules */
    uint32_t *functions;        /* by place: its function's number */
    uint32_t *function_place;   /* a place of each function */
    size_t function_count, function_room;
};

/* The order of enum chart_kind. */
static const char *const colours[KIND_COUNT] = {"grey", "orange", "green",
                                                "blue", "red",    "grey"};

static void put(struct firefox *firefox, const char *text)
{
    sigprof__bytes_put(&firefox->bytes, text, strlen(text));
}

static void put_text(struct firefox *firefox, struct text text)
{
    sigprof__bytes_json(&firefox->bytes, text);
}

/* Between the items of an array. */
static void next(struct firefox *firefox, size_t i)
{
    if (i)
        put(firefox, i % 32 ? "," : ",\n");
    if (firefox->bytes.size > FLUSH_BYTES)
        sigprof__bytes_flush(&firefox->bytes, firefox->out);
}

static void put_number(struct firefox *firefox, uint64_t value)
{
    sigprof__bytes_format(&firefox->bytes, "%" PRIu64, value);
}

/* A column that is the same in every row. */
static void put_same(struct firefox *firefox, const char *name,
                     const char *value, size_t count)
{
    sigprof__bytes_format(&firefox->bytes, ",\"%s\":[", name);
    for (size_t i = 0; i < count; i++) {
        next(firefox, i);
        put(firefox, value);
    }
    put(firefox, "]");
}

static uint32_t string(struct firefox *firefox, uint32_t id)
{
    return sigprof__numbering_of(&firefox->strings, id);
}

static uint32_t words(struct firefox *firefox, struct text text)
{
    return string(firefox,
                  sigprof__strings_add(&firefox->chart->model->strings, text));
}

/* ---- Functions ----------------------------------------------------------- */

static bool same_function(const struct chart_place *a,
                          const struct chart_place *b)
{
    return a->name == b->name && a->file == b->file && a->module == b->module;
}

/* A function is a place without its address and line. */
static void number_functions(struct firefox *firefox)
{
    const struct chart *chart = firefox->chart;
    struct index index = {0};
    size_t room = 0;

    firefox->functions = sigprof__store_grow(NULL, &room, chart->place_count,
                                             sizeof *firefox->functions);
    for (uint32_t i = 1; i < chart->place_count; i++) {
        const struct chart_place *place = &chart->places[i];
        uint32_t hash =
            sigprof__hash_mix(((uint64_t)place->name << 32 | place->file) ^
                              (uint64_t)place->module << 20);
        size_t at;

        sigprof__index_room(&index);
        for (at = sigprof__index_at(&index, hash); index.slots[at].id;
             at = sigprof__index_next(&index, at))
            if (same_function(
                    place,
                    &chart->places[firefox->function_place[index.slots[at].id -
                                                           1]]))
                break;
        if (!index.slots[at].id) {
            ARRAY_ROOM(firefox->function_place, firefox->function_count,
                       firefox->function_room);
            firefox->function_place[firefox->function_count++] = i;
            sigprof__index_put(&index, at, hash,
                               (uint32_t)firefox->function_count);
        }
        firefox->functions[i] = index.slots[at].id - 1;
    }
    free(index.slots);
}

/* Functions that a module's file has; the others are of no library. */
static void number_libraries(struct firefox *firefox)
{
    for (size_t i = 1; i < firefox->chart->place_count; i++)
        if (firefox->chart->places[i].module != MODEL_NO_MODULE)
            sigprof__numbering_of(&firefox->libraries,
                                  firefox->chart->places[i].module);
}

/* ---- Tables that threads share ------------------------------------------- */

static void put_stacks(struct firefox *firefox)
{
    const struct chart *chart = firefox->chart;

    put(firefox, "\"stackTable\":{\"length\":");
    put_number(firefox, chart->node_count - 1);
    put(firefox, ",\"frame\":[");
    for (size_t i = 1; i < chart->node_count; i++) {
        next(firefox, i - 1);
        put_number(firefox, chart->nodes[i].place - 1);
    }
    put(firefox, "],\"prefix\":[");
    for (size_t i = 1; i < chart->node_count; i++) {
        next(firefox, i - 1);
        if (chart->nodes[i].parent)
            put_number(firefox, chart->nodes[i].parent - 1);
        else
            put(firefox, "null");
    }
    put(firefox, "]},\n");
}

/* How many functions are inlined around one, as far as one place can tell: the
 * chart's nodes know, and a place is under one chain of them only. */
static uint8_t *inline_depths(const struct chart *chart)
{
    size_t room = 0;
    uint8_t *depths = sigprof__store_grow(NULL, &room, chart->place_count, 1);

    memset(depths, 0, chart->place_count);
    for (size_t i = 1; i < chart->node_count; i++) {
        const struct chart_node *node = &chart->nodes[i];
        uint8_t above = depths[chart->nodes[node->parent].place];

        if (chart->places[node->place].inlined)
            depths[node->place] = above < 255 ? above + 1 : 255;
    }
    return depths;
}

static void put_frame_numbers(struct firefox *firefox)
{
    const struct chart *chart = firefox->chart;
    uint8_t *depths = inline_depths(chart);

    put(firefox, ",\"address\":[");
    for (size_t i = 1; i < chart->place_count; i++) {
        const struct chart_place *place = &chart->places[i];

        next(firefox, i - 1);
        if (place->frame && place->module != MODEL_NO_MODULE)
            put_number(firefox, chart->model->frames[place->frame].address -
                                    place->at_call);
        else
            put(firefox, "-1");
    }
    put(firefox, "],\"inlineDepth\":[");
    for (size_t i = 1; i < chart->place_count; i++) {
        next(firefox, i - 1);
        put_number(firefox, depths[i]);
    }
    put(firefox, "],\"category\":[");
    for (size_t i = 1; i < chart->place_count; i++) {
        next(firefox, i - 1);
        put_number(firefox, (uint64_t)chart->places[i].kind);
    }
    put(firefox, "],\"func\":[");
    for (size_t i = 1; i < chart->place_count; i++) {
        next(firefox, i - 1);
        put_number(firefox, firefox->functions[i]);
    }
    put(firefox, "],\"line\":[");
    for (size_t i = 1; i < chart->place_count; i++) {
        next(firefox, i - 1);
        if (chart->places[i].line)
            put_number(firefox, chart->places[i].line);
        else
            put(firefox, "null");
    }
    put(firefox, "]");
    free(depths);
}

static void put_frames(struct firefox *firefox)
{
    size_t count = firefox->chart->place_count - 1;

    put(firefox, "\"frameTable\":{\"length\":");
    put_number(firefox, count);
    put_frame_numbers(firefox);
    put_same(firefox, "subcategory", "0", count);
    put_same(firefox, "nativeSymbol", "null", count);
    put_same(firefox, "innerWindowID", "0", count);
    put_same(firefox, "column", "null", count);
    put(firefox, "},\n");
}

static const struct chart_place *function(const struct firefox *firefox,
                                          size_t i)
{
    return &firefox->chart->places[firefox->function_place[i]];
}

static void put_functions(struct firefox *firefox, struct numbering *sources)
{
    size_t count = firefox->function_count;

    put(firefox, "\"funcTable\":{\"length\":");
    put_number(firefox, count);
    put(firefox, ",\"name\":[");
    for (size_t i = 0; i < count; i++) {
        next(firefox, i);
        put_number(firefox, string(firefox, function(firefox, i)->name));
    }
    put(firefox, "],\"resource\":[");
    for (size_t i = 0; i < count; i++) {
        uint32_t module = function(firefox, i)->module;

        next(firefox, i);
        if (module == MODEL_NO_MODULE)
            put(firefox, "-1");
        else
            put_number(firefox,
                       sigprof__numbering_of(&firefox->libraries, module));
    }
    put(firefox, "],\"source\":[");
    for (size_t i = 0; i < count; i++) {
        uint32_t file = function(firefox, i)->file;

        next(firefox, i);
        if (file)
            put_number(firefox, sigprof__numbering_of(sources, file));
        else
            put(firefox, "null");
    }
    put(firefox, "]");
    put_same(firefox, "isJS", "false", count);
    put_same(firefox, "relevantForJS", "false", count);
    put_same(firefox, "lineNumber", "null", count);
    put_same(firefox, "columnNumber", "null", count);
    put(firefox, "},\n");
}

static void put_sources(struct firefox *firefox,
                        const struct numbering *sources)
{
    size_t count = sources->count;

    put(firefox, "\"sources\":{\"length\":");
    put_number(firefox, count);
    put(firefox, ",\"filename\":[");
    for (size_t i = 0; i < count; i++) {
        next(firefox, i);
        put_number(firefox, string(firefox, sources->ids[i]));
    }
    put(firefox, "]");
    put_same(firefox, "id", "null", count);
    put_same(firefox, "startLine", "1", count);
    put_same(firefox, "startColumn", "1", count);
    put_same(firefox, "sourceMapURL", "null", count);
    put_same(firefox, "content", "null", count);
    put(firefox, "},\n");
}

static struct text path_of(const struct firefox *firefox, size_t library)
{
    const struct model *model = firefox->chart->model;

    return sigprof__model_text(
        model, model->modules[firefox->libraries.ids[library]].path);
}

static struct text base_of(struct text path)
{
    for (size_t i = path.size; i-- > 0;)
        if (path.at[i] == '/')
            return (struct text){path.at + i + 1, path.size - i - 1};
    return path;
}

#define RESOURCE_LIBRARY "1" /* their number for it */

static void put_resources(struct firefox *firefox)
{
    size_t count = firefox->libraries.count;

    put(firefox, "\"resourceTable\":{\"length\":");
    put_number(firefox, count);
    put(firefox, ",\"lib\":[");
    for (size_t i = 0; i < count; i++) {
        next(firefox, i);
        put_number(firefox, i);
    }
    put(firefox, "],\"name\":[");
    for (size_t i = 0; i < count; i++) {
        next(firefox, i);
        put_number(firefox, words(firefox, base_of(path_of(firefox, i))));
    }
    put(firefox, "]");
    put_same(firefox, "host", "null", count);
    put_same(firefox, "type", RESOURCE_LIBRARY, count);
    put(firefox, "},\n\"nativeSymbols\":{\"length\":0,\"libIndex\":[],"
                 "\"address\":[],\"name\":[],\"functionSize\":[]},\n");
}

static void put_strings(struct firefox *firefox)
{
    put(firefox, "\"stringArray\":[");
    for (size_t i = 0; i < firefox->strings.count; i++) {
        next(firefox, i);
        put_text(firefox,
                 sigprof__chart_text(firefox->chart, firefox->strings.ids[i]));
    }
    put(firefox, "]");
}

static void put_shared(struct firefox *firefox)
{
    struct numbering sources = {0};

    put(firefox, "\"shared\":{");
    put_stacks(firefox);
    put_frames(firefox);
    put_functions(firefox, &sources);
    put_sources(firefox, &sources);
    put_resources(firefox);
    put_strings(firefox);
    put(firefox, "},\n");
    sigprof__numbering_free(&sources);
}

/* ---- The head ------------------------------------------------------------ */

static void put_libraries(struct firefox *firefox)
{
    const struct model *model = firefox->chart->model;

    put(firefox, "\"libs\":[");
    for (size_t i = 0; i < firefox->libraries.count; i++) {
        const struct model_module *module =
            &model->modules[firefox->libraries.ids[i]];
        struct text id = sigprof__model_text(model, module->build_id);
        struct text path = path_of(firefox, i), base = base_of(path);

        next(firefox, i);
        put(firefox, "{\"arch\":\"\",\"name\":");
        put_text(firefox, base);
        put(firefox, ",\"debugName\":");
        put_text(firefox, base);
        put(firefox, ",\"path\":");
        put_text(firefox, path);
        put(firefox, ",\"debugPath\":");
        put_text(firefox, path);
        put(firefox, ",\"breakpadId\":\"\",\"codeId\":\"");
        for (size_t j = 0; j < id.size; j++)
            sigprof__bytes_format(&firefox->bytes, "%02x", (uint8_t)id.at[j]);
        put(firefox, "\"}");
    }
    put(firefox, "],\n");
}

static void put_meta(struct firefox *firefox)
{
    const struct chart *chart = firefox->chart;
    struct chart_times times = sigprof__chart_times(chart);
    uint32_t command =
        chart->model->process_count ? sigprof__chart_command(chart, 0) : 0;

    sigprof__bytes_format(&firefox->bytes,
                          "{\"meta\":{\"version\":27,"
                          "\"preprocessedProfileVersion\":%d,"
                          "\"interval\":%.6f,\"startTime\":%.3f,"
                          "\"processType\":0,\"stackwalk\":1,"
                          "\"symbolicated\":true,\"debug\":false,"
                          "\"product\":",
                          FORMAT_VERSION, (double)times.period_ns / 1e6,
                          (double)times.start_real_ns / 1e6);
    put_text(firefox, command ? sigprof__chart_text(chart, command)
                              : sigprof__text("sigprof"));
    put(firefox, ",\"importedFrom\":\"sigprof-fold\",\"markerSchema\":[],"
                 "\"sampleUnits\":{\"time\":\"ms\",\"eventDelay\":\"ms\","
                 "\"threadCPUDelta\":\"ns\"},\n\"categories\":[");
    for (size_t i = 0; i < KIND_COUNT; i++)
        sigprof__bytes_format(&firefox->bytes,
                              "%s{\"name\":\"%s\",\"color\":\"%s\","
                              "\"subcategories\":[\"Other\"]}",
                              i ? "," : "", sigprof__chart_kinds[i],
                              colours[i]);
    put(firefox, "]},\n");
}

/* ---- Threads ------------------------------------------------------------- */

static void put_weights(struct firefox *firefox, size_t from, size_t to)
{
    const struct chart *chart = firefox->chart;
    bool ms = chart->options->weigh_ns;

    sigprof__bytes_format(&firefox->bytes,
                          "],\"weightType\":\"%s\",\"weight\":[",
                          ms ? "tracing-ms" : "samples");
    for (size_t i = from; i < to; i++) {
        next(firefox, i - from);
        if (ms)
            sigprof__bytes_format(&firefox->bytes, "%.6f",
                                  (double)chart->rows[i].cpu_ns / 1e6);
        else
            put_number(firefox, chart->rows[i].periods);
    }
    put(firefox, "]");
}

static void put_samples(struct firefox *firefox, size_t from, size_t to)
{
    const struct chart *chart = firefox->chart;
    uint64_t time_ns = 0;

    put(firefox, "\"samples\":{\"length\":");
    put_number(firefox, to - from);
    put(firefox, ",\"stack\":[");
    for (size_t i = from; i < to; i++) {
        next(firefox, i - from);
        put_number(firefox, chart->rows[i].node - 1);
    }
    put(firefox, "],\"time\":[");
    for (size_t i = from; i < to; i++) {
        next(firefox, i - from);
        if (chart->timed)
            time_ns = chart->rows[i].time_ns;
        sigprof__bytes_format(&firefox->bytes, "%.6f", (double)time_ns / 1e6);
        time_ns += chart->rows[i].cpu_ns;
    }
    put_weights(firefox, from, to);
    put(firefox, "},\n");
}

static void put_thread(struct firefox *firefox, size_t from, size_t to)
{
    const struct chart *chart = firefox->chart;
    const struct chart_thread *thread =
        &chart->threads[chart->rows[from].thread];
    const struct model_process *process =
        &chart->model->processes[thread->process];
    uint32_t tid = thread->thread ? process->threads[thread->thread].tid : 0;

    put(firefox, "{\"processType\":\"default\",\"processStartupTime\":0,"
                 "\"processShutdownTime\":null,\"registerTime\":0,"
                 "\"unregisterTime\":null,\"pausedRanges\":[],\"name\":");
    put_text(firefox, sigprof__chart_text(chart, thread->name));
    put(firefox, ",\"processName\":");
    put_text(firefox, sigprof__chart_text(chart, process->comm));
    sigprof__bytes_format(
        &firefox->bytes,
        ",\"isMainThread\":%s,\"pid\":\"%" PRIu64 "\",\"tid\":%u,\n",
        tid == process->pid ? "true" : "false", process->pid, tid);
    put_samples(firefox, from, to);
    put(firefox, "\"markers\":{\"length\":0,\"data\":[],\"name\":[],"
                 "\"startTime\":[],\"endTime\":[],\"phase\":[],"
                 "\"category\":[]}}");
}

static void put_threads(struct firefox *firefox)
{
    const struct chart *chart = firefox->chart;

    put(firefox, "\"threads\":[");
    for (size_t i = 0, end; i < chart->row_count; i = end) {
        for (end = i; end < chart->row_count; end++)
            if (chart->rows[end].thread != chart->rows[i].thread)
                break;
        if (i)
            put(firefox, ",\n");
        put_thread(firefox, i, end);
    }
    put(firefox, "]}\n");
}

void sigprof__view_firefox(const struct chart *chart, FILE *out)
{
    struct firefox firefox = {.chart = chart, .out = out};

    number_functions(&firefox);
    number_libraries(&firefox);
    put_meta(&firefox);
    put_libraries(&firefox);
    put_shared(&firefox);
    put_threads(&firefox);
    sigprof__bytes_flush(&firefox.bytes, out);
    sigprof__bytes_free(&firefox.bytes);
    sigprof__numbering_free(&firefox.strings);
    sigprof__numbering_free(&firefox.libraries);
    free(firefox.functions);
    free(firefox.function_place);
}
