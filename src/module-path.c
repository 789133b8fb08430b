/* SPDX-License-Identifier: BSD-2-Clause */
/* What a module's file is called. Contract: module-path.h. */
#include "module-path.h"

#include <string.h>
#include <unistd.h>

#include "os/os.h"

bool sigprof__module_has_file(const struct object *object)
{
    return object->main || strchr(object->name, '/');
}

static size_t put_text(char *to, size_t at, const char *text)
{
    while (*text && at < MODULE_PATH_BYTES - 1)
        to[at++] = *text++;
    to[at] = '\0';
    return at;
}

const char *sigprof__main_path(void)
{
    static char exe[MODULE_PATH_BYTES];
    struct os_identity *identity;

    if (exe[0])
        return exe;
    identity = sigprof__os_map(sizeof *identity);
    if (!identity)
        return exe;
    sigprof__os_identity(identity);
    put_text(exe, 0, identity->exe);
    sigprof__os_unmap(identity, sizeof *identity);
    return exe;
}

void sigprof__module_path(const struct object *object, const char *exe,
                          char path[MODULE_PATH_BYTES])
{
    const char *name = object->name;
    size_t at = 0;

    if (object->main) {
        put_text(path, 0, exe);
    } else if (!sigprof__module_has_file(object)) {
        bool vdso = strstr(name, "vdso") || strstr(name, "linux-gate") ||
                    !*name; /* musl's */

        at = put_text(path, 0, "[");
        at = put_text(path, at, vdso ? "vdso" : name);
        put_text(path, at, "]");
    } else {
        if (name[0] != '/' && getcwd(path, MODULE_PATH_BYTES - 1))
            at = put_text(path, strlen(path), "/");
        while (name[0] == '.' && name[1] == '/')
            name += 2;
        put_text(path, at, name);
    }
}
