/* SPDX-License-Identifier: BSD-2-Clause */
/* The label table, and the thread's word. */
#include "labels.h"

#include <pthread.h>

#include "sigprof/sigprof.h"
#include "test.h"

static void equal_arguments_give_the_equal_id(void)
{
    uint32_t a = sigprof_label_intern("request", "GET /", 0);
    uint32_t b = sigprof_label_intern("request", "GET /", 0);
    uint32_t c = sigprof_label_intern("request", "PUT /", 0);
    uint32_t d = sigprof_label_intern("tenant", "GET /", 0);
    uint32_t e = sigprof_label_intern("request", "GET /", c);

    CHECK(a != 0 && c != 0 && d != 0 && e != 0);
    CHECK_EQ(a, b);
    CHECK(a != c && a != d && a != e && c != d && c != e && d != e);
}

static void key_and_value_are_not_run_together(void)
{
    CHECK(sigprof_label_intern("ab", "c", 0) !=
          sigprof_label_intern("a", "bc", 0));
}

static void what_cannot_be_a_label_is_0(void)
{
    char key[66], value[1026];

    memset(key, 'k', sizeof key);
    memset(value, 'v', sizeof value);
    key[65] = value[1025] = '\0';
    CHECK_EQ(sigprof_label_intern(NULL, "v", 0), 0);
    CHECK_EQ(sigprof_label_intern("k", NULL, 0), 0);
    CHECK_EQ(sigprof_label_intern("", "v", 0), 0);
    CHECK_EQ(sigprof_label_intern(key, "v", 0), 0);
    CHECK_EQ(sigprof_label_intern("k", value, 0), 0);
    CHECK_EQ(sigprof_label_intern("k", "v", 1000000), 0);
    CHECK(sigprof_label_intern(key + 1, value + 1, 0) != 0);
    CHECK(sigprof_label_intern("k", "", 0) != 0);
}

static void a_span_gives_back_the_label_it_replaced(void)
{
    CHECK_EQ(sigprof_label_set(5), 0);
    CHECK_EQ(sigprof__label, 5);
    CHECK_EQ(sigprof_label_set(9), 5);
    CHECK_EQ(sigprof_label_set(5), 9);
    CHECK_EQ(sigprof_label_set(0), 5);
}

static void *read_label(void *arg)
{
    *(uint32_t *)arg = sigprof__label;
    return NULL;
}

static void a_thread_s_label_is_its_own(void)
{
    uint32_t seen = 77;
    pthread_t thread;

    sigprof_label_set(3);
    CHECK_EQ(pthread_create(&thread, NULL, read_label, &seen), 0);
    pthread_join(thread, NULL);
    CHECK_EQ(seen, 0);
    sigprof_label_set(0);
}

static void the_table_ends_without_harm(void)
{
    char value[32];
    uint32_t id = 1, last = 0, full;

    for (unsigned i = 0; id && i < 70000; i++) {
        snprintf(value, sizeof value, "%u", i);
        id = sigprof_label_intern("n", value, 0);
        last = id ? id : last;
    }
    CHECK_EQ(id, 0);
    full = last;
    CHECK(full > 60000);
    CHECK_EQ(sigprof_label_intern("n", "one more", 0), 0);
    CHECK(sigprof_label_intern("n", "17", 0) != 0);
}

int main(void)
{
    RUN(equal_arguments_give_the_equal_id);
    RUN(key_and_value_are_not_run_together);
    RUN(what_cannot_be_a_label_is_0);
    RUN(a_span_gives_back_the_label_it_replaced);
    RUN(a_thread_s_label_is_its_own);
    RUN(the_table_ends_without_harm);
    return 0;
}
