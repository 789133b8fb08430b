/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes of the profile file. Contracts: format.h; layout: docs/file-format.md. */
#include "format.h"

#include <stdatomic.h>
#include <string.h>

static const uint8_t file_magic[FORMAT_FILE_HEADER_BYTES] = {
    0x89, 'S', 'I', 'G', 'P', 'R', 'O', 'F',
    FORMAT_MAJOR, 0, FORMAT_MINOR, 0, 0x0d, 0x0a, 0x1a, 0x0a};
static const uint8_t block_sync[4] = {'S', 'P', 'B', 'K'};

void sigprof__put_byte(struct format_out *out, uint8_t byte)
{
    if (out->at == out->end)
        out->full = true;
    else
        *out->at++ = byte;
}

#define VARINT_MAX 10 /* bytes */

static void put_varint_bounded(struct format_out *out, uint64_t value)
{
    while (value >= 0x80) {
        sigprof__put_byte(out, (uint8_t)(value | 0x80));
        value >>= 7;
    }
    sigprof__put_byte(out, (uint8_t)value);
}

void sigprof__put_varint_long(struct format_out *out, uint64_t value)
{
    uint8_t *at = out->at;

    if (out->end - at < VARINT_MAX) {
        put_varint_bounded(out, value);
        return;
    }
    for (; value >= 0x80; value >>= 7)
        *at++ = (uint8_t)(value | 0x80);
    *at++ = (uint8_t)value;
    out->at = at;
}

void sigprof__put_svarint(struct format_out *out, int64_t value)
{
    uint64_t sign = value < 0 ? UINT64_MAX : 0;
    sigprof__put_varint(out, ((uint64_t)value << 1) ^ sign);
}

void sigprof__put_bytes(struct format_out *out, const void *bytes, size_t size)
{
    if ((size_t)(out->end - out->at) < size) {
        out->full = true;
        return;
    }
    if (size)
        memcpy(out->at, bytes, size);
    out->at += size;
}

void sigprof__put_string(struct format_out *out, const void *bytes, size_t size)
{
    sigprof__put_varint(out, size);
    sigprof__put_bytes(out, bytes, size);
}

uint8_t sigprof__get_byte(struct format_in *in)
{
    if (in->at == in->end) {
        in->bad = true;
        return 0;
    }
    return *in->at++;
}

uint64_t sigprof__get_varint_long(struct format_in *in)
{
    const uint8_t *at = in->at;
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64 && at != in->end; shift += 7) {
        value |= (uint64_t)(*at & 0x7f) << shift;
        if (!(*at++ & 0x80)) {
            in->at = at;
            return in->bad ? 0 : value;
        }
    }
    in->at = at;
    in->bad = true;
    return 0;
}

const uint8_t *sigprof__get_string(struct format_in *in, size_t *size)
{
    uint64_t length = sigprof__get_varint(in);
    const uint8_t *string = in->at;

    if (in->bad || length > (uint64_t)(in->end - in->at)) {
        in->bad = true;
        *size = 0;
        return (const uint8_t *)"";
    }
    in->at += length;
    *size = (size_t)length;
    return string;
}

unsigned sigprof__get_record(struct format_in *in, struct format_in *body)
{
    uint64_t type;

    if (in->at == in->end)
        return 0;
    type = sigprof__get_varint(in);
    body->bad = false;
    size_t size;
    body->at = sigprof__get_string(in, &size);
    body->end = body->at + size;
    if (in->bad || type == 0 || type > UINT32_MAX) {
        in->bad = true;
        return 0;
    }
    return (unsigned)type;
}

static void put32(uint8_t *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

static uint32_t get32(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
           (uint32_t)at[3] << 24;
}

/*
 * Eight bytes at a time: entry [k][b] is what byte b becomes k zero bytes later.
 * Filled in at the first use; two threads that do so at once write the same.
 */
static uint32_t crc_table[8][256];
static atomic_bool crc_table_ready;

#define CRC32C_POLYNOMIAL 0x82f63b78u /* Castagnoli's, bits reversed */

static void make_crc_table(void)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;

        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? CRC32C_POLYNOMIAL : 0);
        crc_table[0][byte] = crc;
    }
    for (unsigned k = 1; k < 8; k++)
        for (unsigned byte = 0; byte < 256; byte++) {
            uint32_t crc = crc_table[k - 1][byte];

            crc_table[k][byte] = crc >> 8 ^ crc_table[0][crc & 255];
        }
    atomic_store_explicit(&crc_table_ready, true, memory_order_release);
}

static uint32_t crc_of_eight(uint32_t crc, const uint8_t *at)
{
    uint32_t low = crc ^ get32(at);
    uint32_t high = get32(at + 4);

    return crc_table[7][low & 255] ^ crc_table[6][low >> 8 & 255] ^
           crc_table[5][low >> 16 & 255] ^ crc_table[4][low >> 24] ^
           crc_table[3][high & 255] ^ crc_table[2][high >> 8 & 255] ^
           crc_table[1][high >> 16 & 255] ^ crc_table[0][high >> 24];
}

uint32_t sigprof__crc32c(uint32_t crc, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;

    if (!atomic_load_explicit(&crc_table_ready, memory_order_acquire))
        make_crc_table();
    crc = ~crc;
    for (; size >= 8; size -= 8, at += 8)
        crc = crc_of_eight(crc, at);
    while (size--)
        crc = crc >> 8 ^ crc_table[0][(crc ^ *at++) & 255];
    return ~crc;
}

void sigprof__format_file_header(uint8_t out[FORMAT_FILE_HEADER_BYTES])
{
    memcpy(out, file_magic, sizeof file_magic);
}

static uint32_t block_crc(const uint8_t *block, size_t payload_bytes)
{
    uint32_t crc = sigprof__crc32c(0, block, 16);

    return sigprof__crc32c(crc, block + FORMAT_BLOCK_HEADER_BYTES,
                           payload_bytes);
}

void sigprof__format_block_seal(uint8_t *block, size_t payload_bytes,
                                uint32_t sequence, const uint8_t *id)
{
    memcpy(block, block_sync, 4);
    put32(block + 4, (uint32_t)payload_bytes);
    put32(block + 8, sequence);
    memcpy(block + 12, id, 4);
    put32(block + 16, block_crc(block, payload_bytes));
}

int sigprof__format_block_check(const uint8_t *bytes, size_t size,
                                size_t *payload_bytes, uint32_t *sequence,
                                uint32_t *id_word)
{
    if (size < FORMAT_BLOCK_HEADER_BYTES || memcmp(bytes, block_sync, 4) != 0)
        return -1;
    *payload_bytes = get32(bytes + 4);
    *sequence = get32(bytes + 8);
    *id_word = get32(bytes + 12);
    if (*payload_bytes > FORMAT_PAYLOAD_MAX ||
        *payload_bytes > size - FORMAT_BLOCK_HEADER_BYTES ||
        block_crc(bytes, *payload_bytes) != get32(bytes + 16))
        return -1;
    return 0;
}
