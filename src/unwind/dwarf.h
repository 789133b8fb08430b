/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading DWARF's encodings from a range of bytes, never past its end: a get
 * that does not fit sets bad and gives 0. Signal-safe, all of it.
 *
 * The bytes may be a copy; delta is what has to be added to a position to get
 * the address that the original has in the process (pc-relative values).
 */
#ifndef SIGPROF_UNWIND_DWARF_H
#define SIGPROF_UNWIND_DWARF_H

#include <stdbool.h>
#include <stdint.h>

struct dwarf_in {
    const uint8_t *at;
    const uint8_t *end;
    uintptr_t delta;
    bool bad;
};

/* Pointer encodings of .eh_frame: how it is stored, to what it is relative. */
enum dwarf_encoding {
    DWARF_PE_ABSPTR = 0x00,
    DWARF_PE_ULEB128 = 0x01,
    DWARF_PE_UDATA2 = 0x02,
    DWARF_PE_UDATA4 = 0x03,
    DWARF_PE_UDATA8 = 0x04,
    DWARF_PE_SLEB128 = 0x09,
    DWARF_PE_SDATA2 = 0x0a,
    DWARF_PE_SDATA4 = 0x0b,
    DWARF_PE_SDATA8 = 0x0c,
    DWARF_PE_STORED = 0x0f,
    DWARF_PE_PCREL = 0x10,
    DWARF_PE_DATAREL = 0x30,
    DWARF_PE_RELATIVE = 0x70,
    DWARF_PE_INDIRECT = 0x80,
    DWARF_PE_OMIT = 0xff
};

static inline uintptr_t dwarf_address(const struct dwarf_in *in)
{
    return (uintptr_t)in->at + in->delta;
}

static inline uintptr_t dwarf_left(const struct dwarf_in *in)
{
    return (uintptr_t)(in->end - in->at);
}

static inline void dwarf_skip(struct dwarf_in *in, uint64_t bytes)
{
    if (bytes > dwarf_left(in)) {
        in->bad = true;
        in->at = in->end;
        return;
    }
    in->at += bytes;
}

/* Numbers anywhere in the tables, which are in the order of the machine. */
typedef uint16_t dwarf_u16 __attribute__((aligned(1), may_alias));
typedef uint32_t dwarf_u32 __attribute__((aligned(1), may_alias));
typedef uint64_t dwarf_u64 __attribute__((aligned(1), may_alias));

static inline uint64_t dwarf_load(const uint8_t *at, unsigned bytes)
{
    if (bytes == 1)
        return *at;
    if (bytes == 2)
        return *(const dwarf_u16 *)(const void *)at;
    if (bytes == 4)
        return *(const dwarf_u32 *)(const void *)at;
    return *(const dwarf_u64 *)(const void *)at;
}

/* bytes: 1, 2, 4 or 8. */
static inline uint64_t dwarf_fixed(struct dwarf_in *in, unsigned bytes)
{
    const uint8_t *at = in->at;

    if (bytes > dwarf_left(in)) {
        in->bad = true;
        in->at = in->end;
        return 0;
    }
    in->at += bytes;
    return dwarf_load(at, bytes);
}

static inline uint8_t dwarf_byte(struct dwarf_in *in)
{
    if (in->at < in->end)
        return *in->at++;
    in->bad = true;
    return 0;
}

static inline uint64_t dwarf_uleb(struct dwarf_in *in)
{
    uint64_t value = 0;
    unsigned shift = 0;
    uint8_t byte;

    do {
        byte = dwarf_byte(in);
        if (shift < 64)
            value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80);
    return value;
}

static inline int64_t dwarf_sleb(struct dwarf_in *in)
{
    uint64_t value = 0;
    unsigned shift = 0;
    uint8_t byte;

    do {
        byte = dwarf_byte(in);
        if (shift < 64)
            value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80);
    if (shift < 64 && (byte & 0x40))
        value |= ~(uint64_t)0 << shift;
    return (int64_t)value;
}

/* A pointer; data_base is what DATAREL is relative to. Indirect ones are bad
 * here: they would need a read of memory that nobody vouches for. */
uintptr_t sigprof__dwarf_pointer(struct dwarf_in *in, unsigned encoding,
                                 uintptr_t data_base);

#endif
