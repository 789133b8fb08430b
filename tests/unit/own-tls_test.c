/* SPDX-License-Identifier: BSD-2-Clause */
/* Thread-local variables of the library's own, which compilers for OpenBSD call: that of
 * os/own-tls-signal.c is compiled into this test, for this system. */
#include "os/own-tls-signal.c"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "test.h"

#define RACERS 16
#define ROUNDS 200

int sigprof__os_tid(void)
{
    return (int)syscall(SYS_gettid);
}

int sigprof__os_thread_list(void (*visit)(int tid, void *arg), void *arg)
{
    visit(sigprof__os_tid(), arg);
    return 0;
}

/* More than half a row: none may have two places in it. */
static const struct variable unused[] = {
    {.size = 1, .align = 1},  {.size = 4, .align = 4},  {.size = 8, .align = 8},
    {.size = 16, .align = 8}, {.size = 32, .align = 8}, {.size = 128, .align = 8}};
#define VARIABLES (sizeof unused / sizeof *unused)
static struct variable used[VARIABLES];

static pthread_barrier_t start;

static bool holds_only(const unsigned char *bytes, size_t size, unsigned char value)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != value)
            return false;
    return true;
}

/* All variables, each for the first time, from another one on. */
static void *use_all(void *number)
{
    size_t first = (uintptr_t)number;

    pthread_barrier_wait(&start);
    for (size_t i = 0; i < VARIABLES; i++) {
        size_t which = (first + i) % VARIABLES;
        unsigned char *bytes = __emutls_get_address(&used[which]);

        CHECK_EQ((uintptr_t)bytes % used[which].align, 0);
        CHECK(holds_only(bytes, used[which].size, 0));
        memset(bytes, (int)(1 + which + first * VARIABLES), used[which].size);
    }
    for (size_t i = 0; i < VARIABLES; i++)
        CHECK(holds_only(__emutls_get_address(&used[i]), used[i].size,
                         (unsigned char)(1 + i + first * VARIABLES)));
    pthread_barrier_wait(&start); /* no number of a thread comes twice */
    return NULL;
}

static void forget_all(void)
{
    memset(rows, 0, sizeof rows);
    memset(variables, 0, sizeof variables);
    memcpy(used, unused, sizeof used);
}

static void threads_that_race_for_a_first_use_have_all_variables_apart(void)
{
    pthread_t racers[RACERS];

    CHECK_EQ(pthread_barrier_init(&start, NULL, RACERS), 0);
    for (int round = 0; round < ROUNDS; round++) {
        forget_all();
        for (uintptr_t i = 0; i < RACERS; i++)
            CHECK_EQ(pthread_create(&racers[i], NULL, use_all, (void *)i), 0);
        for (int i = 0; i < RACERS; i++)
            pthread_join(racers[i], NULL);
        for (size_t i = 0; i < VARIABLES; i++)
            CHECK(used[i].place > 0 && used[i].place - 1 + used[i].size <= ROW_BYTES);
    }
}

/* A tick's use, between the entry and its place's being told. */
static void a_use_within_a_use_finds_the_same_place(void)
{
    unsigned char *bytes;

    forget_all();
    bytes = __emutls_get_address(&used[3]);
    for (size_t i = 0; i < 1000; i++) {
        used[3].place = 0;
        CHECK(__emutls_get_address(&used[3]) == bytes);
    }
    CHECK(__emutls_get_address(&used[2]) == bytes + used[3].size);
}

int main(void)
{
    RUN(threads_that_race_for_a_first_use_have_all_variables_apart);
    RUN(a_use_within_a_use_finds_the_same_place);
    return 0;
}
