/* SPDX-License-Identifier: BSD-2-Clause */
/* Unwind tables of generated code: frames.h. */
#include "jit/frames.h"

#include <stdbool.h>
#include <string.h>

#include "jit/code.h"
#include "unwind/rules.h"

#define WIDE 0xffffffffu /* a length of 64 bits follows: no JIT has it */

/* Bytes of the entry, with its length; 0: it is the end. */
static size_t entry_bytes(const uint8_t *at)
{
    uint32_t length;

    memcpy(&length, at, sizeof length);
    return length && length != WIDE ? (size_t)length + 4 : 0;
}

static bool is_cie(const uint8_t *at)
{
    uint32_t id;

    memcpy(&id, at + 4, sizeof id);
    return id == 0;
}

static struct dwarf_in whole(const uint8_t *at)
{
    return (struct dwarf_in){at, at + entry_bytes(at), 0, false};
}

/* What code the FDE is for, and where its CIE is. */
static bool decode(const uint8_t *fde, struct rules_unit *unit,
                   const uint8_t **cie)
{
    uintptr_t cie_address;

    memset(unit, 0, sizeof *unit);
    unit->program = whole(fde);
    if (!sigprof__rules_fde_head(&unit->program, &cie_address))
        return false;
    *cie = (const uint8_t *)cie_address;
    unit->initial = whole(*cie);
    return sigprof__rules_cie(unit) && sigprof__rules_fde(unit) &&
           unit->low < unit->high;
}

static void each(const uint8_t *at, bool begins)
{
    const uint8_t *cie, *from, *to;
    struct rules_unit unit;

    for (size_t bytes; (bytes = entry_bytes(at)) != 0; at += bytes) {
        if (is_cie(at) || !decode(at, &unit, &cie))
            continue;
        from = cie < at ? cie : at;
        to = cie < at ? at + bytes : cie + entry_bytes(cie);
        if (begins)
            sigprof__code_frames_begin(unit.low, unit.high - unit.low, from,
                                       (size_t)(to - from));
        else
            sigprof__code_frames_end(unit.low);
    }
}

void sigprof__frames_begin(const void *eh_frame)
{
    each(eh_frame, true);
}

void sigprof__frames_end(const void *eh_frame)
{
    each(eh_frame, false);
}
