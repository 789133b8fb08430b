/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The second reader: libdwarf, asked in a process of its own.
 *
 * Ours reads DWARF 2 to 5 as compilers write it, and declines the rest: another
 * version of a unit or line program, a form it does not know, a section it
 * cannot inflate, a unit that makes no sense to it. A libdwarf of today or of
 * tomorrow may know better. It is slow beside ours, and rarely asked.
 *
 * Files are hostile, and the versions in use (Debian 12 has one of 2021) have
 * published faults with such files. So the process is forked for one file and
 * sends back its answers by a pipe; if it dies, there are none. It runs
 * libdwarf and malloc only, has limits of CPU time and of memory, and leaves no
 * core.
 *
 * What goes through the pipe is written and read by this file, with numbers as
 * the machine has them:
 *
 *   count, {size, bytes, NUL} of each string
 *   count, {second_answer, second_place of each place} of each answer
 *
 * Not for split DWARF, nor for references into a supplement of dwz: ours alone
 * finds those files.
 */
#include "second.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_CPU_S 120 /* a gigabyte of debug information takes less */
#define MOST_BYTES ((size_t)1 << 30) /* of its answers */
/* Of its data, with what it was forked with: the peers take 0.75 to 2.3 GB for
 * 257 MB of .debug_info. */
#define MOST_DATA_BYTES ((rlim_t)3 << 30)

bool sigprof__second_available(void)
{
    return true;
}

/* ---- The process --------------------------------------------------------- */

struct bytes {
    char *at;
    size_t size, capacity;
};

static void put(struct bytes *bytes, const void *from, size_t size)
{
    if (bytes->size + size > bytes->capacity)
        bytes->at = sigprof__store_grow(bytes->at, &bytes->capacity,
                                        bytes->size + size, 1);
    if (size)
        memcpy(bytes->at + bytes->size, from, size);
    bytes->size += size;
}

static void put_number(struct bytes *bytes, size_t number)
{
    uint32_t word = (uint32_t)number;

    put(bytes, &word, sizeof word);
}

static void put_result(struct bytes *bytes, const struct second_result *result)
{
    put_number(bytes, result->strings.count);
    for (size_t i = 0; i < result->strings.count; i++) {
        const struct text *text = &result->strings.text[i];

        put_number(bytes, text->size);
        put(bytes, text->at, text->size);
        put(bytes, "", 1);
    }
    put_number(bytes, result->answer_count);
    for (size_t i = 0; i < result->answer_count; i++) {
        const struct second_answer *answer = &result->answers[i];

        put(bytes, answer, sizeof *answer);
        put(bytes, &result->places[answer->first_place],
            answer->place_count * sizeof *result->places);
    }
}

static void write_all(int descriptor, const char *at, size_t size)
{
    while (size) {
        ssize_t done = write(descriptor, at, size);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return;
        at += done;
        size -= (size_t)done;
    }
}

static void limit(int resource, rlim_t most)
{
    struct rlimit limits;

    if (getrlimit(resource, &limits) != 0)
        return;
    if (limits.rlim_cur > most)
        limits.rlim_cur = most;
    setrlimit(resource, &limits);
}

static _Noreturn void run(int file, int to, const uint64_t *addresses,
                          size_t count)
{
    struct second_result result = {0};
    struct bytes bytes = {0};

    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_CPU, MOST_CPU_S);
    limit(RLIMIT_DATA, MOST_DATA_BYTES);
    sigprof__store_quietly();
    sigprof__strings_init(&result.strings);
    sigprof__libdwarf_read(file, addresses, count, &result);
    put_result(&bytes, &result);
    write_all(to, bytes.at, bytes.size);
    _exit(0);
}

/* ---- Its answers --------------------------------------------------------- */

static bool read_to_end(int from, struct bytes *bytes)
{
    for (;;) {
        ssize_t got;

        if (bytes->size == bytes->capacity)
            bytes->at = sigprof__store_grow(bytes->at, &bytes->capacity,
                                            bytes->size + 65536, 1);
        got =
            read(from, bytes->at + bytes->size, bytes->capacity - bytes->size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0;
        bytes->size += (size_t)got;
        if (bytes->size > MOST_BYTES)
            return false;
    }
}

struct reply {
    const char *at, *end;
    bool failed;
    const char **strings;
    size_t string_count;
};

static const void *take(struct reply *reply, size_t size)
{
    const char *at = reply->at;

    if (reply->failed || (size_t)(reply->end - at) < size) {
        reply->failed = true;
        return NULL;
    }
    reply->at += size;
    return at;
}

static uint32_t take_number(struct reply *reply)
{
    const void *at = take(reply, sizeof(uint32_t));
    uint32_t number = 0;

    if (at)
        memcpy(&number, at, sizeof number);
    return number;
}

static void take_strings(struct reply *reply, struct sym_names *names)
{
    size_t count = take_number(reply), capacity = 0;

    for (size_t i = 0; i < count && !reply->failed; i++) {
        size_t size = (size_t)take_number(reply) + 1;
        const char *at = take(reply, size);
        char *kept = at ? sigprof__sym_keep(names, size) : NULL;

        if (!kept)
            return;
        memcpy(kept, at, size);
        kept[size - 1] = '\0';
        ARRAY_ROOM(reply->strings, reply->string_count, capacity);
        reply->strings[reply->string_count++] = kept;
    }
}

static const char *string_of(const struct reply *reply, uint32_t number)
{
    return number && number < reply->string_count ? reply->strings[number]
                                                  : NULL;
}

static void take_answer(struct reply *reply, size_t count,
                        struct sym_answer *answers, struct sym_names *names)
{
    struct second_answer in = {0};
    struct sym_place *places;
    const void *at = take(reply, sizeof in);

    if (at)
        memcpy(&in, at, sizeof in);
    at = take(reply, in.place_count * sizeof(struct second_place));
    if (!at || in.place_count == 0 || in.address >= count)
        return;
    places = sigprof__sym_keep(names, in.place_count * sizeof *places);
    for (uint32_t i = 0; places && i < in.place_count; i++) {
        struct second_place place;

        memcpy(&place, (const char *)at + i * sizeof place, sizeof place);
        places[i] = (struct sym_place){.name = string_of(reply, place.name),
                                       .file = string_of(reply, place.file),
                                       .line = place.line};
    }
    if (!places)
        return;
    answers[in.address].places = places;
    answers[in.address].place_count = in.place_count;
    answers[in.address].name = places[0].name;
    answers[in.address].start = in.start;
}

static void take_result(const struct bytes *bytes, size_t count,
                        struct sym_answer *answers, struct sym_names *names)
{
    struct reply reply = {bytes->at, bytes->at + bytes->size, false, NULL, 0};
    size_t told;

    take_strings(&reply, names);
    told = take_number(&reply);
    for (size_t i = 0; i < told && !reply.failed; i++)
        take_answer(&reply, count, answers, names);
    free(reply.strings);
}

/* ---- Asking -------------------------------------------------------------- */

/* The file that the image is of, and no other that has its name by now. */
static int open_again(const struct sym_image *image)
{
    int file = open(image->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;

    if (file < 0)
        return -1;
    if (fstat(file, &status) == 0 && status.st_dev == image->device &&
        status.st_ino == image->inode &&
        (uint64_t)status.st_size == image->size)
        return file;
    close(file);
    return -1;
}

static void ask(int file, const uint64_t *addresses, size_t count,
                struct sym_answer *answers, struct sym_names *names)
{
    struct bytes bytes = {0};
    int ends[2], status;
    pid_t process;

    if (pipe(ends) != 0)
        return;
    process = fork();
    if (process == 0) {
        close(ends[0]);
        run(file, ends[1], addresses, count);
    }
    close(ends[1]);
    if (process > 0) {
        bool whole = read_to_end(ends[0], &bytes);

        close(ends[0]); /* what else it has to say, it cannot */
        while (waitpid(process, &status, 0) < 0 && errno == EINTR)
            ;
        if (whole)
            take_result(&bytes, count, answers, names);
        free(bytes.at);
    } else {
        close(ends[0]);
    }
}

void sigprof__second_answer(const struct sym_image *image,
                            const uint64_t *addresses, size_t count,
                            struct sym_answer *answers, struct sym_names *names)
{
    /* A second process would hold the first one's pipe open. */
    static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
    int file = image->path ? open_again(image) : -1;

    if (file < 0)
        return;
    pthread_mutex_lock(&one_at_a_time);
    ask(file, addresses, count, answers, names);
    pthread_mutex_unlock(&one_at_a_time);
    close(file);
}
