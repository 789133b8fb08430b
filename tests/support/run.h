/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running a program from a test: with a changed environment, its output kept,
 * and a limit after which the test fails rather than hangs.
 */
#ifndef SIGPROF_TEST_RUN_H
#define SIGPROF_TEST_RUN_H

#include <stddef.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <sys/types.h>

struct run {
    /* in */
    char *const *argv;     /* argv[0] is looked up in PATH */
    const char *const *environment; /* "NAME=value" to add, "NAME" to remove;
                                       NULL-terminated, or NULL */
    const char *input;     /* file for stdin; NULL: /dev/null */
    unsigned limit_seconds; /* 0: 300; a machine can be busy with others */

    /* out */
    pid_t pid;
    int status; /* as of waitpid */
    struct rusage usage;
    char *out; /* NUL-terminated; malloc'ed */
    char *err;
    size_t out_bytes, err_bytes;
};

void run_program(struct run *run);
/* The same in two halves, for tests that do something meanwhile. */
void run_begin(struct run *run);
void run_end(struct run *run);
void run_free(struct run *run);

double run_cpu_seconds(const struct run *run);

/* A folder for the test's files, made anew, removed at exit. */
const char *run_folder(void);
/* "FOLDER/NAME"; the result lives in one of eight buffers. */
const char *run_path(const char *name);

/* Paths in the folder that end with suffix; sorted; up to room. Returns count. */
unsigned run_find(const char *suffix, char (*paths)[512], unsigned room);

/* Rings in /dev/shm that process pid of this user made. */
unsigned run_rings_of(pid_t pid, char (*paths)[512], unsigned room);

#endif
