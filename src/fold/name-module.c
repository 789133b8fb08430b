/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One module's frames: what the symbol reader is asked, and places from its
 * answers. Contract: name_impl.h.
 */
#include "name_impl.h"

#include <stdio.h>
#include <stdlib.h>

uint32_t sigprof__name_finish(struct naming *naming, struct text name,
                              const char *mark)
{
    size_t size = name.size < SYM_NAME_MAX ? name.size : SYM_NAME_MAX;

    if (!naming->options->modules && !naming->options->annotate)
        return sigprof__name_safe(&naming->model->strings,
                                  (struct text){name.at, size});
    memmove(naming->whole, name.at, size);
    if (naming->options->modules && naming->base.size &&
        naming->base.size < 4096) {
        naming->whole[size++] = '`';
        memcpy(naming->whole + size, naming->base.at, naming->base.size);
        size += naming->base.size;
    }
    if (naming->options->annotate) {
        memcpy(naming->whole + size, mark, strlen(mark));
        size += strlen(mark);
    }
    return sigprof__name_safe(&naming->model->strings,
                              (struct text){naming->whole, size});
}

static const char *mark_of(bool inlined)
{
    return inlined ? "_[i]" : "";
}

/* Its place in naming->known, with symbol and function filled in. */
static struct known *know(struct naming *naming, const char *raw,
                          const char *shown)
{
    struct index *index = &naming->known_index;
    struct strings *strings = &naming->model->strings;
    uint32_t hash = sigprof__hash_mix((uintptr_t)raw);
    struct known *known;
    size_t at;

    sigprof__index_room(index);
    for (at = sigprof__index_at(index, hash); index->slots[at].id;
         at = sigprof__index_next(index, at))
        if (naming->known[index->slots[at].id - 1].raw == raw)
            return &naming->known[index->slots[at].id - 1];
    ARRAY_ROOM(naming->known, naming->known_count, naming->known_capacity);
    known = &naming->known[naming->known_count++];
    *known = (struct known){.raw = raw};
    if (naming->options->symbols)
        known->symbol = sigprof__strings_add(strings, sigprof__text(raw));
    known->function = sigprof__strings_add(
        strings, sigprof__text(!naming->options->raw && shown ? shown : raw));
    sigprof__index_put(index, at, hash, (uint32_t)naming->known_count);
    return known;
}

static void forget(struct naming *naming)
{
    free(naming->known);
    free(naming->known_index.slots);
    naming->known = NULL;
    naming->known_count = naming->known_capacity = 0;
    naming->known_index = (struct index){0};
}

static uint32_t name_function(struct naming *naming, struct known *known,
                              bool inlined)
{
    uint32_t *shown = &known->shown[inlined];
    struct text name = sigprof__model_text(naming->model, known->function);

    if (*shown)
        return *shown;
    if (!naming->options->modules && !naming->options->annotate &&
        name.size <= SYM_NAME_MAX && sigprof__name_is_safe(name))
        *shown = known->function;
    else
        *shown = sigprof__name_finish(naming, name, mark_of(inlined));
    return *shown;
}

uint32_t sigprof__name_marked(struct naming *naming, struct text name,
                              const char *tail, const char *mark)
{
    size_t tail_size = strlen(tail);
    size_t size = name.size < SYM_NAME_MAX - tail_size
                      ? name.size
                      : SYM_NAME_MAX - tail_size;

    memmove(naming->shown, name.at, size);
    memcpy(naming->shown + size, tail, tail_size);
    return sigprof__name_finish(
        naming, (struct text){naming->shown, size + tail_size}, mark);
}

static uint32_t name_with(struct naming *naming, struct text name,
                          const char *tail, bool inlined)
{
    return sigprof__name_marked(naming, name, tail, mark_of(inlined));
}

static uint32_t name_offset(struct naming *naming, struct text name,
                            uint64_t offset)
{
    char tail[3 + 16 + 1], *at = tail + sizeof tail - 1;

    *at = '\0';
    do {
        *--at = "0123456789abcdef"[offset & 15];
        offset >>= 4;
    } while (offset);
    *--at = 'x';
    *--at = '0';
    *--at = '+';
    return name_with(naming, name, at, false);
}

/* " file.c:12", or " file.c" where the line is not known. */
static uint32_t name_line(struct naming *naming, struct text name,
                          const struct sym_place *place, bool inlined)
{
    const char *slash = strrchr(place->file, '/');
    char tail[512];
    int size;

    size = snprintf(tail, sizeof tail - 16, " %s",
                    slash ? slash + 1 : place->file);
    if (size < 0 || size >= (int)sizeof tail - 16)
        size = (int)strlen(tail);
    if (place->line)
        snprintf(tail + size, 16, ":%u", place->line);
    return name_with(naming, name, tail, inlined);
}

uint32_t sigprof__name_push_place(struct model *model,
                                  const struct model_place *place)
{
    ARRAY_ROOM(model->places, model->place_count, model->place_capacity);
    model->places[model->place_count] = *place;
    return (uint32_t)model->place_count++;
}

struct model_places sigprof__name_one_place(struct model *model, uint32_t name)
{
    struct model_place place = {.name = name};

    return (struct model_places){sigprof__name_push_place(model, &place), 1};
}

/* illumos' libc keeps a signal back that comes in a critical region of its own, and
 * has it sent again at the end of that: the tick was somewhere before. */
static bool is_deferral(const struct naming *naming,
                        const struct model_frame *frame, const char *name)
{
    return naming->model->modules[frame->module].illumos && name &&
           strcmp(name, "take_deferred_signal") == 0;
}

static struct model_place make_place(struct naming *naming,
                                     const struct model_frame *frame,
                                     const struct sym_answer *answer,
                                     const struct sym_place *in, bool inlined)
{
    struct model_place out = {.line = in->line, .inlined = inlined};
    struct known *known;
    struct text name;

    if (is_deferral(naming, frame, in->name))
        known = know(naming, NAME_DEFERRED, NULL);
    else
        known = know(naming, in->name ? in->name : "[unknown]", in->shown);
    name = sigprof__model_text(naming->model, known->function);
    out.symbol = known->symbol;
    out.function = known->function;
    if (in->file)
        out.file = sigprof__strings_add(&naming->model->strings,
                                        sigprof__text(in->file));
    if (naming->options->by == BY_LINE && in->file)
        out.name = name_line(naming, name, in, inlined);
    else if (naming->options->by == BY_ADDRESS && !inlined)
        out.name = name_offset(naming, name, frame->address - answer->start);
    else
        out.name = name_function(naming, known, inlined);
    return out;
}

static struct model_places name_answer(struct naming *naming,
                                       const struct model_frame *frame,
                                       const struct sym_answer *answer)
{
    struct model *model = naming->model;
    struct sym_place function = {.name = answer->name, .shown = answer->shown};
    struct model_places places = {(uint32_t)model->place_count, 0};
    struct model_place place;

    if (!answer->name) {
        bool start = naming->options->by != BY_ADDRESS && answer->start;

        return sigprof__name_one_place(
            model, name_offset(naming, naming->base,
                               start ? answer->start : frame->address));
    }
    if (answer->place_count) {
        function.file = answer->places[0].file;
        function.line = answer->places[0].line;
    }
    place = make_place(naming, frame, answer, &function, false);
    sigprof__name_push_place(model, &place);
    for (places.count = 1;
         places.count < answer->place_count && !naming->options->no_inlines;
         places.count++) {
        place = make_place(naming, frame, answer, &answer->places[places.count],
                           true);
        sigprof__name_push_place(model, &place);
    }
    return places;
}

static void say_mismatch(struct naming *naming, const struct sym_module *module,
                         const struct sym_report *report, size_t frames)
{
    char recorded[2 * 64 + 1] = "";

    for (size_t i = 0; i < module->build_id_bytes && i < 64; i++)
        snprintf(recorded + 2 * i, 3, "%02x", module->build_id[i]);
    naming->report->mismatched += frames;
    naming->report->mismatched_modules++;
    if (naming->say)
        naming->say("%s: build-id on disk is %s, the sampled file's was %s; "
                    "%zu frames stay %.*s+0x…",
                    module->path, report->found_id, recorded, frames,
                    (int)naming->base.size, naming->base.at);
}

static void say_unverified(struct naming *naming,
                           const struct sym_module *module, size_t frames)
{
    naming->report->unverified += frames;
    if (naming->say)
        naming->say(
            "%s: not verified: it has no build-id and was changed after "
            "it was sampled; names of %zu frames may be wrong",
            module->path, frames);
}

static void say_missing(struct naming *naming, const struct sym_module *module,
                        const struct sym_report *report, size_t frames)
{
    if (naming->say)
        naming->say("%s: %s; %zu frames stay %.*s+0x…", module->path,
                    report->state == SYM_NO_FILE ? strerror(report->error)
                                                 : "no object file",
                    frames, (int)naming->base.size, naming->base.at);
}

void sigprof__name_job(const struct model *model, struct name_job *job)
{
    const struct model_module *in =
        &model->modules[model->frames[lookup_frame(job->lookups)].module];
    struct text path = sigprof__name_path(sigprof__model_text(model, in->path));
    struct text id = sigprof__model_text(model, in->build_id);
    size_t room = 0;

    job->path = sigprof__store_grow(NULL, &room, path.size + 1, 1);
    memcpy(job->path, path.at, path.size);
    job->path[path.size] = '\0';
    job->module = (struct sym_module){
        job->path, (const uint8_t *)id.at, id.size,
        (in->flags & FORMAT_MODULE_NO_FILE) != 0, in->seen_ns};
    for (size_t i = 0; i < job->count; i++) {
        job->addresses[i] = job->lookups[i].key;
        job->frame_count += !lookup_is_again(&job->lookups[i]);
    }
    memset(job->answers, 0, job->count * sizeof *job->answers);
}

/* Room for names of so many frames, most of them of functions of their own. */
static void reserve(struct naming *naming, size_t count)
{
    struct model *model = naming->model;

    sigprof__index_reserve(&naming->known_index, count / 2);
    sigprof__index_reserve(&model->strings.index, count / 2);
    model->places =
        sigprof__store_grow(model->places, &model->place_capacity,
                            model->place_count + count, sizeof *model->places);
    naming->known = sigprof__store_grow(naming->known, &naming->known_capacity,
                                        naming->known_count + count / 2 + 1,
                                        sizeof *naming->known);
}

/* The addresses of a function come one behind the other; so do those of one
 * that has no name, whose start is known. */
static bool same_answer(const struct naming *naming, const struct sym_answer *a,
                        const struct sym_answer *b)
{
    return naming->options->by != BY_ADDRESS && (a->name || a->start) &&
           a->name == b->name && a->start == b->start &&
           a->places == b->places && a->place_count == b->place_count;
}

void sigprof__name_module(struct naming *naming, struct name_job *job)
{
    struct model *model = naming->model;
    const struct sym_report *report = &job->report;
    struct model_places places = {0, 0};

    naming->base = sigprof__name_base(sigprof__model_text(
        model,
        model->modules[model->frames[lookup_frame(job->lookups)].module].path));
    if (naming->base.size == 0)
        naming->base = sigprof__text("[no file]");
    if (report->state == SYM_MISMATCH)
        say_mismatch(naming, &job->module, report, job->frame_count);
    else if (report->unverified)
        say_unverified(naming, &job->module, job->frame_count);
    else if (report->state != SYM_NAMED && !job->module.no_file)
        say_missing(naming, &job->module, report, job->frame_count);
    reserve(naming, job->count);
    for (size_t i = 0; i < job->count; i++) {
        struct model_frame *frame =
            &model->frames[lookup_frame(&job->lookups[i])];

        if (i == 0 ||
            !same_answer(naming, &job->answers[i - 1], &job->answers[i]))
            places = name_answer(naming, frame, &job->answers[i]);
        if (lookup_use(&job->lookups[i]) == USED_EXACT)
            frame->exact = places;
        else
            frame->call = places;
    }
    forget(naming);
    sigprof__sym_names_free(&job->names);
    free(job->path);
}
