/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inflating. Contract: inflate.h.
 *
 * libelf 0.188 inflates zlib only, and keeps both forms; so this is done here:
 * zlib by libdeflate where the build has it (twice as fast), else by zlib, and
 * zstd where the build has it.
 *
 * The size that a section claims is believed as far as its bytes can make it
 * true. Memory comes from the system, so a page that is not written costs
 * nothing.
 */
#include "inflate.h"

#include <string.h>
#include <sys/mman.h>

#if SIGPROF_WITH_LIBDEFLATE
#include <libdeflate.h>
#elif SIGPROF_WITH_ZLIB
#include <zlib.h>
#endif
#if SIGPROF_WITH_ZSTD
#include <zstd.h>
#endif
#if SIGPROF_WITH_LZMA
#include <lzma.h>
#endif

/* zlib cannot do better than 1032 to 1; zstd can, so it has a fixed bound. */
#define ZLIB_RATIO 1032
#define MOST_BYTES (UINT64_C(1) << 35) /* of a section: 32 GiB */
#define XZ_MEMORY (UINT64_C(256) << 20)
#define XZ_BYTES (UINT64_C(1) << 30) /* symbols of one module */

void sigprof__sym_inflated_free(struct sym_inflated *inflated)
{
    if (inflated->at)
        munmap(inflated->at, inflated->size);
    *inflated = (struct sym_inflated){0};
}

static bool inflated_room(uint64_t size, struct sym_inflated *out)
{
    void *at;

    if (size == 0 || size > MOST_BYTES || size > SIZE_MAX)
        return false;
    at = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE,
              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        return false;
    *out = (struct sym_inflated){at, (size_t)size};
    return true;
}

static bool inflate_zlib(const uint8_t *at, size_t size,
                         struct sym_inflated *out)
{
#if SIGPROF_WITH_LIBDEFLATE
    struct libdeflate_decompressor *inflater = libdeflate_alloc_decompressor();
    enum libdeflate_result result =
        inflater ? libdeflate_zlib_decompress(inflater, at, size, out->at,
                                              out->size, NULL)
                 : LIBDEFLATE_BAD_DATA;

    libdeflate_free_decompressor(inflater);
    return result == LIBDEFLATE_SUCCESS;
#elif SIGPROF_WITH_ZLIB
    uLongf written = out->size;

    return uncompress(out->at, &written, at, size) == Z_OK &&
           written == out->size;
#else
    (void)at, (void)size, (void)out;
    return false;
#endif
}

static bool inflate_zstd(const uint8_t *at, size_t size,
                         struct sym_inflated *out)
{
#if SIGPROF_WITH_ZSTD
    return ZSTD_decompress(out->at, out->size, at, size) == out->size;
#else
    (void)at, (void)size, (void)out;
    return false;
#endif
}

bool sigprof__sym_inflate(const struct sym_section *section,
                          struct sym_inflated *out)
{
    bool done;

    *out = (struct sym_inflated){0};
    if (section->method == SYM_ZLIB &&
        section->inflated_size / ZLIB_RATIO > section->size)
        return false;
    if (!inflated_room(section->inflated_size, out))
        return false;
    done = section->method == SYM_ZLIB
               ? inflate_zlib(section->at, section->size, out)
               : section->method == SYM_ZSTD &&
                     inflate_zstd(section->at, section->size, out);
    if (!done)
        sigprof__sym_inflated_free(out);
    return done;
}

#if SIGPROF_WITH_LZMA

/* The stream's own index says how big it is. */
static uint64_t xz_size(const uint8_t *at, size_t size)
{
    uint64_t memory = XZ_MEMORY, bytes = 0;
    lzma_stream_flags flags;
    lzma_index *index = NULL;
    size_t position = 0;

    if (size < 2 * LZMA_STREAM_HEADER_SIZE ||
        lzma_stream_footer_decode(
            &flags, at + size - LZMA_STREAM_HEADER_SIZE) != LZMA_OK ||
        flags.backward_size > size - 2 * LZMA_STREAM_HEADER_SIZE)
        return 0;
    if (lzma_index_buffer_decode(&index, &memory, NULL,
                                 at + size - LZMA_STREAM_HEADER_SIZE -
                                     flags.backward_size,
                                 &position, flags.backward_size) == LZMA_OK)
        bytes = lzma_index_uncompressed_size(index);
    lzma_index_end(index, NULL);
    return bytes;
}

bool sigprof__sym_inflate_xz(const uint8_t *at, size_t size,
                             struct sym_inflated *out)
{
    uint64_t memory = XZ_MEMORY, bytes;
    size_t in = 0, written = 0;

    *out = (struct sym_inflated){0};
    /* Sections are padded to four bytes, and so are streams. */
    while (size >= 4 && memcmp(at + size - 4, "\0\0\0\0", 4) == 0)
        size -= 4;
    bytes = xz_size(at, size);
    if (bytes > XZ_BYTES || !inflated_room(bytes, out))
        return false;
    if (lzma_stream_buffer_decode(&memory, 0, NULL, at, &in, size, out->at,
                                  &written, out->size) == LZMA_OK &&
        written == out->size)
        return true;
    sigprof__sym_inflated_free(out);
    return false;
}

#else

bool sigprof__sym_inflate_xz(const uint8_t *at, size_t size,
                             struct sym_inflated *out)
{
    (void)at, (void)size;
    *out = (struct sym_inflated){0};
    return false;
}

#endif
