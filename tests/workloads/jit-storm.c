/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Four threads make code, move it, make other code in its place and free it, while
 * four run it. usage: workload-jit-storm SECONDS
 *
 * Code lies in slots. A runner is in a slot only while that is open, and sets the
 * label `kind` to what the slot holds then; the code has the same name. So every
 * sample in it can be checked. A writer closes a slot, waits for its runners to be
 * out, and opens it again when the code is told of.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "emit.h"
#include "sigprof/jit.h"

#define WRITERS 4
#define RUNNERS 4
#define SLOTS 64u /* of a writer; one is empty */
#define NAMES 16u
#define BURST 10
#define REST_US 1000 /* after a burst, so that a minute's events fit a disk */
#define TURNS 3000

struct slot {
    atomic_uint users; /* CLOSED, or that many runners are in it */
    uint8_t *code;
    unsigned name; /* while it is open */
};

#define CLOSED 0x80000000u

static const char *const kinds[] = {"fp", "leaf", "frame", "cfi"};
static struct slot slots[WRITERS][SLOTS];
static uint32_t labels[NAMES];
static char names[NAMES][16];
static atomic_bool over;
static atomic_ulong changes, runs;

static unsigned random_of(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (unsigned)(*state >> 33);
}

static void must(int code)
{
    if (code == 0)
        return;
    fprintf(stderr, "%s\n", sigprof_strerror(code));
    abort();
}

/* ---- Writers ------------------------------------------------------------- */

static void close_slot(struct slot *slot)
{
    atomic_fetch_or(&slot->users, CLOSED);
    while (atomic_load(&slot->users) != CLOSED)
        sched_yield();
}

static void open_slot(struct slot *slot)
{
    atomic_fetch_and(&slot->users, ~CLOSED); /* a runner may be turning round */
}

static void fill(struct slot *slot, unsigned number)
{
    const char *kind = kinds[number / 4 % 4];
    uint8_t tables[TABLE_BYTES];
    struct sigprof_code code = {.size = sizeof code, .start = slot->code};

    slot->name = number % NAMES;
    code.name = names[slot->name];
    code.bytes = emit(slot->code, kind);
    if (kind[0] == 'c') {
        code.unwind = SIGPROF_CODE_CFI;
        code.eh_frame_bytes = emit_tables(tables, slot->code, code.bytes);
        code.eh_frame = tables;
    } else if (kind[1] != 'p') {
        code.unwind = SIGPROF_CODE_FRAME;
        code.frame_bytes = kind[0] == 'f' ? 24 : 0;
    }
    must(sigprof_code_register(&code));
}

/* To the empty slot, which is *to then; false: code with tables stays. */
static bool move(struct slot *from, struct slot **to)
{
    memcpy((*to)->code, from->code, CODE_BYTES);
    if (sigprof_code_move(from->code, (*to)->code) != 0)
        return false;
    (*to)->name = from->name;
    open_slot(*to);
    *to = from;
    return true;
}

static void change(struct slot *slot, struct slot **empty, unsigned number)
{
    close_slot(slot);
    if (number % 3 == 0 && move(slot, empty))
        return;
    if (number % 3 == 1)
        must(sigprof_code_free(slot->code));
    fill(slot, number / 3);
    open_slot(slot);
}

static void *write_code(void *arg)
{
    struct slot *mine = arg, *empty = &mine[SLOTS - 1];
    uint64_t state = (uintptr_t)arg | 1;
    const struct timespec rest = {0, REST_US * 1000};

    while (!atomic_load(&over)) {
        for (int i = 0; i < BURST; i++) {
            struct slot *slot = &mine[random_of(&state) % SLOTS];

            if (slot == empty)
                continue;
            change(slot, &empty, random_of(&state));
            atomic_fetch_add(&changes, 1);
        }
        nanosleep(&rest, NULL);
    }
    return NULL;
}

/* ---- Runners -------------------------------------------------------------- */

static bool enter(struct slot *slot)
{
    if (!(atomic_fetch_add(&slot->users, 1) & CLOSED))
        return true;
    atomic_fetch_sub(&slot->users, 1);
    return false;
}

static void *run_code(void *arg)
{
    pthread_mutex_t checkpoint = PTHREAD_MUTEX_INITIALIZER;
    uint64_t state = (uintptr_t)arg * 2 + 1;

    while (!atomic_load(&over)) {
        struct slot *slot = &slots[random_of(&state) % WRITERS]
                                  [random_of(&state) % SLOTS];
        spin_function *spin;

        if (!enter(slot))
            continue;
        memcpy(&spin, &slot->code, sizeof spin);
        sigprof_label_set(labels[slot->name]);
        spin(TURNS);
        sigprof_label_set(0);
        atomic_fetch_sub(&slot->users, 1);
        atomic_fetch_add(&runs, 1);
        /* The thread sanitizer delivers signals in such calls only. */
        pthread_mutex_lock(&checkpoint);
        pthread_mutex_unlock(&checkpoint);
    }
    return NULL;
}

/* ---- All ------------------------------------------------------------------ */

static void prepare(void)
{
    uint8_t *area = mmap(NULL, WRITERS * SLOTS * CODE_BYTES,
                         PROT_READ | PROT_WRITE | PROT_EXEC,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (area == MAP_FAILED)
        abort();
    for (unsigned i = 0; i < NAMES; i++) {
        snprintf(names[i], sizeof names[i], "code_%u", i);
        labels[i] = sigprof_label_intern("kind", names[i], 0);
    }
    for (unsigned i = 0; i < WRITERS * SLOTS; i++) {
        struct slot *slot = &slots[i / SLOTS][i % SLOTS];

        slot->code = area + (size_t)i * CODE_BYTES;
        atomic_init(&slot->users, CLOSED);
        if (i % SLOTS == SLOTS - 1)
            continue;
        fill(slot, i);
        open_slot(slot);
    }
}

int main(int argc, char **argv)
{
    pthread_t threads[WRITERS + RUNNERS];
    const struct timespec time = {argc > 1 ? atoi(argv[1]) : 1, 0};

    prepare();
    for (unsigned i = 0; i < WRITERS + RUNNERS; i++)
        if (pthread_create(&threads[i], NULL,
                           i < WRITERS ? write_code : run_code,
                           i < WRITERS ? (void *)slots[i]
                                       : (void *)(uintptr_t)i) != 0)
            abort();
    nanosleep(&time, NULL);
    atomic_store(&over, true);
    for (unsigned i = 0; i < WRITERS + RUNNERS; i++)
        pthread_join(threads[i], NULL);
    printf("%lu %lu\n", atomic_load(&changes), atomic_load(&runs));
    return 0;
}
