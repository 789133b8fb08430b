/* SPDX-License-Identifier: BSD-2-Clause */
/* Folders of raw profiles. Theory and contracts: folder.h. */
#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NAME "sigprof-run."
#define NAME_SIZE (sizeof NAME "XXXXXX" - 1)
#define OWNER ".owner" /* locked by it */
#define LEFT_SECONDS 86400

/* All that is in it, but folders, which are not ours; folder is closed. */
static void empty(int folder)
{
    DIR *dir = fdopendir(folder);
    struct dirent *entry;

    if (!dir) {
        close(folder);
        return;
    }
    while ((entry = readdir(dir)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(folder, entry->d_name, 0);
    closedir(dir);
}

static int open_folder(int base, const char *name)
{
    return openat(base, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* The lock is this process's: a child's copy is closed as it executes. */
static int own(const char *path)
{
    int folder = open_folder(AT_FDCWD, path);
    int owner, error = 0;

    if (folder < 0)
        return errno;
    owner = openat(folder, OWNER, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (owner < 0 || flock(owner, LOCK_EX | LOCK_NB) != 0)
        error = errno;
    close(folder);
    return error;
}

int folder_make(const char *base, char *path, size_t size)
{
    int error;

    if (snprintf(path, size, "%s/" NAME "XXXXXX", base) >= (int)size)
        return ENAMETOOLONG;
    if (!mkdtemp(path))
        return errno;
    error = own(path);
    if (error)
        folder_remove(path);
    return error;
}

int folder_remove(const char *path)
{
    int folder = open_folder(AT_FDCWD, path);

    if (folder >= 0)
        empty(folder);
    return rmdir(path) == 0 ? 0 : errno;
}

void folder_keep(const char *path)
{
    int folder = open_folder(AT_FDCWD, path);

    if (folder < 0)
        return;
    unlinkat(folder, OWNER, 0);
    close(folder);
}

/* Did a run of ours leave it, some time ago? Then its lock is *owner, so that nobody
 * else removes it meanwhile. */
static bool is_left(int folder, int *owner)
{
    struct stat about;

    *owner = -1;
    if (fstat(folder, &about) != 0 || about.st_uid != geteuid() ||
        (about.st_mode & 077) != 0 ||
        time(NULL) - about.st_mtime < LEFT_SECONDS)
        return false;
    *owner = openat(folder, OWNER, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    return *owner >= 0 && flock(*owner, LOCK_EX | LOCK_NB) == 0;
}

/* A folder's name cannot lead elsewhere: what is emptied is what was looked at, and
 * only an empty folder is removed by its name. */
static void sweep_one(int base, const char *name)
{
    int folder = open_folder(base, name), owner;

    if (folder < 0)
        return;
    if (is_left(folder, &owner)) {
        empty(folder);
        unlinkat(base, name, AT_REMOVEDIR);
    } else {
        close(folder);
    }
    if (owner >= 0)
        close(owner);
}

void folder_sweep(const char *base)
{
    DIR *dir = opendir(base);
    struct dirent *entry;

    while (dir && (entry = readdir(dir)))
        if (strlen(entry->d_name) == NAME_SIZE &&
            strncmp(entry->d_name, NAME, strlen(NAME)) == 0)
            sweep_one(dirfd(dir), entry->d_name);
    if (dir)
        closedir(dir);
}
