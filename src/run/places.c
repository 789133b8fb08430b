/* SPDX-License-Identifier: BSD-2-Clause */
/* Where things are. Contract: places.h. */
#include "places.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 4096

/* ---- Our own parts --------------------------------------------------------- */

/* The running executable under the names that systems give it. */
static bool own_folder(char *path, size_t size)
{
    static const char *const links[] = {
        "/proc/self/exe", "/proc/self/path/a.out", "/proc/curproc/file"};

    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        ssize_t length = readlink(links[i], path, size - 1);

        if (length > 0 && (size_t)length < size - 1) {
            path[length] = '\0';
            *strrchr(path, '/') = '\0';
            return true;
        }
    }
    return false;
}

static bool find(const char *const relative[], char *path, size_t size)
{
    char folder[PATH_BYTES], full[PATH_BYTES], *real;

    if (!own_folder(folder, sizeof folder))
        return false;
    for (; *relative; relative++) {
        if (snprintf(full, sizeof full, "%s/%s", folder, *relative) >=
            (int)sizeof full)
            continue;
        real = realpath(full, NULL);
        if (!real)
            continue;
        snprintf(path, size, "%s", real);
        free(real);
        return true;
    }
    return false;
}

bool place_preload(char *path, size_t size)
{
    static const char *const relative[] = {
        SIGPROF_RUN_LIBDIR "/libsigprof-preload.so",
        "../lib/libsigprof-preload.so", "../libsigprof-preload.so", NULL};

    return find(relative, path, size);
}

bool place_fold(char *path, size_t size)
{
    static const char *const relative[] = {"sigprof-fold",
                                           "../fold/sigprof-fold", NULL};

    return find(relative, path, size);
}

/* ---- Profiles --------------------------------------------------------------- */

static bool is_since(struct timespec time, struct timespec since)
{
    return time.tv_sec > since.tv_sec ||
           (time.tv_sec == since.tv_sec && time.tv_nsec >= since.tv_nsec);
}

/* -1: it is no profile, or an older one. */
static int open_profile(int folder, const char *name, struct timespec since)
{
    static const char magic[8] = "\x89SIGPROF";
    char start[sizeof magic];
    struct stat about;
    int fd = openat(folder, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return -1;
    if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode) &&
        is_since(about.st_mtim, since) &&
        read(fd, start, sizeof start) == (ssize_t)sizeof start &&
        memcmp(start, magic, sizeof magic) == 0)
        return fd;
    close(fd);
    return -1;
}

size_t place_profiles(const char *folder, struct timespec since,
                      place_visit *visit, void *arg)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    size_t count = 0;
    int fd;

    while (dir && (entry = readdir(dir))) {
        fd = open_profile(dirfd(dir), entry->d_name, since);
        if (fd < 0)
            continue;
        count++;
        visit(arg, entry->d_name, fd);
        close(fd);
    }
    if (dir)
        closedir(dir);
    return count;
}

/* ---- Programs ---------------------------------------------------------------- */

static int open_in_path(const char *program)
{
    const char *at = getenv("PATH");
    char full[PATH_BYTES];

    if (strchr(program, '/'))
        return open(program, O_RDONLY | O_CLOEXEC);
    for (size_t length; at; at = at[length] ? at + length + 1 : NULL) {
        length = strcspn(at, ":");
        snprintf(full, sizeof full, "%.*s%s%s", (int)length, at,
                 length ? "/" : "", program);
        if (access(full, X_OK) == 0)
            return open(full, O_RDONLY | O_CLOEXEC);
    }
    return -1;
}

/* Files of both word sizes begin alike. */
static bool read_start(int fd, Elf32_Ehdr *head)
{
    return pread(fd, head, sizeof *head, 0) == (ssize_t)sizeof *head &&
           memcmp(head->e_ident, ELFMAG, SELFMAG) == 0;
}

/* Than the library that was to be preloaded. */
static bool is_of_another_cpu(int fd)
{
    Elf32_Ehdr theirs, ours;
    char path[PATH_BYTES];
    int library = place_preload(path, sizeof path)
                      ? open(path, O_RDONLY | O_CLOEXEC)
                      : -1;
    bool differs;

    if (library < 0)
        return false;
    differs = read_start(fd, &theirs) && read_start(library, &ours) &&
              (theirs.e_ident[EI_CLASS] != ours.e_ident[EI_CLASS] ||
               theirs.e_machine != ours.e_machine);
    close(library);
    return differs;
}

/* Of a program of this word size. */
static bool lacks_interpreter(int fd)
{
    Elf64_Ehdr head;
    Elf64_Phdr row;

    if (pread(fd, &head, sizeof head, 0) != (ssize_t)sizeof head ||
        memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 ||
        head.e_ident[EI_CLASS] != ELFCLASS64)
        return false;
    for (unsigned i = 0; i < head.e_phnum; i++)
        if (pread(fd, &row, sizeof row,
                  (off_t)(head.e_phoff + i * (size_t)head.e_phentsize)) !=
                (ssize_t)sizeof row ||
            row.p_type == PT_INTERP)
            return false;
    return true;
}

const char *place_obstacle(const char *program)
{
    const char *why = NULL;
    struct stat about;
    int fd = open_in_path(program);

    if (fd < 0)
        return NULL;
    if (fstat(fd, &about) == 0 &&
        ((about.st_mode & S_ISUID && about.st_uid != geteuid()) ||
         (about.st_mode & S_ISGID && about.st_gid != getegid())))
        why = "it is set-id, and the system preloads nothing into such";
    else if (is_of_another_cpu(fd))
        why = "it is for another CPU or of another word size, and needs a "
              "libsigprof that is built for that";
    else if (lacks_interpreter(fd))
        why = "it is linked statically, and nothing can be preloaded; link "
              "libsigprof into it (libsigprof(7))";
    close(fd);
    return why;
}
