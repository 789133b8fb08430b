/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of guest functions. Theory: functions.h. Signal-safe, all of it. */
#include "jit/functions.h"

#include <stddef.h>

#define PROBES_MAX 256u

_Atomic(struct functions *) sigprof__functions;

struct text {
    const char *at;
    uint32_t bytes;
};

static struct text text_of(const char *string)
{
    struct text text = {string, 0};

    while (string && text.bytes < FUNCTION_TEXT_MAX && string[text.bytes])
        text.bytes++;
    return text;
}

static uint32_t hash_text(uint32_t hash, const struct text *text)
{
    for (uint32_t i = 0; i < text->bytes; i++)
        hash = (hash ^ (unsigned char)text->at[i]) * 16777619u;
    return (hash ^ 0xff) * 16777619u;
}

static bool equal(const char *at, const struct text *text)
{
    for (uint32_t i = 0; i < text->bytes; i++)
        if (at[i] != text->at[i])
            return false;
    return true;
}

/* What is looked for. */
struct wanted {
    struct text name, file;
    uint32_t line, hash;
};

static bool is_it(const struct functions *table, uint32_t number,
                  const struct wanted *wanted)
{
    const struct function *function = &table->function[number];

    return function->hash == wanted->hash && function->line == wanted->line &&
           function->name_bytes == wanted->name.bytes &&
           function->file_bytes == wanted->file.bytes &&
           equal(table->text + function->text, &wanted->name) &&
           equal(table->text + function->text + function->name_bytes,
                 &wanted->file);
}

/* Takes amount of what a counter says is used; false: there is not so much. */
static bool take(_Atomic uint32_t *used, uint32_t amount, uint32_t room,
                 uint32_t *at)
{
    uint32_t now = atomic_load_explicit(used, memory_order_relaxed);

    for (unsigned i = 0; i < PROBES_MAX; i++) {
        if (room - now < amount)
            return false;
        if (atomic_compare_exchange_weak(used, &now, now + amount)) {
            *at = now;
            return true;
        }
    }
    return false;
}

static void copy(char *to, const struct text *text)
{
    for (uint32_t i = 0; i < text->bytes; i++)
        to[i] = text->at[i];
}

/* An entry that nobody finds yet; 0: no room. */
static uint32_t make(struct functions *table, const struct wanted *wanted)
{
    uint32_t number, at;
    struct function *function;

    if (!take(&table->text_used, wanted->name.bytes + wanted->file.bytes,
              FUNCTIONS_TEXT, &at) ||
        !take(&table->count, 1, FUNCTIONS_MAX - 1, &number))
        return 0;
    function = &table->function[++number];
    function->hash = wanted->hash;
    function->line = wanted->line;
    function->text = at;
    function->name_bytes = (uint16_t)wanted->name.bytes;
    function->file_bytes = (uint16_t)wanted->file.bytes;
    copy(table->text + at, &wanted->name);
    copy(table->text + at + wanted->name.bytes, &wanted->file);
    return number;
}

/* made is not needed after all, or has found no place. */
static void leave(struct functions *table, uint32_t made)
{
    if (made)
        atomic_store(&table->function[made].state, FUNCTION_LEFT);
}

static uint32_t number_of(struct functions *table, const struct wanted *wanted)
{
    uint32_t made = 0;

    for (uint32_t i = 0; i < PROBES_MAX; i++) {
        _Atomic uint32_t *place =
            &table->hash[(wanted->hash + i) % FUNCTIONS_HASH];
        uint32_t number = atomic_load_explicit(place, memory_order_acquire);

        if (number == 0) {
            if (!made && !(made = make(table, wanted)))
                return 0;
            if (atomic_compare_exchange_strong(place, &number, made)) {
                atomic_store_explicit(&table->function[made].state,
                                      FUNCTION_NEW, memory_order_release);
                return made;
            }
        }
        if (is_it(table, number, wanted)) {
            leave(table, made);
            return number;
        }
    }
    leave(table, made);
    return 0;
}

uint32_t sigprof__function_number(const char *name, const char *file,
                                  uint32_t line)
{
    struct functions *table =
        atomic_load_explicit(&sigprof__functions, memory_order_acquire);
    struct wanted wanted = {text_of(name), text_of(file), line, 0};

    if (!table || !wanted.name.bytes)
        return 0;
    wanted.hash = hash_text(2166136261u ^ line, &wanted.name);
    wanted.hash = hash_text(wanted.hash, &wanted.file);
    wanted.hash ^= wanted.hash >> 15;
    return number_of(table, &wanted);
}
