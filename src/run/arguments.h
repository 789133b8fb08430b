/* SPDX-License-Identifier: BSD-2-Clause */
/* What sigprof-run is asked to do, and how it says that it cannot. */
#ifndef SIGPROF_RUN_ARGUMENTS_H
#define SIGPROF_RUN_ARGUMENTS_H

#include <time.h>

#include "child.h"

enum exit_code {
    EXIT_USAGE = 2,     /* also sigprof-fold's */
    EXIT_OURS = 125,    /* we failed, the program did not run */
    EXIT_NOT_RUN = 126, /* it was found and could not be executed */
    EXIT_NOT_FOUND = 127
};

#define PATH_BYTES 4096

struct run {
    char **argv; /* the program's */
    const char *out;
    const char *vm; /* NULL: by the program's name */
    char folder[PATH_BYTES]; /* of raw files, to be folded; or "" */
    char preload[PATH_BYTES];
    char fold[PATH_BYTES];
    struct timespec began;
    pid_t pid;
    struct child_signals signals;
};

/* One line on stderr, "sigprof-run: …"; fail ends the process. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);
__attribute__((format(printf, 2, 3))) _Noreturn void fail(int code,
                                                          const char *format,
                                                          ...);

#define ARGUMENT_OUTPUT 'o'

/* Sets what the command line says: in run, and in the library's variables. What is not
 * accepted ends the process, as --help and --version do. */
void arguments_parse(struct run *run, int argc, char **argv);

void variable_set(const char *name, const char *value);

/* Says which of the environment's SIGPROF_ names the library does not know. */
void variables_look(void);

/* Are the library's variables what it accepts? Else the process ends. option: the
 * letter of the one that has just set one, or 0. */
void variables_check(int option);

#endif
