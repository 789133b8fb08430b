/* SPDX-License-Identifier: BSD-2-Clause */
/* Presets for virtual machines: vm.h. */
#include "vm.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORDS_MAX 4

struct vm {
    const char *name;
    const char *commands[WORDS_MAX]; /* a version may follow: php8.2 */
    const char *options[WORDS_MAX];  /* right behind the command; % is our object */
    const char *variable;            /* has them for any other command; or NULL */
    const char *starters[WORDS_MAX]; /* commands that it is to have them for */
    bool writes;                     /* files, in /tmp */
    const char *module; /* beside our object, which loads it; not in every build */
};

static const struct vm vms[] = {
    {.name = "java",
     .commands = {"java"},
     .options = {"-agentpath:%", "-XX:+PreserveFramePointer"},
     .variable = "JAVA_TOOL_OPTIONS"},
    {.name = "erlang",
     .commands = {"erl"},
     .options = {"+JPperf", "true"},
     .variable = "ERL_FLAGS",
     .starters = {"escript", "elixir", "iex", "mix"},
     .writes = true},
    {.name = "php",
     .commands = {"php"},
     .options = {"-d", "opcache.jit_debug=16"},
     .writes = true},
    {.name = "guile", .commands = {"guile"}},
    {.name = "lua", .commands = {"lua"}},
    {.name = "luajit", .commands = {"luajit"}},
    {.name = "node", .commands = {"node", "nodejs"}},
    {.name = "python",
     .commands = {"python"},
     .module = "sigprof/sigprof_python.so"},
    {.name = "ruby", .commands = {"ruby"}},
    {.name = "none"}};

#define VM_COUNT (sizeof vms / sizeof *vms)

static const struct vm *prepared;

const char *vm_names(void)
{
    return "erlang, guile, java, lua, luajit, node, php, python, ruby or none";
}

/* ---- Which ---------------------------------------------------------------- */

static bool is_version(const char *text)
{
    if (*text == '-')
        text++;
    while (isdigit((unsigned char)*text) || *text == '.')
        text++;
    return !*text;
}

static bool is_one_of(const char *const *commands, const char *program)
{
    const char *slash = strrchr(program, '/');
    const char *base = slash ? slash + 1 : program;

    for (int i = 0; i < WORDS_MAX && commands[i]; i++) {
        size_t bytes = strlen(commands[i]);

        if (strncmp(base, commands[i], bytes) == 0 &&
            is_version(base + bytes))
            return true;
    }
    return false;
}

static const struct vm *find(const char *name, const char *program)
{
    for (size_t i = 0; i < VM_COUNT; i++)
        if (name ? strcmp(name, vms[i].name) == 0
                 : is_one_of(vms[i].commands, program) ||
                       is_one_of(vms[i].starters, program))
            return &vms[i];
    return NULL;
}

/* ---- What ----------------------------------------------------------------- */

/* Memory that stays as long as this command. */
static char *expand(const char *option, const char *preload)
{
    const char *mark = strchr(option, '%');
    size_t size = strlen(option) + strlen(preload) + 1;
    char *text = malloc(size);

    if (text && mark)
        snprintf(text, size, "%.*s%s%s", (int)(mark - option), option, preload,
                 mark + 1);
    else if (text)
        strcpy(text, option);
    return text;
}

static void append(char *to, size_t size, const char *word)
{
    size_t used = strlen(to);

    snprintf(to + used, size - used, "%s%s", used ? " " : "", word);
}

static enum vm_code add_options(char *const *options, int count, char ***argv,
                                char *added, size_t size)
{
    size_t words = 0;
    char **longer;

    while ((*argv)[words])
        words++;
    longer = malloc((words + (size_t)count + 1) * sizeof *longer);
    if (!longer)
        return VM_NO_MEMORY;
    longer[0] = (*argv)[0];
    for (int i = 0; i < count; i++) {
        longer[1 + i] = options[i];
        append(added, size, options[i]);
    }
    memcpy(longer + 1 + count, *argv + 1, words * sizeof *longer);
    *argv = longer;
    return VM_OK;
}

/* In front of what the variable has: the user's own word is the last. */
static enum vm_code add_variable(const char *variable, char *const *options,
                                 int count, char *added, size_t size)
{
    const char *before = getenv(variable);
    size_t room = before ? strlen(before) + 2 : 1;
    char *value;
    bool good;

    for (int i = 0; i < count; i++)
        room += strlen(options[i]) + 1;
    value = calloc(1, room);
    if (!value)
        return VM_NO_MEMORY;
    for (int i = 0; i < count; i++)
        append(value, room, options[i]);
    snprintf(added, size, "%s=%s", variable, value);
    if (before && *before)
        append(value, room, before);
    good = setenv(variable, value, 1) == 0;
    free(value);
    return good ? VM_OK : VM_NO_MEMORY;
}

static bool has_module(const char *module, const char *preload)
{
    const char *slash = strrchr(preload, '/');
    char path[4096];

    snprintf(path, sizeof path, "%.*s/%s",
             slash ? (int)(slash - preload) : 0, preload, module);
    return access(path, R_OK) == 0;
}

enum vm_code vm_prepare(const char *name, const char *preload, char ***argv,
                        char *added, size_t size)
{
    const struct vm *vm = find(name, (*argv)[0]);
    char *options[WORDS_MAX];
    int count = 0;

    added[0] = '\0';
    if (!vm)
        return name ? VM_UNKNOWN : VM_OK;
    while (count < WORDS_MAX && vm->options[count]) {
        options[count] = expand(vm->options[count], preload);
        if (!options[count++])
            return VM_NO_MEMORY;
    }
    if (name && vm->module && !has_module(vm->module, preload))
        return VM_NO_MODULE;
    if (count == 0)
        return VM_OK;
    prepared = vm;
    if (is_one_of(vm->commands, (*argv)[0]))
        return add_options(options, count, argv, added, size);
    if (!vm->variable)
        return VM_NO_WAY;
    return add_variable(vm->variable, options, count, added, size);
}

/* ---- Afterwards -------------------------------------------------------------- */

static bool is_since(const struct stat *about, struct timespec since)
{
    return about->st_mtim.tv_sec > since.tv_sec ||
           (about->st_mtim.tv_sec == since.tv_sec &&
            about->st_mtim.tv_nsec >= since.tv_nsec);
}

void vm_clean(pid_t pid, struct timespec since)
{
    static const char *const names[] = {"/tmp/perf-%d.map", "/tmp/jit-%d.dump"};
    struct stat about;
    char name[64];

    if (!prepared || !prepared->writes)
        return;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(name, sizeof name, names[i], (int)pid);
        if (lstat(name, &about) == 0 && S_ISREG(about.st_mode) &&
            about.st_uid == geteuid() && is_since(&about, since))
            unlink(name);
    }
}
