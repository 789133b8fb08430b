/* SPDX-License-Identifier: BSD-2-Clause */
/* What is put into bytes comes out the same; what is too short is noticed. */
#include "fold_check.h"
#include "format.h"

#include <string.h>

static void varints_come_back(void)
{
    static const uint64_t values[] = {
        0, 1, 127, 128, 300, UINT32_MAX, 1u << 31, UINT64_MAX, UINT64_MAX - 1};
    uint8_t bytes[16];

    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct format_out out = {bytes, bytes + sizeof bytes, false};
        struct format_in in = {bytes, NULL, false};

        sigprof__put_varint(&out, values[i]);
        in.end = out.at;
        CHECK(!out.full && out.at - bytes <= 10);
        CHECK(sigprof__get_varint(&in) == values[i] && !in.bad);
        CHECK(in.at == in.end);
        for (const uint8_t *end = bytes; end < out.at; end++) {
            struct format_in cut = {bytes, end, false};

            CHECK(sigprof__get_varint(&cut) == 0 && cut.bad);
        }
    }
}

static void svarints_come_back(void)
{
    static const int64_t values[] = {0, -1, 1, -64, 64, INT64_MIN, INT64_MAX};
    uint8_t bytes[16];

    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct format_out out = {bytes, bytes + sizeof bytes, false};
        struct format_in in = {bytes, NULL, false};

        sigprof__put_svarint(&out, values[i]);
        in.end = out.at;
        CHECK(sigprof__get_svarint(&in) == values[i] && !in.bad);
    }
}

static void a_varint_has_ten_bytes_at_most(void)
{
    uint8_t bytes[11];
    struct format_in in = {bytes, bytes + sizeof bytes, false};

    memset(bytes, 0x80, sizeof bytes);
    CHECK(sigprof__get_varint(&in) == 0 && in.bad);
}

static void a_string_longer_than_its_bytes_is_bad(void)
{
    const uint8_t bytes[] = {5, 'a', 'b'};
    struct format_in in = {bytes, bytes + sizeof bytes, false};
    size_t size = 99;

    sigprof__get_string(&in, &size);
    CHECK(in.bad && size == 0);
}

static void a_full_output_writes_nothing_more(void)
{
    uint8_t bytes[4] = {0, 0, 0, 7};
    struct format_out out = {bytes, bytes + 3, false};

    sigprof__put_bytes(&out, "abcd", 4);
    CHECK(out.full && bytes[0] == 0 && bytes[3] == 7);
}

/* The check value of CRC-32C, as catalogues of CRCs give it. */
static void crc32c_is_castagnolis(void)
{
    CHECK(sigprof__crc32c(0, "123456789", 9) == 0xe3069283u);
    CHECK(sigprof__crc32c(sigprof__crc32c(0, "1234", 4), "56789", 5) ==
          0xe3069283u);
}

static void every_flipped_bit_of_a_block_is_noticed(void)
{
    uint8_t block[FORMAT_BLOCK_HEADER_BYTES + 9], id[FORMAT_ID_BYTES] = {1};
    size_t size;
    uint32_t sequence, word;

    memcpy(block + FORMAT_BLOCK_HEADER_BYTES, "123456789", 9);
    sigprof__format_block_seal(block, 9, 42, id);
    CHECK(sigprof__format_block_check(block, sizeof block, &size, &sequence,
                                      &word) == 0);
    CHECK(size == 9 && sequence == 42 && word == 1);
    for (size_t bit = 0; bit < 8 * sizeof block; bit++) {
        block[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK(sigprof__format_block_check(block, sizeof block, &size, &sequence,
                                          &word) != 0);
        block[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t cut = 0; cut < sizeof block; cut++)
        CHECK(sigprof__format_block_check(block, cut, &size, &sequence,
                                          &word) != 0);
}

int main(void)
{
    varints_come_back();
    svarints_come_back();
    a_varint_has_ten_bytes_at_most();
    a_string_longer_than_its_bytes_is_bad();
    a_full_output_writes_nothing_more();
    crc32c_is_castagnolis();
    every_flipped_bit_of_a_block_is_noticed();
    return CHECKED;
}
