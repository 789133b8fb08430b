/* SPDX-License-Identifier: BSD-2-Clause */
/* Generated code: the calls of sigprof/jit.h. Theory: code.h. */
#include "jit/code.h"

#include "sigprof/jit.h"

#include <stddef.h>
#include <string.h>

#include "arch/arch.h"
#include "events-code.h"
#include "events-log.h"
#include "jit/code-change.h"
#include "jit/heap.h"
#include "jit/map-write.h"
#include "jit/region.h"
#include "jit/retired.h"
#include "jit/untold.h"
#include "sigprof_impl.h"


#define CODE_MAX ((size_t)1 << CODE_CLASS_MAX)
#define CATCH_UP_EACH 2u  /* of what waits, told by each change */
#define CATCH_UP_MANY 256u /* ... with the lock held, by the drain */

static const struct origin declared = {FORMAT_CODE_DECLARED, 0, 0};

static uint32_t told_count; /* live regions that the program did not declare */

static __thread bool inside __attribute__((tls_model("initial-exec")));

bool sigprof__code_inside(void)
{
    return inside;
}

bool sigprof__code_enter(void)
{
    if (inside)
        return false;
    inside = true;
    atomic_signal_fence(memory_order_seq_cst);
    sigprof__events_lock();
    if (sigprof__untold_count() && sigprof__event_nobody())
        sigprof__untold_forget();
    return true;
}

void sigprof__code_leave(void)
{
    bool much = sigprof__retired_is_much();

    if (sigprof__untold_count())
        sigprof__tell_untold(CATCH_UP_EACH);
    sigprof__events_unlock();
    atomic_signal_fence(memory_order_seq_cst);
    inside = false;
    if (much)
        sigprof__retired_free();
}

/* ---- Times; with the lock --------------------------------------------------- */

uint64_t sigprof__code_now_ns(void)
{
    static uint64_t read_ns;
    _Atomic unsigned *was_read = &sigprof__record_clock.was_read;

    if ((atomic_load_explicit(was_read, memory_order_relaxed) &&
         atomic_exchange(was_read, 0)) ||
        sigprof__untold_count())
        read_ns = sigprof__os_now_ns();
    return read_ns;
}

/* A file's time may be later than the last that was read. */
static uint64_t origin_ns(const struct origin *origin, uint64_t now_ns)
{
    if (!origin->time_ns)
        return now_ns;
    sigprof__record_clock_moved();
    return origin->time_ns;
}

/* ---- Changes; with the lock ---------------------------------------------- */

static struct code_entry entry_of(const struct sigprof_code *code,
                                  struct code_region *region)
{
    static const uint32_t rules[] = {CODE_FP, CODE_FRAME, CODE_CFI,
                                     CODE_UNKNOWN};
    struct code_entry entry = {.bytes = region->bytes, .region = region};

    if (region->table_bytes)
        entry.by.cfi = sigprof__region_cfi(region);
    else
        entry.by.frame_bytes = code->frame_bytes;
    atomic_init(&entry.start, region->start);
    atomic_init(&entry.rule, region->source == FORMAT_CODE_DECLARED ||
                                     code->unwind == SIGPROF_CODE_CFI
                                 ? rules[code->unwind]
                                 : (uint32_t)CODE_NAMED);
    return entry;
}

void sigprof__code_end(struct code_entry *entry, uint64_t now_ns)
{
    struct code_region *region = sigprof__code_map_kill(entry);

    told_count -= region->source != FORMAT_CODE_DECLARED;
    sigprof__tell_end(region, now_ns);
}

/* Readers of the file see for themselves what is overwritten; but who keeps what
 * still holds (catalogue.h) would keep all that ever was. */
bool sigprof__code_end_overlapped(uintptr_t low, uintptr_t high,
                                  enum format_code_source source,
                                  uint64_t now_ns)
{
    struct code_entry *entry;

    while ((entry = sigprof__code_map_overlap(low, high)) != NULL) {
        if (entry->region->source < source)
            return false;
        sigprof__code_end(entry, now_ns);
    }
    return true;
}

static bool make_room(void)
{
    struct code_table *replaced;

    if (!sigprof__code_map_room(&replaced))
        return false;
    sigprof__retire_table(replaced);
    return true;
}

bool sigprof__code_add(const struct sigprof_code *code,
                       const struct origin *origin)
{
    uintptr_t start = (uintptr_t)code->start;
    struct code_region *region;
    struct code_entry entry;
    uint64_t now_ns;

    sigprof__code_map_soon(start, code->bytes);
    now_ns = sigprof__code_now_ns();
    region = make_room()
                 ? sigprof__region_make(code, origin,
                                        origin_ns(origin, now_ns))
                 : NULL;
    if (!region)
        return false;
    sigprof__code_end_overlapped(start, start + code->bytes, origin->source,
                                 now_ns);
    entry = entry_of(code, region);
    sigprof__code_map_add(&entry);
    told_count += origin->source != FORMAT_CODE_DECLARED;
    sigprof__tell_begin(region);
    return true;
}

/* Its end there and its beginning here, if no move can be told. NULL: no memory. */
static struct code_region *moved(struct code_region *region, uintptr_t to,
                                 uint64_t time_ns)
{
    struct code_region *copy;

    if (sigprof__tell_move(region, to, time_ns))
        return region;
    copy = sigprof__region_copy(region, to, time_ns);
    if (!copy)
        told_count -= region->source != FORMAT_CODE_DECLARED;
    sigprof__tell_end(region, time_ns);
    if (copy)
        sigprof__tell_begin(copy);
    return copy;
}

static bool can_move(const struct code_entry *old, uintptr_t to,
                     const struct origin *origin)
{
    return old && old->region->source == origin->source && to != 0 &&
           to <= UINTPTR_MAX - old->bytes &&
           (atomic_load(&old->rule) != CODE_CFI ||
            origin->source != FORMAT_CODE_DECLARED);
}

/* Tables do not come along. */
bool sigprof__code_move(uintptr_t from, uintptr_t to,
                        const struct origin *origin)
{
    struct code_entry *old = sigprof__code_map_at(from);
    struct code_region *region;
    struct code_entry entry;
    uint64_t now_ns;

    if (!can_move(old, to, origin) || !make_room())
        return false;
    old = sigprof__code_map_at(from); /* the table may be another */
    now_ns = sigprof__code_now_ns();
    entry = (struct code_entry){.bytes = old->bytes};
    atomic_init(&entry.start, to);
    atomic_init(&entry.rule, CODE_NAMED);
    if (atomic_load(&old->rule) != CODE_CFI) {
        entry.by = old->by;
        atomic_init(&entry.rule, atomic_load(&old->rule));
    }
    region = sigprof__code_map_kill(old);
    if (!sigprof__code_end_overlapped(to, to + entry.bytes, origin->source,
                                      now_ns)) {
        told_count -= region->source != FORMAT_CODE_DECLARED;
        sigprof__tell_end(region, now_ns);
        return false;
    }
    entry.region = moved(region, to, origin_ns(origin, now_ns));
    if (entry.region)
        sigprof__code_map_add(&entry);
    return entry.region != NULL;
}

bool sigprof__code_is_sane(const struct sigprof_code *code)
{
    return code->start && code->bytes && code->bytes <= CODE_MAX &&
           (uintptr_t)code->start <= UINTPTR_MAX - code->bytes &&
           code->unwind <= SIGPROF_CODE_UNKNOWN &&
           code->frame_bytes % ARCH_WORD == 0 &&
           (code->unwind != SIGPROF_CODE_CFI ||
            (code->eh_frame && code->eh_frame_bytes &&
             code->eh_frame_bytes <= CODE_TABLES_MAX));
}

uint32_t sigprof__code_told_count(void)
{
    return told_count;
}

/* ---- The calls --------------------------------------------------------- */

/* As this version of the struct has it; a shorter one has zeros behind. */
static const struct sigprof_code *adopt(const struct sigprof_code *given,
                                        struct sigprof_code *copy)
{
    if (!given || given->size < offsetof(struct sigprof_code, file))
        return NULL;
    if (given->size >= sizeof *copy)
        return given;
    memset(copy, 0, sizeof *copy);
    memcpy(copy, given, given->size);
    return copy;
}

int sigprof_code_register(const struct sigprof_code *given)
{
    struct sigprof_code copy;
    const struct sigprof_code *code = adopt(given, &copy);
    bool added;

    if (!code || !sigprof__code_is_sane(code))
        return SIGPROF_EINVAL;
    if (!sigprof__code_enter())
        return SIGPROF_EBUSY;
    added = sigprof__code_add(code, &declared);
    sigprof__code_leave();
    return added ? 0 : SIGPROF_ENOMEM;
}

int sigprof_code_move(const void *from, const void *to)
{
    bool moved;

    if (!sigprof__code_enter())
        return SIGPROF_EBUSY;
    moved = sigprof__code_move((uintptr_t)from, (uintptr_t)to, &declared);
    sigprof__code_leave();
    return moved ? 0 : SIGPROF_EINVAL;
}

int sigprof_code_free(const void *start)
{
    struct code_entry *entry;

    if (!sigprof__code_enter())
        return SIGPROF_EBUSY;
    entry = sigprof__code_map_at((uintptr_t)start);
    if (entry && entry->region->source != FORMAT_CODE_DECLARED)
        entry = NULL;
    if (entry)
        sigprof__code_end(entry, sigprof__code_now_ns());
    sigprof__code_leave();
    return entry ? 0 : SIGPROF_EINVAL;
}

/* ---- The rest of the library ---------------------------------------------- */

static void tell_again(struct code_entry *entry, void *arg)
{
    (void)arg;
    sigprof__tell_begin(entry->region);
}

void sigprof__code_repeat(void)
{
    if (!sigprof__code_enter())
        return;
    sigprof__untold_forget();
    sigprof__record_clock_moved(); /* files may be read in any order */
    sigprof__code_map_each(tell_again, NULL);
    sigprof__code_leave();
}

/* Has some of what waits been told? */
static bool tell_some(void)
{
    uint32_t before;
    bool told;

    if (!sigprof__code_enter())
        return false;
    before = sigprof__untold_count();
    sigprof__tell_untold(CATCH_UP_MANY);
    told = sigprof__untold_count() < before;
    sigprof__code_leave();
    return told;
}

static uint32_t waiting(bool *wants_chunk)
{
    uint32_t count;

    if (!sigprof__code_enter())
        return 0;
    count = sigprof__untold_count();
    *wants_chunk = sigprof__heap_wants_chunk();
    sigprof__code_leave();
    return count;
}

static void make_chunk(void)
{
    void *made = sigprof__heap_make_chunk();

    if (!made)
        return;
    sigprof__events_lock();
    sigprof__heap_take_chunk(made);
    sigprof__events_unlock();
}

/* Who registers meanwhile adds to what waits: that is for the next time. */
void sigprof__code_catch_up(void (*make_room_there)(void))
{
    bool wants_chunk = false;
    uint32_t turns = waiting(&wants_chunk);

    if (wants_chunk)
        make_chunk();
    for (; turns; turns--) {
        if (tell_some())
            continue;
        make_room_there();
        if (!tell_some())
            return; /* there is none left, or the file takes nothing */
    }
}

void sigprof__code_idle(void)
{
    sigprof__retired_free();
}
