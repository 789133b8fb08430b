/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux: the part of os.h that /proc/self/maps answers. */
#include "os/os.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

/* Calls visit for each line of the maps file until it returns true. */
static int each_mapping(bool (*visit)(uintptr_t low, uintptr_t high,
                                      const char *line, const char *name,
                                      void *arg),
                        void *arg)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[4352];
    int error = ENOENT;

    if (!maps)
        return errno;
    while (error && fgets(line, sizeof line, maps)) {
        unsigned long low, high;
        int name = 0;

        line[strcspn(line, "\n")] = '\0';
        if (sscanf(line, "%lx-%lx %*s %*s %*s %*s %n", &low, &high, &name) >= 2 &&
            visit(low, high, line, name ? line + name : "", arg))
            error = 0;
    }
    fclose(maps);
    return error;
}

struct mapping_query {
    uintptr_t address; /* 0: the main thread's stack */
    uintptr_t low, high;
};

static bool mapping_matches(uintptr_t low, uintptr_t high, const char *line,
                            const char *name, void *arg)
{
    struct mapping_query *query = arg;

    (void)line;
    if (query->address ? query->address < low || query->address >= high
                       : strcmp(name, "[stack]") != 0)
        return false;
    query->low = low;
    query->high = high;
    return true;
}

/* The kernel leaves at least that much below the top of the main stack to it,
 * whatever the limit (MIN_GAP of its mmap.c): nothing else is mapped there. */
#define STACK_GAP_BYTES ((uintptr_t)128 << 20)

/* The main stack grows: below its mapping, down to the limit, is its too. */
int sigprof__os_stack_main(uintptr_t *low, uintptr_t *high)
{
    struct mapping_query query = {0, 0, 0};
    int error = each_mapping(mapping_matches, &query);
    uintptr_t room = STACK_GAP_BYTES;
    struct rlimit limit;

    if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur < room)
        room = (uintptr_t)limit.rlim_cur;
    *high = query.high;
    *low = query.high > room ? query.high - room : 0;
    if (query.low < *low)
        *low = query.low;
    return error;
}

int sigprof__os_mapping(uintptr_t address, uintptr_t *low, uintptr_t *high)
{
    struct mapping_query query = {address, 0, 0};
    int error = each_mapping(mapping_matches, &query);

    *low = query.low;
    *high = query.high;
    return error;
}

struct file_query {
    bool (*visit)(const char *path, void *arg);
    void *arg;
};

/* LOW-HIGH rwxp …: the third letter of the rights. */
static bool mapping_is_of_file(uintptr_t low, uintptr_t high, const char *line,
                               const char *name, void *arg)
{
    const struct file_query *query = arg;
    const char *rights = strchr(line, ' ');

    (void)low;
    (void)high;
    return name[0] == '/' && rights && rights[3] == 'x' &&
           query->visit(name, query->arg);
}

int sigprof__os_mapped_files(bool (*visit)(const char *path, void *arg),
                             void *arg)
{
    struct file_query query = {visit, arg};
    int error = each_mapping(mapping_is_of_file, &query);

    return error == ENOENT ? 0 : error;
}
