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
#include "firefox_impl.h"

#include <stdlib.h>

#define FORMAT_VERSION 60

/* The order of enum chart_kind. */
static const char *const colours[KIND_COUNT] = {"grey", "orange", "green",
                                                "blue", "red",    "grey"};

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

    sigprof__firefox_number(&firefox);
    put_meta(&firefox);
    put_libraries(&firefox);
    sigprof__firefox_shared(&firefox);
    put_threads(&firefox);
    sigprof__bytes_flush(&firefox.bytes, out);
    sigprof__bytes_free(&firefox.bytes);
    sigprof__numbering_free(&firefox.strings);
    sigprof__numbering_free(&firefox.libraries);
    free(firefox.functions);
    free(firefox.function_place);
}
