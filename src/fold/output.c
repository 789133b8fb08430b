/* SPDX-License-Identifier: BSD-2-Clause */
/* Output. Contract: output.h. */
#include "output.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is there and is no regular file (a device, a FIFO) is written to as it
 * is; a rename would replace it. */
static int open_directly(struct output *output, const char *path)
{
    output->stream = fopen(path, "we");
    return output->stream ? 0 : errno;
}

static int open_beside(struct output *output, const char *path)
{
    static const char suffix[] = ".XXXXXX";
    size_t size = strlen(path);
    mode_t mask;
    int descriptor, error;

    output->temporary = malloc(size + sizeof suffix);
    if (!output->temporary)
        return ENOMEM;
    memcpy(output->temporary, path, size);
    memcpy(output->temporary + size, suffix, sizeof suffix);
    descriptor = mkstemp(output->temporary);
    if (descriptor >= 0) {
        mask = umask(0);
        umask(mask);
        fchmod(descriptor, 0666 & ~mask);
        output->stream = fdopen(descriptor, "w");
        if (output->stream)
            return 0;
    }
    error = errno;
    if (descriptor >= 0) {
        close(descriptor);
        unlink(output->temporary);
    }
    free(output->temporary);
    output->temporary = NULL;
    return error;
}

int sigprof__output_open(struct output *output, const char *path)
{
    struct stat status;

    *output = (struct output){.path = path};
    if (!path) {
        output->stream = stdout;
        return 0;
    }
    if (stat(path, &status) == 0) {
        if (S_ISDIR(status.st_mode))
            return EISDIR;
        if (!S_ISREG(status.st_mode))
            return open_directly(output, path);
    }
    return open_beside(output, path);
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
        rename(output->temporary, output->path) != 0)
        error = errno;
    if (error && output->temporary)
        unlink(output->temporary);
    free(output->temporary);
    output->temporary = NULL;
    return error;
}
