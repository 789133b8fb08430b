/* SPDX-License-Identifier: BSD-2-Clause */
/* Generated code: the calls of sigprof/jit.h. Theory: code.h. */
#include "jit/code.h"

#include "sigprof/jit.h"

#include <pthread.h>
#include <stddef.h>
#include <string.h>

#include "arch/arch.h"
#include "events.h"
#include "format.h"
#include "jit/heap.h"
#include "jit/map-write.h"
#include "jit/region.h"
#include "jit/told.h"
#include "os/os.h"
#include "sigprof_impl.h"
#include "threads.h"
#include "unwind/cfi.h"

#define TABLES_MAX (64u << 10) /* of eh_frame */
#define CODE_MAX ((size_t)1 << CODE_CLASS_MAX)
#define SYNCHRONIZE_MS 20
#define TOLD_MAX (1u << 17) /* regions by files; some 40 MB of memory with names */
#define RETIRED_BYTES ((size_t)4 << 20) /* kept for a drain that may not come */

static const struct origin declared = {FORMAT_CODE_DECLARED, 0, 0};

/* code_lock */
static pthread_mutex_t code_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t last_serial;
static struct code_region *retired; /* handlers may be reading these */
static struct code_table *retired_tables;
static size_t retired_bytes;
static uint32_t told_count; /* live regions that the program did not declare */

static __thread bool inside __attribute__((tls_model("initial-exec")));

void sigprof__code_lock(void)
{
    pthread_mutex_lock(&code_lock);
}

void sigprof__code_unlock(void)
{
    pthread_mutex_unlock(&code_lock);
}

bool sigprof__code_inside(void)
{
    return inside;
}

/* false: a signal handler of the program's interrupted this thread here, and
 * calls what it must not. */
static bool enter(void)
{
    if (inside)
        return false;
    inside = true;
    atomic_signal_fence(memory_order_seq_cst);
    sigprof__code_lock();
    return true;
}

static void leave(void)
{
    sigprof__code_unlock();
    atomic_signal_fence(memory_order_seq_cst);
    inside = false;
}

/* ---- What handlers may still read --------------------------------------- */

static void free_retired(void)
{
    if (!retired_bytes || !sigprof__threads_synchronize(SYNCHRONIZE_MS))
        return;
    while (retired) {
        struct code_region *region = retired;

        retired = region->next;
        sigprof__heap_give(region, region->room);
    }
    while (retired_tables) {
        struct code_table *table = retired_tables;

        retired_tables = table->retired;
        sigprof__code_map_free(table);
    }
    retired_bytes = 0;
}

/* Without a drain (a flight recorder, or sampling is off) nobody else comes. */
static void count_retired(size_t bytes)
{
    size_t before = retired_bytes;

    retired_bytes += bytes;
    if (before / RETIRED_BYTES != retired_bytes / RETIRED_BYTES)
        free_retired();
}

static void retire_table(struct code_table *table)
{
    if (!table)
        return;
    table->retired = retired_tables;
    retired_tables = table;
    count_retired(sigprof__code_map_bytes(table));
}

static void let_go(struct code_region *region)
{
    if (!region->cfi.frames) {
        sigprof__heap_give(region, region->room);
        return;
    }
    region->next = retired;
    retired = region;
    count_retired(region->room);
}

/* A registration may be waiting for the drain, who calls this: later, then. */
void sigprof__code_idle(void)
{
    if (pthread_mutex_trylock(&code_lock) != 0)
        return;
    free_retired();
    sigprof__code_unlock();
}

/* ---- Changes; with the lock ---------------------------------------------- */

static struct code_entry entry_of(const struct sigprof_code *code,
                                  struct code_region *region)
{
    static const uint32_t rules[] = {CODE_FP, CODE_FRAME, CODE_CFI,
                                     CODE_UNKNOWN};
    struct code_entry entry = {.start = region->start,
                               .end = region->start + region->bytes,
                               .frame_bytes = code->frame_bytes,
                               .region = region,
                               .cfi = region->cfi.frames ? &region->cfi : NULL};

    atomic_init(&entry.rule, region->source == FORMAT_CODE_DECLARED ||
                                     code->unwind == SIGPROF_CODE_CFI
                                 ? rules[code->unwind]
                                 : (uint32_t)CODE_NAMED);
    return entry;
}

static void forget(struct code_region *region)
{
    sigprof__event_code_free(region->serial);
    told_count -= region->source != FORMAT_CODE_DECLARED;
    let_go(region);
}

static void end(struct code_entry *entry)
{
    forget(sigprof__code_map_kill(entry));
}

/* Readers of the file see for themselves what is overwritten; but who keeps what
 * still holds (catalogue.h) would keep all that ever was. What a better source has
 * said stays: false. */
static bool end_overlapped(uintptr_t low, uintptr_t high,
                           enum format_code_source source)
{
    struct code_entry *entry;

    while ((entry = sigprof__code_map_overlap(low, high)) != NULL) {
        if (entry->region->source < source)
            return false;
        end(entry);
    }
    return true;
}

static struct code_region *add(const struct sigprof_code *code,
                               const struct origin *origin)
{
    struct code_region *region = sigprof__region_make(code, origin, ++last_serial);
    struct code_table *replaced;
    struct code_entry entry;

    if (!region)
        return NULL;
    if (!sigprof__code_map_room(&replaced)) {
        sigprof__heap_give(region, region->room);
        return NULL;
    }
    retire_table(replaced);
    end_overlapped(region->start, region->start + region->bytes,
                   origin->source);
    entry = entry_of(code, region);
    sigprof__code_map_add(&entry);
    told_count += origin->source != FORMAT_CODE_DECLARED;
    return region;
}

/* The region that moved; NULL: there is none, or it cannot. */
static const struct code_region *move(uintptr_t from, uintptr_t to,
                                      const struct origin *origin)
{
    struct code_entry *old = sigprof__code_map_at(from);
    struct code_table *replaced;
    struct code_region *region;
    struct code_entry entry;
    uint32_t rule;

    if (!old || old->region->source != origin->source || to == 0 ||
        to > UINTPTR_MAX - old->region->bytes)
        return NULL;
    rule = atomic_load(&old->rule);
    if (rule == CODE_CFI && origin->source == FORMAT_CODE_DECLARED)
        return NULL;
    if (!sigprof__code_map_room(&replaced))
        return NULL;
    retire_table(replaced);
    old = sigprof__code_map_at(from); /* the table may be another */
    entry = (struct code_entry){.frame_bytes = old->frame_bytes,
                                .region = old->region};
    atomic_init(&entry.rule, rule == CODE_CFI ? (uint32_t)CODE_NAMED : rule);
    region = sigprof__code_map_kill(old);
    if (!end_overlapped(to, to + region->bytes, origin->source)) {
        forget(region);
        return NULL;
    }
    region->start = to;
    region->time_ns = sigprof__origin_ns(origin);
    entry.end = to + region->bytes;
    entry.start = to;
    sigprof__code_map_add(&entry);
    return region;
}

/* ---- The calls --------------------------------------------------------- */

static bool is_sane(const struct sigprof_code *code)
{
    return code->start && code->bytes && code->bytes <= CODE_MAX &&
           (uintptr_t)code->start <= UINTPTR_MAX - code->bytes &&
           code->unwind <= SIGPROF_CODE_UNKNOWN &&
           code->frame_bytes % ARCH_WORD == 0 &&
           (code->unwind != SIGPROF_CODE_CFI ||
            (code->eh_frame && code->eh_frame_bytes &&
             code->eh_frame_bytes <= TABLES_MAX));
}

/* As this version of the struct has it; a shorter one has zeros behind. */
static bool adopt(struct sigprof_code *to, const struct sigprof_code *from)
{
    if (!from || from->size < offsetof(struct sigprof_code, file))
        return false;
    memset(to, 0, sizeof *to);
    memcpy(to, from, from->size < sizeof *to ? from->size : sizeof *to);
    return is_sane(to);
}

static void tell(const struct code_region *region)
{
    const struct event_code event = {.serial = region->serial,
                                     .start = region->start,
                                     .bytes = region->bytes,
                                     .time_ns = region->time_ns,
                                     .tail = region->tail,
                                     .tail_bytes = region->tail_bytes};

    sigprof__event_code(&event);
}

int sigprof_code_register(const struct sigprof_code *given)
{
    struct code_region *region;
    struct sigprof_code code;

    if (!adopt(&code, given))
        return SIGPROF_EINVAL;
    if (!enter())
        return SIGPROF_EBUSY;
    region = add(&code, &declared);
    if (region)
        tell(region);
    leave();
    return region ? 0 : SIGPROF_ENOMEM;
}

int sigprof_code_move(const void *from, const void *to)
{
    const struct code_region *region;

    if (!enter())
        return SIGPROF_EBUSY;
    region = move((uintptr_t)from, (uintptr_t)to, &declared);
    if (region)
        sigprof__event_code_move(region->serial, region->start,
                                 region->time_ns);
    leave();
    return region ? 0 : SIGPROF_EINVAL;
}

int sigprof_code_free(const void *start)
{
    struct code_entry *entry;

    if (!enter())
        return SIGPROF_EBUSY;
    entry = sigprof__code_map_at((uintptr_t)start);
    if (entry && entry->region->source != FORMAT_CODE_DECLARED)
        entry = NULL;
    if (entry)
        end(entry);
    leave();
    return entry ? 0 : SIGPROF_EINVAL;
}

static void tell_again(struct code_entry *entry, void *arg)
{
    (void)arg;
    tell(entry->region);
}

void sigprof__code_repeat(void)
{
    if (!enter())
        return;
    sigprof__code_map_each(tell_again, NULL);
    leave();
}

/* Of what overlaps it, is there something that a better source has said? */
static bool is_denied(const struct sigprof_code *code,
                      enum format_code_source source)
{
    uintptr_t start = (uintptr_t)code->start;

    return !end_overlapped(start, start + code->bytes, source);
}

/* ---- What only has tables ------------------------------------------------- */

void sigprof__code_frames_begin(uintptr_t start, size_t bytes,
                                const uint8_t *tables, size_t table_bytes)
{
    const struct sigprof_code code = {.size = sizeof code,
                                      .start = (const void *)start,
                                      .bytes = bytes,
                                      .name = "(generated code)",
                                      .unwind = SIGPROF_CODE_CFI,
                                      .eh_frame = tables,
                                      .eh_frame_bytes = table_bytes};
    struct origin origin = {.source = FORMAT_CODE_MAP};
    const struct code_region *region;

    if (!is_sane(&code) || !enter())
        return;
    origin.time_ns = sigprof__os_now_ns();
    region = told_count < TOLD_MAX && !is_denied(&code, origin.source)
                 ? add(&code, &origin)
                 : NULL;
    if (region)
        tell(region);
    leave();
}

void sigprof__code_frames_end(uintptr_t start)
{
    struct code_entry *entry;

    if (!enter())
        return;
    entry = sigprof__code_map_at(start);
    if (entry && entry->region->source == FORMAT_CODE_MAP && entry->cfi)
        end(entry);
    leave();
}

/* ---- What files tell ----------------------------------------------------- */

bool sigprof__code_tell_begin(void)
{
    if (inside)
        return false;
    inside = true;
    atomic_signal_fence(memory_order_seq_cst);
    if (pthread_mutex_trylock(&code_lock) == 0)
        return true;
    inside = false;
    return false;
}

void sigprof__code_tell_end(void)
{
    leave();
}

/* Has the same been said already, by a source as good? */
static bool is_known(const struct sigprof_code *code,
                     enum format_code_source source)
{
    const struct code_entry *entry =
        sigprof__code_map_at((uintptr_t)code->start);
    const struct code_region *region = entry ? entry->region : NULL;
    struct format_in in;
    const uint8_t *name;
    size_t size;

    if (!region || region->bytes != code->bytes || region->source > source)
        return false;
    in = (struct format_in){region->tail, region->tail + region->tail_bytes,
                            false};
    name = sigprof__get_string(&in, &size);
    return size == strnlen(code->name, REGION_TEXT_MAX) &&
           memcmp(name, code->name, size) == 0;
}

/*
 * Who names code without telling how it is unwound leaves it the tables that are
 * there for just that code (sigprof__code_frames_begin): a copy, as what they are
 * in goes.
 */
static void keep_tables(struct sigprof_code *code, struct origin *origin)
{
    static uint8_t kept[TABLES_MAX]; /* code_lock */
    const struct code_entry *entry =
        sigprof__code_map_at((uintptr_t)code->start);
    const struct module_cfi *cfi = entry ? entry->cfi : NULL;
    size_t bytes;

    if (code->eh_frame_bytes || !cfi ||
        entry->end - entry->start != code->bytes)
        return;
    bytes = (size_t)(cfi->frames_end - cfi->frames);
    memcpy(kept, cfi->frames, bytes);
    if (origin->time_ns < entry->region->time_ns)
        origin->time_ns = entry->region->time_ns; /* to be the later one */
    origin->eh_frame_at = (uintptr_t)cfi->frames + cfi->delta;
    code->unwind = SIGPROF_CODE_CFI;
    code->eh_frame = kept;
    code->eh_frame_bytes = bytes;
}

static enum code_told tell_code(const struct told *told,
                                struct origin *origin)
{
    struct sigprof_code code = {.size = sizeof code,
                                      .start = (const void *)(uintptr_t)told->start,
                                      .bytes = (size_t)told->bytes,
                                      .name = told->name,
                                      .file = told->file,
                                      .line = told->line,
                                      .line_count = told->line_count,
                                      .lines = told->lines,
                                      .unwind = told->eh_frame_bytes
                                                    ? SIGPROF_CODE_CFI
                                                    : SIGPROF_CODE_FP,
                                      .eh_frame = told->eh_frame,
                                      .eh_frame_bytes = told->eh_frame_bytes};
    const struct code_region *region;

    if (told->start > UINTPTR_MAX || !is_sane(&code))
        return CODE_LEFT_OUT;
    if (is_known(&code, origin->source))
        return CODE_KNOWN;
    keep_tables(&code, origin);
    if (is_denied(&code, origin->source))
        return CODE_KNOWN;
    region = told_count < TOLD_MAX ? add(&code, origin) : NULL;
    if (!region)
        return CODE_LEFT_OUT;
    tell(region);
    return CODE_TAKEN;
}

enum code_told sigprof__code_tell(const struct told *told,
                                  enum format_code_source source,
                                  uint64_t time_ns)
{
    struct origin origin = {source, time_ns, (uintptr_t)told->eh_frame_at};
    const struct code_region *region;

    if (told->kind == TOLD_CODE)
        return tell_code(told, &origin);
    if (told->from > UINTPTR_MAX || told->start > UINTPTR_MAX)
        return CODE_LEFT_OUT;
    region = move((uintptr_t)told->from, (uintptr_t)told->start, &origin);
    if (!region)
        return CODE_KNOWN; /* nobody said that there was code */
    sigprof__event_code_move(region->serial, region->start, region->time_ns);
    return CODE_TAKEN;
}
