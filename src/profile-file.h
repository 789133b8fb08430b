/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the profile goes: the name, made from SIGPROF_OUT, and the descriptor.
 * Ordinary code, one caller at a time.
 */
#ifndef SIGPROF_PROFILE_FILE_H
#define SIGPROF_PROFILE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PROFILE_PATH_MAX 4096

struct profile_file {
    int descriptor; /* -1: closed */
    bool regular;   /* no: a pipe or a device, which is only written to */
    off_t good;     /* bytes that are whole blocks */
    dev_t device;   /* tells that the path still means the same file */
    ino_t inode;
    size_t stem;     /* length of path without the suffix below */
    unsigned suffix; /* the path ends in ".suffix"; below 2: it has none */
    char path[PROFILE_PATH_MAX]; /* absolute */
};

/* What a name may be made of. */
struct profile_name {
    const char *pattern; /* "": the default */
    const char *comm;
    int64_t start_real_ns;
    bool of_tree; /* an ancestor is being profiled, or this is a forked child */
};

/*
 * Creates the file and leaves it open, with nothing in it. A fixed name of an
 * earlier run is replaced by rename; nothing of this process's own tree is.
 * Returns 0 or an errno value.
 */
int sigprof__profile_create(struct profile_file *file,
                            const struct profile_name *name);

/*
 * Creates one more file beside `file`, under the next suffix that is not taken:
 * .2, .3, … Returns 0 or an errno value; ENOTSUP: that one is no file.
 */
int sigprof__profile_next(struct profile_file *next,
                          const struct profile_file *file);

/* Removes a file that is closed, if the path still means it. */
void sigprof__profile_forget(const struct profile_file *file);

/* Opens path again, in a thread with descriptors of its own. 0 or errno. */
int sigprof__profile_reopen(struct profile_file *file);

/* Appends whole blocks. false: nothing of them is in the file. */
bool sigprof__profile_write(struct profile_file *file, const uint8_t *bytes,
                            size_t size);

void sigprof__profile_close(struct profile_file *file);
void sigprof__profile_remove(struct profile_file *file);

#endif
