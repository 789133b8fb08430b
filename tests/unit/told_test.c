/* SPDX-License-Identifier: BSD-2-Clause */
/* The files that virtual machines write for profilers: perf-PID.map, jitdump. */
#include "jit/jitdump.h"
#include "jit/perf-map.h"

#include <stdint.h>

#include "test.h"

#define ROOM (64u << 10)

/* ---- A file in memory ---------------------------------------------------- */

static uint8_t bytes[ROOM];
static size_t used;
static bool swapped;

static size_t read_bytes(void *arg, uint64_t at, void *to, size_t size)
{
    size_t end = *(size_t *)arg;

    CHECK(at <= end);
    size = end - at < size ? end - (size_t)at : size;
    memcpy(to, bytes + at, size);
    return size;
}

static struct told_file file_of(size_t *size)
{
    return (struct told_file){read_bytes, size, *size};
}

static void put(const void *data, size_t size)
{
    CHECK(used + size <= ROOM);
    memcpy(bytes + used, data, size);
    used += size;
}

static void put4(uint32_t value)
{
    value = swapped ? __builtin_bswap32(value) : value;
    put(&value, sizeof value);
}

static void put8(uint64_t value)
{
    value = swapped ? __builtin_bswap64(value) : value;
    put(&value, sizeof value);
}

static void put_text(const char *text)
{
    put(text, strlen(text) + 1);
}

static bool is_named(const struct told *told, const char *name)
{
    return told->name_bytes == strlen(name) && strcmp(told->name, name) == 0;
}

/* ---- perf-PID.map -------------------------------------------------------- */

static struct perf_map map;

static bool next_line(struct told *told)
{
    struct told_file file = file_of(&used);

    return sigprof__perf_map_next(&map, &file, told);
}

static void begin_map(const char *text)
{
    used = 0;
    put(text, strlen(text));
    sigprof__perf_map_begin(&map, 0);
}

static void a_line_has_a_start_a_size_and_a_name_to_its_end(void)
{
    struct told told;

    begin_map("7f00 1a JS:*a b;c (x)\n0x00007fbeef 0x0010 [stub]\r\n");
    CHECK(next_line(&told));
    CHECK_EQ(told.kind, TOLD_CODE);
    CHECK_EQ(told.start, 0x7f00);
    CHECK_EQ(told.bytes, 0x1a);
    CHECK_EQ(told.time_ns, 0);
    CHECK(is_named(&told, "JS:*a b;c (x)"));
    CHECK(next_line(&told));
    CHECK_EQ(told.start, 0x7fbeef);
    CHECK_EQ(told.bytes, 16);
    CHECK(is_named(&told, "[stub]"));
    CHECK(!next_line(&told));
    CHECK_EQ(map.at, used);
    CHECK_EQ(map.bad, 0);
}

static void lines_that_are_none_are_counted(void)
{
    struct told told;

    begin_map("\nxyz\n10\n10 20\n10 20 \n10 0 zero\n11223344556677889 1 wide\n"
              "ffffffffffffffff 2 wraps\n10 ffffffffffff long\n10 20 good\n");
    CHECK(next_line(&told));
    CHECK(is_named(&told, "good"));
    CHECK(!next_line(&told));
    CHECK_EQ(map.bad, 9);
}

static void a_torn_line_is_told_when_it_is_whole(void)
{
    struct told told;

    begin_map("10 20 a\n30 20 to");
    CHECK(next_line(&told));
    CHECK(!next_line(&told));
    CHECK_EQ(map.at, 8);
    put("rn\n", 3);
    CHECK(next_line(&told));
    CHECK(is_named(&told, "torn"));
    CHECK_EQ(told.start, 0x30);
    CHECK_EQ(map.bad, 0);
}

static void a_line_longer_than_all_is_cut_and_the_next_is_told(void)
{
    struct told told;

    begin_map("10 20 ");
    for (int i = 0; i < 20000; i++)
        put("x", 1);
    put("\n30 20 next\n", 12);
    CHECK(next_line(&told));
    CHECK_EQ(told.name_bytes, TOLD_TEXT_MAX);
    CHECK(next_line(&told));
    CHECK(is_named(&told, "next"));
    CHECK(!next_line(&told));
    CHECK_EQ(map.bad, 0);
    CHECK_EQ(map.at, used);
}

static void thousands_of_lines_are_all_told(void)
{
    struct told told;
    char line[32];
    int count = 0;

    begin_map("");
    for (int i = 1; i < 4000; i++)
        put(line, (size_t)snprintf(line, sizeof line, "%x %x f%d\n", i, i, i));
    while (next_line(&told)) {
        snprintf(line, sizeof line, "f%d", ++count);
        CHECK(is_named(&told, line));
        CHECK_EQ(told.start, count);
    }
    CHECK_EQ(count, 3999);
}

/* ---- jitdump ------------------------------------------------------------- */

static struct jitdump dump;

static bool next_record(struct told *told)
{
    struct told_file file = file_of(&used);

    return sigprof__jitdump_next(&dump, &file, told);
}

static void put_header(uint32_t padding, uint64_t flags)
{
    used = 0;
    put4(0x4A695444);
    put4(1);
    put4(40);
    put4(62);
    put4(padding);
    put4(4711);
    put8(1234567);
    put8(flags);
    sigprof__jitdump_begin(&dump);
}

static void put_head(uint32_t kind, size_t body, uint64_t time_ns)
{
    put4(kind);
    put4((uint32_t)(16 + body));
    put8(time_ns);
}

static void put_code(uint64_t start, uint32_t size, uint64_t time_ns,
                     const char *name)
{
    static const uint8_t code[256];

    put_head(0, 40 + strlen(name) + 1 + size, time_ns);
    put4(4711);
    put4(4712);
    put8(start);
    put8(start);
    put8(size);
    put8(1);
    put_text(name);
    put(code, size);
}

static void put_move(uint64_t from, uint64_t to, uint64_t time_ns)
{
    put_head(1, 48, time_ns);
    put4(4711);
    put4(4712);
    put8(to);
    put8(from);
    put8(to);
    put8(64);
    put8(1);
}

static void code_and_moves_are_told_with_their_times(void)
{
    struct told told;

    put_header(0, 0);
    put_code(0x1000, 64, 1000, "a");
    put_move(0x1000, 0x2000, 2000);
    put_code(0x1000, 32, 3000, "b");
    put_head(3, 0, 4000);
    put_code(0x5000, 32, 5000, "behind the end");
    CHECK(next_record(&told));
    CHECK_EQ(dump.pid, 4711);
    CHECK(told.kind == TOLD_CODE && is_named(&told, "a"));
    CHECK_EQ(told.start, 0x1000);
    CHECK_EQ(told.bytes, 64);
    CHECK_EQ(told.time_ns, 1000);
    CHECK(next_record(&told));
    CHECK(told.kind == TOLD_MOVE);
    CHECK_EQ(told.from, 0x1000);
    CHECK_EQ(told.start, 0x2000);
    CHECK_EQ(told.time_ns, 2000);
    CHECK(next_record(&told));
    CHECK(is_named(&told, "b"));
    CHECK(!next_record(&told));
    CHECK_EQ(dump.state, JITDUMP_CLOSED);
    CHECK_EQ(dump.bad, 0);
}

static void another_byte_order_is_told_by_the_magic(void)
{
    swapped = true;
    code_and_moves_are_told_with_their_times();
    swapped = false;
}

static void times_of_a_counter_are_not_told(void)
{
    struct told told;

    put_header(0, 1);
    put_code(0x1000, 64, 1000, "a");
    CHECK(next_record(&told));
    CHECK_EQ(told.time_ns, 0);
}

static void a_torn_record_is_told_when_it_is_whole(void)
{
    struct told told;
    size_t whole;

    put_header(0, 0);
    put_code(0x1000, 64, 1000, "a");
    whole = used;
    for (used = 0; used < whole; used++)
        CHECK(!next_record(&told));
    CHECK(next_record(&told));
    CHECK(is_named(&told, "a"));
    CHECK_EQ(dump.at, whole);
}

static void a_longer_header_is_passed_when_it_is_whole(void)
{
    struct told told;

    bool big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

    put_header(0, 0);
    bytes[swapped != big ? 11 : 8] = 48;
    CHECK(!next_record(&told));
    CHECK_EQ(dump.at, 0);
    put8(0);
    put_code(0x1000, 64, 1000, "a");
    CHECK(next_record(&told));
    CHECK(is_named(&told, "a"));
}

static void put_line(uint64_t address, uint32_t line, const char *file)
{
    put8(address);
    put4(line);
    put4(7);
    put_text(file);
}

static void lines_are_of_the_code_that_comes_next(void)
{
    struct told told;

    put_header(0, 0);
    put_head(2, 16 + 16 + 4 + 2 * 18 + 20, 500);
    put8(0x1000);
    put8(4);
    put_line(0x1000, 20, "a.x");
    put_line(0x1008, 21, "\xff");
    put_line(0x1010, 99, "b.x");
    put_line(0x1020, 22, "\xff");
    put_code(0x1000, 64, 1000, "a");
    put_code(0x1000, 64, 2000, "b");
    CHECK(next_record(&told));
    CHECK(told.file_bytes == 3 && memcmp(told.file, "a.x", 3) == 0);
    CHECK_EQ(told.line, 20);
    CHECK_EQ(told.line_count, 3);
    CHECK_EQ(told.lines[1].code_offset, 8);
    CHECK_EQ(told.lines[2].code_offset, 0x20);
    CHECK_EQ(told.lines[2].line, 22);
    CHECK(next_record(&told));
    CHECK_EQ(told.line_count, 0);
    CHECK_EQ(dump.bad, 0);
}

static void unwind_tables_are_of_the_code_that_comes_next(void)
{
    struct told told;

    put_header(0, 0);
    put_head(4, 24 + 16 + 20, 500);
    put8(36);
    put8(20); /* of them, the header */
    put8(0);
    for (unsigned i = 0; i < 9; i++)
        put4(i);
    put_code(0x1000, 61, 1000, "a");
    put_head(4, 24 + 24, 500);
    put8(24);
    put8(20);
    put8(0);
    put8(0); /* nothing but the end */
    put8(0);
    put8(0);
    put_code(0x1000, 64, 2000, "b");
    put_head(4, 24, 500);
    put8(36); /* beyond the record */
    put8(20);
    put8(0);
    put_code(0x1000, 64, 3000, "c");
    CHECK(next_record(&told));
    if (swapped) { /* of another CPU: nobody can use them */
        CHECK_EQ(told.eh_frame_bytes, 0);
    } else {
        CHECK_EQ(told.eh_frame_bytes, 16);
        CHECK_EQ(told.eh_frame_at, 0x1040);
        CHECK_EQ(((const uint32_t *)(const void *)told.eh_frame)[1], 1);
    }
    CHECK(next_record(&told));
    CHECK_EQ(told.eh_frame_bytes, 0);
    CHECK_EQ(dump.bad, 0);
    CHECK(next_record(&told));
    CHECK(is_named(&told, "c"));
    CHECK_EQ(told.eh_frame_bytes, 0);
    CHECK_EQ(dump.bad, 1);
}

static void v8s_lines_are_put_back_by_its_elf_header(void)
{
    struct told told;

    put_header(0xdeadbeef, 0);
    put_head(2, 16 + 20 + 18, 500);
    put8(0x1000);
    put8(2);
    put_line(0x1040, 20, "a.x");
    put_line(0x1048, 21, "\xff");
    put_code(0x1000, 64, 1000, "a");
    CHECK(next_record(&told));
    CHECK_EQ(told.line_count, 2);
    CHECK_EQ(told.lines[0].code_offset, 0);
    CHECK_EQ(told.lines[1].code_offset, 8);
}

static void a_record_without_sense_is_counted_and_passed(void)
{
    struct told told;

    put_header(0, 0);
    put_head(0, 8, 1); /* a LOAD of 8 bytes */
    put8(0);
    put_code(0, 64, 2, "nowhere");
    put_code(0x1000, 0, 3, "nothing");
    put_code(0x1000, 64, 4, "");
    put_code(UINT64_MAX - 3, 64, 4, "wraps");
    put_head(0, 44, 5); /* a name without an end */
    for (int i = 0; i < 11; i++)
        put4(0x41414141);
    put_head(77, 8, 6); /* of a later version */
    put8(0);
    put_code(0x1000, 64, 7, "good");
    CHECK(next_record(&told));
    CHECK(is_named(&told, "good"));
    CHECK_EQ(dump.bad, 6);
}

static void what_is_no_jitdump_is_broken(void)
{
    struct told told;

    put_header(0, 0);
    bytes[4] = 2; /* the version */
    CHECK(!next_record(&told));
    CHECK_EQ(dump.state, JITDUMP_BROKEN);
    put_header(0, 0);
    put4(0);
    put4(15); /* a record shorter than its head */
    put8(0);
    CHECK(!next_record(&told));
    CHECK_EQ(dump.state, JITDUMP_BROKEN);
    put_header(0, 0);
    put4(0);
    put4(UINT32_MAX);
    put8(0);
    CHECK(!next_record(&told));
    CHECK_EQ(dump.state, JITDUMP_BROKEN);
}

int main(void)
{
    RUN(a_line_has_a_start_a_size_and_a_name_to_its_end);
    RUN(lines_that_are_none_are_counted);
    RUN(a_torn_line_is_told_when_it_is_whole);
    RUN(a_line_longer_than_all_is_cut_and_the_next_is_told);
    RUN(thousands_of_lines_are_all_told);
    RUN(code_and_moves_are_told_with_their_times);
    RUN(another_byte_order_is_told_by_the_magic);
    RUN(times_of_a_counter_are_not_told);
    RUN(a_torn_record_is_told_when_it_is_whole);
    RUN(a_longer_header_is_passed_when_it_is_whole);
    RUN(lines_are_of_the_code_that_comes_next);
    RUN(unwind_tables_are_of_the_code_that_comes_next);
    RUN(v8s_lines_are_put_back_by_its_elf_header);
    RUN(a_record_without_sense_is_counted_and_passed);
    RUN(what_is_no_jitdump_is_broken);
    return 0;
}
