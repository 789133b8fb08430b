/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Input. Contract: load.h.
 *
 * Files are read once, by parts, so that memory does not grow with them and one
 * that is cut short meanwhile is only shorter; a raw listing reads them again. No
 * file stays open: a directory can hold more than a process may have. A
 * profile without an END has a process behind it that was killed or still runs:
 * its ring, named in the header, tells which, and may hold the tail.
 */
#include "load_impl.h"

#include "code-files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- Bytes --------------------------------------------------------------- */

#define WINDOW_BYTES (4 * READ_BLOCK_MAX)
#define FIRST_BYTES (FORMAT_FILE_HEADER_BYTES + READ_BLOCK_MAX)

/* For a file of that size; what is not needed is not taken, for its pages are
 * large. */
static void make_window(struct load *load, uint64_t size)
{
    load->window = sigprof__store_grow(
        load->window, &load->window_bytes,
        size < WINDOW_BYTES ? (size_t)size : WINDOW_BYTES, 1);
}

static int read_all(int descriptor, struct load_input *input)
{
    size_t room = 0, size = 0;
    ssize_t got;

    do {
        input->bytes =
            sigprof__store_grow(input->bytes, &room, size + (64u << 10), 1);
        got = read(descriptor, input->bytes + size, room - size);
        if (got > 0)
            size += (size_t)got;
    } while (got > 0 || (got < 0 && errno == EINTR));
    input->size = size;
    return got < 0 ? errno : 0;
}

/* Up to `size` bytes; fewer only at the end of the file or with an errno. */
static int read_some(int descriptor, uint8_t *to, size_t size, size_t *got)
{
    ssize_t more = 1;

    *got = 0;
    while (*got < size && more != 0) {
        more = read(descriptor, to + *got, size - *got);
        if (more < 0 && errno != EINTR)
            return errno;
        if (more > 0)
            *got += (size_t)more;
    }
    return 0;
}

int sigprof__load_open(const struct load_input *input, int *descriptor)
{
    struct stat status;
    int error = 0;

    *descriptor = open(input->path, O_RDONLY | O_CLOEXEC);
    if (*descriptor < 0)
        return errno;
    if (fstat(*descriptor, &status) != 0)
        error = errno;
    else if (status.st_dev != input->device || status.st_ino != input->inode)
        error = ESTALE; /* another file has its name now */
    if (error)
        close(*descriptor);
    return error;
}

/* ---- The header, before all else ----------------------------------------- */

bool sigprof__load_id(struct text hex, uint8_t id[FORMAT_ID_BYTES])
{
    if (hex.size != 2 * FORMAT_ID_BYTES)
        return false;
    for (size_t i = 0; i < hex.size; i++) {
        char c = hex.at[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                                                : 16;

        if (digit > 15)
            return false;
        id[i / 2] = (uint8_t)(i % 2 ? id[i / 2] << 4 | digit : digit);
    }
    return true;
}

static uint64_t parse_decimal(struct text text)
{
    uint64_t value = 0;

    for (size_t i = 0; i < text.size && i < 19; i++)
        if (text.at[i] >= '0' && text.at[i] <= '9')
            value = value * 10 + (uint64_t)(text.at[i] - '0');
    return value;
}

static void peek_info(void *arg, struct text key, struct text value)
{
    struct load_input *input = arg;
    size_t room = 0;

    if (key.size == 7 && memcmp(key.at, "boot_id", 7) == 0 && value.size) {
        char *copy = sigprof__store_grow(NULL, &room, value.size, 1);

        memcpy(copy, value.at, value.size);
        free((void *)(uintptr_t)input->boot_id.at);
        input->boot_id = (struct text){copy, value.size};
    }
    if (key.size == 2 && memcmp(key.at, "id", 2) == 0)
        sigprof__load_id(value, input->id);
    if (key.size == 4 && memcmp(key.at, "part", 4) == 0)
        input->part = parse_decimal(value);
    if (key.size == 13 && memcmp(key.at, "start_mono_ns", 13) == 0)
        input->start_mono_ns = parse_decimal(value);
}

/* Where several recordings of one boot are merged, --time counts from the
 * start of the first: so all headers are read before any sample. */
static void peek(struct load_input *input, const uint8_t *bytes, size_t size)
{
    const struct read_sink sink = {.arg = input, .info = peek_info};
    struct reader reader;

    sigprof__reader_init(&reader, &sink);
    sigprof__reader_first(&reader, bytes, size);
    sigprof__reader_free(&reader);
}

static int open_input(struct load *load, struct load_input *input)
{
    bool standard = strcmp(input->path, "-") == 0;
    int descriptor =
        standard ? STDIN_FILENO : open(input->path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    size_t got = 0;
    int error = 0;

    if (descriptor < 0)
        return errno;
    if (fstat(descriptor, &status) != 0) {
        error = errno;
    } else if (S_ISREG(status.st_mode) && status.st_size > 0 && !standard) {
        input->size = (uint64_t)status.st_size;
        input->device = status.st_dev;
        input->inode = status.st_ino;
        make_window(load, input->size);
        error = read_some(descriptor, load->window,
                          load->window_bytes < FIRST_BYTES ? load->window_bytes
                                                           : FIRST_BYTES,
                          &got);
        peek(input, load->window, got);
    } else {
        error = read_all(descriptor, input);
        peek(input, input->bytes, input->size);
    }
    if (!standard)
        close(descriptor);
    return error;
}

/* Reads the file through the window. An error ends it as its end would. */
static int read_parts(const struct load *load, const struct load_input *input,
                      int descriptor, struct reader *reader,
                      enum read_status *status)
{
    uint64_t left = input->size;
    size_t have = 0, at = FORMAT_FILE_HEADER_BYTES, want, got;
    bool last = false;
    int error = 0;

    for (bool first = true; !last; first = false) {
        want = load->window_bytes - have < left ? load->window_bytes - have
                                                : (size_t)left;
        error = read_some(descriptor, load->window + have, want, &got);
        have += got;
        left -= got;
        last = left == 0 || got < want;
        if (first)
            *status = sigprof__reader_header(reader, load->window, have);
        if (*status != READ_OK)
            break;
        at += sigprof__reader_part(reader, load->window + at, have - at, last);
        have -= at;
        memmove(load->window, load->window + at, have);
        at = 0;
    }
    return error;
}

static int read_file(const struct load *load, const struct load_input *input,
                     struct reader *reader, enum read_status *status)
{
    int descriptor, error;

    if (input->bytes) {
        *status =
            sigprof__reader_file(reader, input->bytes, (size_t)input->size);
        return 0;
    }
    *status = READ_OK;
    error = sigprof__load_open(input, &descriptor);
    if (error)
        return error;
    error = read_parts(load, input, descriptor, reader, status);
    close(descriptor);
    return error;
}

static void input_free(struct load_input *input)
{
    free(input->path);
    free(input->tail);
    free(input->bytes);
    free((void *)(uintptr_t)input->boot_id.at);
}

void sigprof__load_drop(struct load *load, size_t number)
{
    input_free(&load->inputs[number]);
    memmove(&load->inputs[number], &load->inputs[number + 1],
            (--load->count - number) * sizeof *load->inputs);
}

/* ---- Parts beside it ----------------------------------------------------- */

static bool is_input(const struct load *load, const struct load_input *other)
{
    for (size_t i = 0; i < load->count; i++)
        if (load->inputs[i].device == other->device &&
            load->inputs[i].inode == other->inode)
            return true;
    return false;
}

/* Says that part `number` of the input's recording is on disk and was not named. */
static void look_for_part(struct load *load, const struct load_input *input,
                          unsigned long number)
{
    size_t stem, room = 0, size = strlen(input->path) + 24;
    unsigned long suffix = sigprof__load_suffix(input->path, &stem);
    struct load_input other = {0};

    if (input->part > 1 ? suffix != input->part : number == 0)
        return; /* it was renamed, or nothing can be there */
    if (input->part == 1)
        stem = strlen(input->path); /* a suffix of it is a process's number */
    other.path = sigprof__store_grow(NULL, &room, size, 1);
    snprintf(other.path, size, number > 1 ? "%.*s.%lu" : "%.*s", (int)stem,
             input->path, number);
    if (access(other.path, R_OK) == 0 && open_input(load, &other) == 0 &&
        other.part == number && !is_input(load, &other) &&
        memcmp(other.id, input->id, sizeof other.id) == 0) {
        sigprof__say(
            "%s: this is part %lu of a recording; part %lu, %s, is not "
            "in the result unless it is named too",
            input->path, input->part, number, other.path);
        load->imperfect = true;
    }
    input_free(&other);
}

static void look_for_parts(struct load *load)
{
    for (size_t i = 0; i < load->count; i++) {
        const struct load_input *input = &load->inputs[i];

        if (!input->read || !input->inode || !input->part)
            continue;
        look_for_part(load, input, input->part - 1);
        look_for_part(load, input, input->part + 1);
    }
}

/* ---- Times --------------------------------------------------------------- */

static uint64_t shift_of(const struct load *load,
                         const struct load_input *input)
{
    uint64_t first = input->start_mono_ns;

    for (size_t i = 0; i < load->count; i++) {
        const struct load_input *other = &load->inputs[i];

        if (other->size && other->base == input->base &&
            other->start_mono_ns < first &&
            other->boot_id.size == input->boot_id.size &&
            (input->boot_id.size == 0 ||
             memcmp(other->boot_id.at, input->boot_id.at,
                    input->boot_id.size) == 0))
            first = other->start_mono_ns;
    }
    return input->start_mono_ns - first;
}

/* ---- Reading ------------------------------------------------------------- */

static void cannot_read(struct load *load, const struct load_input *input,
                        int error)
{
    sigprof__say("%s: cannot read: %s", input->path, strerror(error));
    load->imperfect = true;
    load->missing |= !input->listed;
}

static void read_again(struct load *load, const struct load_input *input,
                       struct read_sink sink)
{
    struct reader reader;
    enum read_status status;
    int error;

    sigprof__reader_init(&reader, &sink);
    error = read_file(load, input, &reader, &status);
    if (error)
        cannot_read(load, input, error);
    if (input->tail)
        sigprof__reader_more(&reader, input->tail, input->tail_bytes);
    sigprof__reader_free(&reader);
}

static void read_input(struct load *load, struct load_input *input,
                       struct model *model)
{
    struct read_sink sink =
        sigprof__model_begin(model, sigprof__text(input->path));
    struct reader reader;
    enum read_status status;
    int error;

    model->process->shift_ns = shift_of(load, input);
    model->process->base = input->base;
    input->process = model->process_count - 1;
    sigprof__reader_init(&reader, &sink);
    error = read_file(load, input, &reader, &status);
    if (error)
        cannot_read(load, input, error);
    if (status == READ_OK && reader.blocks == 0) {
        sigprof__say("%s: no whole block in it: nothing can be read",
                     input->path);
        load->imperfect = true;
    } else if (status == READ_OK) {
        input->read = true;
        if (!reader.ended)
            sigprof__load_behind(input, &reader, model);
        if (sigprof__load_say_damage(input->path, &reader) || !reader.ended)
            load->imperfect = true;
        if (!sigprof__code_files_read(model, input->path, reader.ended_ns))
            load->imperfect = true;
        sigprof__load_say_rate(input->path, model->process);
        if (sigprof__model_wants_again(model))
            read_again(load, input, sigprof__model_recount(model));
    } else {
        sigprof__load_say_status(input->path, status, &reader);
        load->imperfect = true;
        load->missing |= !input->listed && status != READ_EMPTY;
    }
    if (input->read)
        sigprof__model_end(model, &reader);
    else
        sigprof__model_drop(model);
    sigprof__reader_free(&reader);
    load->done += input->size;
}

void sigprof__load_read(struct load *load, struct model *model)
{
    sigprof__load_progress_begin(load);
    model->progress = sigprof__load_progress;
    model->progress_arg = load;
    for (size_t i = 0; i < load->count; i++) {
        struct load_input *input = &load->inputs[i];
        int error = open_input(load, input);

        if (error) {
            cannot_read(load, input, error);
            sigprof__load_drop(load, i--);
        }
    }
    sigprof__load_once(load);
    for (size_t i = 0; i < load->count; i++)
        load->total += load->inputs[i].size;
    for (size_t i = 0; i < load->count; i++)
        read_input(load, &load->inputs[i], model);
    sigprof__load_progress_end();
    look_for_parts(load);
}

bool sigprof__load_has(const struct load *load, bool base)
{
    for (size_t i = 0; i < load->count; i++)
        if (load->inputs[i].read && load->inputs[i].base == base)
            return true;
    return false;
}

void sigprof__load_again(struct load *load, struct model *model)
{
    load->done = 0;
    for (size_t i = 0; i < load->count; i++) {
        struct load_input *input = &load->inputs[i];

        if (!input->read)
            continue;
        read_again(load, input, sigprof__model_again(model, input->process));
        load->done += input->size;
    }
    sigprof__load_progress_end();
}

void sigprof__load_free(struct load *load)
{
    for (size_t i = 0; i < load->count; i++)
        input_free(&load->inputs[i]);
    free(load->inputs);
    free(load->window);
    *load = (struct load){0};
}
