/* SPDX-License-Identifier: BSD-2-Clause */
/* V8's names for code: v8-name.h. */
#include "jit/v8-name.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What begins text, and how many bytes that is; or 0. */
static size_t starts(const char *text, const char *with)
{
    size_t bytes = strlen(with);

    return strncmp(text, with, bytes) == 0 ? bytes : 0;
}

/* Where the place in the source begins, behind the name and a space; or NULL. Both
 * may have spaces, so what files are named like decides. */
static char *find_place(char *text)
{
    static const char *const files[] = {" /", " node:", " file:"};
    char *at = NULL;

    for (size_t i = 0; i < sizeof files / sizeof *files && !at; i++)
        at = strstr(text, files[i]);
    return at ? at : strrchr(text, ' ');
}

/* Cuts ":NUMBER" off the end. */
static bool cut_number(char *text, uint32_t *number)
{
    char *colon = strrchr(text, ':');
    char *end;
    unsigned long value;

    if (!colon || colon[1] < '0' || colon[1] > '9')
        return false;
    value = strtoul(colon + 1, &end, 10);
    if (*end || value > UINT32_MAX)
        return false;
    *number = (uint32_t)value;
    *colon = '\0';
    return true;
}

static void name_anonymous(struct v8_name *name)
{
    const char *slash = strrchr(name->file, '/');
    const char *base =
        slash && !starts(name->file, "node:") ? slash + 1 : name->file;

    snprintf(name->function, sizeof name->function, "(anonymous) %.400s:%u",
             base, name->line);
}

/* What tells how it was compiled. */
static char *skip_marks(char *text)
{
    static const char marks[] = "~^+*'";

    if (text[0] == 'o' && text[1] && strchr(marks, text[1]))
        text++;
    return text + strspn(text, marks);
}

/* Older V8s tell no column, and of some code no line. */
static void take_function(struct v8_name *name, char *text)
{
    char *place;
    uint32_t last;

    text = skip_marks(text);
    place = find_place(text);
    if (place) {
        if (cut_number(place + 1, &last) && !cut_number(place + 1, &name->line))
            name->line = last;
        *place = '\0';
        strcpy(name->file, place + 1);
    }
    if (*text)
        strcpy(name->function, text);
    else if (name->file[0])
        name_anonymous(name);
    else
        strcpy(name->function, "(anonymous)");
}

/* "NAME-NUMBER-turbofan" or "-liftoff" of WebAssembly: the name is what stays, whoever
 * has compiled it. */
static char *cut_tier(char *text)
{
    char *tier = strrchr(text, '-');
    char *number = tier;

    if (!tier || (strcmp(tier, "-turbofan") != 0 && strcmp(tier, "-liftoff") != 0))
        return text;
    while (number > text && number[-1] >= '0' && number[-1] <= '9')
        number--;
    if (number < tier && number > text + 1 && number[-1] == '-')
        number[-1] = '\0';
    return text;
}

/* Older V8s leave the end of a handler's name out. */
static void name_builtin(struct v8_name *name, const char *text, const char *end)
{
    size_t bytes = strlen(text), end_bytes = strlen(end);
    bool has_end = bytes >= end_bytes && strcmp(text + bytes - end_bytes, end) == 0;

    snprintf(name->function, sizeof name->function, "Builtins_%.400s%s", text,
             has_end ? "" : end);
    name->is_builtin = true;
}

/* The tags of code that comes from a script. */
static size_t script_tag(const char *text)
{
    static const char *const tags[] = {"JS:", "LazyCompile:", "Function:",
                                       "Script:", "Eval:"};
    size_t bytes = 0;

    for (size_t i = 0; i < sizeof tags / sizeof *tags && !bytes; i++)
        bytes = starts(text, tags[i]);
    return bytes;
}

void sigprof__v8_name(struct v8_name *name, const char *given, size_t bytes)
{
    char text[V8_TEXT_BYTES];
    size_t tag;

    if (bytes > sizeof text - 1)
        bytes = sizeof text - 1;
    memcpy(text, given, bytes);
    text[bytes] = '\0';
    name->file[0] = '\0';
    name->line = 0;
    name->is_builtin = false;
    if ((tag = script_tag(text)))
        take_function(name, text + tag);
    else if ((tag = starts(text, "Builtin:")))
        name_builtin(name, text + tag, "");
    else if ((tag = starts(text, "BytecodeHandler:")))
        name_builtin(name, text + tag, "Handler");
    else
        strcpy(name->function, *text ? cut_tier(text) : "(code)");
}
