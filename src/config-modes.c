/* SPDX-License-Identifier: BSD-2-Clause */
/* Values with a grammar of their own: SIGPROF_ROTATE and SIGPROF_TOGGLE. */
#include "config-modes.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* A number and the letter behind it, up to end. false: it is something else. */
static bool parse_measure(const char *text, const char *end,
                          unsigned long long *number, char *unit)
{
    char *behind;

    if (text == end || *text < '0' || *text > '9')
        return false;
    errno = 0;
    *number = strtoull(text, &behind, 10);
    *unit = behind < end ? *behind : '\0';
    return errno == 0 && behind + 1 == end;
}

static bool take_size(struct sigprof__rotate *rotate, unsigned long long number,
                      unsigned shift)
{
    if (rotate->bytes || number > ROTATE_BYTES_MAX >> shift ||
        number << shift < ROTATE_BYTES_MIN)
        return false;
    rotate->bytes = (uint64_t)number << shift;
    return true;
}

static bool take_age(struct sigprof__rotate *rotate, unsigned long long number,
                     unsigned seconds)
{
    if (rotate->age_ns || !number || number > ROTATE_SECONDS_MAX / seconds)
        return false;
    rotate->age_ns = (uint64_t)number * seconds * 1000000000u;
    return true;
}

static bool take_keep(struct sigprof__rotate *rotate, const char *text,
                      const char *end)
{
    unsigned long number;
    char *behind;

    if (rotate->keep || text == end || *text < '0' || *text > '9')
        return false;
    number = strtoul(text, &behind, 10);
    if (behind != end || number < 1 || number > ROTATE_KEEP_MAX)
        return false;
    rotate->keep = (unsigned)number;
    return true;
}

static bool take_item(struct sigprof__rotate *rotate, const char *text,
                      const char *end)
{
    unsigned long long number;
    char unit;

    if (strncmp(text, "keep=", 5) == 0)
        return take_keep(rotate, text + 5, end);
    if (!parse_measure(text, end, &number, &unit))
        return false;
    switch (unit) {
    case 'K':
        return take_size(rotate, number, 10);
    case 'M':
        return take_size(rotate, number, 20);
    case 'G':
        return take_size(rotate, number, 30);
    case 's':
        return take_age(rotate, number, 1);
    case 'm':
        return take_age(rotate, number, 60);
    case 'h':
        return take_age(rotate, number, 3600);
    case 'd':
        return take_age(rotate, number, 86400);
    default:
        return false;
    }
}

bool sigprof__parse_rotate(const char *text, struct sigprof__rotate *rotate)
{
    struct sigprof__rotate found = {0, 0, 0};
    const char *end;

    for (; ; text = end + 1) {
        end = text + strcspn(text, ",");
        if (!take_item(&found, text, end))
            return false;
        if (!*end)
            break;
    }
    if (!found.bytes && !found.age_ns)
        return false;
    *rotate = found;
    return true;
}

#ifdef SIGRTMIN
static bool parse_realtime(const char *text, int *number)
{
    unsigned long above = 0;
    char *end;

    if (strncmp(text, "RTMIN", 5) != 0)
        return false;
    text += 5;
    if (*text) {
        if (*text != '+' || text[1] < '0' || text[1] > '9')
            return false;
        above = strtoul(text + 1, &end, 10);
        if (*end || above > (unsigned long)(SIGRTMAX - SIGRTMIN))
            return false;
    }
    *number = SIGRTMIN + (int)above;
    return true;
}
#else /* they are optional */
static bool parse_realtime(const char *text, int *number)
{
    (void)text;
    (void)number;
    return false;
}
#endif

bool sigprof__parse_signal(const char *text, int *number)
{
    /* Those that nothing but a user or a program's own design sends. */
    static const struct {
        const char *name;
        int number;
    } signals[] = {{"USR1", SIGUSR1}, {"USR2", SIGUSR2}, {"HUP", SIGHUP},
                   {"URG", SIGURG},   {"IO", SIGIO},     {"WINCH", SIGWINCH}};

    if (strncmp(text, "SIG", 3) == 0)
        text += 3;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (strcmp(text, signals[i].name) == 0) {
            *number = signals[i].number;
            return true;
        }
    return parse_realtime(text, number);
}
