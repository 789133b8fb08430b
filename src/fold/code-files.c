/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of virtual machines, read at last. Theory and contract: code-files.h. */
#include "code-files.h"

#include "../jit/jitdump.h"
#include "../jit/perf-map.h"
#include "../os/os.h"
#include "load.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CODES_MAX (1u << 20) /* of a file */
#define SECOND_NS UINT64_C(1000000000)
#define EXIT_NS (10 * SECOND_NS) /* what comes behind our end of it */
#define CUT_NS (60 * SECOND_NS) /* how long a process that was killed may have slept */

/* What the recorder said of a file: INFO perf_map or jitdump. */
struct said {
    uint64_t at, bad, left_out, device, inode;
    char path[4096];
    bool by_recorder; /* else it is where it would be */
};

struct rest {
    struct model *model;
    const struct said *said;
    int descriptor;
    uint64_t ended_ns;
    uint64_t time_ns; /* of what has none */
    enum format_code_source source;
    uint64_t count;
};

static uint64_t number_of(const struct model_process *process, const char *key)
{
    struct text text = sigprof__model_info(process, key);
    char digits[24];

    snprintf(digits, sizeof digits, "%.*s", (int)(text.size < 23 ? text.size : 23),
             text.at);
    return strtoull(digits, NULL, 10);
}

static bool get_said(const struct model_process *process, const char *key,
                     struct said *said)
{
    struct text text = sigprof__model_info(process, key);
    char line[4400];
    int path = 0;

    if (!text.size || text.size >= sizeof line)
        return false;
    memcpy(line, text.at, text.size);
    line[text.size] = '\0';
    if (sscanf(line,
               "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %n",
               &said->at, &said->bad, &said->left_out, &said->device,
               &said->inode, &path) < 5 ||
        !path)
        return false;
    snprintf(said->path, sizeof said->path, "%.4095s", line + path);
    said->by_recorder = true;
    return true;
}

/* ---- Is it the process's file? ------------------------------------------- */

static bool is_of_this_boot(const struct model_process *process, bool same_pids)
{
    struct text boot = sigprof__model_info(process, "boot_id");
    struct os_identity here;

    if (!boot.size)
        return false;
    sigprof__os_identity(&here);
    return boot.size == strlen(here.boot_id) &&
           memcmp(boot.at, here.boot_id, boot.size) == 0 &&
           (!same_pids ||
            number_of(process, "pid_namespace") == here.pid_namespace);
}

/* Another process of the same pid may have written it; NULL: it is of its time. */
static const char *why_not_of_its_time(const struct rest *rest,
                                       const struct stat *status)
{
    const struct model_process *process = rest->model->process;
    uint64_t changed_ns = (uint64_t)status->st_mtime * SECOND_NS;
    uint64_t began_ns =
        sigprof__os_start_real_ns(number_of(process, "process_start"));
    uint64_t last_ns = number_of(process, "start_real_ns") +
                       (rest->ended_ns ? rest->ended_ns + EXIT_NS
                                       : process->last_ns + CUT_NS);

    if (!began_ns || changed_ns + 2 * SECOND_NS < began_ns)
        return "it was last written before the process began";
    if (process->cut != CUT_ALIVE && changed_ns > last_ns)
        return "it was written after the process had ended";
    return NULL;
}

static bool is_same_file(const struct said *said, const struct stat *status)
{
    return (uint64_t)status->st_dev == said->device &&
           (uint64_t)status->st_ino == said->inode;
}

/* NULL: it is to be used. */
static const char *why_not(const struct rest *rest, const struct stat *status)
{
    if (!S_ISREG(status->st_mode))
        return "it is no regular file";
    if (status->st_uid != 0 &&
        status->st_uid != number_of(rest->model->process, "user"))
        return "it is another user's";
    if (rest->said->by_recorder && !is_same_file(rest->said, status))
        return "it is another file than the one that the recorder read";
    return why_not_of_its_time(rest, status);
}

/* Where the recorder has read a file, what is there now is a later process's; else
 * somebody may miss the names that are in it. */
static void say_unused(const struct rest *rest, const char *why)
{
    const struct model_process *process = rest->model->process;

    if (!rest->said->by_recorder && process->wild_low <= process->wild_high)
        sigprof__say("%s: not used: %s", rest->said->path, why);
}

/* A descriptor, or -1. */
static int open_rest(const struct rest *rest, uint64_t *bytes)
{
    const struct said *said = rest->said;
    const char *why;
    struct stat status;
    int descriptor = open(said->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW |
                                          O_NONBLOCK | O_NOCTTY);

    if (descriptor < 0)
        return -1;
    if (fstat(descriptor, &status) == 0) {
        why = why_not(rest, &status);
        *bytes = (uint64_t)status.st_size;
        if (!why && *bytes > said->at)
            return descriptor;
        if (why)
            say_unused(rest, why);
    }
    close(descriptor);
    return -1;
}

/* ---- What is in it ------------------------------------------------------- */

static size_t read_rest(void *arg, uint64_t at, void *to, size_t size)
{
    ssize_t got = pread(*(int *)arg, to, size, (off_t)at);

    return got > 0 ? (size_t)got : 0;
}

/* The recorder may have been killed between saying this and saying how far it was. */
static bool is_known(const struct rest *rest, const struct told *told,
                     uint64_t time_ns)
{
    const struct model_codes *codes = &rest->model->process->codes;
    uint32_t number = sigprof__code_find(
        codes, told->start, told->time_ns ? time_ns : UINT64_MAX - 1);
    const struct model_code *code;
    struct text name;

    if (!number)
        return false;
    code = &codes->code[number];
    if (code->low != told->start || code->high - code->low != told->bytes)
        return false;
    name = sigprof__model_text(rest->model, code->name);
    return name.size == told->name_bytes &&
           memcmp(name.at, told->name, name.size) == 0;
}

static struct text pack_lines(const struct told *told, uint8_t *room,
                              size_t size)
{
    struct format_out out = {room, room + size, false};
    uint32_t offset = 0, line = told->line;

    for (uint32_t i = 0; i < told->line_count; i++) {
        sigprof__put_varint(&out, told->lines[i].code_offset - offset);
        sigprof__put_svarint(&out, (int64_t)told->lines[i].line - line);
        offset = told->lines[i].code_offset;
        line = told->lines[i].line;
    }
    return (struct text){(const char *)room, (size_t)(out.at - room)};
}

static void take(struct rest *rest, const struct told *told)
{
    uint64_t start_ns = rest->model->process->start_mono_ns;
    uint64_t time_ns = !told->time_ns            ? rest->time_ns
                       : told->time_ns > start_ns ? told->time_ns - start_ns
                                                  : 0;
    uint8_t lines[20 * JITDUMP_LINES];
    struct read_code code = {.start = told->start,
                             .bytes = told->bytes,
                             .time_ns = time_ns,
                             .name = {told->name, told->name_bytes},
                             .file = {told->file, told->file_bytes},
                             .line = told->line,
                             .source = told->time_ns
                                           ? (unsigned)FORMAT_CODE_DUMP
                                           : (unsigned)FORMAT_CODE_MAP};

    if (told->kind == TOLD_MOVE) {
        sigprof__model_code_move(rest->model, told->from, told->start, time_ns);
        return;
    }
    code.lines = pack_lines(told, lines, sizeof lines);
    if (!is_known(rest, told, time_ns))
        sigprof__model_code(rest->model, &code);
}

static void take_map(struct rest *rest, const struct told_file *file)
{
    static struct perf_map map;
    struct told told;

    sigprof__perf_map_begin(&map, rest->said->at);
    while (rest->count < CODES_MAX &&
           sigprof__perf_map_next(&map, file, &told)) {
        take(rest, &told);
        rest->count++;
    }
}

/* The header tells how the rest is to be read. */
static void take_dump(struct rest *rest, const struct told_file *file)
{
    static struct jitdump dump;
    struct told told;

    sigprof__jitdump_begin(&dump);
    if (!sigprof__jitdump_open(&dump, file) ||
        dump.pid != rest->model->process->pid)
        return;
    if (dump.at < rest->said->at)
        dump.at = rest->said->at;
    while (rest->count < CODES_MAX &&
           sigprof__jitdump_next(&dump, file, &told)) {
        take(rest, &told);
        rest->count++;
    }
}

static void read_from(struct rest *rest)
{
    struct told_file file = {.read = read_rest, .arg = &rest->descriptor};

    rest->descriptor = open_rest(rest, &file.bytes);
    if (rest->descriptor < 0)
        return;
    if (rest->source == FORMAT_CODE_MAP)
        take_map(rest, &file);
    else
        take_dump(rest, &file);
    close(rest->descriptor);
}

/* ---- Both ---------------------------------------------------------------- */

static bool say_left_out(const struct said *said, const char *name)
{
    if (said->bad)
        sigprof__say("%s: %" PRIu64 " entries of %s make no sense and were "
                     "left out",
                     name, said->bad, said->path);
    if (said->left_out)
        sigprof__say("%s: %" PRIu64 " entries of %s were left out: more than "
                     "the recorder keeps, or too large",
                     name, said->left_out, said->path);
    return !said->bad && !said->left_out;
}

bool sigprof__code_files_read(struct model *model, const char *name,
                              uint64_t ended_ns)
{
    const struct model_process *process = model->process;
    static struct said said; /* a path is long */
    struct rest rest = {.model = model, .said = &said, .ended_ns = ended_ns};
    bool good = true, same_boot = is_of_this_boot(process, false);

    memset(&said, 0, sizeof said);
    if (get_said(process, "jitdump", &said)) {
        good = say_left_out(&said, name);
        rest.source = FORMAT_CODE_DUMP;
        if (same_boot)
            read_from(&rest);
    }
    memset(&said, 0, sizeof said);
    if (get_said(process, "perf_map", &said))
        good = say_left_out(&said, name) && good;
    else if (is_of_this_boot(process, true))
        snprintf(said.path, sizeof said.path, "/tmp/perf-%" PRIu64 ".map",
                 process->pid);
    rest.source = FORMAT_CODE_MAP;
    rest.time_ns = said.at ? process->last_ns : 0;
    rest.count = 0;
    if (said.path[0] && same_boot)
        read_from(&rest);
    return good;
}
