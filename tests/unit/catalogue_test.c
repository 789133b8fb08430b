/* SPDX-License-Identifier: BSD-2-Clause */
/* What of the event log still holds. */
#include "catalogue.h"

#include "format.h"
#include "test.h"

static uint8_t log_bytes[1 << 16];
static struct format_out out;

static void begin(void)
{
    out = (struct format_out){log_bytes, log_bytes + sizeof log_bytes, false};
}

static void put(unsigned type, uint64_t id, uint64_t time_ns)
{
    uint8_t body[64];
    struct format_out in = {body, body + sizeof body, false};

    sigprof__put_varint(&in, id);
    if (type == FORMAT_MODULE) {
        for (unsigned i = 0; i < 3; i++)
            sigprof__put_varint(&in, 4096);
    }
    sigprof__put_varint(&in, time_ns);
    sigprof__put_varint(&out, type);
    sigprof__put_string(&out, body, (size_t)(in.at - body));
}

/* "MODULE 1, THREAD 7, …" of what is left. */
static const char *left_at(uint64_t time_ns)
{
    static const char *const names[] = {
        [FORMAT_INFO] = "INFO",     [FORMAT_MODULE] = "MODULE",
        [FORMAT_UNLOAD] = "UNLOAD", [FORMAT_THREAD] = "THREAD",
        [FORMAT_EXIT] = "EXIT",     [FORMAT_LABEL] = "LABEL"};
    static char text[4096];
    static uint8_t to[sizeof log_bytes];
    size_t size = sigprof__records_still_true(
        to, log_bytes, (size_t)(out.at - log_bytes), time_ns);
    struct format_in in = {to, to + size, false}, body;
    unsigned type;
    int used = 0;

    text[0] = '\0';
    while ((type = sigprof__get_record(&in, &body)))
        used += snprintf(text + used, sizeof text - (size_t)used, "%s%s %d",
                         used ? ", " : "", names[type],
                         (int)sigprof__get_varint(&body));
    return text;
}

static void a_thread_that_ended_long_ago_is_forgotten(void)
{
    begin();
    put(FORMAT_THREAD, 7, 10);
    put(FORMAT_THREAD, 8, 11);
    put(FORMAT_EXIT, 7, 20);
    CHECK_STR(left_at(30), "THREAD 8");
    CHECK_STR(left_at(20), "THREAD 7, THREAD 8, EXIT 7");
}

static void a_thread_with_the_number_of_a_dead_one_stays(void)
{
    begin();
    put(FORMAT_THREAD, 7, 10);
    put(FORMAT_EXIT, 7, 20);
    put(FORMAT_THREAD, 7, 25);
    CHECK_STR(left_at(30), "THREAD 7");
    put(FORMAT_EXIT, 7, 40);
    CHECK_STR(left_at(30), "THREAD 7, EXIT 7"); /* of the second one */
}

static void a_module_goes_with_its_unload(void)
{
    begin();
    put(FORMAT_MODULE, 1, 1);
    put(FORMAT_MODULE, 2, 2);
    put(FORMAT_UNLOAD, 1, 9);
    CHECK_STR(left_at(10), "MODULE 2");
    CHECK_STR(left_at(9), "MODULE 1, MODULE 2, UNLOAD 1");
}

static void module_and_thread_of_one_number_are_two(void)
{
    begin();
    put(FORMAT_MODULE, 3, 1);
    put(FORMAT_THREAD, 3, 1);
    put(FORMAT_EXIT, 3, 2);
    CHECK_STR(left_at(10), "MODULE 3");
}

static void what_has_no_end_stays(void)
{
    begin();
    put(FORMAT_LABEL, 1, 0);
    put(FORMAT_INFO, 4, 0);
    CHECK_STR(left_at(UINT64_MAX), "LABEL 1, INFO 4");
}

static void put_info(const char *key, const char *value)
{
    uint8_t body[64];
    struct format_out in = {body, body + sizeof body, false};

    sigprof__put_string(&in, key, strlen(key));
    sigprof__put_string(&in, value, strlen(value));
    sigprof__put_varint(&out, FORMAT_INFO);
    sigprof__put_string(&out, body, (size_t)(in.at - body));
}

static void a_later_info_is_in_the_place_of_an_earlier(void)
{
    begin();
    put_info("four", "1");
    put_info("clock", "thread");
    put_info("four", "2");
    put(FORMAT_THREAD, 4, 1);
    put_info("four", "3");
    CHECK_STR(left_at(0), "INFO 5, THREAD 4, INFO 4");
}

static void it_stays_small_however_many_come_and_go(void)
{
    struct catalogue catalogue = {NULL, 0, 0};

    for (unsigned i = 1; i <= 100000; i++) {
        begin();
        put(FORMAT_THREAD, i, i);
        if (i % 1000)
            put(FORMAT_EXIT, i, i);
        CHECK(sigprof__catalogue_add(&catalogue, log_bytes,
                                     (size_t)(out.at - log_bytes)));
        if (i % 5000 == 0)
            sigprof__catalogue_compact(&catalogue, i + 1);
    }
    begin();
    out.at += catalogue.size;
    memcpy(log_bytes, catalogue.bytes, catalogue.size);
    CHECK(strncmp(left_at(100001), "THREAD 1000, THREAD 2000, ", 26) == 0);
    CHECK(catalogue.size < 1000);
    sigprof__catalogue_drop(&catalogue);
}

int main(void)
{
    RUN(a_thread_that_ended_long_ago_is_forgotten);
    RUN(a_thread_with_the_number_of_a_dead_one_stays);
    RUN(a_module_goes_with_its_unload);
    RUN(module_and_thread_of_one_number_are_two);
    RUN(what_has_no_end_stays);
    RUN(a_later_info_is_in_the_place_of_an_earlier);
    RUN(it_stays_small_however_many_come_and_go);
    return 0;
}
