/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Input: names of files and directories become a model. Everything that is
 * wrong with a file is said here, one line a kind and file.
 */
#ifndef SIGPROF_FOLD_LOAD_H
#define SIGPROF_FOLD_LOAD_H

#include "model.h"

struct load_input {
    char *path; /* "-" for standard input */
    uint64_t size;
    uint8_t *bytes; /* of what cannot be read twice; NULL: it is a file */
    uint64_t device, inode; /* of that file */
    uint8_t *tail; /* from the ring of a killed process */
    size_t tail_bytes;
    uint64_t start_mono_ns;
    struct text boot_id; /* a copy */
    uint8_t id[FORMAT_ID_BYTES]; /* of the recording */
    unsigned long part;          /* of it; 0: not told */
    size_t process; /* of the model */
    bool base;      /* of --diff */
    bool listed;    /* found in a folder: the user has not named it */
    bool read;      /* it could be read, at least in part */
};

struct load {
    struct load_input *inputs;
    size_t count, capacity;
    bool imperfect; /* something was torn, cut, damaged or unreadable */
    bool missing;   /* … what the user named is no profile that can be read */
    uint8_t *window; /* the part of a file that is being read */
    size_t window_bytes;
    /* progress */
    uint64_t total, done, started_ns, said_ns;
    bool on_terminal;
};

/* Adds a file, "-", or the profiles in a directory; base: as what the others are
 * compared with. Says what is wrong with the
 * name itself. */
void sigprof__load_add(struct load *load, const char *name, bool base);

/* Opens and reads all inputs into the model. */
void sigprof__load_read(struct load *load, struct model *model);

/* Could any profile be read, of the base or of what is compared with it? */
bool sigprof__load_has(const struct load *load, bool base);

/* Reads the samples of all inputs again, in order, for model->visit. */
void sigprof__load_again(struct load *load, struct model *model);

/* Says how far naming is (name_options.progress), if this is a terminal. */
void sigprof__load_naming(void *load, size_t done, size_t count);

void sigprof__load_free(struct load *load);

/* Says why a file is no profile that can be read, if it is none. */
void sigprof__load_say_status(const char *path, enum read_status status,
                              const struct reader *reader);

/* One line on stderr, "sigprof-fold: …". */
__attribute__((format(printf, 1, 2))) void sigprof__say(const char *format,
                                                        ...);

#endif
