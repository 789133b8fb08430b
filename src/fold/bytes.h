/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes on their way into a file: a buffer that grows, numbers as protocol
 * buffers and the html page read them, strings of JSON, and zlib's streams.
 * Nothing here can fail but for want of memory, which ends the process; the
 * stream's errors are found when it is closed.
 */
#ifndef SIGPROF_FOLD_BYTES_H
#define SIGPROF_FOLD_BYTES_H

#include "store.h"

#include <stdbool.h>
#include <stdio.h>
#include <zlib.h>

struct bytes {
    uint8_t *at;
    size_t size, capacity;
};

void sigprof__bytes_put(struct bytes *bytes, const void *data, size_t size);
/* Seven bits a byte, the low ones first; the last byte's high bit is clear. */
void sigprof__bytes_varint(struct bytes *bytes, uint64_t value);
/* The same of 2n, or of -2n - 1 where n is negative. */
void sigprof__bytes_svarint(struct bytes *bytes, int64_t value);
/* In quotes; what is not UTF-8 becomes U+FFFD. */
void sigprof__bytes_json(struct bytes *bytes, struct text text);
__attribute__((format(printf, 2, 3))) void
sigprof__bytes_format(struct bytes *bytes, const char *format, ...);
/* Writes all to the stream, and empties. */
void sigprof__bytes_flush(struct bytes *bytes, FILE *out);
void sigprof__bytes_free(struct bytes *bytes);

/* Deflated bytes are handed to `out` as they come. */
struct zip {
    z_stream stream;
    void (*out)(void *arg, const uint8_t *bytes, size_t size);
    void *arg;
};

/* gzip: with its header, without a time in it; else zlib's own. */
void sigprof__zip_begin(struct zip *zip, bool gzip,
                        void (*out)(void *arg, const uint8_t *bytes,
                                    size_t size),
                        void *arg);
/* Takes all of the buffer, and empties it. */
void sigprof__zip_put(struct zip *zip, struct bytes *bytes);
void sigprof__zip_end(struct zip *zip);

#endif
