/* SPDX-License-Identifier: BSD-2-Clause */
/* --follow. Theory and contract: follow.h. */
#include "follow.h"

#include "../ring.h"
#include "../salvage.h"
#include "load.h"
#include "terminal.h"
#include "view.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK_BYTES ((size_t)8 << 20) /* of new data at a time */

struct follow {
    const struct follow_options *options;
    char path[4096]; /* of the part that is read now */
    char ring[4096]; /* "": the header names none */
    int descriptor;
    off_t at; /* bytes of it that were read */
    struct model model;
    struct read_sink sink;
    struct reader reader;
    bool begun;        /* the file's header has come */
    bool wait_said;    /* that it has not come yet */
    size_t no_places;  /* of the model, before anything was named */
    uint64_t samples_before, samples_drawn;
    uint8_t *buffer;
};

/* ---- Which file ---------------------------------------------------------- */

struct search {
    int pid;
    char *path, *ring;
};

static void look_at_ring(const char *path, int pid, void *arg)
{
    struct search *search = arg;
    struct ring ring;

    if (pid != search->pid || !sigprof__ring_alive(path) ||
        sigprof__ring_open(&ring, path, false) != 0)
        return;
    snprintf(search->ring, 4096, "%s", path);
    snprintf(search->path, 4096, "%.4095s", ring_profile(ring.head));
    sigprof__ring_drop(&ring, false);
}

/* A file of that name comes before a process of that number. */
static bool find_target(struct follow *follow)
{
    const char *target = follow->options->target;
    struct search search = {0, follow->path, follow->ring};
    struct stat status;

    if (stat(target, &status) == 0 ||
        target[strspn(target, "0123456789")] != '\0' || strlen(target) > 9) {
        /* as rings have it, to be compared */
        if (strlen(target) >= sizeof follow->path || !realpath(target, follow->path))
            snprintf(follow->path, sizeof follow->path, "%s", target);
        return true;
    }
    search.pid = atoi(target);
    sigprof__ring_each(look_at_ring, &search);
    if (follow->path[0])
        return true;
    if (follow->ring[0])
        sigprof__say("process %s has no profile yet", target);
    else
        sigprof__say("process %s is not being profiled, or not by this user",
                     target);
    return false;
}

/* Of others there is no news to be read. */
static bool is_file(const struct follow *follow)
{
    struct stat status;

    if (fstat(follow->descriptor, &status) == 0 && S_ISREG(status.st_mode))
        return true;
    sigprof__say("%s: %s; --follow takes a profile or a process id",
                 follow->path,
                 S_ISDIR(status.st_mode) ? "a folder" : "not a regular file");
    return false;
}

static bool open_part(struct follow *follow)
{
    follow->descriptor =
        open(follow->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (follow->descriptor < 0) {
        sigprof__say("%s: cannot read: %s", follow->path, strerror(errno));
        return false;
    }
    if (!is_file(follow)) {
        close(follow->descriptor);
        return false;
    }
    follow->at = 0;
    follow->begun = false;
    follow->sink =
        sigprof__model_begin(&follow->model, sigprof__text(follow->path));
    sigprof__reader_init(&follow->reader, &follow->sink);
    return true;
}

static void close_part(struct follow *follow)
{
    sigprof__model_end(&follow->model, &follow->reader);
    follow->samples_before += follow->reader.samples;
    sigprof__reader_free(&follow->reader);
    close(follow->descriptor);
}

/* ---- What is new --------------------------------------------------------- */

/* Bytes from the start on that are whole blocks, or never will be. */
static size_t whole_bytes(const uint8_t *bytes, size_t size)
{
    size_t at = 0, payload;
    uint32_t sequence, word;

    while (sigprof__format_block_check(bytes + at, size - at, &payload,
                                       &sequence, &word) == 0)
        at += FORMAT_BLOCK_HEADER_BYTES + payload;
    if (size - at > FORMAT_BLOCK_HEADER_BYTES + FORMAT_PAYLOAD_MAX)
        return size; /* damaged: the reader looks for the next block */
    return at;
}

/* Is it a profile, as far as there are bytes of it? */
static bool may_be_profile(struct follow *follow, const uint8_t *bytes,
                           size_t size)
{
    enum read_status status =
        sigprof__reader_header(&follow->reader, bytes, size);

    if (status == READ_OK || status == READ_EMPTY)
        return true;
    sigprof__load_say_status(follow->path, status, &follow->reader);
    return false;
}

static void begin_reading(struct follow *follow, const uint8_t *bytes,
                          size_t size)
{
    sigprof__reader_file(&follow->reader, bytes, size);
    follow->begun = true;
    if (!follow->ring[0]) {
        struct text ring = sigprof__model_info(follow->model.process, "ring");

        snprintf(follow->ring, sizeof follow->ring, "%.*s", (int)ring.size,
                 ring.at);
    }
}

/* false: it is no profile. */
static bool read_news(struct follow *follow)
{
    ssize_t got;

    while ((got = pread(follow->descriptor, follow->buffer, CHUNK_BYTES,
                        follow->at)) > 0) {
        size_t size = (size_t)got, head = follow->at ? 0 : FORMAT_FILE_HEADER_BYTES;
        size_t whole = size > head ? whole_bytes(follow->buffer + head,
                                                 size - head)
                                   : 0;

        if (!follow->begun) {
            if (!may_be_profile(follow, follow->buffer, size))
                return false;
            if (size <= head)
                return true;
            begin_reading(follow, follow->buffer, head + whole);
            follow->at = (off_t)(head + whole);
        } else {
            sigprof__reader_more(&follow->reader, follow->buffer, whole);
            follow->at += (off_t)whole;
        }
        if (whole == 0)
            break;
    }
    return true;
}

static bool parse_id(struct text hex, uint8_t id[FORMAT_ID_BYTES])
{
    char digits[3] = "";

    if (hex.size != 2 * FORMAT_ID_BYTES)
        return false;
    for (size_t i = 0; i < FORMAT_ID_BYTES; i++) {
        memcpy(digits, hex.at + 2 * i, 2);
        id[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return true;
}

/* The number at the end of a part's name, behind its stem; 1: there is none. */
static unsigned suffix_of(const char *path, size_t *stem)
{
    const char *dot = strrchr(path, '.');
    size_t digits = dot ? strspn(dot + 1, "0123456789") : 0;

    *stem = strlen(path);
    if (!digits || digits > 9 || dot[1 + digits] != '\0')
        return 1;
    *stem = (size_t)(dot - path);
    return (unsigned)atoi(dot + 1);
}

static bool is_of_recording(struct follow *follow, const char *path)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    const uint8_t *block = follow->buffer + FORMAT_FILE_HEADER_BYTES;
    uint8_t id[FORMAT_ID_BYTES];
    uint32_t sequence, word;
    size_t payload;
    ssize_t got;

    if (descriptor < 0)
        return false;
    got = pread(descriptor, follow->buffer, CHUNK_BYTES, 0);
    close(descriptor);
    return got > FORMAT_FILE_HEADER_BYTES &&
           parse_id(sigprof__model_info(follow->model.process, "id"), id) &&
           sigprof__format_block_check(
               block, (size_t)got - FORMAT_FILE_HEADER_BYTES, &payload,
               &sequence, &word) == 0 &&
           memcmp(block + 12, id, sizeof word) == 0;
}

/* The first part behind the present one that is still there: a reader that gets
 * little CPU misses turns. */
static bool find_next_part(struct follow *follow, char *path, size_t room)
{
    const char *slash = strrchr(follow->path, '/');
    size_t stem, folder_bytes = slash ? (size_t)(slash - follow->path) + 1 : 0;
    unsigned present = suffix_of(follow->path, &stem), next = UINT_MAX;
    const char *base = follow->path + folder_bytes;
    size_t base_bytes = stem - folder_bytes, name_stem;
    const struct dirent *entry;
    DIR *folder;

    snprintf(path, room, "%.*s", (int)folder_bytes, follow->path);
    folder = opendir(folder_bytes ? path : ".");
    while (folder && (entry = readdir(folder)) != NULL) {
        unsigned suffix = suffix_of(entry->d_name, &name_stem);

        if (suffix <= present || suffix >= next || name_stem != base_bytes ||
            memcmp(entry->d_name, base, base_bytes) != 0)
            continue;
        snprintf(path, room, "%.*s.%u", (int)stem, follow->path, suffix);
        if (is_of_recording(follow, path))
            next = suffix;
    }
    if (folder)
        closedir(folder);
    snprintf(path, room, "%.*s.%u", (int)stem, follow->path, next);
    return next != UINT_MAX;
}

/* Where the recording goes on. Its ring says so, while there is one; when another
 * start has swept that, the process has ended. */
static bool has_turned(struct follow *follow, char *path, size_t room)
{
    struct ring ring;

    path[0] = '\0';
    if (!follow->begun || !follow->ring[0])
        return false;
    if (sigprof__ring_open(&ring, follow->ring, false) == 0) {
        snprintf(path, room, "%.4095s", ring_profile(ring.head));
        sigprof__ring_drop(&ring, false);
        return path[0] && strcmp(path, follow->path) != 0;
    }
    return !follow->reader.ended || follow->reader.goes_on;
}

/* On to the next part, if there is one. */
static bool turn(struct follow *follow)
{
    char said[sizeof follow->path], path[sizeof follow->path];

    if (!has_turned(follow, said, sizeof said))
        return false;
    if (!read_news(follow)) /* what came before the turn */
        return false;
    if (!find_next_part(follow, path, sizeof path)) {
        if (!said[0])
            return false;
        snprintf(path, sizeof path, "%s", said);
    }
    close_part(follow);
    snprintf(follow->path, sizeof follow->path, "%s", path);
    return open_part(follow);
}

/* A killed process's ring holds what its drain has not written. It stays there,
 * unless a start of the same user has put it into the file just now. */
static void read_tail(struct follow *follow)
{
    uint8_t id[FORMAT_ID_BYTES], *tail = NULL;
    size_t size = 0;

    if (follow->reader.ended || !follow->ring[0] ||
        !parse_id(sigprof__model_info(follow->model.process, "id"), id))
        return;
    if (sigprof__salvage_file(follow->ring, id, follow->descriptor,
                              (uint64_t)follow->at, &tail,
                              &size) == SALVAGE_TAIL)
        sigprof__reader_more(&follow->reader, tail, size);
    else
        read_news(follow);
    free(tail);
}

/* ---- The table ----------------------------------------------------------- */

static void name_all(struct follow *follow)
{
    struct name_report report;

    sigprof__model_end(&follow->model, &follow->reader);
    follow->model.place_count = follow->no_places; /* they are made anew */
    sigprof__name_frames(&follow->model, &follow->options->names, NULL,
                         &report);
}

static uint64_t samples(const struct follow *follow)
{
    return follow->samples_before + follow->reader.samples;
}

/* What the table's weights add up to, but for what was lost. */
static uint64_t periods(const struct follow *follow)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < follow->model.process_count; i++)
        sum += follow->model.processes[i].periods;
    return sum;
}

static void make_header(struct follow *follow, bool last, char *to, size_t room)
{
    const struct model_process *process = follow->model.process;
    struct text comm = sigprof__model_text(&follow->model, process->comm);
    uint64_t count = samples(follow);

    snprintf(to, room, "%.*s, pid %" PRIu64 ": %" PRIu64 " samples of %" PRIu64
             " periods, %s%" PRIu64 "%s",
             (int)comm.size, comm.at, process->pid, count, periods(follow),
             last ? "" : "+",
             last ? (uint64_t)process->last_ns / 1000000000
                  : count - follow->samples_drawn,
             last ? " s; it has ended"
                  : sigprof__terminal_is_one() ? "; q to quit" : "");
    follow->samples_drawn = count;
}

static bool draw(struct follow *follow, bool last)
{
    struct fold_tree tree;
    char header[256], *text = NULL;
    size_t size = 0;
    FILE *out;
    bool good;

    if (!follow->begun && !last)
        return true; /* the next part is there, but has nothing in it yet */
    if (follow->begun)
        name_all(follow);
    out = open_memstream(&text, &size);
    if (!out)
        return false;
    sigprof__fold(&follow->model, &follow->options->fold, &tree);
    sigprof__view_top(&follow->model, &tree, follow->options->fold.weigh_ns,
                      out);
    sigprof__fold_free(&tree);
    fclose(out);
    make_header(follow, last, header, sizeof header);
    good = sigprof__terminal_draw(header, text);
    free(text);
    return good;
}

/* ---- All of it ----------------------------------------------------------- */

/* The user may have named a file that nobody writes. */
static void say_wait(struct follow *follow)
{
    if (follow->begun || follow->wait_said || follow->model.process_count > 1)
        return; /* or it is a new part of a recording */
    follow->wait_said = true;
    sigprof__say("%s: empty so far; waiting for its process to write to it",
                 follow->path);
}

static int watch(struct follow *follow)
{
    bool alive, good;

    for (;;) {
        /* Asked before the file is read: what it wrote last is then there. */
        alive = follow->begun && follow->ring[0] &&
                sigprof__ring_alive(follow->ring);
        do {
            if (!read_news(follow))
                return 1;
        } while (turn(follow));
        if (!alive && follow->begun && !sigprof__ring_alive(follow->ring))
            break;
        say_wait(follow);
        good = draw(follow, false);
        if (!good || !sigprof__terminal_wait(follow->options->interval_s))
            return good ? 0 : 1;
    }
    read_tail(follow);
    sigprof__terminal_end(); /* the last table stays */
    return draw(follow, true) ? 0 : 1;
}

int sigprof__follow(const struct follow_options *options)
{
    static struct follow follow;
    size_t room = 0;
    int code;

    follow.options = options;
    follow.buffer = sigprof__store_grow(NULL, &room, CHUNK_BYTES, 1);
    sigprof__model_init(&follow.model, &options->model);
    follow.no_places = follow.model.place_count;
    if (!find_target(&follow) || !open_part(&follow))
        return 1;
    if (nice(10) < 0)
        errno = 0; /* as busy as the system lets us be, then */
    sigprof__terminal_begin();
    code = watch(&follow);
    sigprof__terminal_end();
    close_part(&follow);
    sigprof__model_free(&follow.model);
    free(follow.buffer);
    return code;
}
