/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The event log: a byte ring inside the sample ring's file, of whole records.
 * events_in counts the bytes ever put, events_out those that are in the profile
 * file; a record lies at its count modulo the area's size and may wrap.
 */
#include "events.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "catalogue.h"
#include "drain.h"
#include "events-code.h"
#include "events-log.h"
#include "jit/code.h"
#include "os/os.h"
#include "sigprof_impl.h"

#define RECORD_HEAD 4       /* type, and a size of three bytes */
#define BODY_PATH 4400      /* PATH_MAX and what a module has besides */
#define BODY_LABEL 1200     /* see sigprof_label_intern */
#define BODY_SMALL 160
#define BODY_CODE (RECORD_HEAD + 4 * 10) /* without its tail */
#define BODY_FUNCTION 2080 /* see sigprof_function_intern */
#define LINE_BYTES 64       /* of a cache */
#define WAIT_TRIES 10   /* of a millisecond, for the drain to make room */

static pthread_mutex_t events_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t cleaned_at; /* events_in after the last cleaning; events_lock */

void sigprof__events_lock(void)
{
    pthread_mutex_lock(&events_lock);
}

void sigprof__events_unlock(void)
{
    pthread_mutex_unlock(&events_lock);
}

static uint64_t since_start_ns(void)
{
    return sigprof__record_ns() - sigprof__session.start_mono_ns;
}

static void copy_in(struct ring *ring, uint64_t at, const uint8_t *bytes,
                    size_t size)
{
    size_t area = ring->head->events_bytes;
    size_t offset = (size_t)(at % area);
    size_t first = size < area - offset ? size : area - offset;

    memcpy(ring->events + offset, bytes, first);
    memcpy(ring->events, bytes + first, size - first);
}

/*
 * A flight recorder has nobody who takes events out. What is over for every sample
 * of the ring is left out, the rest is put behind the log, and then the log begins
 * there: a kill between the two leaves it twice, which readers bear. With
 * events_lock.
 */
static void clean(struct ring *ring)
{
    struct ring_head *head = ring->head;
    uint64_t in = atomic_load(&head->events_in);
    uint64_t out = atomic_load(&head->events_out);
    uint64_t oldest_ns = sigprof__ring_oldest_ns(ring);
    size_t size = (size_t)(in - out);
    uint8_t *records = sigprof__os_map(size);

    cleaned_at = in;
    if (!records)
        return;
    sigprof__ring_copy_events(ring, out, records, size);
    if (oldest_ns > sigprof__os_now_ns())
        oldest_ns = sigprof__os_now_ns();
    size = sigprof__records_still_true(
        records, records, size,
        oldest_ns > head->start_mono_ns ? oldest_ns - head->start_mono_ns : 0);
    if (size <= head->events_bytes - (in - out)) {
        copy_in(ring, in, records, size);
        atomic_store_explicit(&head->events_in, in + size,
                              memory_order_release);
        atomic_store_explicit(&head->events_out, in, memory_order_release);
        cleaned_at = in + size;
    }
    sigprof__os_unmap(records, (size_t)(in - out));
}

/* From half of the area on, so that what still holds has room behind; and not
 * again for every record. */
static bool wants_cleaning(const struct ring *ring)
{
    const struct ring_head *head = ring->head;
    uint64_t in;

    if (!head->overwrites)
        return false;
    in = atomic_load(&head->events_in);
    if (cleaned_at > in || cleaned_at < atomic_load(&head->events_out))
        cleaned_at = atomic_load(&head->events_out); /* of another ring */
    return in - atomic_load(&head->events_out) > head->events_bytes / 2 &&
           in - cleaned_at > head->events_bytes / 16;
}

/* A whole record, in two parts that lie apart. */
struct pieces {
    const uint8_t *head, *tail;
    size_t head_bytes, tail_bytes;
};

static _Atomic uint64_t lost_untold; /* without the lock */

/* false: a handler of the program's interrupted this thread at a registration of
 * code, which may have the lock. */
static bool lock_log(void)
{
    if (!sigprof__code_inside()) {
        sigprof__events_lock();
        return true;
    }
    if (pthread_mutex_trylock(&events_lock) == 0)
        return true;
    atomic_fetch_add(&lost_untold, 1);
    return false;
}

/* The drain has read what was there, in its own cache: fetched for the next record,
 * or that would wait for it before it gives up the lock. */
static void fetch_next(const uint8_t *at)
{
    __builtin_prefetch(at + LINE_BYTES, 1);
    __builtin_prefetch(at + 2 * LINE_BYTES, 1);
}

static void put_pieces(struct ring *ring, uint64_t in,
                       const struct pieces *record)
{
    size_t size = record->head_bytes + record->tail_bytes;
    size_t area = ring->head->events_bytes;
    uint8_t *at = ring->events + (size_t)(in % area);

    if ((size_t)(ring->events + area - at) >= size) {
        memcpy(at, record->head, record->head_bytes);
        memcpy(at + record->head_bytes, record->tail, record->tail_bytes);
        fetch_next(at + size);
    } else {
        copy_in(ring, in, record->head, record->head_bytes);
        copy_in(ring, in + record->head_bytes, record->tail,
                record->tail_bytes);
    }
    atomic_store_explicit(&ring->head->events_in, in + size,
                          memory_order_release);
}

/* Puts a record if there is room for it; with the lock. */
static enum event_fate put(const struct pieces *record)
{
    size_t size = record->head_bytes + record->tail_bytes;
    struct ring *ring = &sigprof__state.ring;
    struct ring_head *head = ring->head;
    size_t used;
    uint64_t in;

    if (!head)
        return EVENT_NOBODY;
    if (wants_cleaning(ring))
        clean(ring);
    if (atomic_load_explicit(&lost_untold, memory_order_relaxed))
        atomic_fetch_add(&head->events_lost, atomic_exchange(&lost_untold, 0));
    in = atomic_load_explicit(&head->events_in, memory_order_relaxed);
    used = (size_t)(in - atomic_load_explicit(&head->events_out,
                                              memory_order_acquire));
    if (used > head->events_bytes / 2)
        sigprof__drain_hurry();
    if (head->events_bytes - used < size)
        return EVENT_NO_ROOM;
    put_pieces(ring, in, record);
    return EVENT_PUT;
}

static bool try_append(const struct pieces *record)
{
    enum event_fate fate;

    if (!lock_log())
        return true;
    fate = put(record);
    sigprof__events_unlock();
    return fate != EVENT_NO_ROOM;
}

/* A millisecond; with our locks held, so it must not be where a thread ends. */
static void nap(void)
{
    static const struct timespec time = {0, 1000000};
    int state;

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    nanosleep(&time, NULL);
    pthread_setcancelstate(state, &state);
}

/* head: a byte of type, three of size, and the body up to `out`, which goes on in
 * the tail. */
static struct pieces pieces_of(uint8_t *head, unsigned type,
                               const struct format_out *out,
                               const uint8_t *tail, size_t tail_bytes)
{
    const struct pieces record = {head, tail, (size_t)(out->at - head),
                                  tail_bytes};
    size_t body = record.head_bytes + tail_bytes - RECORD_HEAD;

    head[0] = (uint8_t)type;
    head[1] = (uint8_t)(body | 0x80);
    head[2] = (uint8_t)(body >> 7 | 0x80);
    head[3] = (uint8_t)(body >> 14);
    return record;
}

static void append(uint8_t *head, unsigned type, const struct format_out *out)
{
    const struct pieces record = pieces_of(head, type, out, head, 0);

    if (out->full)
        return;
    for (unsigned i = 0; i < WAIT_TRIES; i++) {
        if (try_append(&record))
            return;
        if (sigprof__drain_events_from_drain())
            continue;
        if (sigprof__drain_is_stuck())
            break;
        nap();
    }
    if (!lock_log())
        return;
    sigprof__event_lost(1);
    sigprof__events_unlock();
}

/* size: of the body, at most. Threads with tiny stacks come through here. */
#define EVENT(type, size, puts)                                                \
    do {                                                                       \
        uint8_t record[RECORD_HEAD + (size)];                                  \
        struct format_out out = {record + RECORD_HEAD,                         \
                                 record + sizeof record, false};               \
        puts;                                                                  \
        append(record, type, &out);                                            \
    } while (0)

static void put_text(struct format_out *out, const char *text)
{
    sigprof__put_string(out, text, strlen(text));
}

void sigprof__event_module(const struct event_module *module)
{
    EVENT(FORMAT_MODULE, BODY_PATH, {
        sigprof__put_varint(&out, module->id);
        sigprof__put_varint(&out, module->low);
        sigprof__put_varint(&out, module->high);
        sigprof__put_varint(&out, module->bias);
        sigprof__put_varint(&out, since_start_ns());
        sigprof__put_string(&out, module->build_id, module->build_id_bytes);
        put_text(&out, module->path);
        sigprof__put_varint(&out, module->flags);
    });
}

void sigprof__event_unload(uint32_t module_id)
{
    EVENT(FORMAT_UNLOAD, BODY_SMALL, {
        sigprof__put_varint(&out, module_id);
        sigprof__put_varint(&out, since_start_ns());
    });
}

void sigprof__event_thread(int tid, uintptr_t start_routine, const char *name)
{
    EVENT(FORMAT_THREAD, BODY_SMALL, {
        sigprof__put_varint(&out, (uint64_t)tid);
        sigprof__put_varint(&out, since_start_ns());
        sigprof__put_varint(&out, start_routine);
        put_text(&out, name);
    });
}

void sigprof__event_exit(int tid, uint64_t cpu_ns, uint64_t periods,
                         unsigned cause)
{
    EVENT(FORMAT_EXIT, BODY_SMALL, {
        sigprof__put_varint(&out, (uint64_t)tid);
        sigprof__put_varint(&out, since_start_ns());
        sigprof__put_varint(&out, cpu_ns);
        sigprof__put_varint(&out, periods);
        sigprof__put_varint(&out, cause);
    });
}

void sigprof__event_label(uint32_t id, uint32_t parent, const char *key,
                          const char *value)
{
    EVENT(FORMAT_LABEL, BODY_LABEL, {
        sigprof__put_varint(&out, id);
        sigprof__put_varint(&out, parent);
        put_text(&out, key);
        put_text(&out, value);
    });
}

void sigprof__event_exec(const char *path)
{
    EVENT(FORMAT_EXEC, BODY_PATH, {
        sigprof__put_varint(&out, since_start_ns());
        put_text(&out, path);
    });
}

/* Before the session: known from its first moment on. */
static uint64_t session_ns(uint64_t time_ns)
{
    return time_ns < sigprof__session.start_mono_ns
               ? 0
               : time_ns - sigprof__session.start_mono_ns;
}

static enum event_fate put_code(uint8_t *head, unsigned type,
                                const struct format_out *out,
                                const uint8_t *tail, size_t tail_bytes)
{
    const struct pieces record = pieces_of(head, type, out, tail, tail_bytes);

    return put(&record);
}

enum event_fate sigprof__event_code(const struct event_code *code)
{
    uint8_t record[BODY_CODE];
    struct format_out out = {record + RECORD_HEAD, record + sizeof record,
                             false};

    sigprof__put_varint(&out, code->serial);
    sigprof__put_varint(&out, code->start);
    sigprof__put_varint(&out, code->bytes);
    sigprof__put_varint(&out, session_ns(code->time_ns));
    return put_code(record, FORMAT_CODE, &out, code->tail, code->tail_bytes);
}

enum event_fate sigprof__event_code_move(uint64_t serial, uint64_t start,
                                         uint64_t time_ns)
{
    uint8_t record[BODY_CODE];
    struct format_out out = {record + RECORD_HEAD, record + sizeof record,
                             false};

    sigprof__put_varint(&out, serial);
    sigprof__put_varint(&out, start);
    sigprof__put_varint(&out, session_ns(time_ns));
    return put_code(record, FORMAT_CODE_MOVE, &out, record, 0);
}

enum event_fate sigprof__event_code_free(uint64_t serial, uint64_t time_ns)
{
    uint8_t record[BODY_CODE];
    struct format_out out = {record + RECORD_HEAD, record + sizeof record,
                             false};

    sigprof__put_varint(&out, serial);
    sigprof__put_varint(&out, session_ns(time_ns));
    return put_code(record, FORMAT_CODE_FREE, &out, record, 0);
}

bool sigprof__event_nobody(void)
{
    return !sigprof__state.ring.head;
}

void sigprof__event_lost(int64_t count)
{
    if (sigprof__state.ring.head)
        atomic_fetch_add(&sigprof__state.ring.head->events_lost,
                         (uint64_t)count);
}

void sigprof__event_function(const struct event_function *function)
{
    EVENT(FORMAT_FUNCTION, BODY_FUNCTION, {
        sigprof__put_varint(&out, function->number);
        sigprof__put_string(&out, function->name, function->name_bytes);
        sigprof__put_string(&out, function->file, function->file_bytes);
        sigprof__put_varint(&out, function->line);
    });
}

void sigprof__event_info(const char *key, const char *value)
{
    EVENT(FORMAT_INFO, BODY_LABEL, {
        put_text(&out, key);
        put_text(&out, value);
    });
}
