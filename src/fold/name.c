/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames to names. Contract: name.h.
 *
 * A frame has two names, of its own address (where a leaf, or what a signal
 * interrupted, was about to run) and of the byte before (in the call, for all
 * others). Most frames are used one way only, and only that is asked for.
 */
#include "name.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Addresses of the upper half are the kernel's on the systems we know. */
#define KERNEL_HALF (UINT64_C(1) << 63)

/* ---- Safe names ---------------------------------------------------------- */

size_t sigprof__name_utf8(const uint8_t *at, size_t size)
{
    uint32_t code;
    size_t length = at[0] < 0x80 ? 1 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

    if (length == 1)
        return 1;
    if (at[0] < 0xc2 || at[0] > 0xf4 || length > size)
        return 0;
    code = at[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (at[i] & 0x3f);
    }
    if (code < least[length] || code > 0x10ffff ||
        (code >= 0xd800 && code < 0xe000) || (code & 0xfffe) == 0xfffe)
        return 0;
    return length;
}

/* flamegraph.pl takes a number behind a blank for a second column. */
static void guard_number(char *name, size_t size)
{
    size_t at = size;

    while (at > 0 && ((name[at - 1] >= '0' && name[at - 1] <= '9') ||
                      name[at - 1] == '.'))
        at--;
    if (at > 0 && at < size && name[at - 1] == ' ')
        name[at - 1] = '_';
}

#define IN_EACH_BYTE(byte) ((byte)*UINT64_C(0x0101010101010101))

/* The top bit of a byte is set if one is above 0x7e, below a blank, or a
 * semicolon. What is carried from one byte to the next comes from such bytes.
 */
static uint64_t odd_bytes(uint64_t eight)
{
    return eight | (eight + IN_EACH_BYTE(1)) | (eight - IN_EACH_BYTE(0x20)) |
           ((eight ^ IN_EACH_BYTE(0x3b)) - IN_EACH_BYTE(1));
}

/* Most names: no byte that is changed, and none above ASCII. */
static bool is_plain(struct text in)
{
    uint64_t eight, odd = 0;
    size_t at = 0;

    for (; at + 8 <= in.size; at += 8) {
        memcpy(&eight, in.at + at, 8);
        odd |= odd_bytes(eight);
    }
    for (; at < in.size; at++)
        odd |= odd_bytes(IN_EACH_BYTE((uint64_t)(uint8_t)in.at[at]));
    return !(odd & IN_EACH_BYTE(0x80));
}

static size_t make_printable(struct text in, bool semicolons, char *out)
{
    size_t at = 0, size = 0;

    if (is_plain(in)) {
        memcpy(out, in.at, in.size);
        return in.size;
    }

    while (at < in.size) {
        uint8_t byte = (uint8_t)in.at[at];
        size_t length =
            sigprof__name_utf8((const uint8_t *)in.at + at, in.size - at);

        if (length == 0) {
            memcpy(out + size, "\xef\xbf\xbd", 3);
            size += 3;
            at++;
        } else {
            memcpy(out + size, in.at + at, length);
            if (byte == ';' && !semicolons)
                out[size] = ':';
            else if (byte < 0x20 || byte == 0x7f)
                out[size] = '?';
            size += length;
            at += length;
        }
    }
    return size;
}

size_t sigprof__name_sanitize(struct text in, char *out)
{
    size_t size = make_printable(in, false, out);

    if (size == 0) {
        memcpy(out, "[unknown]", 9);
        return 9;
    }
    guard_number(out, size);
    return size;
}

/* Does it stay as it is? */
static bool is_safe(struct text text)
{
    uint8_t last = text.size ? (uint8_t)text.at[text.size - 1] : 0;

    return text.size && (last < '0' || last > '9') && last != '.' &&
           is_plain(text);
}

static uint32_t intern_safe(struct strings *strings, struct text text,
                            bool is_frame)
{
    char small[512], *out = small;
    size_t room = 0, size;
    uint32_t id;

    if (is_frame && is_safe(text))
        return sigprof__strings_add(strings, text);

    if (3 * text.size + 16 > sizeof small)
        out = sigprof__store_grow(NULL, &room, 3 * text.size + 16, 1);
    size = is_frame ? sigprof__name_sanitize(text, out)
                    : make_printable(text, true, out);
    id = sigprof__strings_add(strings, (struct text){out, size});
    if (out != small)
        free(out);
    return id;
}

uint32_t sigprof__name_safe(struct strings *strings, struct text text)
{
    return intern_safe(strings, text, true);
}

uint32_t sigprof__name_readable(struct strings *strings, struct text text)
{
    return intern_safe(strings, text, false);
}

static struct text without_deleted(struct text path)
{
    static const char deleted[] = " (deleted)";
    const size_t size = sizeof deleted - 1;

    if (path.size > size &&
        memcmp(path.at + path.size - size, deleted, size) == 0)
        path.size -= size;
    return path;
}

struct text sigprof__name_base(struct text path)
{
    path = without_deleted(path);
    for (size_t i = path.size; i-- > 0;)
        if (path.at[i] == '/')
            return (struct text){path.at + i + 1, path.size - i - 1};
    return path;
}

/* ---- One module's frames ------------------------------------------------- */

/* What is asked: the key is an address, the value says of which frame and use
 * (enum model_use) the answer is, and whether the frame has another before. */
static struct sort_item make_lookup(uint64_t address, size_t frame,
                                    unsigned use, bool again)
{
    return (struct sort_item){address,
                              (uint64_t)frame << 3 | (again ? 4u : 0) | use};
}

static uint32_t frame_of(const struct sort_item *lookup)
{
    return (uint32_t)(lookup->value >> 3);
}

static unsigned use_of(const struct sort_item *lookup)
{
    return lookup->value & 3;
}

static bool is_again(const struct sort_item *lookup)
{
    return lookup->value & 4;
}

/* The ways in which frames are used: enum model_use, by frame. */
static uint8_t *find_uses(const struct model *model, bool every)
{
    size_t room = 0, slots = model->counts ? model->count_mask + 1 : 0;
    uint8_t *uses = sigprof__store_grow(NULL, &room, model->frame_count, 1);

    memset(uses, every ? USED_EXACT | USED_CALL : 0, model->frame_count);
    if (every)
        return uses;
    for (size_t i = 1; i < model->node_count; i++) {
        const struct model_node *node = &model->nodes[i];
        uint32_t above = model->nodes[node->parent].frame;

        uses[above] |= node->frame == FRAME_SIGNAL ? USED_EXACT : USED_CALL;
        if (above == FRAME_SIGNAL)
            uses[node->frame] |= USED_EXACT;
    }
    for (size_t i = 0; i < slots; i++)
        if (model->counts[i].value)
            uses[model->nodes[(uint32_t)model->counts[i].key].frame] |=
                USED_EXACT;
    for (size_t i = 0; i < model->process_count; i++)
        for (size_t j = 0; j < model->processes[i].thread_count; j++)
            uses[model->processes[i].threads[j].start_frame] |= USED_EXACT;
    return uses;
}

/* A function of the module, by the address of its name. */
struct known {
    const char *raw;
    uint32_t symbol, function; /* strings */
    uint32_t shown[2];         /* … with its marks; [1]: inlined */
};

struct naming {
    struct model *model;
    const struct name_options *options;
    void (*say)(const char *format, ...);
    struct name_report *report;
    char *shown;      /* SYM_NAME_MAX of a demangled name */
    char *whole;      /* what is interned, and room to sanitize it */
    struct text base; /* of the module's path; size 0: no module */
    struct known *known;
    size_t known_count, known_capacity;
    struct index known_index;
};

static uint32_t finish_name(struct naming *naming, struct text name,
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
        name.size <= SYM_NAME_MAX && is_safe(name))
        *shown = known->function;
    else
        *shown = finish_name(naming, name, mark_of(inlined));
    return *shown;
}

static uint32_t name_marked(struct naming *naming, struct text name,
                            const char *tail, const char *mark)
{
    size_t tail_size = strlen(tail);
    size_t size = name.size < SYM_NAME_MAX - tail_size
                      ? name.size
                      : SYM_NAME_MAX - tail_size;

    memmove(naming->shown, name.at, size);
    memcpy(naming->shown + size, tail, tail_size);
    return finish_name(naming, (struct text){naming->shown, size + tail_size},
                       mark);
}

static uint32_t name_with(struct naming *naming, struct text name,
                          const char *tail, bool inlined)
{
    return name_marked(naming, name, tail, mark_of(inlined));
}

static uint32_t name_offset(struct naming *naming, struct text name,
                            uint64_t offset)
{
    char tail[32];

    snprintf(tail, sizeof tail, "+0x%llx", (unsigned long long)offset);
    return name_with(naming, name, tail, false);
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

static uint32_t push_place(struct model *model, const struct model_place *place)
{
    ARRAY_ROOM(model->places, model->place_count, model->place_capacity);
    model->places[model->place_count] = *place;
    return (uint32_t)model->place_count++;
}

static struct model_places one_place(struct model *model, uint32_t name)
{
    struct model_place place = {.name = name};

    return (struct model_places){push_place(model, &place), 1};
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
        known = know(naming, "[deferred signal]", NULL);
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

        return one_place(model,
                         name_offset(naming, naming->base,
                                     start ? answer->start : frame->address));
    }
    if (answer->place_count) {
        function.file = answer->places[0].file;
        function.line = answer->places[0].line;
    }
    place = make_place(naming, frame, answer, &function, false);
    push_place(model, &place);
    for (places.count = 1;
         places.count < answer->place_count && !naming->options->no_inlines;
         places.count++) {
        place = make_place(naming, frame, answer, &answer->places[places.count],
                           true);
        push_place(model, &place);
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

/* The frames of one module, and what the symbol reader is asked of them. */
struct job {
    const struct sort_item *lookups;
    size_t count, frame_count;
    char *path; /* " (deleted)" taken off */
    struct sym_module module;
    uint64_t *addresses;
    struct sym_answer *answers;
    struct sym_names names;
    struct sym_report report;
};

static void make_job(const struct model *model, struct job *job)
{
    const struct model_module *in =
        &model->modules[model->frames[frame_of(job->lookups)].module];
    struct text path = without_deleted(sigprof__model_text(model, in->path));
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
        job->frame_count += !is_again(&job->lookups[i]);
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

/* The addresses of a function come one behind the other. */
static bool same_answer(const struct naming *naming, const struct sym_answer *a,
                        const struct sym_answer *b)
{
    return naming->options->by != BY_ADDRESS && a->name && a->name == b->name &&
           a->places == b->places && a->place_count == b->place_count;
}

static void name_module(struct naming *naming, struct job *job)
{
    struct model *model = naming->model;
    const struct sym_report *report = &job->report;
    struct model_places places = {0, 0};

    naming->base = sigprof__name_base(sigprof__model_text(
        model,
        model->modules[model->frames[frame_of(job->lookups)].module].path));
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
        struct model_frame *frame = &model->frames[frame_of(&job->lookups[i])];

        if (i == 0 ||
            !same_answer(naming, &job->answers[i - 1], &job->answers[i]))
            places = name_answer(naming, frame, &job->answers[i]);
        if (use_of(&job->lookups[i]) == USED_EXACT)
            frame->exact = places;
        else
            frame->call = places;
    }
    forget(naming);
    sigprof__sym_names_free(&job->names);
    free(job->path);
}

/* ---- Modules side by side ------------------------------------------------ */

#define MOST_THREADS 16 /* reading is bound by memory before that */

struct jobs {
    struct job *items;
    size_t count, capacity;
    const struct name_options *options;
    pthread_mutex_t lock; /* of next and done */
    pthread_cond_t all_done;
    size_t next, done;
};

static struct job *next_job(struct jobs *jobs, bool one_more)
{
    struct job *job = NULL;

    pthread_mutex_lock(&jobs->lock);
    jobs->done += one_more;
    if (jobs->done == jobs->count)
        pthread_cond_broadcast(&jobs->all_done);
    if (jobs->next < jobs->count)
        job = &jobs->items[jobs->next++];
    pthread_mutex_unlock(&jobs->lock);
    return job;
}

#define TICK_NS 250000000 /* as often as a person can read */

/* Says how far it is, from a thread of its own: one module can take long. */
static void *say_progress(void *arg)
{
    struct jobs *jobs = arg;
    struct timespec next;

    pthread_mutex_lock(&jobs->lock);
    while (jobs->done < jobs->count) {
        clock_gettime(CLOCK_REALTIME, &next);
        next.tv_nsec += TICK_NS;
        next.tv_sec += next.tv_nsec / 1000000000;
        next.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&jobs->all_done, &jobs->lock, &next);
        jobs->options->progress(jobs->options->progress_arg, jobs->done,
                                jobs->count);
    }
    pthread_mutex_unlock(&jobs->lock);
    return NULL;
}

static void *work(void *arg)
{
    struct jobs *jobs = arg;
    bool one_more = false;
    struct job *job;

    while ((job = next_job(jobs, one_more)) != NULL) {
        sigprof__sym_resolve(&jobs->options->places, &job->module,
                             job->addresses, job->count, job->answers,
                             &job->names, &job->report);
        one_more = true;
    }
    return NULL;
}

static void resolve_all(struct jobs *jobs)
{
    pthread_t threads[MOST_THREADS], speaker;
    bool speaks;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t count = 0;

    if (jobs->count == 0)
        return;
    pthread_mutex_init(&jobs->lock, NULL);
    pthread_cond_init(&jobs->all_done, NULL);
    speaks = jobs->options->progress &&
             pthread_create(&speaker, NULL, say_progress, jobs) == 0;
    while (count + 1 < (size_t)(processors > 0 ? processors : 1) &&
           count + 1 < jobs->count && count < MOST_THREADS &&
           pthread_create(&threads[count], NULL, work, jobs) == 0)
        count++;
    work(jobs);
    while (count)
        pthread_join(threads[--count], NULL);
    if (speaks)
        pthread_join(speaker, NULL);
    pthread_cond_destroy(&jobs->all_done);
    pthread_mutex_destroy(&jobs->lock);
}

/* ---- All frames ---------------------------------------------------------- */

static void name_unmapped(struct naming *naming, struct model_frame *frame)
{
    bool kernel = frame->address >= KERNEL_HALF;
    char name[40] = "[unknown]";

    if (kernel)
        strcpy(name, "[kernel]");
    else if (naming->options->by == BY_ADDRESS)
        snprintf(name, sizeof name, "[unknown 0x%llx]",
                 (unsigned long long)frame->address);
    naming->base.size = 0;
    frame->exact = frame->call =
        one_place(naming->model, finish_name(naming, sigprof__text(name),
                                             kernel ? "_[k]" : ""));
}

static bool is_tier(char mark)
{
    return mark && strchr("~^+*", mark);
}

/* "JS:*f" and "JS:o+f" to "JS:f": V8's marks of an optimised function, one that is
 * interpreted, one that was replaced while it ran. */
static uint32_t without_tier(struct strings *strings, uint32_t name)
{
    struct text text = strings->text[name];
    size_t at = 3, size;
    char whole[4096];

    if (text.size < 5 || memcmp(text.at, "JS:", 3) != 0)
        return name;
    at += text.at[at] == 'o' && is_tier(text.at[at + 1]);
    if (!is_tier(text.at[at]) || text.size >= sizeof whole)
        return name;
    size = (size_t)snprintf(whole, sizeof whole, "JS:%.*s",
                            (int)(text.size - at - 1), text.at + at + 1);
    return sigprof__strings_add(strings, (struct text){whole, size});
}

/* Code that the program has named; offset: of the instruction meant. */
static struct model_places
name_code(struct naming *naming, const struct model_code *code, uint64_t offset)
{
    struct model *model = naming->model;
    uint32_t function = naming->options->merge_tiers
                            ? without_tier(&model->strings, code->name)
                            : code->name;
    struct text name = sigprof__model_text(model, function);
    struct text file = sigprof__model_text(model, code->file);
    struct model_place place = {.symbol = code->name,
                                .function = function,
                                .file = code->file,
                                .line = sigprof__code_line(code, offset)};
    char tail[512] = "";

    if (naming->options->by == BY_LINE && file.size && place.line)
        snprintf(tail, sizeof tail, " %.*s:%u",
                 (int)sigprof__name_base(file).size,
                 sigprof__name_base(file).at, place.line);
    else if (naming->options->by == BY_ADDRESS)
        snprintf(tail, sizeof tail, "+0x%llx", (unsigned long long)offset);
    naming->base = sigprof__text("[jit]");
    place.name = name_marked(naming, name, tail, "_[j]");
    return (struct model_places){push_place(model, &place), 1};
}

static void name_generated(struct naming *naming, struct model_frame *frame)
{
    const struct model_code *code =
        &naming->model->processes[frame->process].codes.code[frame->span_from];

    frame->exact = name_code(naming, code, frame->address);
    frame->call =
        name_code(naming, code, frame->address ? frame->address - 1 : 0);
}

/* Of a guest: where a function runs or calls, that is the line it was in. */
static struct model_places name_guest(struct naming *naming, uint64_t word,
                                      const struct model_function *function)
{
    struct model *model = naming->model;
    struct text name = sigprof__text("[unknown function]");
    struct text file = {"", 0};
    uint32_t line = (uint32_t)word;
    struct model_place place = {.line = line};
    char tail[512] = "";

    if (function) {
        name = sigprof__model_text(model, function->name);
        file = sigprof__model_text(model, function->file);
        place.symbol = place.function = function->name;
        place.file = file.size ? function->file : 0;
        place.line = line ? line : function->line;
    }
    if (naming->options->by != BY_FUNCTION && file.size && line)
        snprintf(tail, sizeof tail, " %.*s:%u",
                 (int)sigprof__name_base(file).size,
                 sigprof__name_base(file).at, line);
    naming->base = sigprof__text("[guest]");
    place.name = name_marked(naming, name, tail, "_[g]");
    return (struct model_places){push_place(model, &place), 1};
}

static void name_listed(struct naming *naming, struct model_frame *frame)
{
    const struct model_function *function =
        sigprof__model_function(&naming->model->processes[frame->process],
                                format_guest_function(frame->address));

    frame->exact = frame->call = name_guest(naming, frame->address, function);
}

/* Puts what is asked of a frame behind what is there. */
static void add_lookups(const struct model *model, size_t number, unsigned uses,
                        struct sort_item *lookups, size_t *end)
{
    const struct model_frame *frame = &model->frames[number];

    if (uses & USED_EXACT)
        lookups[(*end)++] =
            make_lookup(frame->address, number, USED_EXACT, false);
    if (uses & USED_CALL)
        lookups[(*end)++] = make_lookup(frame->address - 1, number, USED_CALL,
                                        (uses & USED_EXACT) != 0);
}

static bool is_asked(const struct model_frame *frame)
{
    return frame->module != MODEL_NO_MODULE && frame->module != MODEL_CODE &&
           frame->module != MODEL_GUEST;
}

/* Names what needs no file. The rest is counted by module: of module i there
 * are ends[i] lookups. */
static void name_or_count(struct naming *naming, const uint8_t *uses,
                          size_t *ends)
{
    struct model *model = naming->model;

    for (size_t i = FRAME_FIRST; i < model->frame_count; i++) {
        struct model_frame *frame = &model->frames[i];

        frame->exact = frame->call = (struct model_places){0, 0};
        if (frame->module == MODEL_NO_MODULE)
            name_unmapped(naming, frame);
        else if (frame->module == MODEL_CODE)
            name_generated(naming, frame);
        else if (frame->module == MODEL_GUEST)
            name_listed(naming, frame);
        else
            ends[frame->module] += (uses[i] & USED_EXACT ? 1u : 0) +
                                   (uses[i] & USED_CALL ? 1u : 0);
    }
}

/* By module, then by address. ends[i]: where those of module i end. */
static struct sort_item *sorted_lookups(struct naming *naming, size_t *ends)
{
    struct model *model = naming->model;
    uint8_t *uses = find_uses(model, naming->options->every_use);
    struct sort_item *lookups;
    size_t room = 0, sum = 0;

    name_or_count(naming, uses, ends);
    for (size_t i = 0; i < model->module_count; i++) {
        size_t own = ends[i];

        ends[i] = sum;
        sum += own;
    }
    lookups = sigprof__store_grow(NULL, &room, sum + 1, sizeof *lookups);
    for (size_t i = FRAME_FIRST; i < model->frame_count; i++)
        if (is_asked(&model->frames[i]))
            add_lookups(model, i, uses[i], lookups,
                        &ends[model->frames[i].module]);
    for (size_t i = 0, first = 0; i < model->module_count; first = ends[i++])
        sigprof__sort(lookups + first, ends[i] - first);
    free(uses);
    return lookups;
}

/* FRAME_SIGNAL's name is for a trampoline that has none of its own. */
static void name_marks(struct model *model)
{
    static const char *const names[FRAME_FIRST] = {[FRAME_GAP] =
                                                       "[frames left out]",
                                                   [FRAME_SIGNAL] = "[signal]",
                                                   [FRAME_KERNEL] = "[kernel]",
                                                   [FRAME_BUSY] = "[vm busy]"};

    model->place_count = 0;
    for (size_t i = 0; i < FRAME_FIRST; i++)
        if (names[i])
            model->frames[i].exact = model->frames[i].call =
                one_place(model, sigprof__strings_add(&model->strings,
                                                      sigprof__text(names[i])));
}

void sigprof__name_frames(struct model *model,
                          const struct name_options *options,
                          void (*say)(const char *format, ...),
                          struct name_report *report)
{
    struct naming naming = {
        .model = model, .options = options, .say = say, .report = report};
    size_t room = 0, ends_room = 0, address_room = 0, answer_room = 0, count;
    struct sort_item *lookups;
    uint64_t *addresses;
    struct sym_answer *answers;
    struct jobs jobs = {.options = options};
    size_t *ends = sigprof__store_grow(NULL, &ends_room,
                                       model->module_count + 1, sizeof *ends);

    *report = (struct name_report){0};
    memset(ends, 0, (model->module_count + 1) * sizeof *ends);
    naming.shown = sigprof__store_grow(NULL, &room, SYM_NAME_MAX + 64, 1);
    room = 0;
    naming.whole = sigprof__store_grow(NULL, &room, SYM_NAME_MAX + 8192, 1);
    name_marks(model);
    lookups = sorted_lookups(&naming, ends);
    count = model->module_count ? ends[model->module_count - 1] : 0;
    addresses =
        sigprof__store_grow(NULL, &address_room, count + 1, sizeof *addresses);
    answers =
        sigprof__store_grow(NULL, &answer_room, count + 1, sizeof *answers);
    for (size_t i = 0, first = 0; i < model->module_count; first = ends[i++]) {
        if (first == ends[i])
            continue;
        ARRAY_ROOM(jobs.items, jobs.count, jobs.capacity);
        jobs.items[jobs.count] = (struct job){.lookups = lookups + first,
                                              .count = ends[i] - first,
                                              .addresses = addresses + first,
                                              .answers = answers + first};
        make_job(model, &jobs.items[jobs.count++]);
    }
    resolve_all(&jobs);
    for (size_t i = 0; i < jobs.count; i++)
        name_module(&naming, &jobs.items[i]);
    free(jobs.items);
    free(lookups);
    free(addresses);
    free(answers);
    free(ends);
    free(naming.shown);
    free(naming.whole);
}
