/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changes of generated code while the log is full, and nobody empties it or somebody
 * does now and then: what is told in the end names each address at each time as it
 * was, or gives no name where that was too much to keep.
 */
#include "jit/untold.h"

#include <string.h>

#include "format.h"
#include "jit/code.h"
#include "os/os.h"
#include "sigprof/jit.h"
#include "sigprof_impl.h"
#include "support/samples.h"
#include "test.h"

#define BASE ((uintptr_t)1 << (sizeof(void *) == 8 ? 40 : 30))
#define PLACES 64u
#define PLACE_BYTES 256u
#define STEPS 12000u
#define TOLD_MAX (4 * STEPS)

/* ---- What was told ------------------------------------------------------- */

static struct {
    uint64_t serial, start, from_ns, to_ns;
    unsigned name;
} told[TOLD_MAX];
static size_t told_count;

static struct ring *ring(void)
{
    return &sigprof__state.ring;
}

static size_t latest(uint64_t serial)
{
    for (size_t i = told_count; i > 0; i--)
        if (told[i - 1].serial == serial)
            return i - 1;
    return TOLD_MAX;
}

static void add_told(uint64_t serial, uint64_t start, uint64_t from_ns,
                     unsigned name)
{
    CHECK(told_count < TOLD_MAX);
    told[told_count].serial = serial;
    told[told_count].start = start;
    told[told_count].from_ns = from_ns;
    told[told_count].to_ns = UINT64_MAX;
    told[told_count++].name = name;
}

static void take_code(struct format_in *body)
{
    uint64_t serial = sigprof__get_varint(body);
    uint64_t start = sigprof__get_varint(body);
    uint64_t from_ns;
    const uint8_t *name;
    size_t size;

    CHECK_EQ(sigprof__get_varint(body), PLACE_BYTES);
    from_ns = sigprof__get_varint(body);
    name = sigprof__get_string(body, &size);
    CHECK(!body->bad && size >= 4);
    CHECK_EQ(latest(serial), TOLD_MAX); /* once */
    add_told(serial, start, from_ns,
             name[0] | (unsigned)name[1] << 8 | (unsigned)name[2] << 16);
}

static void take_move(struct format_in *body)
{
    size_t old = latest(sigprof__get_varint(body));
    uint64_t start = sigprof__get_varint(body);
    uint64_t time_ns = sigprof__get_varint(body);

    CHECK(!body->bad && old < TOLD_MAX);
    told[old].to_ns = time_ns;
    add_told(told[old].serial, start, time_ns, told[old].name);
}

static void take_free(struct format_in *body)
{
    size_t old = latest(sigprof__get_varint(body));

    CHECK(old < TOLD_MAX);
    told[old].to_ns = sigprof__get_varint(body);
}

/* As the drain does. */
static void empty_log(void)
{
    static uint8_t bytes[1 << 20];
    struct ring_head *head = ring()->head;
    uint64_t in = atomic_load(&head->events_in);
    uint64_t out = atomic_load(&head->events_out);
    struct format_in records = {bytes, bytes + (in - out), false}, body;
    unsigned type;

    CHECK(in - out <= sizeof bytes);
    sigprof__ring_copy_events(ring(), out, bytes, (size_t)(in - out));
    while ((type = sigprof__get_record(&records, &body))) {
        if (type == FORMAT_CODE)
            take_code(&body);
        else if (type == FORMAT_CODE_MOVE)
            take_move(&body);
        else if (type == FORMAT_CODE_FREE)
            take_free(&body);
    }
    CHECK(!records.bad);
    atomic_store(&head->events_out, in);
}

/* 0: none. Of the same time the later one counts. */
static unsigned told_at(uint64_t address, uint64_t time_ns)
{
    size_t best = TOLD_MAX;

    for (size_t i = 0; i < told_count; i++)
        if (address - told[i].start < PLACE_BYTES &&
            told[i].from_ns <= time_ns &&
            (best == TOLD_MAX || told[i].from_ns >= told[best].from_ns))
            best = i;
    return best < TOLD_MAX && time_ns < told[best].to_ns ? told[best].name : 0;
}

/* How many have the time of the one before. */
static unsigned told_in_a_moment(void)
{
    unsigned count = 0;

    for (size_t i = 1; i < told_count; i++)
        count += told[i].from_ns == told[i - 1].from_ns;
    return count;
}

/* ---- What there was ------------------------------------------------------- */

static unsigned held[PLACES]; /* name + 1 of what is in the place; 0: nothing */
static struct {
    uint64_t time_ns;
    unsigned place, name;
} seen[STEPS];
static uint64_t random_state = 88172645463325252u;

static unsigned random_below(unsigned limit)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(random_state >> 33) % limit;
}

static void *place(unsigned i)
{
    return (void *)(BASE + (uintptr_t)i * PLACE_BYTES);
}

/* A sample's time, and its own: no change has the same. */
static uint64_t next_ns(void)
{
    uint64_t now_ns = sigprof__os_now_ns(), next;

    while ((next = sigprof__record_ns()) == now_ns)
        ;
    for (now_ns = next; sigprof__os_now_ns() == now_ns;)
        ;
    return next;
}

static void fill_place(unsigned to, unsigned number, size_t name_bytes)
{
    char name[1025];
    struct sigprof_code code = {.size = sizeof code,
                                .start = place(to),
                                .bytes = PLACE_BYTES,
                                .name = name};

    memset(name, 'x', sizeof name);
    name[0] = (char)(1 + number % 128); /* no NUL in them */
    name[1] = (char)(1 + number / 128 % 128);
    name[2] = (char)1;
    name[name_bytes] = '\0';
    CHECK_EQ(sigprof_code_register(&code), 0);
    held[to] = (unsigned)(uint8_t)name[0] | (unsigned)(uint8_t)name[1] << 8 |
               (unsigned)name[2] << 16;
}

static void change(unsigned number, size_t name_bytes)
{
    unsigned from = random_below(PLACES), to = random_below(PLACES);

    switch (random_below(4)) {
    case 0:
        CHECK_EQ(sigprof_code_free(place(from)),
                 held[from] ? 0 : SIGPROF_EINVAL);
        held[from] = 0;
        break;
    case 1:
        if (from == to)
            break;
        CHECK_EQ(sigprof_code_move(place(from), place(to)),
                 held[from] ? 0 : SIGPROF_EINVAL);
        if (held[from])
            held[to] = held[from];
        held[from] = 0;
        break;
    default:
        fill_place(to, number, name_bytes);
    }
}

static void look(unsigned step)
{
    seen[step].time_ns = next_ns() - sigprof__session.start_mono_ns;
    seen[step].place = random_below(PLACES);
    seen[step].name = held[seen[step].place];
}

static void begin(void)
{
    told_count = 0;
    memset(held, 0, sizeof held);
    sigprof__session.start_mono_ns = sigprof__os_now_ns();
    samples_ring(ring(), 64 << 10, 30);
    sigprof__code_repeat();
}

static uint64_t lost(void)
{
    return atomic_load(&ring()->head->events_lost);
}

static void end(void)
{
    for (unsigned i = 0; i < PLACES; i++)
        if (held[i])
            CHECK_EQ(sigprof_code_free(place(i)), 0);
    sigprof__code_catch_up(empty_log);
    sigprof__ring_drop(ring(), true);
}

/* ---- Cases ---------------------------------------------------------------- */

static void all_that_waited_is_told(void)
{
    uint64_t most = 0;

    begin();
    for (unsigned i = 0; i < STEPS; i++) {
        for (unsigned many = 1 + random_below(3); many; many--)
            change(i, 60);
        look(i);
        if (lost() > most)
            most = lost();
        if (random_below(STEPS / 3) == 0)
            sigprof__code_catch_up(empty_log);
        else if (random_below(5000) == 0)
            empty_log(); /* changes tell what waits */
    }
    sigprof__code_catch_up(empty_log);
    empty_log();
    CHECK(most > 100); /* the log was full */
    CHECK_EQ(lost(), 0);
    CHECK_EQ(sigprof__untold_count(), 0);
    CHECK(told_in_a_moment() > 0);
    for (unsigned i = 0; i < STEPS; i++)
        CHECK_EQ(told_at((uintptr_t)place(seen[i].place), seen[i].time_ns),
                 seen[i].name);
    end();
}

static void what_was_too_much_has_no_name_and_is_counted(void)
{
    unsigned unnamed = 0;

    begin();
    for (unsigned i = 0; i < STEPS; i++) {
        change(i, 1024);
        look(i);
    }
    sigprof__code_catch_up(empty_log);
    empty_log();
    CHECK_EQ(sigprof__untold_count(), 0);
    CHECK(lost() > 0);
    for (unsigned i = 0; i < STEPS; i++) {
        unsigned name =
            told_at((uintptr_t)place(seen[i].place), seen[i].time_ns);

        unnamed += name != seen[i].name;
        CHECK(name == seen[i].name || name == 0);
    }
    printf("   %u of %u are without a name, %llu changes were lost\n", unnamed,
           STEPS, (unsigned long long)lost());
    CHECK(unnamed > 0 && unnamed < STEPS);
    end();
}

/* Though it is told behind what came after it, with no sample between them. */
static void what_waited_is_of_an_earlier_time(void)
{
    uint64_t now_ns;

    begin();
    for (unsigned i = 0; lost() == 0; i++)
        fill_place(1, i, 60);
    fill_place(0, 1, 60); /* waits */
    empty_log();
    fill_place(0, 2, 60);
    sigprof__code_catch_up(empty_log);
    empty_log();
    now_ns = next_ns() - sigprof__session.start_mono_ns;
    CHECK_EQ(told_at((uintptr_t)place(0), now_ns), held[0]);
    end();
}

static void another_log_is_told_what_lives(void)
{
    begin();
    for (unsigned i = 0; i < STEPS; i++)
        change(i, 60);
    CHECK(sigprof__untold_count() > 0);
    sigprof__ring_drop(ring(), true); /* sampling is off */
    CHECK_EQ(sigprof_code_free(place(0)), held[0] ? 0 : SIGPROF_EINVAL);
    held[0] = 0;
    CHECK_EQ(sigprof__untold_count(), 0);
    told_count = 0;
    samples_ring(ring(), 64 << 10, 30);
    sigprof__code_repeat();
    empty_log();
    for (unsigned i = 0; i < PLACES; i++)
        CHECK_EQ(told_at((uintptr_t)place(i), next_ns()), held[i]);
    end();
}

int main(void)
{
    RUN(all_that_waited_is_told);
    RUN(what_was_too_much_has_no_name_and_is_counted);
    RUN(what_waited_is_of_an_earlier_time);
    RUN(another_log_is_told_what_lives);
    return 0;
}
