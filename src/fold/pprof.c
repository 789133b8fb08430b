/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pprof's profile.proto, gzipped. Two values a sample: samples (periods) and
 * CPU nanoseconds. Threads, processes and labels of the program are labels.
 *
 * A Location is an address with its lines, the innermost inlined function
 * first. Addresses are those of the first process that mapped the module.
 * Modules are said to have functions, lines and inlines even where none were
 * found, or pprof would go and look again.
 */
#include "bytes.h"
#include "name.h"
#include "view.h"

#include <stdlib.h>

/* Field numbers of profile.proto. */
enum {
    PROFILE_SAMPLE_TYPE = 1,
    PROFILE_SAMPLE = 2,
    PROFILE_MAPPING = 3,
    PROFILE_LOCATION = 4,
    PROFILE_FUNCTION = 5,
    PROFILE_STRING_TABLE = 6,
    PROFILE_TIME_NANOS = 9,
    PROFILE_DURATION_NANOS = 10,
    PROFILE_PERIOD_TYPE = 11,
    PROFILE_PERIOD = 12,
    PROFILE_COMMENT = 13,
    PROFILE_DEFAULT_SAMPLE_TYPE = 14,
    VALUE_TYPE_TYPE = 1,
    VALUE_TYPE_UNIT = 2,
    SAMPLE_LOCATION_ID = 1,
    SAMPLE_VALUE = 2,
    SAMPLE_LABEL = 3,
    LABEL_KEY = 1,
    LABEL_STR = 2,
    LABEL_NUM = 3,
    MAPPING_ID = 1,
    MAPPING_START = 2,
    MAPPING_LIMIT = 3,
    MAPPING_OFFSET = 4,
    MAPPING_FILENAME = 5,
    MAPPING_BUILD_ID = 6,
    MAPPING_HAS_FUNCTIONS = 7, /* …to 10: filenames, lines, inlines */
    MAPPING_HAS_INLINE_FRAMES = 10,
    LOCATION_ID = 1,
    LOCATION_MAPPING_ID = 2,
    LOCATION_ADDRESS = 3,
    LOCATION_LINE = 4,
    LINE_FUNCTION_ID = 1,
    LINE_LINE = 2,
    FUNCTION_ID = 1,
    FUNCTION_NAME = 2,
    FUNCTION_SYSTEM_NAME = 3,
    FUNCTION_FILENAME = 4
};

enum { WIRE_VARINT = 0, WIRE_BYTES = 2 };

struct pprof {
    const struct chart *chart;
    struct model *model;
    struct zip zip;
    struct bytes out;     /* whole messages, not yet zipped */
    struct bytes message; /* one on its way, */
    struct bytes part;    /* … and one inside it */
    struct numbering strings;
    uint32_t *mapping_ids;  /* module -> number, 0: none yet */
    uint32_t *location_ids; /* place of the chart -> number */
    uint64_t location_count, function_count;
    struct index functions;
    uint32_t *function_places; /* number -> a place that has it */
    size_t function_room;
};

/* ---- Messages ------------------------------------------------------------ */

static void put_number(struct bytes *bytes, unsigned field, uint64_t value)
{
    if (value == 0)
        return; /* the default of every field */
    sigprof__bytes_varint(bytes, field << 3 | WIRE_VARINT);
    sigprof__bytes_varint(bytes, value);
}

static void put_bytes(struct bytes *bytes, unsigned field, const void *data,
                      size_t size)
{
    sigprof__bytes_varint(bytes, field << 3 | WIRE_BYTES);
    sigprof__bytes_varint(bytes, size);
    sigprof__bytes_put(bytes, data, size);
}

static void put_message(struct bytes *bytes, unsigned field,
                        struct bytes *message)
{
    put_bytes(bytes, field, message->at, message->size);
    message->size = 0;
}

static void finish(struct pprof *pprof, unsigned field)
{
    put_message(&pprof->out, field, &pprof->message);
    if (pprof->out.size > 65536)
        sigprof__zip_put(&pprof->zip, &pprof->out);
}

/* ---- Strings ------------------------------------------------------------- */

/* proto3 strings are UTF-8. */
static void put_utf8(struct bytes *bytes, struct text text)
{
    for (size_t at = 0; at < text.size;) {
        size_t size =
            sigprof__name_utf8((const uint8_t *)text.at + at, text.size - at);

        if (size)
            sigprof__bytes_put(bytes, text.at + at, size);
        else
            sigprof__bytes_put(bytes, "\xef\xbf\xbd", 3);
        at += size ? size : 1;
    }
}

static uint64_t string(struct pprof *pprof, uint32_t id)
{
    return sigprof__numbering_of(&pprof->strings, id);
}

static void put_strings(struct pprof *pprof)
{
    for (size_t i = 0; i < pprof->strings.count; i++) {
        put_utf8(&pprof->message,
                 sigprof__model_text(pprof->model, pprof->strings.ids[i]));
        finish(pprof, PROFILE_STRING_TABLE);
    }
}

static uint64_t literal(struct pprof *pprof, const char *text)
{
    return string(pprof, sigprof__strings_add(&pprof->model->strings,
                                              sigprof__text(text)));
}

static void put_value_type(struct pprof *pprof, unsigned field,
                           const char *type, const char *unit)
{
    put_number(&pprof->message, VALUE_TYPE_TYPE, literal(pprof, type));
    put_number(&pprof->message, VALUE_TYPE_UNIT, literal(pprof, unit));
    finish(pprof, field);
}

/* ---- Mappings ------------------------------------------------------------ */

static const struct model_mapping *first_mapping(const struct model *model,
                                                 uint32_t module)
{
    for (size_t i = 0; i < model->process_count; i++)
        for (size_t j = 0; j < model->processes[i].mapping_count; j++)
            if (model->processes[i].mappings[j].module == module)
                return &model->processes[i].mappings[j];
    return NULL;
}

static uint64_t build_id(struct pprof *pprof, uint32_t id)
{
    struct text raw = sigprof__model_text(pprof->model, id);
    char hex[2 * 64 + 1] = "";

    for (size_t i = 0; i < raw.size && i < 64; i++)
        snprintf(hex + 2 * i, 3, "%02x", (uint8_t)raw.at[i]);
    return literal(pprof, hex);
}

static void put_mapping(struct pprof *pprof, uint32_t module, uint32_t id)
{
    const struct model_module *in = &pprof->model->modules[module];
    const struct model_mapping *mapping = first_mapping(pprof->model, module);

    pprof->mapping_ids[module] = id;
    put_number(&pprof->message, MAPPING_ID, id);
    if (mapping) {
        put_number(&pprof->message, MAPPING_START, mapping->low);
        put_number(&pprof->message, MAPPING_LIMIT, mapping->high);
        /* Code is at its link address in the file too, but in programs that are
         * loaded where they were linked. */
        put_number(&pprof->message, MAPPING_OFFSET,
                   mapping->bias ? mapping->low - mapping->bias : 0);
    }
    put_number(&pprof->message, MAPPING_FILENAME, string(pprof, in->path));
    put_number(&pprof->message, MAPPING_BUILD_ID,
               build_id(pprof, in->build_id));
    for (unsigned i = MAPPING_HAS_FUNCTIONS; i <= MAPPING_HAS_INLINE_FRAMES;
         i++)
        put_number(&pprof->message, i, 1);
    finish(pprof, PROFILE_MAPPING);
}

/* The main program has to be the first. */
static void put_mappings(struct pprof *pprof)
{
    const struct model *model = pprof->model;
    uint32_t id = 0;

    for (unsigned flag = FORMAT_MODULE_MAIN, pass = 0; pass < 2;
         pass++, flag = 0)
        for (uint32_t i = 0; i < model->module_count; i++)
            if ((model->modules[i].flags & FORMAT_MODULE_MAIN) == flag)
                put_mapping(pprof, i, ++id);
}

/* ---- Functions and locations --------------------------------------------- */

static void put_function(struct pprof *pprof, const struct chart_place *place,
                         uint64_t id)
{
    uint32_t symbol = place->symbol ? place->symbol : place->name;

    put_number(&pprof->message, FUNCTION_ID, id);
    put_number(&pprof->message, FUNCTION_NAME, string(pprof, place->name));
    put_number(&pprof->message, FUNCTION_SYSTEM_NAME, string(pprof, symbol));
    put_number(&pprof->message, FUNCTION_FILENAME, string(pprof, place->file));
    finish(pprof, PROFILE_FUNCTION);
}

static uint64_t function_of(struct pprof *pprof, uint32_t number)
{
    const struct chart_place *place = &pprof->chart->places[number], *other;
    struct index *index = &pprof->functions;
    uint32_t hash = sigprof__hash_mix((uint64_t)place->name << 32 |
                                      (place->file ^ place->symbol << 16));
    size_t at;

    sigprof__index_room(index);
    for (at = sigprof__index_at(index, hash); index->slots[at].id;
         at = sigprof__index_next(index, at)) {
        other =
            &pprof->chart->places[pprof->function_places[index->slots[at].id]];
        if (other->name == place->name && other->file == place->file &&
            other->symbol == place->symbol)
            return index->slots[at].id;
    }
    pprof->function_count++;
    if (pprof->function_count >= pprof->function_room)
        pprof->function_places = sigprof__store_grow(
            pprof->function_places, &pprof->function_room,
            pprof->function_count + 1, sizeof *pprof->function_places);
    pprof->function_places[pprof->function_count] = number;
    sigprof__index_put(index, at, hash, (uint32_t)pprof->function_count);
    return pprof->function_count;
}

static uint64_t address_of(const struct pprof *pprof,
                           const struct chart_place *place)
{
    const struct model_mapping *mapping;
    uint64_t address;

    if (!place->frame)
        return 0;
    address = pprof->model->frames[place->frame].address - place->at_call;
    if (place->module == MODEL_NO_MODULE)
        return address;
    mapping = first_mapping(pprof->model, place->module);
    return mapping ? address + mapping->bias : address;
}

/* From the node of an address's innermost function to that of the one that is
 * at the address. */
static uint32_t outermost(const struct chart *chart, uint32_t node)
{
    while (chart->places[chart->nodes[node].place].inlined &&
           chart->nodes[node].parent)
        node = chart->nodes[node].parent;
    return node;
}

static uint64_t location_of(struct pprof *pprof, uint32_t node, uint32_t outer)
{
    const struct chart *chart = pprof->chart;
    uint32_t number = chart->nodes[node].place;
    const struct chart_place *place = &chart->places[chart->nodes[outer].place];

    if (pprof->location_ids[number])
        return pprof->location_ids[number];
    pprof->location_ids[number] = (uint32_t)++pprof->location_count;
    put_number(&pprof->message, LOCATION_ID, pprof->location_count);
    if (place->module != MODEL_NO_MODULE)
        put_number(&pprof->message, LOCATION_MAPPING_ID,
                   pprof->mapping_ids[place->module]);
    put_number(&pprof->message, LOCATION_ADDRESS, address_of(pprof, place));
    for (;; node = chart->nodes[node].parent) {
        uint32_t at = chart->nodes[node].place;

        put_number(&pprof->part, LINE_FUNCTION_ID, function_of(pprof, at));
        put_number(&pprof->part, LINE_LINE, chart->places[at].line);
        put_message(&pprof->message, LOCATION_LINE, &pprof->part);
        if (node == outer)
            break;
    }
    finish(pprof, PROFILE_LOCATION);
    return pprof->location_count;
}

static void put_functions(struct pprof *pprof)
{
    for (uint64_t id = 1; id <= pprof->function_count; id++)
        put_function(pprof, &pprof->chart->places[pprof->function_places[id]],
                     id);
}

/* ---- Samples ------------------------------------------------------------- */

static void put_label(struct pprof *pprof, struct bytes *sample, uint64_t key,
                      uint64_t text, uint64_t number)
{
    put_number(&pprof->part, LABEL_KEY, key);
    put_number(&pprof->part, LABEL_STR, text);
    put_number(&pprof->part, LABEL_NUM, number);
    put_message(sample, SAMPLE_LABEL, &pprof->part);
}

/* A string has its number by when it is first asked for: in an order that no compiler
 * chooses, so that the same profile is the same bytes on each CPU. */
static void put_string_label(struct pprof *pprof, struct bytes *sample,
                             uint64_t key, uint32_t value)
{
    put_label(pprof, sample, key, string(pprof, value), 0);
}

/* A key has strings or numbers, never both: a program's own "pid" and "tid"
 * are not given. */
static void put_program_labels(struct pprof *pprof, struct bytes *sample,
                               const struct model_process *process,
                               uint32_t label)
{
    const struct model_label *at;

    while (label && (at = sigprof__model_label(process, label)) != NULL) {
        struct text key = sigprof__model_text(pprof->model, at->key);

        if (key.size != 3 ||
            (memcmp(key.at, "pid", 3) != 0 && memcmp(key.at, "tid", 3) != 0))
            put_string_label(pprof, sample, string(pprof, at->key), at->value);
        label = at->parent < label ? at->parent : 0;
    }
}

static void put_labels(struct pprof *pprof, struct bytes *sample,
                       const struct chart_row *row)
{
    const struct chart_thread *thread = &pprof->chart->threads[row->thread];
    const struct model_process *process =
        &pprof->model->processes[thread->process];

    put_string_label(pprof, sample, literal(pprof, "process"), process->comm);
    put_label(pprof, sample, literal(pprof, "pid"), 0, process->pid);
    if (thread->thread) {
        uint32_t name =
            sigprof__model_thread_name(pprof->model, process, thread->thread);

        put_string_label(pprof, sample, literal(pprof, "thread"), name);
        put_label(pprof, sample, literal(pprof, "tid"), 0,
                  process->threads[thread->thread].tid);
    }
    put_program_labels(pprof, sample, process, row->label);
}

static void put_sample(struct pprof *pprof, const struct chart_row *row,
                       struct bytes *sample, struct bytes *ids)
{
    const struct chart *chart = pprof->chart;

    for (uint32_t node = row->node, outer; node;
         node = chart->nodes[outer].parent) {
        outer = outermost(chart, node);
        sigprof__bytes_varint(ids, location_of(pprof, node, outer));
    }
    put_message(sample, SAMPLE_LOCATION_ID, ids);
    sigprof__bytes_varint(ids, row->periods);
    sigprof__bytes_varint(ids, row->cpu_ns);
    put_message(sample, SAMPLE_VALUE, ids);
    put_labels(pprof, sample, row);
    put_message(&pprof->out, PROFILE_SAMPLE, sample);
}

/* ---- The profile --------------------------------------------------------- */

static void put_times(struct pprof *pprof)
{
    struct chart_times times = sigprof__chart_times(pprof->chart);

    put_number(&pprof->out, PROFILE_TIME_NANOS, times.start_real_ns);
    put_number(&pprof->out, PROFILE_DURATION_NANOS, times.duration_ns);
}

/* The command lines. */
static void put_comments(struct pprof *pprof)
{
    for (size_t i = 0; i < pprof->model->process_count; i++) {
        uint32_t line = sigprof__chart_command(pprof->chart, (uint32_t)i);

        if (line)
            put_number(&pprof->out, PROFILE_COMMENT, string(pprof, line));
    }
}

static void put_head(struct pprof *pprof)
{
    string(pprof, 0); /* the table begins with the empty string */
    put_value_type(pprof, PROFILE_SAMPLE_TYPE, "samples", "count");
    put_value_type(pprof, PROFILE_SAMPLE_TYPE, "cpu", "nanoseconds");
    put_value_type(pprof, PROFILE_PERIOD_TYPE, "cpu", "nanoseconds");
    if (pprof->model->process_count)
        put_number(&pprof->out, PROFILE_PERIOD,
                   pprof->model->processes[0].period_ns);
    put_number(
        &pprof->out, PROFILE_DEFAULT_SAMPLE_TYPE,
        literal(pprof, pprof->chart->options->weigh_ns ? "cpu" : "samples"));
    put_times(pprof);
    put_comments(pprof);
}

static void to_stream(void *arg, const uint8_t *bytes, size_t size)
{
    fwrite(bytes, 1, size, arg);
}

static uint32_t *zeroed(size_t count)
{
    size_t room = 0;
    uint32_t *array =
        sigprof__store_grow(NULL, &room, count + 1, sizeof *array);

    memset(array, 0, (count + 1) * sizeof *array);
    return array;
}

static void pprof_free(struct pprof *pprof)
{
    sigprof__bytes_free(&pprof->out);
    sigprof__bytes_free(&pprof->message);
    sigprof__bytes_free(&pprof->part);
    sigprof__numbering_free(&pprof->strings);
    free(pprof->mapping_ids);
    free(pprof->location_ids);
    free(pprof->functions.slots);
    free(pprof->function_places);
}

void sigprof__view_pprof(const struct chart *chart, FILE *out)
{
    struct pprof pprof = {.chart = chart, .model = chart->model};
    struct bytes sample = {0}, ids = {0};

    pprof.mapping_ids = zeroed(chart->model->module_count);
    pprof.location_ids = zeroed(chart->place_count);
    sigprof__zip_begin(&pprof.zip, true, to_stream, out);
    put_head(&pprof);
    put_mappings(&pprof);
    for (size_t i = 0; i < chart->row_count; i++)
        put_sample(&pprof, &chart->rows[i], &sample, &ids);
    put_functions(&pprof);
    put_strings(&pprof);
    sigprof__zip_put(&pprof.zip, &pprof.out);
    sigprof__zip_end(&pprof.zip);
    sigprof__bytes_free(&sample);
    sigprof__bytes_free(&ids);
    pprof_free(&pprof);
}
