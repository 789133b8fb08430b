/* SPDX-License-Identifier: BSD-2-Clause */
/* The environment and the options. Contract: config.h. */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ring.h"
#include "sigprof/sigprof.h"

static const char *const clock_words[] = {"auto", "thread", "itimer",
                                           "perf", "wall", "realprof", "polled",
                                           NULL};
static const char *const unwind_words[] = {"cfi", "fp", "libunwind", NULL};
static const char *const follow_words[] = {"all", "fork", "none", NULL};
static const char *const start_words[] = {"now", "paused", NULL};
static const char *const mode_words[] = {"record", "flight", NULL};
static const char *const verbose_words[] = {"0", "1", NULL};

#define HZ_MAX 10000u
#define HZ_DEFAULT 99u /* odd, so as not to beat with the program's timers */
#ifdef __sun
#define HAS_REALPROF true
#else
#define HAS_REALPROF false
#endif
#define DEPTH_DEFAULT 256u
#define RING_DEFAULT ((size_t)4 << 20)

void sigprof__config_defaults(struct sigprof__config *config)
{
    memset(config, 0, sizeof *config);
    config->hz = HZ_DEFAULT;
    config->depth = DEPTH_DEFAULT;
    config->ring_bytes = RING_DEFAULT;
}

const char *sigprof__clock_word(unsigned clock)
{
    return clock_words[clock];
}

const char *sigprof__unwind_word(unsigned unwind)
{
    return unwind_words[unwind];
}

const char *sigprof__mode_word(unsigned mode)
{
    return mode_words[mode];
}

const char *sigprof__follow_word(unsigned follow)
{
    return follow_words[follow];
}

static bool parse_word(const char *text, const char *const *words,
                       unsigned *value)
{
    for (unsigned i = 0; words[i]; i++)
        if (strcmp(text, words[i]) == 0) {
            *value = i;
            return true;
        }
    return false;
}

static bool parse_number(const char *text, unsigned long low,
                         unsigned long high, unsigned *value)
{
    unsigned long number;
    char *end;

    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    number = strtoul(text, &end, 10);
    if (*end || errno || number < low || number > high)
        return false;
    *value = (unsigned)number;
    return true;
}

static bool parse_bytes(const char *text, size_t low, size_t high,
                        size_t *value)
{
    unsigned long long number;
    unsigned shift = 0;
    char *end;

    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    number = strtoull(text, &end, 10);
    if (*end == 'K' || *end == 'k')
        shift = 10;
    else if (*end == 'M' || *end == 'm')
        shift = 20;
    else if (*end == 'G' || *end == 'g')
        shift = 30;
    if ((shift && *++end) || *end || errno || number > high >> shift)
        return false;
    *value = (size_t)number << shift;
    return *value >= low;
}

/* % and one of p e h t %; see put_one in profile-file.c. */
static bool parse_out(const char *text, struct sigprof__config *config)
{
    for (const char *at = strchr(text, '%'); at; at = strchr(at + 2, '%'))
        if (!at[1] || !strchr("peht%", at[1]))
            return false;
    if (!text[0] || strlen(text) >= sizeof config->out)
        return false;
    strcpy(config->out, text);
    return true;
}

/* One variable: its name, what is accepted in words, and how to take it. */
struct variable {
    const char *name;
    const char *accepted;
    bool (*take)(const char *text, struct sigprof__config *config);
};

static bool take_hz(const char *text, struct sigprof__config *config)
{
    return parse_number(text, 1, HZ_MAX, &config->hz);
}

static bool take_clock(const char *text, struct sigprof__config *config)
{
    return parse_word(text, clock_words, &config->clock) &&
           (config->clock != SIGPROF_CLOCK_REALPROF || HAS_REALPROF);
}

static bool take_unwind(const char *text, struct sigprof__config *config)
{
    return parse_word(text, unwind_words, &config->unwind);
}

static bool take_depth(const char *text, struct sigprof__config *config)
{
    return parse_number(text, 1, UNWIND_DEPTH_MAX, &config->depth);
}

static bool take_ring(const char *text, struct sigprof__config *config)
{
    return parse_bytes(text, RING_BYTES_MIN, RING_BYTES_MAX,
                       &config->ring_bytes);
}

static bool take_follow(const char *text, struct sigprof__config *config)
{
    return parse_word(text, follow_words, &config->follow);
}

static bool take_start(const char *text, struct sigprof__config *config)
{
    unsigned paused;
    bool good = parse_word(text, start_words, &paused);

    config->paused = good && paused;
    return good;
}

static bool take_verbose(const char *text, struct sigprof__config *config)
{
    unsigned verbose;
    bool good = parse_word(text, verbose_words, &verbose);

    config->verbose = good && verbose;
    return good;
}

static bool take_mode(const char *text, struct sigprof__config *config)
{
    return parse_word(text, mode_words, &config->mode);
}

static bool take_rotate(const char *text, struct sigprof__config *config)
{
    return sigprof__parse_rotate(text, &config->rotate);
}

static bool take_toggle(const char *text, struct sigprof__config *config)
{
    return sigprof__parse_signal(text, &config->toggle);
}

static const struct variable variables[] = {
    {"SIGPROF_HZ", "a whole number from 1 to 10000", take_hz},
    {"SIGPROF_OUT",
     "a file name in which % is followed by one of p, e, h, t and %", parse_out},
    {"SIGPROF_CLOCK", "auto, thread, itimer, perf, wall or polled; on illumos also realprof", take_clock},
    {"SIGPROF_UNWIND", "cfi, fp or libunwind", take_unwind},
    {"SIGPROF_DEPTH", "a whole number from 1 to 1024", take_depth},
    {"SIGPROF_RING", "64K to 1G, with an optional K, M or G", take_ring},
    {"SIGPROF_FOLLOW", "all, fork or none", take_follow},
    {"SIGPROF_START", "now or paused", take_start},
    {"SIGPROF_VERBOSE", "0 or 1", take_verbose},
    {"SIGPROF_MODE", "record or flight", take_mode},
    {"SIGPROF_TOGGLE",
     "a signal: USR1, USR2, HUP, URG, IO, WINCH, RTMIN or RTMIN+1 and so on",
     take_toggle},
    {"SIGPROF_ROTATE",
     "a size (256K to 1024G), an age (1s to 366d) or both, and keep=1 to keep=1000, "
     "as in 64M,10m,keep=8",
     take_rotate},
};

const char *sigprof__config_name(unsigned index)
{
    return index < sizeof variables / sizeof *variables ? variables[index].name
                                                        : NULL;
}

/* The start of text, fit to be shown: a value may hold anything. */
static const char *printable(const char *text, char *to, size_t size)
{
    size_t i;

    for (i = 0; text[i] && i + 1 < size; i++)
        to[i] = (unsigned char)text[i] < ' ' || text[i] == 127 ? '?' : text[i];
    to[i] = '\0';
    return to;
}

int sigprof__config_from_environment(struct sigprof__config *config,
                                     char *message, size_t size)
{
    char shown[200];

    sigprof__config_defaults(config);
    if (!getenv("SIGPROF_HZ"))
        return 0;
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        const char *text = getenv(variables[i].name);

        if (!text || variables[i].take(text, config))
            continue;
        snprintf(message, size, "%s=%s%s: want %s", variables[i].name,
                 printable(text, shown, sizeof shown),
                 text[0] ? "" : " is empty", variables[i].accepted);
        return -1;
    }
    return 1;
}

/* A field the caller's older struct does not have reads as zero. */
static void read_options(struct sigprof_options *full,
                         const struct sigprof_options *given)
{
    size_t size = given->size < sizeof *full ? given->size : sizeof *full;

    memset(full, 0, sizeof *full);
    memcpy(full, given, size);
}

int sigprof__config_from_options(struct sigprof__config *config,
                                 const struct sigprof_options *given)
{
    struct sigprof_options options;

    sigprof__config_defaults(config);
    if (!given)
        return 0;
    if (given->size < sizeof given->size)
        return SIGPROF_EINVAL;
    read_options(&options, given);
    if (options.hz > HZ_MAX || options.clock > SIGPROF_CLOCK_POLLED ||
        options.unwind > SIGPROF_UNWIND_LIBUNWIND ||
        options.depth > UNWIND_DEPTH_MAX ||
        options.follow > SIGPROF_FOLLOW_NONE ||
        options.mode > SIGPROF_MODE_FLIGHT ||
        (options.toggle &&
         !sigprof__parse_signal(options.toggle, &config->toggle)) ||
        (options.ring_bytes && (options.ring_bytes < RING_BYTES_MIN ||
                                options.ring_bytes > RING_BYTES_MAX)) ||
        (options.out && !parse_out(options.out, config)) ||
        (options.rotate &&
         !sigprof__parse_rotate(options.rotate, &config->rotate)))
        return SIGPROF_EINVAL;
    if (options.hz)
        config->hz = options.hz;
    if (options.depth)
        config->depth = options.depth;
    if (options.ring_bytes)
        config->ring_bytes = options.ring_bytes;
    config->clock = options.clock;
    config->unwind = options.unwind;
    config->follow = options.follow;
    config->mode = options.mode;
    config->paused = options.paused != 0;
    config->host_handles = options.host_handles != 0;
    return 0;
}
