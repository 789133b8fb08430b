/* SPDX-License-Identifier: BSD-2-Clause */
/* What virtual machines write for profilers. Theory and contract: files.h. */
#include "jit/files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "events.h"
#include "jit/code.h"
#include "jit/gdb.h"
#include "jit/jitdump.h"
#include "jit/perf-map.h"
#include "os/os.h"
#include "sigprof_impl.h"

#define PATH_BYTES 1024 /* an event has to hold it */
#define BATCH 8u /* told with the lock held; their events fit the log */
#define WITNESS_BYTES 64u
#define SLACK_NS 1000000000u /* of the process's start, see os.h */

/* One of the two, as it was at the last look. */
struct code_file {
    char path[PATH_BYTES]; /* "": not found yet */
    dev_t device;
    ino_t inode;
    uint64_t told; /* bytes, when the event log was told so */
    uint64_t left_out;
    /* the bytes in front of what is new: another file, if they have changed */
    char witness[WITNESS_BYTES];
    size_t witness_bytes;
};

/* The drain's own, or whoever makes passes; a forked child begins anew. */
static struct {
    pid_t pid;
    uint64_t looked_ns; /* everything that was there then is known */
    struct code_file map_file, dump_file;
    struct perf_map map;
    struct jitdump dump;
} files;

static size_t read_file(void *arg, uint64_t at, void *to, size_t size)
{
    ssize_t got = pread(*(int *)arg, to, size, (off_t)at);

    return got > 0 ? (size_t)got : 0;
}

/* ---- Is it ours? --------------------------------------------------------- */

static uint64_t changed_ns(const struct stat *status)
{
    return (uint64_t)status->st_mtime * 1000000000u + 999999999u;
}

static bool is_trusted(const struct stat *status)
{
    return S_ISREG(status->st_mode) &&
           (status->st_uid == geteuid() || status->st_uid == 0);
}

static int open_file(const char *path, struct stat *status)
{
    int descriptor =
        open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

    if (descriptor < 0)
        return -1;
    if (fstat(descriptor, status) == 0 && is_trusted(status))
        return descriptor;
    close(descriptor);
    return -1;
}

/* An old process of the same pid may have left it. */
static bool is_recent(const struct stat *status)
{
    uint64_t start = 0, began_ns = 0;

    if (sigprof__os_process_start(getpid(), &start) == 0)
        began_ns = sigprof__os_start_real_ns(start);
    return began_ns && changed_ns(status) + SLACK_NS >= began_ns;
}

/* Is it what was read before, with more behind, or something else? */
static bool goes_on(const struct code_file *file, int descriptor,
                    const struct stat *status, uint64_t at)
{
    char bytes[WITNESS_BYTES];

    return file->device == status->st_dev && file->inode == status->st_ino &&
           (uint64_t)status->st_size >= at &&
           read_file(&descriptor, at - file->witness_bytes, bytes,
                     file->witness_bytes) == file->witness_bytes &&
           memcmp(bytes, file->witness, file->witness_bytes) == 0;
}

static void take_witness(struct code_file *file, int descriptor, uint64_t at)
{
    size_t size = at < WITNESS_BYTES ? (size_t)at : WITNESS_BYTES;

    file->witness_bytes =
        read_file(&descriptor, at - size, file->witness, size) == size ? size
                                                                       : 0;
}

/* ---- Telling ------------------------------------------------------------- */

static void tell_file(struct code_file *file, const char *key, uint64_t at,
                      uint64_t bad)
{
    char value[PATH_BYTES + 160];

    if (file->told == at)
        return;
    file->told = at;
    snprintf(value, sizeof value,
             "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %s",
             at, bad, file->left_out, (uint64_t)file->device,
             (uint64_t)file->inode, file->path);
    sigprof__event_info(key, value);
}

/* A clock that runs ahead of ours is another clock. */
static uint64_t time_of(const struct told *told, uint64_t now_ns)
{
    if (told->time_ns && told->time_ns <= now_ns)
        return told->time_ns;
    return files.looked_ns ? files.looked_ns
                           : sigprof__session.start_mono_ns;
}

typedef bool next_told(const struct told_file *from, struct told *told);

static bool next_of_map(const struct told_file *from, struct told *told)
{
    return sigprof__perf_map_next(&files.map, from, told);
}

static bool next_of_dump(const struct told_file *from, struct told *told)
{
    return sigprof__jitdump_next(&files.dump, from, told);
}

/* Tells of what is new. false: the caller interrupted a change of code (code.h), so
 * there may be more. */
static bool tell_all(struct code_file *file, const struct told_file *from,
                     next_told *next, enum format_code_source source,
                     void (*make_room)(void))
{
    uint64_t now_ns = sigprof__os_now_ns();
    struct told told;
    bool more = true;

    while (more) {
        if (!sigprof__code_tell_begin())
            return false;
        for (unsigned i = 0; i < BATCH && (more = next(from, &told)); i++)
            if (sigprof__code_tell(&told, source, time_of(&told, now_ns)) ==
                CODE_LEFT_OUT)
                file->left_out++;
        sigprof__code_tell_end();
        if (more)
            make_room();
    }
    return true;
}

/* ---- The two ------------------------------------------------------------- */

static void begin_file(struct code_file *file, const struct stat *status)
{
    file->device = status->st_dev;
    file->inode = status->st_ino;
    file->left_out = 0;
    file->witness_bytes = 0;
    file->told = 0;
}

static bool look_at_map(void (*make_room)(void))
{
    struct code_file *file = &files.map_file;
    struct told_file from = {.read = read_file};
    struct stat status;
    int descriptor = open_file(file->path, &status);
    bool good = true;

    if (descriptor < 0)
        return true;
    from.arg = &descriptor;
    from.bytes = (uint64_t)status.st_size;
    if (!goes_on(file, descriptor, &status, files.map.at)) {
        sigprof__perf_map_begin(&files.map, 0);
        begin_file(file, &status);
    }
    if (from.bytes > files.map.at && is_recent(&status)) {
        good = tell_all(file, &from, next_of_map, FORMAT_CODE_MAP, make_room);
        take_witness(file, descriptor, files.map.at);
        tell_file(file, "perf_map", files.map.at, files.map.bad);
    }
    close(descriptor);
    return good;
}

static bool look_at_dump(void (*make_room)(void))
{
    struct code_file *file = &files.dump_file;
    struct told_file from = {.read = read_file};
    struct stat status;
    int descriptor = file->path[0] ? open_file(file->path, &status) : -1;
    bool good = true;

    if (descriptor < 0)
        return true;
    from.arg = &descriptor;
    from.bytes = (uint64_t)status.st_size;
    if (file->device == status.st_dev && file->inode == status.st_ino) {
        if (from.bytes > files.dump.at)
            good = tell_all(file, &from, next_of_dump, FORMAT_CODE_DUMP,
                            make_room);
        tell_file(file, "jitdump", files.dump.at,
                  files.dump.bad + (files.dump.state == JITDUMP_BROKEN));
    }
    close(descriptor);
    return good;
}

/* jit-PID.dump, and in its header this process's pid, as it sees it itself. */
static bool is_our_dump(const char *path, void *arg)
{
    const char *name = strrchr(path, '/') + 1;
    struct told_file from = {.read = read_file};
    struct code_file *file = &files.dump_file;
    struct stat status;
    int descriptor;
    bool opened;

    (void)arg;
    if (strncmp(name, "jit-", 4) != 0 || strlen(path) >= PATH_BYTES ||
        !strstr(name, ".dump"))
        return false;
    descriptor = open_file(path, &status);
    if (descriptor < 0)
        return false;
    from.arg = &descriptor;
    from.bytes = (uint64_t)status.st_size;
    sigprof__jitdump_begin(&files.dump);
    opened = sigprof__jitdump_open(&files.dump, &from);
    close(descriptor);
    if (!opened || files.dump.pid != (uint32_t)files.pid)
        return false;
    snprintf(file->path, sizeof file->path, "%s", path);
    begin_file(file, &status);
    return true;
}

static void begin(pid_t pid)
{
    memset(&files, 0, sizeof files);
    files.pid = pid;
    snprintf(files.map_file.path, sizeof files.map_file.path,
             "/tmp/perf-%d.map", (int)pid);
    sigprof__perf_map_begin(&files.map, 0);
}

void sigprof__code_files_look(bool search, void (*make_room)(void))
{
    uint64_t now_ns = sigprof__os_now_ns();
    bool all;

    if (files.pid != sigprof__session.pid)
        begin(sigprof__session.pid);
    if (search && !files.dump_file.path[0])
        sigprof__os_mapped_files(is_our_dump, NULL);
    all = look_at_dump(make_room);
    all = sigprof__gdb_look(files.looked_ns ? files.looked_ns
                                            : sigprof__session.start_mono_ns,
                            make_room) &&
          all;
    all = look_at_map(make_room) && all;
    if (all)
        files.looked_ns = now_ns;
}
