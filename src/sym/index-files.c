/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files of indices, in the user's cache. Contracts: index-files.h, index.h.
 *
 *   DIRECTORY/xx/rest.index    xx and rest: the build-id, in hexadecimal
 *
 * A file is written beside and renamed, so no reader sees half of one, and of two
 * writers at once the later wins.
 *
 * The cache is bounded: behind each write, the files that were not used for the
 * longest time go, until it is below CACHE_BYTES.
 */
#include "index-files.h"

#include "../fold/store.h"
#include "elf_impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATH_BYTES 4096
#define CACHE_BYTES (UINT64_C(1) << 30)
#define FRESH_S 86400 /* a file is marked as used once a day */

/* ---- Where --------------------------------------------------------------- */

static bool make_folder(const char *path)
{
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

const char *sigprof__sym_index_folder(const char *asked, char *room,
                                      size_t size)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int used;

    if (asked)
        return make_folder(asked) && access(asked, W_OK | X_OK) == 0 ? asked
                                                                     : NULL;
    if (getuid() != geteuid() || getgid() != getegid())
        return NULL;
    if (cache && *cache == '/')
        used = snprintf(room, size, "%s", cache);
    else if (home && *home == '/')
        used = snprintf(room, size, "%s/.cache", home);
    else
        return NULL;
    if (used + (int)sizeof "/sigprof" > (int)size || !make_folder(room))
        return NULL;
    snprintf(room + used, size - (size_t)used, "/sigprof");
    return make_folder(room) ? room : NULL;
}

/* The path of the index; folder: the length of its folder's. */
static bool path_of(const struct sym_index_key *key, char *path,
                       size_t *folder)
{
    char hex[2 * 64 + 1];
    const uint8_t *id = key->id;
    size_t id_bytes = key->id_bytes;
    int size;

    if (!key->directory)
        return false;
    if (id_bytes < 2 || id_bytes > 64) {
        id = (const uint8_t *)&key->files;
        id_bytes = sizeof key->files;
    }
    sigprof__sym_hex(id, id_bytes, hex, sizeof hex);
    size = snprintf(path, PATH_BYTES, "%s/%.2s/%s.index", key->directory, hex,
                    hex + 2);
    *folder = strlen(key->directory) + 3;
    return size < PATH_BYTES - 16; /* the temporary one is longer */
}

/* ---- Reading ------------------------------------------------------------- */

static bool read_all(int descriptor, char *to, size_t size)
{
    while (size) {
        ssize_t got = read(descriptor, to, size);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        to += got;
        size -= (size_t)got;
    }
    return true;
}

/* Pages that will all be written, in one step and not by a fault each. */
static void fill_pages(char *at, size_t size)
{
#ifdef MADV_POPULATE_WRITE
    const uintptr_t page = 4096, from = (uintptr_t)at;
    uintptr_t first = (from + page - 1) & ~(page - 1);

    if (first + page < from + size)
        madvise((void *)first, (from + size - first) & ~(page - 1),
                MADV_POPULATE_WRITE); /* benign: then one by one */
#else
    (void)at, (void)size;
#endif
}

const void *sigprof__index_read(const struct sym_index_key *key,
                                struct sym_names *names, size_t *size)
{
    char path[PATH_BYTES], *bytes = NULL;
    struct timespec now;
    struct stat status;
    size_t folder;
    int descriptor;

    if (!path_of(key, path, &folder))
        return NULL;
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (descriptor < 0)
        return NULL;
    if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
        (uint64_t)status.st_size <= INDEX_FILE_MAX) {
        *size = (size_t)status.st_size;
        bytes = sigprof__sym_keep(names, *size);
    }
    if (bytes)
        fill_pages(bytes, *size);
    if (bytes && !read_all(descriptor, bytes, *size))
        bytes = NULL;
    if (bytes && clock_gettime(CLOCK_REALTIME, &now) == 0 &&
        now.tv_sec - status.st_mtim.tv_sec > FRESH_S)
        futimens(descriptor, NULL); /* benign: it goes sooner */
    close(descriptor);
    return bytes;
}

/* ---- Bounding ------------------------------------------------------------ */

struct cached {
    char *path;
    uint64_t size;
    struct timespec used;
};

struct cache {
    struct cached *files;
    size_t count, capacity;
    uint64_t total;
};

static void list_folder(struct cache *cache, const char *path, unsigned levels)
{
    DIR *folder = opendir(path);
    struct dirent *entry;

    while (folder && (entry = readdir(folder)) != NULL) {
        char name[PATH_BYTES];
        struct stat status;

        if (entry->d_name[0] == '.' ||
            snprintf(name, sizeof name, "%s/%s", path, entry->d_name) >=
                (int)sizeof name ||
            lstat(name, &status) != 0)
            continue;
        if (S_ISDIR(status.st_mode) && levels > 0)
            list_folder(cache, name, levels - 1);
        if (!S_ISREG(status.st_mode) || levels > 0)
            continue;
        ARRAY_ROOM(cache->files, cache->count, cache->capacity);
        cache->files[cache->count++] = (struct cached){
            strdup(name), (uint64_t)status.st_size, status.st_mtim};
        cache->total += (uint64_t)status.st_size;
    }
    if (folder)
        closedir(folder);
}

static int by_use(const void *a, const void *b)
{
    const struct cached *x = a, *y = b;

    if (x->used.tv_sec != y->used.tv_sec)
        return x->used.tv_sec < y->used.tv_sec ? -1 : 1;
    return (x->used.tv_nsec > y->used.tv_nsec) -
           (x->used.tv_nsec < y->used.tv_nsec);
}

void sigprof__sym_index_bound(const char *directory, uint64_t most_bytes)
{
    struct cache cache = {0};

    list_folder(&cache, directory, 1);
    if (cache.total > most_bytes)
        qsort(cache.files, cache.count, sizeof *cache.files, by_use);
    for (size_t i = 0; i < cache.count; i++) {
        struct cached *file = &cache.files[i];

        if (cache.total > most_bytes && file->path && unlink(file->path) == 0)
            cache.total -= file->size;
        free(file->path);
    }
    free(cache.files);
}

/* ---- Writing ------------------------------------------------------------- */

static bool write_all(int descriptor, const void *from, size_t size)
{
    const char *at = from;

    while (size) {
        ssize_t done = write(descriptor, at, size);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        at += done;
        size -= (size_t)done;
    }
    return true;
}

/* Beside, then renamed. */
static bool write_file(char *path, size_t folder, const char *bytes,
                       size_t size)
{
    char temporary[PATH_BYTES + 8];
    int descriptor;
    bool done;

    path[folder] = '\0';
    mkdir(path, 0700); /* benign: the next call says so */
    path[folder] = '/';
    snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    descriptor = mkostemp(temporary, O_CLOEXEC);
    if (descriptor < 0)
        return false;
    done = write_all(descriptor, bytes, size);
    done = close(descriptor) == 0 && done;
    done = done && rename(temporary, path) == 0;
    if (!done)
        unlink(temporary);
    return done;
}

void sigprof__index_write(const struct sym_index_key *key, const char *bytes,
                          size_t size)
{
    char path[PATH_BYTES];
    size_t folder;

    if (path_of(key, path, &folder) && write_file(path, folder, bytes, size))
        sigprof__sym_index_bound(key->directory, CACHE_BYTES);
}
