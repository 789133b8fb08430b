/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The environment of executed programs. The process's own is never touched: an
 * interposed exec passes an edited copy. Followed children get our variables back
 * where the program dropped them; others lose SIGPROF_HZ and the preload entry.
 *
 * Everything here may run in a vfork's child: it writes only into the caller's
 * buffer. What it reads is written once, at load.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "environment.h"
#include "hooks.h"
#include "os/preload.h"
#include "sigprof_impl.h"

#define VARIABLES_MAX 16
#define PRELOAD OS_PRELOAD "="
#define PRELOAD_OF_ALL OS_PRELOAD_OF_ALL "="
#define OURS "SIGPROF_"
#define PARENT "SIGPROF_PARENT="

extern char **environ;

static char preload_path[4096];
static char *ours[VARIABLES_MAX]; /* "SIGPROF_…=…" as they were at load */
static unsigned ours_count;
static char out_given[3200]; /* SIGPROF_OUT's entry as it was at load */
static char parent[64]; /* "SIGPROF_PARENT=ID:PID" of this session */
static bool wanted; /* children are to be edited at all */
static bool follow;

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static void keep_variable(const char *entry)
{
    char *copy;

    if (starts_with(entry, "SIGPROF_OUT="))
        snprintf(out_given, sizeof out_given, "%s", entry);
    else if (starts_with(entry, OURS) && !starts_with(entry, PARENT) &&
             (copy = strdup(entry)))
        ours[ours_count++] = copy;
}

void sigprof__environment_mark(const char *id, int pid)
{
    snprintf(parent, sizeof parent, PARENT "%s:%d", id, pid);
}

/* SIGPROF_OUT becomes the absolute pattern: a child may be elsewhere. */
void sigprof__environment_keep(const char *path,
                               const struct sigprof__config *config)
{
    static char out[sizeof config->out + 16];

    snprintf(preload_path, sizeof preload_path, "%s", path);
    snprintf(out, sizeof out, "SIGPROF_OUT=%s", config->out);
    out_given[0] = '\0';
    ours_count = 0;
    for (char **at = environ; at && *at && ours_count < VARIABLES_MAX - 1; at++)
        keep_variable(*at);
    ours[ours_count++] = out;
    follow = config->follow == SIGPROF_FOLLOW_ALL;
    wanted = true;
}

/* Has envp a value of its own for the variable of entry? One that was only handed
 * down is no such value: what it meant, seen from here, is in ours. */
static bool has_own(char *const *envp, const char *entry)
{
    size_t name = strcspn(entry, "=") + 1;

    for (; envp && *envp; envp++)
        if (strncmp(*envp, entry, name) == 0 && strcmp(*envp, out_given) != 0)
            return true;
    return false;
}

/* What an executed program that is followed finds of envp's entry. */
static bool passes_on(const char *entry)
{
    if (!starts_with(entry, OURS))
        return true;
    if (!follow)
        return !starts_with(entry, "SIGPROF_HZ=");
    return !starts_with(entry, PARENT) && strcmp(entry, out_given) != 0;
}

static bool is_preload(const char *entry)
{
    return starts_with(entry, PRELOAD) || starts_with(entry, PRELOAD_OF_ALL);
}

/* Does the list of what is to be preloaded name our object? */
static const char *find_path(const char *list)
{
    size_t length = strlen(preload_path);

    for (const char *at = strstr(list, preload_path); at;
         at = strstr(at + 1, preload_path))
        if ((at == list || strchr(": ", at[-1])) &&
            (!at[length] || strchr(": ", at[length])))
            return at;
    return NULL;
}

size_t sigprof__hook_environment_bytes(char *const *envp)
{
    size_t entries = 0, text = 0;

    if (!wanted)
        return 0;
    for (; envp && envp[entries]; entries++)
        if (is_preload(envp[entries]))
            text += strlen(envp[entries]);
    return (entries + VARIABLES_MAX + 3) * sizeof *envp + text +
           sizeof PRELOAD + strlen(preload_path) + 2;
}

static char *with_path(char *to, const char *list)
{
    strcpy(to, PRELOAD);
    strcat(to, preload_path);
    if (list[0]) {
        strcat(to, OS_PRELOAD_BETWEEN);
        strcat(to, list);
    }
    return to;
}

static char *without_path(char *to, const char *list)
{
    const char *at = find_path(list);
    size_t skip = strlen(preload_path);

    strcpy(to, PRELOAD);
    strncat(to, list, (size_t)(at - list));
    strcat(to, at[skip] ? at + skip + 1 : "");
    return to;
}

/* The edited entry in text, of what there is for our width, or for all; NULL: there is
 * to be none. What is for all stays, and is hidden by one for our width. */
static char *edit_preload(char *text, const char *entry, const char *of_all)
{
    const char *list = entry    ? entry + strlen(PRELOAD)
                       : of_all ? of_all + strlen(PRELOAD_OF_ALL)
                                : "";

    if (follow)
        return find_path(list) ? (char *)(uintptr_t)entry
                               : with_path(text, list);
    if (!find_path(list))
        return (char *)(uintptr_t)entry;
    without_path(text, list);
    return text[strlen(PRELOAD)] || !entry ? text : NULL;
}

char **sigprof__hook_environment(char *const *envp, void *buffer)
{
    char **copy = buffer;
    size_t used = 0, entries = 0;
    const char *preload = NULL, *of_all = NULL;
    char *edited;

    while (envp && envp[entries])
        entries++;
    for (size_t i = 0; i < entries; i++) {
        if (starts_with(envp[i], PRELOAD)) {
            preload = envp[i];
            continue;
        }
        if (starts_with(envp[i], PRELOAD_OF_ALL))
            of_all = envp[i];
        if (passes_on(envp[i]))
            copy[used++] = envp[i];
    }
    edited = edit_preload((char *)(copy + entries + VARIABLES_MAX + 3),
                          preload, of_all);
    if (edited)
        copy[used++] = edited;
    for (unsigned i = 0; follow && i < ours_count; i++)
        if (!has_own(envp, ours[i]))
            copy[used++] = ours[i];
    if (follow && parent[0])
        copy[used++] = parent;
    copy[used] = NULL;
    return copy;
}
