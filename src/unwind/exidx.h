/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Steps on CPUs whose unwind tables are .ARM.exidx and .ARM.extab (arch.h:
 * ARCH_EXIDX); nothing on others.
 */
#ifndef SIGPROF_UNWIND_EXIDX_H
#define SIGPROF_UNWIND_EXIDX_H

#include "objects.h"
#include "unwind/walker.h"

#ifdef ARCH_EXIDX

/* Control; exidx-elf.c. As sigprof__cfi_copy_bytes and _describe. */
size_t sigprof__exidx_copy_bytes(const struct object *object);
void sigprof__exidx_describe(struct module_cfi *cfi,
                             const struct object *object, uint8_t *copy,
                             size_t copy_bytes);

/* Signal-safe. The rules for place, by tables or by code; status: the processor's
 * status register there, 0: not known. Fills in unit and row. *read: by code alone. */
enum cfi_found sigprof__exidx_row(struct walker *w, const struct place *place,
                                  uintptr_t status, struct rules_unit *unit,
                                  struct rules_row *row, bool *read);

/* Signal-safe. The same for w->at, packed. */
uint32_t sigprof__exidx_rule(struct walker *w);

#else

static inline size_t sigprof__exidx_copy_bytes(const struct object *object)
{
    (void)object;
    return 0;
}

static inline void sigprof__exidx_describe(struct module_cfi *cfi,
                                           const struct object *object,
                                           uint8_t *copy, size_t copy_bytes)
{
    (void)cfi;
    (void)object;
    (void)copy;
    (void)copy_bytes;
}

#define sigprof__exidx_rule(w) ((void)(w), (uint32_t)PACKED_NONE)

#endif

#endif
