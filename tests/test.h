/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every test uses: checks that say where and what, a skip that says why, and
 * cases whose names are sentences.
 *
 *      static void a_full_ring_counts_what_it_drops(void) { CHECK_EQ(…); }
 *      int main(void) { RUN(a_full_ring_counts_what_it_drops); return 0; }
 *
 * A test's status: 0 passed, 1 failed, 77 skipped. Where nothing may be skipped
 * (SIGPROF_REQUIRE_ALL=1 in the environment), a skip is a failure.
 */
#ifndef SIGPROF_TEST_H
#define SIGPROF_TEST_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEST_FAILED 1
#define TEST_SKIPPED 77

#define FAIL(...)                                                              \
    do {                                                                       \
        fprintf(stderr, "%s:%d: in %s: ", __FILE__, __LINE__, __func__);       \
        fprintf(stderr, __VA_ARGS__);                                          \
        fputc('\n', stderr);                                                   \
        exit(TEST_FAILED);                                                     \
    } while (0)

#define CHECK(condition)                                                       \
    do {                                                                       \
        if (!(condition))                                                      \
            FAIL("not true: %s", #condition);                                  \
    } while (0)

#define CHECK_EQ(left, right)                                                  \
    do {                                                                       \
        long long left_ = (long long)(left), right_ = (long long)(right);      \
        if (left_ != right_)                                                   \
            FAIL("%s is %lld (0x%llx), want %s, %lld (0x%llx)", #left, left_,  \
                 (unsigned long long)left_, #right, right_,                    \
                 (unsigned long long)right_);                                  \
    } while (0)

#define CHECK_STR(left, right)                                                 \
    do {                                                                       \
        const char *left_ = (left), *right_ = (right);                         \
        if (strcmp(left_, right_) != 0)                                        \
            FAIL("%s is \"%s\", want \"%s\"", #left, left_, right_);           \
    } while (0)

#define CHECK_HAS(text, part)                                                  \
    do {                                                                       \
        const char *text_ = (text), *part_ = (part);                           \
        if (!strstr(text_, part_))                                             \
            FAIL("%s has no \"%s\"; it is:\n%s", #text, part_, text_);         \
    } while (0)

#define RUN(test)                                                              \
    do {                                                                       \
        test();                                                                \
        test_passed(#test);                                                    \
    } while (0)

static inline void test_passed(const char *name)
{
    printf("ok: ");
    for (; *name; name++)
        putchar(*name == '_' ? ' ' : *name);
    putchar('\n');
    fflush(stdout);
}

static inline bool test_is_long(void)
{
    const char *text = getenv("SIGPROF_TEST_LONG");

    return text && strcmp(text, "1") == 0;
}

/* Does an emulator run this test? Then some things cannot be as they should. */
static inline bool test_is_emulated(void)
{
    const char *text = getenv("SIGPROF_TEST_EMULATOR");

    return text && text[0];
}

/* Is a part of a test left out, since an emulator runs it, which lacks this? */
static inline bool test_emulator_lacks(const char *what)
{
    if (test_is_emulated())
        printf("   left out under an emulator: %s\n", what);
    return test_is_emulated();
}

static inline void test_skip(const char *reason)
{
    const char *all = getenv("SIGPROF_REQUIRE_ALL");

    if (all && strcmp(all, "1") == 0) {
        fprintf(stderr, "cannot run, and nothing may be skipped: %s\n", reason);
        exit(TEST_FAILED);
    }
    printf("skipped: %s\n", reason);
    exit(TEST_SKIPPED);
}

#endif
