/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A dead process's ring. Contract: salvage.h; from ring to blocks: encode.h.
 *
 * What is in the file already is known from its MARKS, so a process killed
 * between a write and the freeing of a block leaves nothing twice. The event log
 * is different: its counter moves after the write, so its last records may come
 * again, which readers bear (a module or a thread said twice is the same one).
 */
#include "salvage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "encode.h"
#include "guard.h"
#include "ring.h"

#define BLOCK_BYTES_MAX (FORMAT_BLOCK_HEADER_BYTES + FORMAT_PAYLOAD_MAX)

/* The profile as it is on disk: in memory as a whole, or by a window that holds the
 * largest block from any place of its first half. */
struct source {
    const uint8_t *bytes; /* from `from` on */
    uint64_t from, size;  /* size: of the file */
    size_t have;
    int descriptor;
    uint8_t *window; /* NULL: in memory as a whole */
};

static void fill_window(struct source *source, uint64_t at)
{
    const uint64_t left = source->size - at;
    const size_t want = left < 2 * BLOCK_BYTES_MAX ? (size_t)left
                                                   : 2 * BLOCK_BYTES_MAX;

    source->from = at;
    source->have = 0;
    while (source->have < want) {
        ssize_t got = pread(source->descriptor, source->window + source->have,
                            want - source->have,
                            (off_t)(at + source->have));

        if (got > 0)
            source->have += (size_t)got;
        else if (got == 0 || errno != EINTR)
            break;
    }
    if (source->have < want)
        source->size = at + source->have; /* it was cut, or cannot be read */
}

/* What there is at `at`, at least a whole block if the file has it. */
static const uint8_t *look_at(struct source *source, uint64_t at, size_t *size)
{
    uint64_t end = source->from + source->have;

    if (source->window &&
        (at < source->from ||
         (end < source->size && (at > end || end - at < BLOCK_BYTES_MAX))))
        fill_window(source, at);
    end = source->from + source->have;
    *size = at < end ? (size_t)(end - at) : 0;
    return source->bytes + (at - source->from);
}

struct tail {
    uint8_t *bytes;
    size_t size, room;
};

static bool keep_bytes(void *arg, uint8_t *bytes, size_t size)
{
    struct tail *tail = arg;

    if (tail->size + size > tail->room) {
        size_t room = 2 * (tail->size + size);
        uint8_t *more = realloc(tail->bytes, room);

        if (!more)
            return false;
        tail->bytes = more;
        tail->room = room;
    }
    memcpy(tail->bytes + tail->size, bytes, size);
    tail->size += size;
    return true;
}

static void read_marks(struct encoder *encoder, struct format_in *body)
{
    uint64_t count = sigprof__get_varint(body);

    while (count-- && !body->bad) {
        uint64_t block = sigprof__get_varint(body);
        uint64_t life = sigprof__get_varint(body);
        uint64_t done = sigprof__get_varint(body);

        if (body->bad || block >= encoder->ring->blocks ||
            life < encoder->cursor[block].life)
            continue;
        encoder->cursor[block].life = (uint32_t)life;
        encoder->cursor[block].done = (uint32_t)done;
    }
}

static void read_info(struct format_in *body, uint32_t *part)
{
    size_t key_size, size;
    const uint8_t *key = sigprof__get_string(body, &key_size);
    const uint8_t *value = sigprof__get_string(body, &size);

    if (key_size != 4 || memcmp(key, "part", 4) != 0)
        return;
    *part = 0;
    for (size_t i = 0; i < size && i < 9; i++)
        *part = *part * 10 + (uint32_t)(value[i] - '0') % 10;
}

/* The number of the part that the file is; 0: it does not say. */
static uint32_t part_of(struct source *source)
{
    struct format_in in, body;
    uint32_t sequence, word, part = 0;
    size_t payload, file_bytes;
    const uint8_t *file = look_at(source, 0, &file_bytes);
    unsigned type;

    if (file_bytes < FORMAT_FILE_HEADER_BYTES ||
        sigprof__format_block_check(file + FORMAT_FILE_HEADER_BYTES,
                                    file_bytes - FORMAT_FILE_HEADER_BYTES,
                                    &payload, &sequence, &word) != 0)
        return 0;
    in.at = file + FORMAT_FILE_HEADER_BYTES + FORMAT_BLOCK_HEADER_BYTES;
    in.end = in.at + payload;
    in.bad = false;
    while ((type = sigprof__get_record(&in, &body)))
        if (type == FORMAT_INFO)
            read_info(&body, &part);
    return part;
}

/* Where the file ends: cursors, and the number of the next block. */
static void read_file(struct encoder *encoder, struct source *source)
{
    uint64_t at = FORMAT_FILE_HEADER_BYTES;

    while (at < source->size) {
        size_t payload, left;
        const uint8_t *block = look_at(source, at, &left);
        uint32_t sequence, word;
        struct format_in in, body;
        unsigned type;

        if (sigprof__format_block_check(block, left, &payload, &sequence,
                                        &word) != 0) {
            at++; /* damaged: look for the next sync */
            continue;
        }
        in.at = block + FORMAT_BLOCK_HEADER_BYTES;
        in.end = in.at + payload;
        in.bad = false;
        while ((type = sigprof__get_record(&in, &body)))
            if (type == FORMAT_MARKS)
                read_marks(encoder, &body);
        encoder->sequence = sequence + 1;
        at += FORMAT_BLOCK_HEADER_BYTES + payload;
    }
}

static void take_events(struct encoder *encoder)
{
    const struct ring *ring = encoder->ring;
    uint64_t from = atomic_load(&ring->head->events_out);
    uint64_t to = atomic_load(&ring->head->events_in);
    uint8_t *log;

    if (to <= from || to - from > ring->head->events_bytes ||
        !(log = malloc(to - from)))
        return;
    sigprof__ring_copy_events(ring, from, log, to - from);
    struct format_in in = {log, log + (to - from), false};
    struct format_in body;
    const uint8_t *start = log;
    while (sigprof__get_record(&in, &body)) {
        if (in.at - start <= 16384)
            sigprof__encode_records(encoder, start, (size_t)(in.at - start));
        start = in.at;
    }
    free(log);
}

/* Losses that the last balance sheet of the file does not know of yet. */
static void put_sheet(struct encoder *encoder)
{
    static const char *const names[RING_DROPS] = {
        "dropped_full", "dropped_busy", "dropped_slot"};
    const struct ring_head *head = encoder->ring->head;
    uint8_t record[256], body[200];
    struct format_out out = {record, record + sizeof record, false};
    struct format_out in = {body, body + sizeof body, false};

    sigprof__put_varint(&in, 0);
    sigprof__put_varint(&in, RING_DROPS + 3);
    for (unsigned i = 0; i < RING_DROPS; i++) {
        sigprof__put_string(&in, names[i], strlen(names[i]));
        sigprof__put_svarint(&in,
                             (int64_t)(atomic_load(&head->dropped[i]) -
                                       atomic_load(&head->dropped_before[i])));
    }
    sigprof__put_string(&in, "overwritten", 11);
    sigprof__put_svarint(&in, (int64_t)(atomic_load(&head->overwritten) -
                                        atomic_load(&head->overwritten_before)));
    sigprof__put_string(&in, "first_drop_ns", 13);
    sigprof__put_svarint(&in, (int64_t)atomic_load(&head->first_drop_ns));
    sigprof__put_string(&in, "last_drop_ns", 12);
    sigprof__put_svarint(&in, (int64_t)atomic_load(&head->last_drop_ns));
    sigprof__put_varint(&out, FORMAT_SHEET);
    sigprof__put_string(&out, body, (size_t)(in.at - body));
    sigprof__encode_records(encoder, record, (size_t)(out.at - record));
}

/* So that readers can tell a cut file from one that has all there was. */
static void put_note(struct encoder *encoder)
{
    static const uint8_t record[] = "\1\15\10salvaged\3yes";

    sigprof__encode_records(encoder, record, sizeof record - 1);
}

static bool encode_tail(const struct ring *ring, struct source *source,
                        struct tail *tail)
{
    struct encoder encoder;
    bool good = true;

    if (!sigprof__encode_make(&encoder, ring, ring->head->id,
                              ring->head->start_mono_ns))
        return false;
    encoder.sink = keep_bytes;
    encoder.arg = tail;
    if (source->size >= FORMAT_FILE_HEADER_BYTES) {
        read_file(&encoder, source);
    } else {
        uint8_t start[FORMAT_FILE_HEADER_BYTES];

        sigprof__format_file_header(start);
        good = keep_bytes(tail, start, sizeof start);
    }
    take_events(&encoder);
    for (uint32_t i = 0; i < sigprof__ring_opened(ring) && good; i++)
        if (atomic_load(&ring_block(ring, i)->word))
            good = sigprof__encode_ring_block(&encoder, i);
    put_sheet(&encoder);
    put_note(&encoder);
    good = sigprof__encode_flush(&encoder) && good;
    sigprof__encode_drop(&encoder);
    return good;
}

static enum salvage_state salvage(const char *ring_path, const uint8_t *id,
                                  struct source *source, uint8_t **bytes,
                                  size_t *size)
{
    enum salvage_state state = SALVAGE_NONE;
    struct tail tail = {NULL, 0, 0};
    struct ring ring;

    *bytes = NULL;
    *size = 0;
    if (sigprof__ring_open(&ring, ring_path, true) != 0)
        return SALVAGE_NONE;
    if (memcmp(ring.head->id, id, FORMAT_ID_BYTES) == 0) {
        uint32_t part = part_of(source);

        if (part && part != atomic_load(&ring.head->part))
            state = SALVAGE_PART;
        else if (sigprof__ring_alive(ring_path))
            state = SALVAGE_ALIVE;
        else if (encode_tail(&ring, source, &tail))
            state = SALVAGE_TAIL;
    }
    sigprof__ring_drop(&ring, false);
    if (state == SALVAGE_TAIL) {
        *bytes = tail.bytes;
        *size = tail.size;
    } else {
        free(tail.bytes);
    }
    return state;
}

enum salvage_state sigprof__salvage(const char *ring_path, const uint8_t *id,
                                    const uint8_t *file, size_t file_bytes,
                                    uint8_t **bytes, size_t *size)
{
    struct source source = {
        .bytes = file, .size = file_bytes, .have = file_bytes};

    return salvage(ring_path, id, &source, bytes, size);
}

enum salvage_state sigprof__salvage_file(const char *ring_path,
                                         const uint8_t *id, int descriptor,
                                         uint64_t file_bytes, uint8_t **bytes,
                                         size_t *size)
{
    struct source source = {.size = file_bytes,
                            .descriptor = descriptor,
                            .window = malloc(2 * BLOCK_BYTES_MAX)};
    enum salvage_state state = SALVAGE_NONE;

    source.bytes = source.window;
    *bytes = NULL;
    *size = 0;
    if (source.window) {
        fill_window(&source, 0);
        state = salvage(ring_path, id, &source, bytes, size);
    }
    free(source.window);
    return state;
}

static int append(const char *path, const uint8_t *bytes, size_t size)
{
    int descriptor = open(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
    int error = 0;

    if (descriptor < 0)
        return errno;
    while (size && !error) {
        ssize_t put = write(descriptor, bytes, size);

        if (put > 0) {
            bytes += put;
            size -= (size_t)put;
        } else if (put == 0 || errno != EINTR) {
            error = put ? errno : ENOSPC;
            sigprof__guard_forget(error);
        }
    }
    return close(descriptor) == 0 || error ? error : errno;
}

/* Is this the profile that the ring's process wrote to? A copy must not take the
 * ring away from it; a profile that was moved may. */
static bool is_the_profile(const char *ring_path, const char *profile_path)
{
    struct stat own, given;
    const char *profile;
    struct ring ring;
    bool same;

    if (sigprof__ring_open(&ring, ring_path, true) != 0)
        return false;
    profile = ring_profile(ring.head);
    same = memchr(profile, '\0', sizeof ring.head->profile[0]) &&
           (stat(profile, &own) != 0 ||
            (stat(profile_path, &given) == 0 && own.st_dev == given.st_dev &&
             own.st_ino == given.st_ino));
    sigprof__ring_drop(&ring, false);
    return same;
}

/* Only one at a time: whoever holds the ring's lock. */
int sigprof__salvage_keep(const char *ring_path, const char *profile_path,
                          const uint8_t *tail, size_t tail_bytes)
{
    int lock = open(ring_path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    int error = 0;

    if (lock < 0)
        return errno;
    if (!is_the_profile(ring_path, profile_path))
        error = EXDEV;
    else if (flock(lock, LOCK_EX | LOCK_NB) != 0 || access(ring_path, F_OK) != 0)
        error = errno;
    else
        error = append(profile_path, tail, tail_bytes);
    if (!error && unlink(ring_path) != 0)
        error = errno;
    close(lock);
    return error;
}

/* ---- At the next start --------------------------------------------------- */

/* Nothing is appended to a file only because a ring names it. */
static bool is_of_recording(int descriptor, uint64_t size, const uint8_t *id)
{
    uint8_t start[FORMAT_FILE_HEADER_BYTES];
    struct source source = {.size = size,
                            .descriptor = descriptor,
                            .window = malloc(2 * BLOCK_BYTES_MAX)};
    const uint8_t *file = source.window;
    size_t payload;
    uint32_t sequence, word;
    bool same;

    if (!file)
        return false;
    fill_window(&source, 0);
    sigprof__format_file_header(start);
    same = source.have > sizeof start &&
           memcmp(file, start, sizeof start) == 0 &&
           sigprof__format_block_check(file + sizeof start,
                                       source.have - sizeof start, &payload,
                                       &sequence, &word) == 0 &&
           sequence == 0 &&
           memcmp(file + sizeof start + 12, id, sizeof word) == 0;
    free(source.window);
    return same;
}

static void salvage_into(const char *ring_path, const uint8_t *id,
                         const char *profile)
{
    int descriptor = open(profile, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    struct stat status;
    uint8_t *tail = NULL;
    size_t size;

    if (descriptor < 0)
        return;
    if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
        status.st_size > 0 &&
        is_of_recording(descriptor, (uint64_t)status.st_size, id) &&
        sigprof__salvage_file(ring_path, id, descriptor,
                              (uint64_t)status.st_size, &tail,
                              &size) == SALVAGE_TAIL)
        sigprof__salvage_keep(ring_path, profile, tail, size);
    free(tail);
    close(descriptor);
}

#define ABANDONED_SECONDS 3600 /* time to look for the profile, and fold it */

/* Is there nothing in the ring that anybody could miss? */
static bool is_empty(const struct ring *ring)
{
    for (uint32_t i = 0; i < sigprof__ring_opened(ring); i++)
        if (atomic_load(&ring_block(ring, i)->word))
            return false;
    return true;
}

/* A profile that somebody removed does not come back, nor one that never was. */
static bool is_abandoned(const char *ring_path, const char *profile)
{
    struct stat ring, file;
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return stat(ring_path, &ring) == 0 &&
           now.tv_sec - ring.st_mtime > ABANDONED_SECONDS &&
           (profile[0] != '/' ||
            (stat(profile, &file) != 0 && errno == ENOENT));
}

void sigprof__salvage_sweep(const char *ring_path)
{
    struct ring ring;
    uint8_t id[FORMAT_ID_BYTES];
    char profile[sizeof ring.head->profile[0]];
    bool empty;

    if (sigprof__ring_open(&ring, ring_path, false) != 0)
        return;
    memcpy(id, ring.head->id, sizeof id);
    snprintf(profile, sizeof profile, "%.*s", (int)sizeof profile - 1,
             ring_profile(ring.head));
    empty = is_empty(&ring);
    sigprof__ring_drop(&ring, false);
    if (empty || is_abandoned(ring_path, profile))
        unlink(ring_path);
    else if (profile[0] == '/')
        salvage_into(ring_path, id, profile);
}
