/* SPDX-License-Identifier: BSD-2-Clause */
/* What is said on stderr: of files, and how far reading and naming are. Contracts:
 * load.h, load_impl.h. */
#include "load_impl.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static bool line_open; /* a progress line is on the terminal */

void sigprof__say(const char *format, ...)
{
    va_list arguments;

    if (line_open)
        fputs("\r\033[K", stderr);
    line_open = false;
    fputs("sigprof-fold: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

/* ---- Progress -------------------------------------------------------------- */

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void sigprof__load_progress_begin(struct load *load)
{
    load->on_terminal = isatty(STDERR_FILENO);
    load->started_ns = now_ns();
}

void sigprof__load_progress(void *arg, size_t done)
{
    struct load *load = arg;
    uint64_t now;

    if (!load->on_terminal)
        return;
    now = now_ns();
    if (now - load->started_ns < 1000000000u ||
        now - load->said_ns < 200000000u)
        return;
    load->said_ns = now;
    fprintf(stderr, "\rsigprof-fold: reading %3u %%",
            (unsigned)((double)(load->done + done) * 100 /
                       (double)(load->total + 1)));
    line_open = true;
}

void sigprof__load_progress_end(void)
{
    if (line_open)
        fputs("\r\033[K", stderr);
    line_open = false;
}

void sigprof__load_naming(void *arg, size_t done, size_t count)
{
    struct load *load = arg;

    if (done == count)
        sigprof__load_progress_end();
    else if (now_ns() - load->started_ns >= 1000000000u) {
        fprintf(stderr, "\rsigprof-fold: names: %zu of %zu modules", done,
                count);
        line_open = true;
    }
}

/* ---- Files ----------------------------------------------------------------- */

bool sigprof__load_say_damage(const char *path, const struct reader *reader)
{
    bool damaged = false;

    if (reader->torn_bytes) {
        sigprof__say("%s: cut: the last %" PRIu64 " bytes are not a whole "
                     "block and were left out",
                     path, reader->torn_bytes);
        damaged = true;
    }
    if (reader->damaged_bytes || reader->missing_blocks ||
        reader->bad_records) {
        sigprof__say("%s: damaged: %" PRIu64 " bytes between blocks, %" PRIu64
                     " blocks and %" PRIu64 " records unreadable; %" PRIu64
                     " samples lost their stacks",
                     path, reader->damaged_bytes, reader->missing_blocks,
                     reader->bad_records, reader->lost_stacks);
        damaged = true;
    }
    if (reader->foreign_blocks) {
        sigprof__say("%s: %" PRIu64 " blocks of another recording were "
                     "left out",
                     path, reader->foreign_blocks);
        damaged = true;
    }
    if (reader->unknown_records)
        sigprof__say("%s: format %u.%u is newer than this command: %" PRIu64
                     " records were skipped",
                     path, reader->major, reader->minor,
                     reader->unknown_records);
    return damaged;
}

void sigprof__load_say_status(const char *path, enum read_status status,
                              const struct reader *reader)
{
    switch (status) {
    case READ_OK:
        break;
    case READ_EMPTY:
        sigprof__say("%s: empty: it ends before the first block", path);
        break;
    case READ_FOREIGN:
        sigprof__say("%s: not a sigprof profile", path);
        break;
    case READ_TEXT_MODE:
        sigprof__say("%s: its header is damaged, as by a transfer as text; "
                     "copy it again, as binary",
                     path);
        break;
    case READ_NEWER:
        sigprof__say("%s: format version %u; this sigprof-fold reads "
                     "version %u",
                     path, reader->major, FORMAT_MAJOR);
        break;
    }
}

void sigprof__load_say_rate(const char *path, const struct model_process *process)
{
    double hz = 1e9 / (double)process->period_ns;

    if (process->rate == RATE_GRANTED)
        sigprof__say("%s: its period is lost; it is taken to be that of the "
                     "rate it was granted, %.0f Hz",
                     path, hz);
    else if (process->rate == RATE_UNKNOWN && process->samples)
        sigprof__say("%s: its rate is lost and not known: %.0f Hz is assumed, "
                     "so times may be wrong by any factor",
                     path, hz);
}
