/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * speedscope's JSON: a "sampled" profile for each thread, in nanoseconds of CPU
 * time, the samples in the order they were taken where the chart is timed.
 * Equal neighbours are one sample: its loader keeps the file in one string.
 */
#include "bytes.h"
#include "view.h"

#include <inttypes.h>
#include <stdlib.h>

#define FLUSH_BYTES 65536

static void put_frames(const struct chart *chart, struct bytes *bytes,
                       FILE *out)
{
    for (size_t i = 1; i < chart->place_count; i++) {
        const struct chart_place *place = &chart->places[i];

        sigprof__bytes_format(bytes, "%s\n{\"name\":", i > 1 ? "," : "");
        sigprof__bytes_json(bytes, sigprof__chart_text(chart, place->name));
        if (place->file) {
            sigprof__bytes_format(bytes, ",\"file\":");
            sigprof__bytes_json(bytes, sigprof__chart_text(chart, place->file));
        } else if (place->module != MODEL_NO_MODULE) {
            sigprof__bytes_format(bytes, ",\"file\":");
            sigprof__bytes_json(bytes, sigprof__chart_module(chart, place));
        }
        if (place->file && place->line)
            sigprof__bytes_format(bytes, ",\"line\":%u", place->line);
        sigprof__bytes_format(bytes, "}");
        if (bytes->size > FLUSH_BYTES)
            sigprof__bytes_flush(bytes, out);
    }
}

struct writer {
    const struct chart *chart;
    struct bytes bytes, weights;
    uint32_t *path; /* of one stack */
    size_t path_room;
    FILE *out;
};

static void put_stack(struct writer *writer, uint32_t node)
{
    size_t depth = sigprof__chart_path(writer->chart, node, &writer->path,
                                       &writer->path_room);

    for (size_t i = 0; i < depth; i++)
        sigprof__bytes_format(&writer->bytes, "%c%u", i ? ',' : '[',
                              writer->path[i] - 1);
    sigprof__bytes_format(&writer->bytes, "]");
}

/* The rows of one thread, each run of one stack as one. */
static void put_samples(struct writer *writer, size_t from, size_t to)
{
    const struct chart_row *rows = writer->chart->rows;
    struct bytes *bytes = &writer->bytes;
    uint64_t total = 0;

    for (size_t i = from, next; i < to; i = next) {
        uint64_t weight = 0;

        for (next = i; next < to && rows[next].node == rows[i].node; next++)
            weight += rows[next].cpu_ns;
        total += weight;
        sigprof__bytes_format(bytes, "%s\n", i > from ? "," : "");
        put_stack(writer, rows[i].node);
        sigprof__bytes_format(&writer->weights, "%s%" PRIu64,
                              i > from ? "," : "", weight);
        if (bytes->size > FLUSH_BYTES)
            sigprof__bytes_flush(bytes, writer->out);
    }
    sigprof__bytes_format(bytes, "],\n\"weights\":[");
    sigprof__bytes_flush(bytes, writer->out);
    sigprof__bytes_flush(&writer->weights, writer->out);
    sigprof__bytes_format(
        bytes, "],\n\"startValue\":0,\"endValue\":%" PRIu64 "}", total);
}

static void put_profiles(struct writer *writer)
{
    const struct chart *chart = writer->chart;

    for (size_t i = 0, next; i < chart->row_count; i = next) {
        uint32_t thread = chart->rows[i].thread;

        for (next = i; next < chart->row_count; next++)
            if (chart->rows[next].thread != thread)
                break;
        sigprof__bytes_format(
            &writer->bytes,
            "%s\n{\"type\":\"sampled\",\"name\":", i ? "," : "");
        sigprof__bytes_json(
            &writer->bytes,
            sigprof__chart_text(chart, chart->threads[thread].name));
        sigprof__bytes_format(&writer->bytes,
                              ",\"unit\":\"nanoseconds\",\"samples\":[");
        put_samples(writer, i, next);
    }
}

void sigprof__view_speedscope(const struct chart *chart, FILE *out)
{
    struct writer writer = {.chart = chart, .out = out};
    uint32_t command =
        chart->model->process_count ? sigprof__chart_command(chart, 0) : 0;

    sigprof__bytes_format(
        &writer.bytes,
        "{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\",\n"
        "\"exporter\":\"sigprof-fold\",\"name\":");
    sigprof__bytes_json(&writer.bytes, command
                                           ? sigprof__chart_text(chart, command)
                                           : sigprof__text("sigprof"));
    sigprof__bytes_format(
        &writer.bytes, ",\n\"activeProfileIndex\":0,\"shared\":{\"frames\":[");
    put_frames(chart, &writer.bytes, out);
    sigprof__bytes_format(&writer.bytes, "]},\n\"profiles\":[");
    put_profiles(&writer);
    sigprof__bytes_format(&writer.bytes, "]}\n");
    sigprof__bytes_flush(&writer.bytes, out);
    sigprof__bytes_free(&writer.bytes);
    sigprof__bytes_free(&writer.weights);
    free(writer.path);
}
