/* SPDX-License-Identifier: BSD-2-Clause */
/* The profile's name and descriptor. Contract: profile-file.h. */
#include "profile-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "format.h"
#include "guard.h"
#include "os/os.h"

#define DEFAULT_NAME "%e.%p.sigprof"
#define SUFFIX_TRIES 10000 /* a process that executes itself in a loop */
#define ROOM_FOR_SUFFIX 32

/* A '/' in a program's or a host's name must not become a folder. */
static size_t put_text(char *to, size_t room, const char *text)
{
    size_t used = 0;

    for (; *text && used + 1 < room; text++)
        to[used++] = *text == '/' || *text == '\n' ? '_' : *text;
    return used;
}

static size_t put_one(char *to, size_t room, char what,
                      const struct profile_name *name)
{
    time_t seconds = (time_t)(name->start_real_ns / 1000000000);
    char text[256] = "%";
    struct tm tm;

    if (what == 'p')
        snprintf(text, sizeof text, "%d", (int)getpid());
    else if (what == 'e')
        snprintf(text, sizeof text, "%s", name->comm);
    else if (what == 'h' && gethostname(text, sizeof text - 1) != 0)
        strcpy(text, "localhost");
    else if (what == 't' && localtime_r(&seconds, &tm))
        strftime(text, sizeof text, "%Y%m%dT%H%M%S", &tm);
    return put_text(to, room, text);
}

/* true if the name has room for it all. */
static bool expand(char *to, size_t room, const char *pattern,
                   const struct profile_name *name)
{
    size_t used = 0;

    for (const char *at = pattern; *at && used + 1 < room; at++) {
        if (*at == '%' && at[1])
            used += put_one(to + used, room - used, *++at, name);
        else
            to[used++] = *at;
    }
    to[used] = '\0';
    return used + 1 < room;
}

static bool has_pid(const char *pattern)
{
    for (const char *at = strchr(pattern, '%'); at; at = strchr(at + 2, '%'))
        if (at[1] == 'p')
            return true;
    return false;
}

/* Does the file at path begin with the header of a run of this very process? */
static bool is_of_this_process(const char *path)
{
    uint8_t bytes[FORMAT_FILE_HEADER_BYTES + 16384];
    struct format_in in, body;
    uint64_t start = 0;
    size_t payload;
    uint32_t sequence, word;
    bool same_pid = false, same_start = false;
    char want_pid[24], want_start[24];
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t got = descriptor < 0 ? -1 : read(descriptor, bytes, sizeof bytes);

    if (descriptor >= 0)
        close(descriptor);
    if (got < FORMAT_FILE_HEADER_BYTES ||
        sigprof__format_block_check(bytes + FORMAT_FILE_HEADER_BYTES,
                                    (size_t)got - FORMAT_FILE_HEADER_BYTES,
                                    &payload, &sequence, &word) != 0)
        return false;
    sigprof__os_process_start(getpid(), &start);
    snprintf(want_pid, sizeof want_pid, "%d", (int)getpid());
    snprintf(want_start, sizeof want_start, "%llu", (unsigned long long)start);
    in.at = bytes + FORMAT_FILE_HEADER_BYTES + FORMAT_BLOCK_HEADER_BYTES;
    in.end = in.at + payload;
    in.bad = false;
    while (sigprof__get_record(&in, &body) == FORMAT_INFO) {
        size_t key_size, size;
        const uint8_t *key = sigprof__get_string(&body, &key_size);
        const uint8_t *value = sigprof__get_string(&body, &size);

        if (key_size == 3 && memcmp(key, "pid", 3) == 0)
            same_pid = size == strlen(want_pid) &&
                       memcmp(value, want_pid, size) == 0;
        if (key_size == 13 && memcmp(key, "process_start", 13) == 0)
            same_start = size == strlen(want_start) &&
                         memcmp(value, want_start, size) == 0;
    }
    return same_pid && same_start;
}

static int open_new(struct profile_file *file)
{
    file->descriptor = open(file->path,
                            O_WRONLY | O_APPEND | O_CREAT | O_EXCL |
                                O_NOFOLLOW | O_CLOEXEC,
                            0600);
    return file->descriptor < 0 ? errno : 0;
}

/* The first suffix behind the present one that does not exist. */
static int open_suffixed(struct profile_file *file)
{
    unsigned from = file->suffix < 2 ? 2 : file->suffix + 1;
    int error = EEXIST;

    for (unsigned i = from; error == EEXIST && i - from < SUFFIX_TRIES; i++) {
        file->suffix = i;
        snprintf(file->path + file->stem, sizeof file->path - file->stem, ".%u",
                 i);
        error = open_new(file);
    }
    return error;
}

/* path, path.2, path.3, …: the first that does not exist. */
static int open_unused(struct profile_file *file)
{
    int error;

    file->stem = strlen(file->path);
    error = open_new(file);
    return error == EEXIST ? open_suffixed(file) : error;
}

/* An earlier run's profile, or a file made for this one; anybody's else stays. */
static bool may_be_replaced(const char *path, bool is_link)
{
    uint8_t start[FORMAT_FILE_HEADER_BYTES], have[8];
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t got = descriptor < 0 ? -1 : read(descriptor, have, sizeof have);

    if (descriptor >= 0)
        close(descriptor);
    sigprof__format_file_header(start);
    return (got == 0 && !is_link) ||
           (got == (ssize_t)sizeof have && memcmp(have, start, sizeof have) == 0);
}

/* A link stays: what it names is replaced. */
static int follow_link(struct profile_file *file)
{
    struct stat status;
    char *target;
    bool is_link = lstat(file->path, &status) == 0 && S_ISLNK(status.st_mode);

    if (!may_be_replaced(file->path, is_link))
        return EEXIST;
    if (!is_link)
        return 0;
    target = realpath(file->path, NULL);
    if (!target || strlen(target) + ROOM_FOR_SUFFIX > sizeof file->path) {
        free(target);
        return ELOOP;
    }
    strcpy(file->path, target);
    free(target);
    return 0;
}

/* A new file beside it, renamed over it: readers see the old one or the new. */
static int open_over(struct profile_file *file)
{
    char path[PROFILE_PATH_MAX];
    int error = follow_link(file);

    if (error)
        return error;
    strcpy(path, file->path);
    snprintf(file->path + strlen(path), sizeof file->path - strlen(path),
             ".new.%d", (int)getpid());
    unlink(file->path);
    error = open_new(file);
    if (!error && rename(file->path, path) != 0) {
        error = errno;
        sigprof__profile_remove(file);
    }
    strcpy(file->path, path);
    return error;
}

static int open_device(struct profile_file *file)
{
    struct stat status;

    file->regular = false;
    file->descriptor =
        open(file->path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file->descriptor < 0)
        return errno;
    if (fstat(file->descriptor, &status) == 0 && !S_ISREG(status.st_mode))
        return 0;
    sigprof__profile_close(file);
    return EEXIST; /* it was no file a moment ago: not ours to append to */
}

static bool make_absolute(struct profile_file *file, const char *name)
{
    size_t used = 0;

    if (name[0] != '/') {
        if (!getcwd(file->path, sizeof file->path))
            return false;
        used = strlen(file->path);
        if (used > 1)
            file->path[used++] = '/';
    }
    if (used + strlen(name) + ROOM_FOR_SUFFIX > sizeof file->path)
        return false;
    strcpy(file->path + used, name);
    return true;
}

static int make_path(struct profile_file *file, const char **pattern,
                     const struct profile_name *name, struct stat *status,
                     bool *exists)
{
    char expanded[3072], full[sizeof expanded + 64];

    *pattern = name->pattern[0] ? name->pattern : DEFAULT_NAME;
    if (!expand(expanded, sizeof expanded, *pattern, name))
        return ENAMETOOLONG;
    *exists = stat(expanded, status) == 0;
    if (*exists && S_ISDIR(status->st_mode)) {
        char rest[300];

        if (!expand(rest, sizeof rest, DEFAULT_NAME, name) ||
            snprintf(full, sizeof full, "%s/%s", expanded, rest) >=
                (int)sizeof full)
            return ENAMETOOLONG;
        *pattern = DEFAULT_NAME;
        *exists = stat(full, status) == 0;
    } else {
        snprintf(full, sizeof full, "%s", expanded);
    }
    return make_absolute(file, full) ? 0 : ENAMETOOLONG;
}

/* What tells later that a path still means this file. */
static void note_identity(struct profile_file *file)
{
    struct stat status;

    if (fstat(file->descriptor, &status) != 0)
        return;
    file->device = status.st_dev;
    file->inode = status.st_ino;
}

int sigprof__profile_create(struct profile_file *file,
                            const struct profile_name *name)
{
    const char *pattern;
    struct stat status;
    bool exists;
    int error;

    memset(file, 0, sizeof *file);
    file->descriptor = -1;
    file->regular = true;
    error = make_path(file, &pattern, name, &status, &exists);
    if (error)
        return error;
    if (exists && !S_ISREG(status.st_mode)) {
        error = open_device(file);
    } else if (has_pid(pattern)) {
        error = open_unused(file);
    } else if (exists && is_of_this_process(file->path)) {
        error = open_unused(file);
    } else if (name->of_tree) {
        size_t length = strlen(file->path);

        snprintf(file->path + length, sizeof file->path - length, ".%d",
                 (int)getpid());
        error = open_unused(file);
    } else {
        error = exists ? open_over(file) : open_new(file);
        if (error == EEXIST)
            error = open_over(file);
    }
    if (!file->stem)
        file->stem = strlen(file->path);
    if (!error)
        note_identity(file);
    return error;
}

int sigprof__profile_next(struct profile_file *next,
                          const struct profile_file *file)
{
    int error;

    *next = *file;
    next->descriptor = -1;
    next->good = 0;
    if (!file->regular)
        return ENOTSUP;
    error = open_suffixed(next);
    if (!error)
        note_identity(next);
    return error;
}

int sigprof__profile_reopen(struct profile_file *file)
{
    struct stat status;

    file->descriptor =
        open(file->path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY |
                             (file->regular ? O_NOFOLLOW : O_NONBLOCK));
    if (file->descriptor < 0)
        return errno;
    if (fstat(file->descriptor, &status) == 0 &&
        status.st_dev == file->device && status.st_ino == file->inode)
        return 0;
    sigprof__profile_close(file);
    return ESTALE; /* somebody put another file there: it is not ours */
}

bool sigprof__profile_write(struct profile_file *file, const uint8_t *bytes,
                            size_t size)
{
    size_t done = 0;

    while (done < size) {
        ssize_t put = write(file->descriptor, bytes + done, size - done);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            sigprof__guard_forget(errno);
        if (put <= 0)
            break;
        done += (size_t)put;
    }
    if (done == size) {
        file->good += (off_t)size;
        return true;
    }
    if (done && file->regular && ftruncate(file->descriptor, file->good) != 0)
        return false; /* a torn block stays; readers skip it */
    return false;
}

void sigprof__profile_close(struct profile_file *file)
{
    if (file->descriptor >= 0)
        close(file->descriptor);
    file->descriptor = -1;
}

void sigprof__profile_remove(struct profile_file *file)
{
    sigprof__profile_close(file);
    if (file->regular)
        unlink(file->path);
}

void sigprof__profile_forget(const struct profile_file *file)
{
    struct stat status;

    if (lstat(file->path, &status) == 0 && status.st_dev == file->device &&
        status.st_ino == file->inode)
        unlink(file->path);
}
