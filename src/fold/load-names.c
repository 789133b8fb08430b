/* SPDX-License-Identifier: BSD-2-Clause */
/* Files and directories that are named. Contract: load.h. */
#include "load_impl.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static void add_input(struct load *load, const char *directory,
                      const char *name)
{
    size_t room = 0, size = strlen(directory) + strlen(name) + 2;
    char *path = sigprof__store_grow(NULL, &room, size, 1);
    const char *slash =
        *directory && directory[strlen(directory) - 1] != '/' ? "/" : "";

    snprintf(path, size, "%s%s%s", directory, slash, name);
    ARRAY_ROOM(load->inputs, load->count, load->capacity);
    load->inputs[load->count++] = (struct load_input){.path = path};
}

/* x.sigprof, and x.sigprof.2 of a name that was taken or rotated. */
static bool is_profile_name(const char *name)
{
    const char *at = strstr(name, ".sigprof"), *next;

    while (at && (next = strstr(at + 1, ".sigprof")) != NULL)
        at = next;
    if (!at)
        return false;
    at += strlen(".sigprof");
    if (*at == '\0')
        return true;
    return *at == '.' && at[1] != '\0' &&
           at[1 + strspn(at + 1, "0123456789")] == '\0';
}

unsigned long sigprof__load_suffix(const char *path, size_t *stem)
{
    size_t size = strlen(path), digits = size;

    while (digits > 0 && path[digits - 1] >= '0' && path[digits - 1] <= '9')
        digits--;
    *stem = size;
    if (digits == size || digits < 2 || path[digits - 1] != '.' ||
        size - digits > 9)
        return 1;
    *stem = digits - 1;
    return strtoul(path + digits, NULL, 10);
}

/* The parts of a recording in their order: .10 comes behind .9. */
static int by_path(const void *a, const void *b)
{
    const char *x = ((const struct load_input *)a)->path;
    const char *y = ((const struct load_input *)b)->path;
    size_t stem_x, stem_y;
    unsigned long number_x = sigprof__load_suffix(x, &stem_x);
    unsigned long number_y = sigprof__load_suffix(y, &stem_y);

    if (stem_x != stem_y || strncmp(x, y, stem_x) != 0)
        return strcmp(x, y);
    return (number_x > number_y) - (number_x < number_y);
}

static void add_directory(struct load *load, const char *name)
{
    DIR *directory = opendir(name);
    size_t before = load->count;
    struct dirent *entry;

    if (!directory) {
        sigprof__say("%s: cannot open: %s", name, strerror(errno));
        load->imperfect = load->missing = true;
        return;
    }
    while ((entry = readdir(directory)) != NULL)
        if (is_profile_name(entry->d_name)) {
            add_input(load, name, entry->d_name);
            load->inputs[load->count - 1].listed = true;
        }
    closedir(directory);
    if (load->count == before) {
        sigprof__say("%s: no profile (*.sigprof) in this directory", name);
        load->imperfect = load->missing = true;
        return;
    }
    qsort(load->inputs + before, load->count - before, sizeof *load->inputs,
          by_path);
}

void sigprof__load_add(struct load *load, const char *name, bool base)
{
    size_t before = load->count;
    struct stat status;

    if (strcmp(name, "-") != 0 && stat(name, &status) == 0 &&
        S_ISDIR(status.st_mode))
        add_directory(load, name);
    else
        add_input(load, "", name);
    for (size_t i = before; i < load->count; i++)
        load->inputs[i].base = base;
}
