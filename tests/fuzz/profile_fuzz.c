/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The profile reader, the model and the views, on any bytes. The first byte
 * chooses: even, the rest is a file; odd, the rest is cut at each 0xff 0x00
 * into payloads that get sound block headers, so that records are reached.
 */
#include "fold/name.h"
#include "fold/view.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t id[FORMAT_ID_BYTES] = {0x5e, 0xed};

static size_t put_block(uint8_t *to, uint32_t number, const uint8_t *payload,
                        size_t size)
{
    memcpy(to + FORMAT_BLOCK_HEADER_BYTES, payload, size);
    sigprof__format_block_seal(to, size, number, id);
    return FORMAT_BLOCK_HEADER_BYTES + size;
}

static size_t seal(const uint8_t *data, size_t size, uint8_t *to)
{
    size_t at = FORMAT_FILE_HEADER_BYTES, begin = 0;
    uint32_t number = 0;

    sigprof__format_file_header(to);
    for (size_t i = 0; i + 1 < size; i++)
        if (data[i] == 0xff && data[i + 1] == 0) {
            at += put_block(to + at, number++, data + begin, i - begin);
            begin = i + 2;
        }
    return at + put_block(to + at, number, data + begin, size - begin);
}

static void draw(struct model *model, const struct fold_options *fold,
                 bool addresses, FILE *out)
{
    struct chart chart;

    sigprof__chart_begin(&chart, model, fold, addresses, false);
    sigprof__chart_add_counts(&chart);
    sigprof__chart_end(&chart);
    if (addresses) {
        sigprof__view_pprof(&chart, out);
        sigprof__view_firefox(&chart, out);
    } else {
        sigprof__view_speedscope(&chart, out);
        sigprof__view_html(&chart, out);
    }
    sigprof__chart_free(&chart);
}

static void fold_bytes(const uint8_t *bytes, size_t size, FILE *out)
{
    static const struct fold_root roots[] = {
        {ROOT_PROCESS, {0}}, {ROOT_THREAD, {0}}, {ROOT_LABEL, {"k", 1}}};
    const struct model_options options = {.by_thread = true, .by_label = true};
    const struct fold_options fold = {.roots = roots, .root_count = 3};
    const struct name_options names = {.places = {.symfs = "/nonexistent"}};
    struct model model;
    struct reader reader;
    struct read_sink sink;
    struct name_report report;
    struct fold_tree tree;
    struct view_raw raw = {.model = &model, .options = &fold, .out = out};

    sigprof__model_init(&model, &options);
    sink = sigprof__model_begin(&model, sigprof__text("fuzz"));
    sigprof__reader_init(&reader, &sink);
    if (sigprof__reader_file(&reader, bytes, size) == READ_OK) {
        sigprof__model_end(&model, &reader);
        sigprof__name_frames(&model, &names, NULL, &report);
        sigprof__fold(&model, &fold, &tree);
        sigprof__view_folded(&model, &tree, false, out);
        sigprof__view_top(&model, &tree, false, out);
        sigprof__view_stats(&model, out);
        sigprof__view_info(&model, out);
        sigprof__fold_free(&tree);
        draw(&model, &fold, true, out);
        draw(&model, &fold, false, out);
        sigprof__reader_free(&reader);
        sink = sigprof__model_again(&model, 0);
        model.visit = sigprof__view_raw;
        model.visit_arg = &raw;
        sigprof__reader_init(&reader, &sink);
        sigprof__reader_file(&reader, bytes, size);
    }
    sigprof__reader_free(&reader);
    free(raw.frames);
    sigprof__model_free(&model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static FILE *out;
    uint8_t *bytes;

    if (!out)
        out = fopen("/dev/null", "w");
    if (size == 0 || size > FORMAT_PAYLOAD_MAX || !out)
        return 0;
    /* A header every three bytes at most. */
    bytes = malloc(64 + size * (1 + FORMAT_BLOCK_HEADER_BYTES));
    if (!bytes)
        return 0;
    if (data[0] & 1)
        size = seal(data + 1, size - 1, bytes);
    else
        memcpy(bytes, data + 1, --size);
    fold_bytes(bytes, size, out);
    free(bytes);
    return 0;
}
