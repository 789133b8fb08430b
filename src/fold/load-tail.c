/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tail of a killed process, which is in its ring or has been added to its file
 * since. Contract: load_impl.h.
 */
#include "../salvage.h"
#include "load_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void take_tail(struct load_input *input, struct reader *reader,
                      struct model_process *process, const char *ring)
{
    uint64_t before = reader->samples;
    int error;

    sigprof__reader_more(reader, input->tail, input->tail_bytes);
    process->salvaged = reader->samples - before;
    sigprof__say("%s: the process was cut off; %" PRIu64
                 " sample%s came from its ring",
                 input->path, process->salvaged,
                 process->salvaged == 1 ? "" : "s");
    if (strcmp(input->path, "-") == 0)
        return; /* there is no file to keep it in; the ring stays */
    error = sigprof__salvage_keep(ring, input->path, input->tail,
                                  input->tail_bytes);
    if (error == EXDEV)
        sigprof__say("%s: this is a copy; they stay in the ring, for the "
                     "process's own file",
                     input->path);
    else if (error)
        sigprof__say("%s: cannot add them to the file: %s", input->path,
                     strerror(error));
}

static void say_added(const struct load_input *input)
{
    sigprof__say("%s: the process was cut off; what was in its ring has been "
                 "added to the file",
                 input->path);
}

/* A start of the same user may have added the ring since we opened the file. */
static bool take_appended(struct load_input *input, struct reader *reader)
{
    int descriptor = open(input->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    ssize_t got = -1;

    if (descriptor < 0)
        return false;
    if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
        (size_t)status.st_size > input->size &&
        (input->tail = malloc((size_t)status.st_size - input->size)))
        got = pread(descriptor, input->tail,
                    (size_t)status.st_size - input->size, (off_t)input->size);
    close(descriptor);
    if (got <= 0)
        return false;
    input->tail_bytes = (size_t)got;
    sigprof__reader_more(reader, input->tail, input->tail_bytes);
    return true;
}

static enum salvage_state look_in_ring(struct load_input *input,
                                       const char *ring, const uint8_t *id)
{
    enum salvage_state state;
    int descriptor;

    if (input->bytes)
        return sigprof__salvage(ring, id, input->bytes, (size_t)input->size,
                                &input->tail, &input->tail_bytes);
    if (sigprof__load_open(input, &descriptor) != 0)
        return SALVAGE_NONE;
    state = sigprof__salvage_file(ring, id, descriptor, input->size,
                                  &input->tail, &input->tail_bytes);
    close(descriptor);
    return state;
}

void sigprof__load_behind(struct load_input *input, struct reader *reader,
                          struct model *model)
{
    struct model_process *process = model->process;
    struct text ring = sigprof__model_info(process, "ring");
    uint8_t id[FORMAT_ID_BYTES];
    char path[4096];
    enum salvage_state state = SALVAGE_NONE;

    snprintf(path, sizeof path, "%.*s", (int)ring.size, ring.at);
    if (sigprof__model_info(process, "salvaged").size) {
        process->cut = CUT_KILLED;
        say_added(input);
        return;
    }
    if (ring.size && ring.size < sizeof path &&
        sigprof__load_id(sigprof__model_info(process, "id"), id))
        state = look_in_ring(input, path, id);
    switch (state) {
    case SALVAGE_TAIL:
        process->cut = CUT_KILLED;
        take_tail(input, reader, process, path);
        break;
    case SALVAGE_PART:
        reader->ended = true;
        break;
    case SALVAGE_ALIVE:
        process->cut = CUT_ALIVE;
        sigprof__say("%s: the process is still running; this is what it has "
                     "written so far",
                     input->path);
        break;
    case SALVAGE_NONE:
        if (take_appended(input, reader) &&
            sigprof__model_info(process, "salvaged").size) {
            process->cut = CUT_KILLED;
            say_added(input);
            break;
        }
        process->cut = CUT_UNKNOWN;
        sigprof__say("%s: cut: the file has no end and its ring is gone, so "
                     "its last samples may be missing",
                     input->path);
        break;
    }
}
