/* SPDX-License-Identifier: BSD-2-Clause */
/* Generated code: what is registered is found at each of its addresses, and only as
 * long as it is there. */
#include "jit/code.h"
#include "jit/map-write.h"
#include "jit/told.h"

#include <pthread.h>
#include <string.h>

#include "sigprof/jit.h"
#include "test.h"
#include "threads.h"

#define REGIONS 3000
#define STEPS 60000
#define SPACE ((uintptr_t)1 << 22)
#define BASE ((uintptr_t)1 << (sizeof(void *) == 8 ? 40 : 30))

static uint64_t random_state = 88172645463325252u;

static uint64_t random_below(uint64_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % limit;
}

static int add(uintptr_t start, size_t bytes)
{
    struct sigprof_code code = {.size = sizeof code,
                                .start = (const void *)start,
                                .bytes = bytes,
                                .name = "f"};

    return sigprof_code_register(&code);
}

static uintptr_t found_at(uintptr_t address)
{
    const struct code_entry *entry = sigprof__code_find(address);

    return entry ? entry->start : 0;
}

/* The truth, the slow way. */
static struct {
    uintptr_t start, end;
} model[REGIONS];

static unsigned model_at(uintptr_t address)
{
    for (unsigned i = 0; i < REGIONS; i++)
        if (address >= model[i].start && address < model[i].end)
            return i;
    return REGIONS;
}

static void model_cut(uintptr_t low, uintptr_t high)
{
    for (unsigned i = 0; i < REGIONS; i++)
        if (model[i].start < high && model[i].end > low)
            model[i].start = model[i].end = 0;
}

static void model_add(uintptr_t start, uintptr_t end)
{
    unsigned i = 0;

    while (i < REGIONS && model[i].end)
        i++;
    if (i == REGIONS)
        FAIL("the model is too small");
    model[i].start = start;
    model[i].end = end;
}

static void check_address(uintptr_t address)
{
    unsigned i = model_at(address);

    CHECK_EQ(found_at(address), i == REGIONS ? 0 : model[i].start);
}

/* Sizes from a trampoline's to a big function's, more often small. */
static size_t some_size(void)
{
    return 1 + random_below((uint64_t)1 << (4 + random_below(14)));
}

static void step(void)
{
    uintptr_t at = BASE + random_below(SPACE);
    unsigned i = model_at(at);
    size_t bytes;

    switch (random_below(4)) {
    case 0:
        if (i == REGIONS) {
            CHECK_EQ(sigprof_code_free((void *)at), SIGPROF_EINVAL);
            return;
        }
        CHECK_EQ(sigprof_code_free((void *)model[i].start), 0);
        model[i].start = model[i].end = 0;
        return;
    case 1:
        if (i == REGIONS)
            return;
        bytes = model[i].end - model[i].start;
        at = BASE + random_below(SPACE);
        CHECK_EQ(sigprof_code_move((void *)model[i].start, (void *)at), 0);
        model[i].start = model[i].end = 0;
        break;
    default:
        bytes = some_size();
        CHECK_EQ(add(at, bytes), 0);
    }
    model_cut(at, at + bytes);
    model_add(at, at + bytes);
    check_address(at);
    check_address(at + bytes - 1);
    check_address(at - 1);
    check_address(at + bytes);
}

static void every_address_finds_the_latest_code_there(void)
{
    for (unsigned i = 0; i < STEPS; i++) {
        step();
        check_address(BASE + random_below(SPACE));
    }
    for (unsigned i = 0; i < REGIONS; i++)
        if (model[i].end)
            CHECK_EQ(sigprof_code_free((void *)model[i].start), 0);
    for (unsigned i = 0; i < 1000; i++)
        CHECK_EQ(found_at(BASE + random_below(SPACE)), 0);
}

static void what_makes_no_sense_is_refused(void)
{
    struct sigprof_code code = {.size = sizeof code, .name = "f"};

    CHECK_EQ(sigprof_code_register(NULL), SIGPROF_EINVAL);
    CHECK_EQ(sigprof_code_register(&code), SIGPROF_EINVAL);
    code.start = (void *)BASE;
    CHECK_EQ(sigprof_code_register(&code), SIGPROF_EINVAL);
    code.bytes = (size_t)3 << 30;
    CHECK_EQ(sigprof_code_register(&code), SIGPROF_EINVAL);
    code.bytes = 16;
    code.unwind = 9;
    CHECK_EQ(sigprof_code_register(&code), SIGPROF_EINVAL);
    code.unwind = SIGPROF_CODE_FRAME;
    code.frame_bytes = 3;
    CHECK_EQ(sigprof_code_register(&code), SIGPROF_EINVAL);
    code.unwind = SIGPROF_CODE_CFI;
    CHECK_EQ(sigprof_code_register(&code), SIGPROF_EINVAL);
    code.frame_bytes = 0;
    code.start = (void *)(UINTPTR_MAX - 4);
    code.unwind = SIGPROF_CODE_FP;
    CHECK_EQ(sigprof_code_register(&code), SIGPROF_EINVAL);
    CHECK_EQ(sigprof_code_move((void *)BASE, (void *)(2 * BASE)),
             SIGPROF_EINVAL);
    CHECK_EQ(found_at(BASE), 0);
}

/* A caller that was built when the struct ended with the name. */
static void a_shorter_struct_is_taken(void)
{
    struct sigprof_code code = {.size = offsetof(struct sigprof_code, file),
                                .start = (void *)BASE,
                                .bytes = 16,
                                .name = "f",
                                .unwind = 77};

    CHECK_EQ(sigprof_code_register(&code), 0);
    CHECK_EQ(found_at(BASE + 15), BASE);
    CHECK_EQ(sigprof_code_free((void *)BASE), 0);
}

static void a_name_of_any_length_is_taken(void)
{
    static char name[100000];
    static struct sigprof_code_line lines[10000];
    struct sigprof_code code = {.size = sizeof code,
                                .start = (void *)BASE,
                                .bytes = 1 << 20,
                                .name = name,
                                .file = name,
                                .lines = lines,
                                .line_count = 10000};

    memset(name, 'n', sizeof name - 1);
    for (unsigned i = 0; i < 10000; i++) {
        lines[i].code_offset = i * 7;
        lines[i].line = (uint32_t)random_below(UINT32_MAX);
    }
    for (unsigned i = 0; i < 100; i++)
        CHECK_EQ(sigprof_code_register(&code), 0);
    CHECK_EQ(sigprof_code_free((void *)BASE), 0);
}

static uint32_t places_used(void)
{
    return atomic_load(&sigprof__code_table)->used;
}

static void code_that_comes_and_goes_in_one_place_takes_one(void)
{
    uint32_t before;

    CHECK_EQ(add(BASE, 64), 0); /* the table may be made anew for it */
    CHECK_EQ(sigprof_code_free((void *)BASE), 0);
    before = places_used();
    for (unsigned i = 0; i < 20000; i++) {
        CHECK_EQ(add(BASE, 64), 0);
        CHECK_EQ(found_at(BASE + 63), BASE);
        CHECK_EQ(sigprof_code_free((void *)BASE), 0);
        CHECK_EQ(found_at(BASE), 0);
        CHECK_EQ(places_used(), before);
    }
}

#define THREADS 4
#define TURNS 20000

static void *register_and_free(void *arg)
{
    uintptr_t base = BASE + (uintptr_t)arg * SPACE;

    for (unsigned i = 0; i < TURNS; i++) {
        uintptr_t at = base + (i % 1000) * 256;

        CHECK_EQ(add(at, 200), 0);
        CHECK_EQ(found_at(at + 199), at);
        if (i % 3)
            CHECK_EQ(sigprof_code_free((void *)at), 0);
    }
    return NULL;
}

static _Atomic bool done;

/* What a handler does, at any moment of what the others do. */
static void *look(void *arg)
{
    uint64_t seen = 0, state = (uintptr_t)arg + 1;

    while (!atomic_load_explicit(&done, memory_order_relaxed)) {
        uintptr_t at = BASE;
        const struct code_entry *entry;

        state = state * 6364136223846793005u + 1442695040888963407u;
        at += (state >> 33) % (THREADS * SPACE);
        sigprof__handlers_enter();
        entry = sigprof__code_find(at);
        if (entry) {
            uintptr_t start = entry->start;

            CHECK(at >= start && at < start + 200);
            seen++;
        }
        sigprof__handlers_leave();
    }
    return (void *)(uintptr_t)seen;
}

static void threads_register_while_others_look(void)
{
    pthread_t writers[THREADS], readers[2];

    for (uintptr_t i = 0; i < 2; i++)
        CHECK_EQ(pthread_create(&readers[i], NULL, look, (void *)i), 0);
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_create(&writers[i], NULL, register_and_free,
                                (void *)i), 0);
    for (unsigned i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_join(writers[i], NULL), 0);
    atomic_store(&done, true);
    for (unsigned i = 0; i < 2; i++)
        CHECK_EQ(pthread_join(readers[i], NULL), 0);
}

/* The thread sanitizer's memory grows with each address that is written. */
#if defined(__SANITIZE_THREAD__)
#define COUNTS_SHADOW_MEMORY
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define COUNTS_SHADOW_MEMORY
#endif
#endif

#ifndef COUNTS_SHADOW_MEMORY
/* By the list of mappings, which qemu-user gives of the program that it runs; statm
 * is its own there. */
static uint64_t mapped_bytes(void)
{
    FILE *file = fopen("/proc/self/maps", "re");
    unsigned long long low, high, sum = 0;

    CHECK(file);
    while (fscanf(file, "%llx-%llx%*[^\n]", &low, &high) == 2)
        sum += high - low;
    CHECK(feof(file) && sum > 0);
    fclose(file);
    return sum;
}

/* A VM that makes code and drops it again for days, while nobody samples it. */
static void what_is_over_takes_no_memory(void)
{
    uint64_t before = mapped_bytes();

    for (unsigned i = 0; i < 500000; i++) {
        uintptr_t start = BASE + 2 * THREADS * SPACE + i % 64 * 4096;

        CHECK_EQ(add(start, 1 + i % 4096), 0);
        if (i % 2)
            CHECK_EQ(sigprof_code_free((const void *)start), 0);
    }
    CHECK(mapped_bytes() < before + (16 << 20));
}
#endif

/* ---- What files tell ----------------------------------------------------- */

static enum code_told tell(enum format_code_source source, uintptr_t start,
                           const char *name)
{
    const struct told told = {.kind = TOLD_CODE,
                              .start = start,
                              .bytes = 256,
                              .name = name,
                              .name_bytes = strlen(name),
                              .file = ""};
    enum code_told what;

    CHECK(sigprof__code_tell_begin());
    what = sigprof__code_tell(&told, source, 1000);
    sigprof__code_tell_end();
    return what;
}

static enum code_told tell_move(uintptr_t from, uintptr_t to)
{
    const struct told told = {.kind = TOLD_MOVE,
                              .from = from,
                              .start = to,
                              .bytes = 256,
                              .name = "",
                              .file = ""};
    enum code_told what;

    CHECK(sigprof__code_tell_begin());
    what = sigprof__code_tell(&told, FORMAT_CODE_DUMP, 2000);
    sigprof__code_tell_end();
    return what;
}

static void what_has_only_a_name_is_not_found_by_handlers(void)
{
    CHECK_EQ(tell(FORMAT_CODE_MAP, BASE, "f"), CODE_TAKEN);
    CHECK_EQ(found_at(BASE), 0);
    CHECK(sigprof__code_map_at(BASE) != NULL);
    CHECK_EQ(sigprof_code_free((void *)BASE), SIGPROF_EINVAL);
    CHECK_EQ(sigprof_code_move((void *)BASE, (void *)(BASE + 4096)),
             SIGPROF_EINVAL);
    CHECK_EQ(add(BASE + 255, 64), 0); /* the program's word ends it */
    CHECK(sigprof__code_map_at(BASE) == NULL);
    CHECK_EQ(sigprof_code_free((void *)(BASE + 255)), 0);
}

static void the_program_is_believed_then_a_dump_then_a_map(void)
{
    CHECK_EQ(add(BASE, 64), 0);
    CHECK_EQ(tell(FORMAT_CODE_DUMP, BASE, "g"), CODE_KNOWN);
    CHECK_EQ(tell(FORMAT_CODE_DUMP, BASE - 128, "g"), CODE_KNOWN);
    CHECK_EQ(found_at(BASE), BASE);
    CHECK_EQ(sigprof_code_free((void *)BASE), 0);
    CHECK_EQ(tell(FORMAT_CODE_MAP, BASE, "g"), CODE_TAKEN);
    CHECK_EQ(tell(FORMAT_CODE_MAP, BASE, "g"), CODE_KNOWN);
    CHECK_EQ(tell(FORMAT_CODE_DUMP, BASE, "g"), CODE_TAKEN);
    CHECK_EQ(tell(FORMAT_CODE_MAP, BASE, "h"), CODE_KNOWN);
    CHECK_EQ(tell(FORMAT_CODE_DUMP, BASE, "h"), CODE_TAKEN);
}

static void a_dump_moves_its_own_code_but_over_the_programs(void)
{
    CHECK_EQ(tell(FORMAT_CODE_DUMP, BASE, "f"), CODE_TAKEN);
    CHECK_EQ(tell_move(BASE, BASE + 4096), CODE_TAKEN);
    CHECK(sigprof__code_map_at(BASE) == NULL);
    CHECK(sigprof__code_map_at(BASE + 4096) != NULL);
    CHECK_EQ(tell_move(BASE, BASE + 8192), CODE_KNOWN); /* nothing is there */
    CHECK_EQ(add(BASE + 8192, 64), 0);
    CHECK_EQ(tell_move(BASE + 8192, BASE), CODE_KNOWN);
    CHECK_EQ(tell_move(BASE + 4096, BASE + 8192), CODE_KNOWN);
    CHECK_EQ(found_at(BASE + 8192), BASE + 8192);
    CHECK(sigprof__code_map_at(BASE + 4096) == NULL);
    CHECK_EQ(sigprof_code_free((void *)(BASE + 8192)), 0);
}

int main(void)
{
#ifndef COUNTS_SHADOW_MEMORY
    RUN(what_is_over_takes_no_memory); /* with a small map: first */
#endif
    RUN(what_has_only_a_name_is_not_found_by_handlers);
    RUN(the_program_is_believed_then_a_dump_then_a_map);
    RUN(a_dump_moves_its_own_code_but_over_the_programs);
    RUN(every_address_finds_the_latest_code_there);
    RUN(what_makes_no_sense_is_refused);
    RUN(a_shorter_struct_is_taken);
    RUN(a_name_of_any_length_is_taken);
    RUN(code_that_comes_and_goes_in_one_place_takes_one);
    RUN(threads_register_while_others_look);
    return 0;
}
