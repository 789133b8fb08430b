/* SPDX-License-Identifier: BSD-2-Clause */
/* Unwind tables of generated code: frames.h. */
#include "jit/frames.h"

#include <stdbool.h>
#include <string.h>

#include "jit/code.h"
#include "os/os.h"
#include "unwind/rules.h"

#define WIDE 0xffffffffu /* a length of 64 bits follows: no JIT has it */
#define CIE_POINTER_AT 4u /* in an FDE, behind its length */
#define SMALL_BYTES 512u  /* threads with tiny stacks come through here */

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

/*
 * The CIE and the FDE, one behind the other, whatever lies between them: the FDE tells
 * how far back its CIE is. What is relative in it is so to its own place, so that is
 * where the copy is said to lie; in the CIE only the personality's may be.
 */
static void begin(const struct rules_unit *unit, const uint8_t *cie,
                  const uint8_t *fde)
{
    uint8_t little[SMALL_BYTES], *copy = little;
    size_t cie_bytes = entry_bytes(cie), bytes = cie_bytes + entry_bytes(fde);
    uint32_t back = (uint32_t)(cie_bytes + CIE_POINTER_AT);

    if (bytes > sizeof little)
        copy = sigprof__os_map(bytes);
    if (!copy)
        return;
    memcpy(copy, cie, cie_bytes);
    memcpy(copy + cie_bytes, fde, bytes - cie_bytes);
    memcpy(copy + cie_bytes + CIE_POINTER_AT, &back, sizeof back);
    sigprof__code_frames_begin(unit->low, unit->high - unit->low, copy, bytes,
                               (uintptr_t)fde - cie_bytes);
    if (copy != little)
        sigprof__os_unmap(copy, bytes);
}

static void tell(const uint8_t *fde, bool begins)
{
    struct rules_unit unit;
    const uint8_t *cie;

    if (!decode(fde, &unit, &cie))
        return;
    if (begins)
        begin(&unit, cie, fde);
    else
        sigprof__code_frames_end(unit.low);
}

/* libgcc's function takes a section, which begins with a CIE; LLVM libunwind's one
 * FDE, with others behind it that are not meant. */
static void each(const uint8_t *at, bool begins)
{
    if (entry_bytes(at) && !is_cie(at)) {
        tell(at, begins);
        return;
    }
    for (size_t bytes; (bytes = entry_bytes(at)) != 0; at += bytes)
        if (!is_cie(at))
            tell(at, begins);
}

void sigprof__frames_begin(const void *eh_frame)
{
    each(eh_frame, true);
}

void sigprof__frames_end(const void *eh_frame)
{
    each(eh_frame, false);
}
