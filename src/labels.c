/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The label table: (parent, key, value) to id, equal arguments to the equal id.
 * Ids are never taken back. Entries lie in one growing area that is mapped once
 * and touched as it fills; a label's place in it is found by hash.
 */
#include "labels.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "events.h"
#include "guard.h"
#include "os/os.h"
#include "sigprof/sigprof.h"

#define LABELS_MAX 65536u            /* ids; a table of tenants, not requests */
#define TEXT_BYTES ((size_t)16 << 20) /* keys and values */
#define HASH_SIZE (2 * LABELS_MAX)
#define KEY_MAX 64
#define VALUE_MAX 1024

struct label {
    uint32_t parent;
    uint32_t key; /* offsets into text, NUL-terminated */
    uint32_t value;
};

struct table {
    uint32_t count; /* label[1..count] are in use */
    uint32_t text_used;
    uint32_t hash[HASH_SIZE]; /* ids; 0: empty */
    struct label label[LABELS_MAX];
    char text[TEXT_BYTES];
};

static pthread_mutex_t labels_lock = PTHREAD_MUTEX_INITIALIZER;
static struct table *table;
static _Atomic bool exist;

void sigprof__labels_lock(void)
{
    pthread_mutex_lock(&labels_lock);
}

void sigprof__labels_unlock(void)
{
    pthread_mutex_unlock(&labels_lock);
}

bool sigprof__labels_exist(void)
{
    return atomic_load(&exist);
}

static uint32_t hash_text(uint32_t hash, const char *text)
{
    do
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    while (*text++);
    return hash;
}

static bool is_label(uint32_t id, uint32_t parent, const char *key,
                     const char *value)
{
    const struct label *label = &table->label[id];

    return label->parent == parent &&
           strcmp(table->text + label->key, key) == 0 &&
           strcmp(table->text + label->value, value) == 0;
}

static uint32_t keep_text(const char *text)
{
    uint32_t at = table->text_used;

    strcpy(table->text + at, text);
    table->text_used += (uint32_t)strlen(text) + 1;
    return at;
}

static uint32_t intern(const char *key, const char *value, uint32_t parent)
{
    uint32_t at = hash_text(hash_text(2166136261u ^ parent, key), value) %
                  HASH_SIZE;
    uint32_t id;

    if (!table && !(table = sigprof__os_map(sizeof *table)))
        return 0;
    for (; (id = table->hash[at]); at = (at + 1) % HASH_SIZE)
        if (is_label(id, parent, key, value))
            return id;
    if (parent > table->count || table->count + 1 == LABELS_MAX ||
        table->text_used + strlen(key) + strlen(value) + 2 > TEXT_BYTES)
        return 0;
    id = ++table->count;
    atomic_store(&exist, true);
    table->hash[at] = id;
    table->label[id] =
        (struct label){parent, keep_text(key), keep_text(value)};
    sigprof__event_label(id, parent, key, value);
    return id;
}

uint32_t sigprof_label_intern(const char *key, const char *value,
                              uint32_t parent)
{
    struct guard guard;
    uint32_t id;

    if (!key || !value || !key[0] || strlen(key) > KEY_MAX ||
        strlen(value) > VALUE_MAX)
        return 0;
    sigprof__guard_enter(&guard);
    sigprof__labels_lock();
    id = intern(key, value, parent);
    sigprof__labels_unlock();
    sigprof__guard_leave(&guard);
    return id;
}

void sigprof__labels_repeat(void)
{
    sigprof__labels_lock();
    for (uint32_t id = 1; table && id <= table->count; id++)
        sigprof__event_label(id, table->label[id].parent,
                             table->text + table->label[id].key,
                             table->text + table->label[id].value);
    sigprof__labels_unlock();
}
