/* SPDX-License-Identifier: BSD-2-Clause */
/* The lines of perf-PID.map. Contract: perf-map.h. */
#include "jit/perf-map.h"

#include <string.h>

void sigprof__perf_map_begin(struct perf_map *map, uint64_t at)
{
    map->at = at;
    map->bad = 0;
    map->first = map->end = 0;
    map->in_line = false;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "0x" in front is the JDK's way, so are many zeros. */
static char *get_number(char *at, const char *end, uint64_t *value)
{
    const char *first;

    if (end - at > 2 && at[0] == '0' && (at[1] | 0x20) == 'x')
        at += 2;
    *value = 0;
    for (first = at; at < end && digit_of(*at) >= 0; at++) {
        if (*value >> 60)
            return NULL;
        *value = *value << 4 | (uint64_t)digit_of(*at);
    }
    return at > first ? at : NULL;
}

static char *skip_blanks(char *at, const char *end)
{
    const char *first = at;

    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    return at > first ? at : NULL;
}

static bool get_line(char *at, char *end, struct told *told)
{
    memset(told, 0, sizeof *told);
    told->kind = TOLD_CODE;
    told->file = "";
    if (end > at && end[-1] == '\r')
        end--;
    if (!(at = get_number(at, end, &told->start)) ||
        !(at = skip_blanks(at, end)) ||
        !(at = get_number(at, end, &told->bytes)) ||
        !(at = skip_blanks(at, end)) || at == end)
        return false;
    told->name_bytes = (size_t)(end - at);
    if (told->name_bytes > TOLD_TEXT_MAX)
        told->name_bytes = TOLD_TEXT_MAX;
    at[told->name_bytes] = '\0';
    told->name = at;
    return told->bytes && told->bytes <= TOLD_BYTES_MAX &&
           told->start <= UINT64_MAX - told->bytes &&
           !memchr(at, '\0', told->name_bytes);
}

/* More bytes behind those that the buffer has. */
static void fill(struct perf_map *map, const struct told_file *file)
{
    size_t have = map->end - map->first, want = sizeof map->buffer - have;
    uint64_t from = map->at + have;

    memmove(map->buffer, map->buffer + map->first, have);
    map->first = 0;
    map->end = have;
    if (from < file->bytes && want)
        map->end += file->read(file->arg, from, map->buffer + have,
                               file->bytes - from < want
                                   ? (size_t)(file->bytes - from)
                                   : want);
}

/* The end of the first line in the buffer; NULL: it is not whole yet. */
static char *line_end(struct perf_map *map, const struct told_file *file)
{
    char *end = memchr(map->buffer + map->first, '\n',
                             map->end - map->first);

    if (end)
        return end;
    fill(map, file);
    end = memchr(map->buffer, '\n', map->end);
    if (end || map->end < sizeof map->buffer)
        return end;
    return map->buffer + sizeof map->buffer - 1; /* of the part that is kept */
}

bool sigprof__perf_map_next(struct perf_map *map, const struct told_file *file,
                            struct told *told)
{
    char *end;

    while ((end = line_end(map, file)) != NULL) {
        char *line = map->buffer + map->first;
        const char last = *end;
        bool goes_on = map->in_line, good = !goes_on && get_line(line, end, told);

        map->in_line = last != '\n';
        map->bad += !goes_on && !good;
        map->at += (uint64_t)(end + 1 - line);
        map->first += (size_t)(end + 1 - line);
        if (good)
            return true;
    }
    return false;
}
