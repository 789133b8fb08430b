/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compiled Java methods, by JVMTI. Theory: java.h.
 *
 * The interface is two tables of functions, whose places its specification
 * numbers (from 1) and never changes: so no header of a Java machine is needed to
 * build this. The same goes for events (from 50) and the bits of capabilities.
 *
 * A method's frames have frame pointers where the machine was told to keep them
 * (-XX:+PreserveFramePointer, which sigprof-run adds).
 */
#include "jit/java.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sigprof/jit.h"

#define JVMTI_VERSION 0x30010000 /* 1.0 */
#define VM_GET_ENV 6             /* place in JNI's table, from 0 */
#define LINES_MAX 2048u
#define TEXT_BYTES 512

enum place { /* in JVMTI's table */
    SET_NOTIFICATION = 2,
    DEALLOCATE = 47,
    CLASS_SIGNATURE = 48,
    SOURCE_FILE = 50,
    METHOD_NAME = 64,
    METHOD_CLASS = 65,
    LINE_TABLE = 70,
    SET_CALLBACKS = 122,
    GENERATE_EVENTS = 123,
    ADD_CAPABILITIES = 142
};

enum event {
    EVENT_FIRST = 50,
    EVENT_INIT = 50,
    EVENT_COMPILED = 68,
    EVENT_UNLOADED = 69,
    EVENT_GENERATED = 70,
    EVENT_END
};

enum capability { CAN_SOURCE_FILE = 11, CAN_LINES = 12, CAN_COMPILED = 27 };

typedef void any_function(void);
typedef any_function *const *const *table_of; /* an environment begins so */

struct location { /* jvmtiAddrLocationMap */
    const void *start;
    int64_t bytecode;
};

struct source_line { /* jvmtiLineNumberEntry */
    int64_t bytecode;
    int32_t line;
};

/* function PLACE of env, as of type */
#define CALL(env, type, place)                                                 \
    ((type)(*(table_of)(env))[(place) - 1])

typedef int32_t free_function(void *env, void *memory);
typedef int32_t text_function(void *env, void *what, char **text, char **more);
typedef int32_t name_function(void *env, void *method, char **name,
                              char **signature, char **generic);
typedef int32_t pointer_function(void *env, void *what, void **found);
typedef int32_t lines_function(void *env, void *method, int32_t *count,
                               struct source_line **lines);
typedef int32_t notify_function(void *env, int32_t on, int32_t event, void *,
                                ...);
typedef int32_t callbacks_function(void *env, any_function *const *callbacks,
                                   int32_t bytes);
typedef int32_t event_function(void *env, int32_t event);
typedef int32_t bits_function(void *env, const uint32_t *capabilities);
typedef int32_t environment_function(void *vm, void **env, int32_t version);

static void give_back(void *env, void *memory)
{
    if (memory)
        CALL(env, free_function *, DEALLOCATE)(env, memory);
}

/* ---- Names -------------------------------------------------------------- */

/* "Ljava/lang/String;" is java.lang.String. */
static void put_class(char *to, size_t size, const char *signature)
{
    size_t bytes = strlen(signature);

    if (bytes > 2 && signature[0] == 'L' && signature[bytes - 1] == ';') {
        signature++;
        bytes -= 2;
    }
    snprintf(to, size, "%.*s", (int)bytes, signature);
    for (; *to; to++)
        if (*to == '/')
            *to = '.';
}

static void name_class(void *env, void *class, char *name, char *file)
{
    char *signature = NULL, *source = NULL;

    if (CALL(env, text_function *, CLASS_SIGNATURE)(env, class, &signature,
                                                    NULL) == 0)
        put_class(name, TEXT_BYTES, signature);
    if (CALL(env, pointer_function *, SOURCE_FILE)(env, class,
                                                   (void **)&source) == 0)
        snprintf(file, TEXT_BYTES, "%s", source);
    give_back(env, signature);
    give_back(env, source);
}

/* Class.method. false: the machine does not tell. */
static bool name_method(void *env, void *method, char *name, char *file)
{
    char *own = NULL;
    void *class = NULL;
    size_t used;

    name[0] = file[0] = '\0';
    if (CALL(env, name_function *, METHOD_NAME)(env, method, &own, NULL,
                                                NULL) != 0)
        return false;
    if (CALL(env, pointer_function *, METHOD_CLASS)(env, method, &class) == 0)
        name_class(env, class, name, file);
    used = strlen(name);
    snprintf(name + used, TEXT_BYTES - used, "%s%s", used ? "." : "", own);
    give_back(env, own);
    return true;
}

/* ---- Lines -------------------------------------------------------------- */

static uint32_t line_at(const struct source_line *lines, int32_t count,
                        int64_t bytecode)
{
    int64_t best = -1;
    int32_t line = 0;

    for (int32_t i = 0; i < count; i++)
        if (lines[i].bytecode <= bytecode && lines[i].bytecode > best) {
            best = lines[i].bytecode;
            line = lines[i].line;
        }
    return line > 0 ? (uint32_t)line : 0;
}

/* Where code of which line begins; the caller frees it. */
static struct sigprof_code_line *
lines_of(const struct source_line *lines, int32_t count,
         const struct location *map, int32_t places, struct sigprof_code *code)
{
    struct sigprof_code_line *made =
        calloc(LINES_MAX, sizeof *made); /* an event keeps no more */
    uint32_t used = 0;

    for (int32_t i = 0; made && i < places && used < LINES_MAX; i++) {
        uintptr_t offset = (uintptr_t)map[i].start - (uintptr_t)code->start;
        uint32_t line = line_at(lines, count, map[i].bytecode);

        if (offset >= code->bytes ||
            (used && offset < made[used - 1].code_offset))
            continue;
        made[used++] = (struct sigprof_code_line){(uint32_t)offset, line};
    }
    code->lines = made;
    code->line_count = used;
    return made;
}

/* ---- Events ------------------------------------------------------------- */

static void on_compiled(void *env, void *method, int32_t bytes,
                        const void *start, int32_t places,
                        const struct location *map, const void *more)
{
    struct sigprof_code code = {
        .size = sizeof code, .start = start, .bytes = (size_t)bytes};
    struct sigprof_code_line *made = NULL;
    struct source_line *lines = NULL;
    char name[TEXT_BYTES], file[TEXT_BYTES];
    int32_t count = 0;

    (void)more;
    if (!name_method(env, method, name, file))
        return;
    code.name = name;
    code.file = file[0] ? file : NULL;
    if (CALL(env, lines_function *, LINE_TABLE)(env, method, &count,
                                                &lines) == 0) {
        code.line = line_at(lines, count, 0);
        if (map)
            made = lines_of(lines, count, map, places, &code);
        give_back(env, lines);
    }
    sigprof_code_register(&code);
    free(made);
}

static void on_unloaded(void *env, void *method, const void *start)
{
    (void)env;
    (void)method;
    sigprof_code_free(start);
}

/* The interpreter, stubs, adapters. */
static void on_generated(void *env, const char *name, const void *start,
                         int32_t bytes)
{
    const struct sigprof_code code = {.size = sizeof code,
                                      .start = start,
                                      .bytes = (size_t)bytes,
                                      .name = name,
                                      .unwind = SIGPROF_CODE_UNKNOWN};

    (void)env;
    sigprof_code_register(&code);
}

/* What was generated before anybody could listen. */
static void on_init(void *env, void *jni, void *thread)
{
    (void)jni;
    (void)thread;
    CALL(env, event_function *, GENERATE_EVENTS)(env, EVENT_GENERATED);
}

/* ---- Listening ----------------------------------------------------------- */

static bool add_capabilities(void *env)
{
    static const int wanted[] = {CAN_SOURCE_FILE, CAN_LINES, CAN_COMPILED};
    uint32_t bits[4] = {0};

    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        bits[0] |= UINT32_C(1) << wanted[i];
#else
        bits[0] |= UINT32_C(0x80000000) >> wanted[i];
#endif
    return CALL(env, bits_function *, ADD_CAPABILITIES)(env, bits) == 0;
}

static void enable(void *env, enum event event)
{
    CALL(env, notify_function *, SET_NOTIFICATION)(env, 1, event, NULL);
}

void sigprof__java_listen(void *vm)
{
    any_function *callbacks[EVENT_END - EVENT_FIRST] = {NULL};
    void *env = NULL;

    if (((environment_function *)(*(table_of)vm)[VM_GET_ENV])(
            vm, &env, JVMTI_VERSION) != 0 ||
        !env || !add_capabilities(env))
        return;
    callbacks[EVENT_INIT - EVENT_FIRST] = (any_function *)on_init;
    callbacks[EVENT_COMPILED - EVENT_FIRST] = (any_function *)on_compiled;
    callbacks[EVENT_UNLOADED - EVENT_FIRST] = (any_function *)on_unloaded;
    callbacks[EVENT_GENERATED - EVENT_FIRST] = (any_function *)on_generated;
    if (CALL(env, callbacks_function *, SET_CALLBACKS)(
            env, callbacks, (int32_t)sizeof callbacks) != 0)
        return;
    enable(env, EVENT_INIT);
    enable(env, EVENT_COMPILED);
    enable(env, EVENT_UNLOADED);
    enable(env, EVENT_GENERATED);
}
