/* SPDX-License-Identifier: BSD-2-Clause */
/* A screen that is drawn again and again, and given back as it was. */
#ifndef SIGPROF_FOLD_TERMINAL_H
#define SIGPROF_FOLD_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

/* Takes the screen, if standard output is one; else only the signals. */
void sigprof__terminal_begin(void);
void sigprof__terminal_end(void);

bool sigprof__terminal_is_one(void);

/* Draws a header and the first lines of text that fit. Without a terminal: prints
 * them, and an empty line. false: the output is gone. */
bool sigprof__terminal_draw(const char *header, const char *text);

/* Waits so long, or until the size has changed. false: q, or a signal to end. */
bool sigprof__terminal_wait(double seconds);

#endif
