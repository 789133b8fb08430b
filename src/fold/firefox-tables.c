/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables that threads share in the Firefox profiler's format. Theory: firefox.c. */
#include "firefox_impl.h"

#include <stdlib.h>

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

void sigprof__firefox_number(struct firefox *firefox)
{
    number_functions(firefox);
    number_libraries(firefox);
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

void sigprof__firefox_shared(struct firefox *firefox)
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
