/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Modules: who is mapped where, for the handler and for the event log.
 *
 * Under modules_lock, entries keep the loader's order, one for each object with
 * code. A refresh walks the loader's list and marks what it saw: entries not
 * seen are gone, objects without an entry are new. If anything changed, a new
 * snapshot is published by one pointer.
 *
 *      entries ──► entry ──► entry ──► ...      ours; handlers see only .module
 *      modules_current ──► snapshot {epoch, module[]}   handlers; never changed
 *      retired ──► what was replaced            freed once no handler is inside
 *
 * A handler that loaded the pointer before the exchange may go on reading the
 * old snapshot and its entries' unwind information, so these are unmapped only
 * after sigprof__threads_synchronize; if that fails now, a later refresh tries
 * again. All memory is mmap'ed: a program's allocator is never touched.
 *
 * Objects that cannot be unloaded (the main program and what it needs) have
 * their unwind tables read where they are. The others' are copied, since dlclose
 * could unmap them under a handler.
 */
#include "modules.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "events.h"
#include "format.h"
#include "module-path.h"
#include "objects.h"
#include "os/os.h"
#include "permanent.h"
#include "sigprof/sigprof.h"
#include "threads.h"
#include "unwind/cfi.h"

#define ARENA_BYTES (64u << 10) /* for about 300 permanent modules */
#define SYNCHRONIZE_MS 50      /* a handler leaves in microseconds, if it runs */

/* In front of everything that is mapped for itself and unmapped when unused. */
struct block {
    struct block *next;
    size_t bytes;
};

struct entry {
    struct block block; /* bytes 0: from the arena, never freed */
    struct entry *next;
    uintptr_t id; /* the object's */
    bool seen; /* by the refresh under way */
    bool told; /* to the event log */
    struct module module;
    struct module_cfi cfi;
    size_t build_id_bytes;
    uint8_t build_id[OBJECT_BUILD_ID_MAX];
    const char *given; /* the loader's name, within path */
    char path[];
};

struct snapshot_block {
    struct block block;
    struct module_snapshot snapshot;
};

static pthread_mutex_t modules_lock = PTHREAD_MUTEX_INITIALIZER;

/* modules_lock */
static struct entry *entries;
static uint32_t entry_count;
static uint32_t next_id = 1;
static uint32_t next_epoch = 1;
static uint32_t unloads = 1;
static struct block *retired;
static struct snapshot_block *published;
static struct object_changes seen; /* counted: by the last look */
static bool silent; /* entries wait for being told */
static bool loader_is_suspect; /* in a forked child; see loader_may_hang */
static unsigned objects_at_fork;
static char *arena;
static size_t arena_left;

void sigprof__modules_lock(void)
{
    pthread_mutex_lock(&modules_lock);
}

void sigprof__modules_unlock(void)
{
    pthread_mutex_unlock(&modules_lock);
}

/* ---- Memory ------------------------------------------------------------ */

static void *map_block(size_t bytes)
{
    struct block *block = sigprof__os_map(bytes);

    if (block)
        block->bytes = bytes;
    return block;
}

static void retire(struct block *block)
{
    if (block->bytes == 0)
        return;
    block->next = retired;
    retired = block;
}

static void free_retired(void)
{
    if (!retired || !sigprof__threads_synchronize(SYNCHRONIZE_MS))
        return;
    while (retired) {
        struct block *block = retired;

        retired = block->next;
        sigprof__os_unmap(block, block->bytes);
    }
}

static void *from_arena(size_t bytes)
{
    void *at;

    bytes = (bytes + 15) & ~(size_t)15;
    if (bytes > arena_left) {
        arena = sigprof__os_map(ARENA_BYTES);
        arena_left = arena ? ARENA_BYTES : 0;
    }
    if (bytes > arena_left)
        return NULL;
    at = arena;
    arena += bytes;
    arena_left -= bytes;
    return at;
}

/* ---- Looking at the loader's list -------------------------------------- */

struct look {
    struct permanent permanent;
    struct entry **hint; /* entries come in the loader's order: try this one */
    const char *exe;
    bool changed;
    bool refused; /* memory */
};

static bool is_same(const struct entry *entry, const struct object *object)
{
    return entry->id == object->id && entry->module.low == object->low &&
           entry->module.high == object->high &&
           entry->build_id_bytes == object->build_id_bytes &&
           memcmp(entry->build_id, object->build_id, entry->build_id_bytes) ==
               0 &&
           strcmp(entry->given, object->name) == 0;
}

static struct entry *find_entry(struct look *look,
                                const struct object *object)
{
    if (*look->hint && is_same(*look->hint, object))
        return *look->hint;
    for (struct entry *entry = entries; entry; entry = entry->next) {
        if (!entry->seen && is_same(entry, object))
            return entry;
    }
    return NULL;
}

static uint32_t flags_of(const struct look *look,
                         const struct object *object)
{
    uint32_t flags = 0;

    if (object->main)
        flags |= FORMAT_MODULE_MAIN | FORMAT_MODULE_PERMANENT;
    if (!sigprof__module_has_file(object))
        flags |= FORMAT_MODULE_NO_FILE | FORMAT_MODULE_PERMANENT;
    if (!flags && sigprof__permanent_has(&look->permanent, object))
        flags = FORMAT_MODULE_PERMANENT;
    return flags;
}

/* An entry with room for both names and, if it may go, its unwind tables. */
static struct entry *new_entry(const struct object *object,
                               const char *path, bool permanent)
{
    size_t path_bytes = strlen(path) + 1;
    size_t given_bytes = strlen(object->name) + 1;
    size_t bytes = sizeof(struct entry) + path_bytes + given_bytes;
    size_t tables = permanent ? 0 : sigprof__cfi_copy_bytes(object);
    size_t tables_at = (bytes + 15) & ~(size_t)15;
    struct entry *entry =
        permanent ? from_arena(bytes) : map_block(tables_at + tables);

    if (!entry)
        return NULL;
    memcpy(entry->path, path, path_bytes);
    memcpy(entry->path + path_bytes, object->name, given_bytes);
    entry->given = entry->path + path_bytes;
    sigprof__cfi_describe(&entry->cfi, object,
                          permanent ? NULL : (uint8_t *)entry + tables_at,
                          tables);
    return entry;
}

static void append(struct entry *entry)
{
    struct entry **at = &entries;

    while (*at)
        at = &(*at)->next;
    *at = entry;
    entry_count++;
}

static void add_object(struct look *look, const struct object *object)
{
    static char path[MODULE_PATH_BYTES]; /* modules_lock */
    uint32_t flags = flags_of(look, object);
    struct entry *entry;

    sigprof__module_path(object, look->exe, path);
    entry = new_entry(object, path, flags & FORMAT_MODULE_PERMANENT);
    if (!entry) {
        look->refused = true;
        return;
    }
    entry->seen = true;
    entry->id = object->id;
    entry->module.low = object->low;
    entry->module.high = object->high;
    entry->module.bias = object->bias;
    entry->module.id = next_id++;
    entry->module.flags = flags;
    entry->module.cfi = &entry->cfi;
    entry->build_id_bytes = object->build_id_bytes;
    memcpy(entry->build_id, object->build_id, object->build_id_bytes);
    append(entry);
    look->changed = true;
}

static int look_at_object(const struct object *object,
                          const struct object_changes *changes, void *arg)
{
    struct look *look = arg;
    struct entry *entry;

    seen = *changes;
    if (object->low == object->high)
        return 0;
    entry = find_entry(look, object);
    if (!entry) {
        add_object(look, object);
        return 0;
    }
    entry->seen = true;
    look->hint = &entry->next;
    return 0;
}

/* Looks at the first object only: 1 if there is news. */
static int look_for_news(const struct object *object,
                         const struct object_changes *changes, void *arg)
{
    bool *news = arg;

    (void)object;
    *news = !changes->counted || !seen.counted || changes->adds != seen.adds ||
            changes->subs != seen.subs;
    return 1;
}

/* ---- Publishing -------------------------------------------------------- */

static void sort_modules(struct module_snapshot *snapshot)
{
    for (uint32_t i = 1; i < snapshot->count; i++) {
        struct module module = snapshot->module[i];
        uint32_t at = i;

        for (; at > 0 && snapshot->module[at - 1].low > module.low; at--)
            snapshot->module[at] = snapshot->module[at - 1];
        snapshot->module[at] = module;
    }
}

/* Segments of one object may embrace another object: then the lower one ends
 * where the next begins. */
static void cut_overlaps(struct module_snapshot *snapshot)
{
    for (uint32_t i = 0; i + 1 < snapshot->count; i++) {
        if (snapshot->module[i].high > snapshot->module[i + 1].low)
            snapshot->module[i].high = snapshot->module[i + 1].low;
    }
}

static int publish(void)
{
    size_t bytes = sizeof(struct snapshot_block) +
                   entry_count * sizeof(struct module);
    struct snapshot_block *block = map_block(bytes);
    struct module_snapshot *snapshot;

    if (!block)
        return SIGPROF_ENOMEM;
    snapshot = &block->snapshot;
    for (struct entry *entry = entries; entry; entry = entry->next)
        snapshot->module[snapshot->count++] = entry->module;
    sort_modules(snapshot);
    cut_overlaps(snapshot);
    snapshot->epoch = next_epoch++;
    if (next_epoch == 0)
        next_epoch = 1;
    snapshot->unloads = unloads;
    atomic_store_explicit(&sigprof__modules_current, snapshot, memory_order_release);
    if (published)
        retire(&published->block);
    published = block;
    return 0;
}

static void tell(struct entry *entry)
{
    struct event_module event = {.id = entry->module.id,
                                 .flags = entry->module.flags,
                                 .low = entry->module.low,
                                 .high = entry->module.high,
                                 .bias = entry->module.bias,
                                 .build_id = entry->build_id,
                                 .build_id_bytes = entry->build_id_bytes,
                                 .path = entry->path};

    entry->told = true;
    sigprof__event_module(&event);
}

static void tell_all(void)
{
    for (struct entry *entry = entries; entry; entry = entry->next) {
        if (!entry->told)
            tell(entry);
    }
    silent = false;
}

/* Takes out what the loader no longer has; returns it for retiring. */
static struct entry *take_gone(void)
{
    struct entry *gone = NULL;
    struct entry **at = &entries;

    while (*at) {
        struct entry *entry = *at;

        if (entry->seen) {
            entry->seen = false;
            at = &entry->next;
            continue;
        }
        *at = entry->next;
        entry->next = gone;
        gone = entry;
        entry_count--;
    }
    return gone;
}

static void retire_gone(struct entry *gone)
{
    while (gone) {
        struct entry *next = gone->next;

        if (gone->told)
            sigprof__event_unload(gone->module.id);
        retire(&gone->block);
        gone = next;
    }
}

static int look_around(void)
{
    struct look look = {.hint = &entries, .exe = sigprof__main_path()};
    struct entry *gone;
    int code = 0;

    if (!sigprof__modules()) {
        sigprof__permanent_make(&look.permanent);
        sigprof__cfi_prepare();
    }
    sigprof__objects_visit(look_at_object, &look);
    sigprof__permanent_drop(&look.permanent);
    gone = take_gone();
    if (gone && ++unloads == 0)
        unloads = 1;
    if (look.changed || gone || !sigprof__modules())
        code = publish();
    tell_all();
    if (!code)
        retire_gone(gone); /* else an old snapshot still names them: leaked */
    if (look.refused) {
        seen.counted = false; /* try again */
        code = SIGPROF_ENOMEM;
    }
    return code;
}

/*
 * A fork copies the loader's lock as it is. If a thread that the child does not
 * have held it, asking the loader would hang for ever (tried with glibc 2.36: 70
 * of 1,000 children, beside a thread in a loop of dlopen). The list as it was is
 * right until the child itself loads something, which proves the lock free.
 */
static bool loader_may_hang(void)
{
    if (loader_is_suspect && sigprof__os_loader_count() != objects_at_fork)
        loader_is_suspect = false;
    return loader_is_suspect;
}

int sigprof__modules_refresh(void)
{
    bool news = !loader_may_hang();
    int code = 0;

    sigprof__modules_lock();
    if (news)
        sigprof__objects_visit(look_for_news, &news);
    if (news)
        code = look_around();
    else if (silent)
        tell_all();
    free_retired();
    sigprof__modules_unlock();
    return code;
}

void sigprof__modules_idle(void)
{
    sigprof__modules_lock();
    free_retired();
    sigprof__modules_unlock();
}

void sigprof__modules_repeat(void)
{
    sigprof__modules_lock();
    for (struct entry *entry = entries; entry; entry = entry->next)
        entry->told = false;
    tell_all();
    sigprof__modules_unlock();
}

void sigprof__modules_after_fork(bool threads)
{
    loader_is_suspect = threads;
    objects_at_fork = sigprof__os_loader_count();
    for (struct entry *entry = entries; entry; entry = entry->next)
        entry->told = false;
    silent = true;
}
