/* SPDX-License-Identifier: BSD-2-Clause */
/* Output. Contract: output.h. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHELL_DESCRIPTORS 10 /* a shell redirects those of one digit */

/* What is there and is no regular file (a device, a FIFO) is written to as it
 * is; a rename would replace it. */
static int open_directly(struct output *output, const char *path)
{
    output->stream = fopen(path, "we");
    return output->stream ? 0 : errno;
}

/* A name such as /dev/stdout leads to a file that we were given open. Others write
 * to it too, and where it ends is known to its descriptor only. */
static int given_descriptor(const struct stat *file)
{
    struct stat given;

    for (int i = STDOUT_FILENO; i < SHELL_DESCRIPTORS; i++) {
        int flags = fcntl(i, F_GETFL);

        if (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY &&
            fstat(i, &given) == 0 && given.st_dev == file->st_dev &&
            given.st_ino == file->st_ino)
            return i;
    }
    return -1;
}

static int open_given(struct output *output, int descriptor)
{
    int error, copy;

    if (descriptor == STDOUT_FILENO) {
        output->stream = stdout;
        return 0;
    }
    copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        return errno;
    output->stream = fdopen(copy, "w");
    error = output->stream ? 0 : errno;
    if (error)
        close(copy);
    return error;
}

/* A file that is replaced keeps its mode, and its owner where that may be. */
static void dress(int descriptor, const struct stat *old)
{
    mode_t mask;

    if (old) {
        if (fchown(descriptor, old->st_uid, old->st_gid) != 0)
            errno = 0; /* ours then, as any file that we make */
        fchmod(descriptor, old->st_mode & 0777);
    } else {
        mask = umask(0);
        umask(mask);
        fchmod(descriptor, 0666 & ~mask);
    }
}

/* Takes target, on the heap. old: the file that is there, or NULL. */
static int open_beside(struct output *output, char *target,
                       const struct stat *old)
{
    static const char suffix[] = ".XXXXXX";
    size_t size = strlen(target);
    int descriptor = -1, error = ENOMEM;

    output->target = target;
    output->replaces = old && old->st_size > 0;
    output->temporary = malloc(size + sizeof suffix);
    if (output->temporary) {
        memcpy(output->temporary, target, size);
        memcpy(output->temporary + size, suffix, sizeof suffix);
        descriptor = mkstemp(output->temporary);
        error = errno;
    }
    if (descriptor >= 0) {
        dress(descriptor, old);
        output->stream = fdopen(descriptor, "w");
        if (output->stream)
            return 0;
        error = errno;
        close(descriptor);
        unlink(output->temporary);
    }
    free(output->temporary);
    free(output->target);
    return error;
}

/* A link stays: what it leads to is replaced, or made. */
static int open_linked(struct output *output, const char *path,
                       const struct stat *old)
{
    int given = old ? given_descriptor(old) : -1;
    char *target;

    if (given >= 0)
        return open_given(output, given);
    target = old ? realpath(path, NULL) : NULL;
    return target ? open_beside(output, target, old)
                  : open_directly(output, path);
}

int sigprof__output_open(struct output *output, const char *path)
{
    struct stat named, file;
    const struct stat *old = NULL;
    char *copy;

    *output = (struct output){0};
    if (!path) {
        output->stream = stdout;
        return 0;
    }
    if (stat(path, &file) == 0) {
        if (S_ISDIR(file.st_mode))
            return EISDIR;
        if (!S_ISREG(file.st_mode))
            return open_directly(output, path);
        old = &file;
    }
    if (lstat(path, &named) == 0 && S_ISLNK(named.st_mode))
        return open_linked(output, path, old);
    copy = strdup(path);
    return copy ? open_beside(output, copy, old) : ENOMEM;
}

static void forget(struct output *output)
{
    free(output->temporary);
    free(output->target);
    *output = (struct output){0};
}

int sigprof__output_close(struct output *output)
{
    bool failed;
    int error = 0;

    errno = 0;
    failed = ferror(output->stream) != 0;
    if (output->stream == stdout ? fflush(stdout) : fclose(output->stream))
        error = errno;
    if (!error && failed)
        error = EIO;
    if (!error && output->temporary &&
        rename(output->temporary, output->target) != 0)
        error = errno;
    if (error && output->temporary)
        unlink(output->temporary);
    forget(output);
    return error;
}

bool sigprof__output_leave(struct output *output)
{
    if (!output->replaces)
        return false;
    fclose(output->stream);
    unlink(output->temporary);
    forget(output);
    return true;
}
