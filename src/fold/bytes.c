/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes on their way into a file. Contracts: bytes.h. */
#include "bytes.h"
#include "name.h"

#include <stdarg.h>
#include <stdlib.h>

static uint8_t *room(struct bytes *bytes, size_t size)
{
    if (bytes->size + size > bytes->capacity)
        bytes->at = sigprof__store_grow(bytes->at, &bytes->capacity,
                                        bytes->size + size, 1);
    return bytes->at + bytes->size;
}

void sigprof__bytes_put(struct bytes *bytes, const void *data, size_t size)
{
    if (size)
        memcpy(room(bytes, size), data, size);
    bytes->size += size;
}

void sigprof__bytes_varint(struct bytes *bytes, uint64_t value)
{
    uint8_t *at = room(bytes, 10), *begin = at;

    while (value >= 0x80) {
        *at++ = (uint8_t)value | 0x80;
        value >>= 7;
    }
    *at++ = (uint8_t)value;
    bytes->size += (size_t)(at - begin);
}

void sigprof__bytes_svarint(struct bytes *bytes, int64_t value)
{
    sigprof__bytes_varint(bytes, (uint64_t)value << 1 ^
                                     (value < 0 ? ~(uint64_t)0 : 0));
}

void sigprof__bytes_json(struct bytes *bytes, struct text text)
{
    sigprof__bytes_put(bytes, "\"", 1);
    for (size_t at = 0; at < text.size;) {
        uint8_t byte = (uint8_t)text.at[at];
        size_t size =
            sigprof__name_utf8((const uint8_t *)text.at + at, text.size - at);

        if (size == 0)
            sigprof__bytes_put(bytes, "\xef\xbf\xbd", 3);
        else if (byte < 0x20 || byte == '"' || byte == '\\')
            sigprof__bytes_format(bytes, "\\u%04x", byte);
        else
            sigprof__bytes_put(bytes, text.at + at, size);
        at += size ? size : 1;
    }
    sigprof__bytes_put(bytes, "\"", 1);
}

void sigprof__bytes_format(struct bytes *bytes, const char *format, ...)
{
    va_list list;
    int size;

    va_start(list, format);
    size = vsnprintf(NULL, 0, format, list);
    va_end(list);
    if (size < 0)
        return;
    room(bytes, (size_t)size + 1);
    va_start(list, format);
    vsnprintf((char *)bytes->at + bytes->size, (size_t)size + 1, format, list);
    va_end(list);
    bytes->size += (size_t)size;
}

void sigprof__bytes_flush(struct bytes *bytes, FILE *out)
{
    fwrite(bytes->at, 1, bytes->size, out);
    bytes->size = 0;
}

void sigprof__bytes_free(struct bytes *bytes)
{
    free(bytes->at);
    *bytes = (struct bytes){0};
}

/* ---- zlib ---------------------------------------------------------------- */

#define GZIP_WINDOW (15 + 16) /* zlib.h: 16 asks for a gzip header */

static void zip_check(int status)
{
    if (status == Z_MEM_ERROR || status == Z_STREAM_ERROR ||
        status == Z_VERSION_ERROR) {
        fputs("sigprof-fold: zlib: out of memory\n", stderr);
        exit(1);
    }
}

void sigprof__zip_begin(struct zip *zip, bool gzip,
                        void (*out)(void *arg, const uint8_t *bytes,
                                    size_t size),
                        void *arg)
{
    *zip = (struct zip){.out = out, .arg = arg};
    zip_check(deflateInit2(&zip->stream, 6, Z_DEFLATED,
                           gzip ? GZIP_WINDOW : MAX_WBITS, 8,
                           Z_DEFAULT_STRATEGY));
}

static void zip_run(struct zip *zip, int flush)
{
    uint8_t buffer[32768];
    int status;

    do {
        zip->stream.next_out = buffer;
        zip->stream.avail_out = sizeof buffer;
        status = deflate(&zip->stream, flush);
        zip_check(status);
        zip->out(zip->arg, buffer, sizeof buffer - zip->stream.avail_out);
    } while (zip->stream.avail_out == 0 ||
             (flush == Z_FINISH && status == Z_OK));
}

void sigprof__zip_put(struct zip *zip, struct bytes *bytes)
{
    /* avail_in is 32 bits. */
    for (size_t at = 0; at < bytes->size;) {
        size_t size = bytes->size - at;

        size = size < (1u << 30) ? size : (1u << 30);
        zip->stream.next_in = bytes->at + at;
        zip->stream.avail_in = (uInt)size;
        zip_run(zip, Z_NO_FLUSH);
        at += size;
    }
    bytes->size = 0;
}

void sigprof__zip_end(struct zip *zip)
{
    zip_run(zip, Z_FINISH);
    deflateEnd(&zip->stream);
}
