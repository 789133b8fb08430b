/* SPDX-License-Identifier: BSD-2-Clause */
/* Encoded pointers; see dwarf.h. Signal-safe. */
#include "unwind/dwarf.h"

static uint64_t stored(struct dwarf_in *in, unsigned encoding)
{
    switch (encoding & DWARF_PE_STORED) {
    case DWARF_PE_ABSPTR:
        return dwarf_fixed(in, sizeof(void *));
    case DWARF_PE_ULEB128:
        return dwarf_uleb(in);
    case DWARF_PE_UDATA2:
        return dwarf_fixed(in, 2);
    case DWARF_PE_UDATA4:
        return dwarf_fixed(in, 4);
    case DWARF_PE_UDATA8:
    case DWARF_PE_SDATA8:
        return dwarf_fixed(in, 8);
    case DWARF_PE_SLEB128:
        return (uint64_t)dwarf_sleb(in);
    case DWARF_PE_SDATA2:
        return (uint64_t)(int64_t)(int16_t)dwarf_fixed(in, 2);
    case DWARF_PE_SDATA4:
        return (uint64_t)(int64_t)(int32_t)dwarf_fixed(in, 4);
    default:
        in->bad = true;
        return 0;
    }
}

uintptr_t sigprof__dwarf_pointer(struct dwarf_in *in, unsigned encoding,
                                 uintptr_t data_base)
{
    uintptr_t here = dwarf_address(in);
    uintptr_t value = (uintptr_t)stored(in, encoding);

    switch (encoding & DWARF_PE_RELATIVE) {
    case DWARF_PE_ABSPTR:
        break;
    case DWARF_PE_PCREL:
        value += here;
        break;
    case DWARF_PE_DATAREL:
        value += data_base;
        break;
    default:
        in->bad = true;
    }
    if (encoding & DWARF_PE_INDIRECT)
        in->bad = true;
    return value;
}
