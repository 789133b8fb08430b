/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unwind tables of an object that was loaded after the last refresh, or is being
 * loaded right now: its constructors are running. Signal-safe.
 *
 * The C library's _dl_find_object tells where they are, without a lock. Nothing
 * keeps the object mapped, so its tables are read by calls that cannot fault.
 */
#include "unwind/walker.h"

#include <dlfcn.h>

void *sigprof__cfi_find_object;

#if defined DLFO_STRUCT_HAS_EH_DBASE && !defined ARCH_EXIDX

/* One's locals are off the stack before the next one's come on it. */
#define NOINLINE __attribute__((noinline))

typedef int find_object(void *pc, struct dl_find_object *result);

struct hdr {
    uint8_t version;
    uint8_t frame_encoding;
    uint8_t count_encoding;
    uint8_t row_encoding;
    uint32_t frames;
    uint32_t count;
};

struct row {
    int32_t pc;
    int32_t fde;
};

/* The only form that linkers write: four bytes each, rows relative to hdr. */
static bool is_usual(const struct hdr *hdr)
{
    return hdr->version == 1 &&
           (hdr->frame_encoding & 7) == DWARF_PE_UDATA4 &&
           hdr->count_encoding == DWARF_PE_UDATA4 &&
           hdr->row_encoding == (DWARF_PE_DATAREL | DWARF_PE_SDATA4);
}

static NOINLINE bool search(struct walker *w, uintptr_t hdr_at, uintptr_t address,
                   uintptr_t *fde)
{
    intptr_t wanted = (intptr_t)(address - hdr_at);
    uint32_t low = 0;
    struct hdr hdr;
    struct row row;
    uint32_t high;

    if (!sigprof__memory_copy(&w->memory, hdr_at, &hdr, sizeof hdr) ||
        !is_usual(&hdr))
        return false;
    high = hdr.count;
    *fde = 0;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        uintptr_t at = hdr_at + sizeof hdr + sizeof row * (uintptr_t)middle;

        if (!sigprof__memory_copy(&w->memory, at, &row, sizeof row))
            return false;
        if (row.pc <= wanted) {
            *fde = hdr_at + (uintptr_t)(intptr_t)row.fde;
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return *fde != 0;
}

/* A CIE or FDE with its length, if it fits. */
static bool fetch(struct walker *w, uintptr_t address, uint8_t *to,
                  uint32_t room, struct dwarf_in *in)
{
    uint32_t length;

    if (!sigprof__memory_copy(&w->memory, address, &length, sizeof length) ||
        length > room - sizeof length ||
        !sigprof__memory_copy(&w->memory, address, to,
                              length + (uint32_t)sizeof length))
        return false;
    in->at = to;
    in->end = to + length + sizeof length;
    in->delta = address - (uintptr_t)to;
    in->bad = false;
    return true;
}

static NOINLINE bool decode(struct walker *w, uintptr_t fde_at, struct rules_unit *unit)
{
    uint8_t *room = walker_state(w)->pulled;
    uintptr_t cie_at;

    return fetch(w, fde_at, room + PULL_CIE_BYTES, PULL_FDE_BYTES,
                 &unit->program) &&
           sigprof__rules_fde_head(&unit->program, &cie_at) &&
           fetch(w, cie_at, room, PULL_CIE_BYTES, &unit->initial) &&
           sigprof__rules_cie(unit) && sigprof__rules_fde(unit);
}

/* Where the .eh_frame_hdr for address is; 0: nowhere. */
static NOINLINE uintptr_t find_hdr(uintptr_t address)
{
    find_object *find = (find_object *)sigprof__cfi_find_object;
    struct dl_find_object found;

    if (find((void *)address, &found) != 0)
        return 0;
    return (uintptr_t)found.dlfo_eh_frame;
}

enum cfi_found sigprof__cfi_pull(struct walker *w, uintptr_t address,
                                 struct rules_unit *unit)
{
    uintptr_t hdr, fde;

    if (!sigprof__cfi_find_object || !w->memory.walk->may_call_system ||
        w->memory.pages_left == 0)
        return CFI_NO_MODULE;
    hdr = find_hdr(address);
    if (hdr == 0)
        return CFI_NO_MODULE;
    if (!search(w, hdr, address, &fde) || !decode(w, fde, unit) ||
        address - unit->low >= unit->high - unit->low)
        return CFI_NO_RULE;
    return CFI_FOUND;
}

#else /* an older C library: what is new is guessed until the next refresh; or other
         tables, which exidx.c pulls */

enum cfi_found sigprof__cfi_pull(struct walker *w, uintptr_t address,
                                 struct rules_unit *unit)
{
    (void)w;
    (void)address;
    (void)unit;
    return CFI_NO_MODULE;
}

#endif
