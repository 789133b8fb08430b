/* SPDX-License-Identifier: BSD-2-Clause */
/* A chart's places: what frames are. Contract: chart_impl.h. */
#include "chart_impl.h"

const char *const sigprof__chart_kinds[KIND_COUNT] = {
    "root", "native", "jit", "interpreter", "kernel", "lost"};

static uint32_t place_hash(const struct chart_place *place)
{
    return sigprof__hash_mix(
        ((uint64_t)place->name << 32 | place->module) ^
        (uint64_t)place->file << 16 ^ (uint64_t)place->frame << 24 ^
        (uint64_t)place->line << 8 ^ (uint64_t)place->at_call << 3 ^
        (uint64_t)place->inlined << 2 ^ place->kind);
}

static bool same_place(const struct chart_place *a, const struct chart_place *b,
                       bool addresses)
{
    return a->name == b->name && a->module == b->module && a->file == b->file &&
           a->frame == b->frame && a->at_call == b->at_call &&
           a->inlined == b->inlined && a->kind == b->kind &&
           (!addresses || a->line == b->line);
}

static void widen(struct chart_place *place, uint32_t line)
{
    if (line && (!place->line || line < place->line))
        place->line = line;
    if (line > place->max_line)
        place->max_line = line;
}

/* Without addresses a function is one place, whatever its lines. */
static uint32_t intern_place(struct chart *chart, struct chart_place *place)
{
    struct index *index = &chart->place_index;
    uint32_t line = place->line, hash;
    size_t at;

    if (!chart->addresses)
        place->line = 0;
    hash = place_hash(place);
    place->line = place->max_line = line;
    sigprof__index_room(index);
    for (at = sigprof__index_at(index, hash); index->slots[at].id;
         at = sigprof__index_next(index, at)) {
        struct chart_place *other = &chart->places[index->slots[at].id];

        if (index->slots[at].hash == hash &&
            same_place(other, place, chart->addresses)) {
            widen(other, line);
            return index->slots[at].id;
        }
    }
    ARRAY_ROOM(chart->places, chart->place_count, chart->place_capacity);
    chart->places[chart->place_count] = *place;
    sigprof__index_put(index, at, hash, (uint32_t)chart->place_count);
    return (uint32_t)chart->place_count++;
}

static enum chart_kind kind_of_name(struct text name)
{
    static const char kernel[] = "[kernel]";

    if (name.size == sizeof kernel - 1 &&
        memcmp(name.at, kernel, name.size) == 0)
        return KIND_KERNEL;
    return KIND_LOST;
}

/* A frame of the model, or a mark; name: as it is shown. */
static enum chart_kind kind_of_frame(const struct chart *chart, uint32_t frame,
                                     uint32_t name)
{
    uint32_t module = frame >= FRAME_FIRST ? chart->model->frames[frame].module
                                           : MODEL_NO_MODULE;

    switch (module) {
    case MODEL_CODE:
        return KIND_JIT;
    case MODEL_GUEST:
        return KIND_INTERPRETER;
    case MODEL_NO_MODULE:
        return kind_of_name(sigprof__chart_text(chart, name));
    default:
        return KIND_NATIVE;
    }
}

uint32_t sigprof__chart_place(struct chart *chart,
                              const struct fold_frame *frame, bool root)
{
    const struct model *model = chart->model;
    struct chart_place place = {.name = frame->name,
                                .module = MODEL_NO_MODULE,
                                .kind = root ? KIND_ROOT : KIND_LOST};

    if (frame->place) {
        const struct model_place *in = &model->places[frame->place];
        bool is_address = frame->frame >= FRAME_FIRST;

        place.symbol = in->symbol;
        place.file = in->file;
        place.line = in->line;
        place.inlined = in->inlined;
        place.kind = kind_of_frame(chart, frame->frame, in->name);
        if (place.kind == KIND_NATIVE)
            place.module = model->frames[frame->frame].module;
        if (chart->addresses && is_address) {
            place.frame = frame->frame;
            place.at_call = frame->at_call;
        }
    }
    return intern_place(chart, &place);
}
