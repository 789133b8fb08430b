/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of guests' functions. */
#include "jit/functions.h"

#include <pthread.h>

#include "sigprof/jit.h"
#include "test.h"

static void equal_functions_have_the_equal_number(void)
{
    uint32_t a = sigprof_function_intern("f", "a.lua", 1);

    CHECK(a != 0);
    CHECK_EQ(sigprof_function_intern("f", "a.lua", 1), a);
    CHECK(sigprof_function_intern("f", "a.lua", 2) != a);
    CHECK(sigprof_function_intern("f", "b.lua", 1) != a);
    CHECK(sigprof_function_intern("g", "a.lua", 1) != a);
    CHECK(sigprof_function_intern("f", NULL, 1) != a);
    CHECK(sigprof_function_intern("fa", ".lua", 1) != a);
    CHECK_EQ(sigprof_function_intern("f", NULL, 1),
             sigprof_function_intern("f", "", 1));
    CHECK_EQ(sigprof_function_intern(NULL, "a.lua", 1), 0);
    CHECK_EQ(sigprof_function_intern("", "a.lua", 1), 0);
}

static void names_are_cut_to_1024_bytes(void)
{
    static char name[5000];
    uint32_t number;

    memset(name, 'n', sizeof name - 1);
    number = sigprof_function_intern(name, name, 1);
    name[1024] = '\0';
    CHECK_EQ(sigprof_function_intern(name, name, 1), number);
    name[1023] = '\0';
    CHECK(sigprof_function_intern(name, name, 1) != number);
}

#define SAME 2000

static void *intern_all(void *arg)
{
    uint32_t *numbers = arg;
    char name[32];

    for (unsigned i = 0; i < SAME; i++) {
        snprintf(name, sizeof name, "same %u", i);
        numbers[i] = sigprof_function_intern(name, "threads", i);
    }
    return NULL;
}

static void threads_agree_about_numbers(void)
{
    static uint32_t numbers[4][SAME];
    pthread_t threads[4];

    for (unsigned i = 0; i < 4; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, intern_all, numbers[i]), 0);
    for (unsigned i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < SAME; i++) {
        CHECK(numbers[0][i] != 0);
        for (unsigned j = 1; j < 4; j++)
            CHECK_EQ(numbers[j][i], numbers[0][i]);
    }
}

/* Last: nothing can be added after it. */
static void a_full_table_still_knows_what_it_has(void)
{
    uint32_t first = sigprof_function_intern("full 0", "full", 0), number = first;
    unsigned i = 0;
    char name[32];

    while (number && i <= FUNCTIONS_MAX) {
        snprintf(name, sizeof name, "full %u", ++i);
        number = sigprof_function_intern(name, "full", 0);
    }
    CHECK_EQ(number, 0);
    CHECK(i > FUNCTIONS_MAX / 2);
    CHECK_EQ(sigprof_function_intern("full 0", "full", 0), first);
}

int main(void)
{
    RUN(equal_functions_have_the_equal_number);
    RUN(names_are_cut_to_1024_bytes);
    RUN(threads_agree_about_numbers);
    RUN(a_full_table_still_knows_what_it_has);
    return 0;
}
