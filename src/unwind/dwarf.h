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

/* Bytes in the order of the machine: the tables are its own. */
static inline uint64_t dwarf_fixed(struct dwarf_in *in, unsigned bytes)
{
    uint64_t value = 0;

    if (bytes > dwarf_left(in)) {
        in->bad = true;
        in->at = in->end;
        return 0;
    }
    for (unsigned i = 0; i < bytes; i++) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        value |= (uint64_t)in->at[i] << (8 * i);
#else
        value = value << 8 | in->at[i];
#endif
    }
    in->at += bytes;
    return value;
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
