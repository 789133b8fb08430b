/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unwind information of one module, as modules.c keeps it and the cfi engine
 * reads it. What the pointers show stays mapped and unchanged as long as a
 * snapshot names the module.
 */
#ifndef SIGPROF_UNWIND_CFI_H
#define SIGPROF_UNWIND_CFI_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct object;

struct module_cfi {
    const uint8_t *frames;     /* .eh_frame, to the end of its segment; or NULL */
    const uint8_t *frames_end;
    uintptr_t delta;           /* address in the process minus address here */
    const uint8_t *rows;       /* sorted {int32 pc, int32 fde}, or NULL */
    uint32_t row_count;
    uintptr_t rows_base;       /* both are relative to it */
    int32_t first_pc;          /* of row 0 */
    uint64_t rows_per_byte;    /* of code, on average; times 2 to the 32 */
#define CFI_DENSITY_MAX ((uint64_t)1 << 30) /* times any int32_t fits 64 bits */
    uintptr_t code_low;        /* plain loads from here to code_high are */
    uintptr_t code_high;       /* ... right: the largest segment of code */
    const uint32_t *exidx;     /* .ARM.exidx (exidx.h), or NULL */
    uint32_t exidx_count;
    uintptr_t exidx_delta;     /* as delta */
    uintptr_t exidx_low;       /* addresses in the process between which are */
    uintptr_t exidx_high;      /* ... .ARM.extab's entries */
};

/* Control. Bytes that a copy of the object's unwind tables takes; 0: none. */
size_t sigprof__cfi_copy_bytes(const struct object *object);

/* Control. Fills in cfi. copy: where to put a copy of that many bytes; NULL: the
 * object will never be unmapped, so its own tables are used. */
void sigprof__cfi_describe(struct module_cfi *cfi,
                           const struct object *object, uint8_t *copy,
                           size_t copy_bytes);

/* Control. Before the first walk: memory and addresses that the handler cannot
 * get for itself. Costs two system calls; memory is touched when used. */
void sigprof__cfi_prepare(void);

/* Packed rules by address, for all threads: cfi.c. NULL: none. 131,072 words;
 * half a page is touched per page of sampled code. */
#define CFI_CACHE_BYTES ((size_t)1 << 20)
extern _Atomic uint64_t *sigprof__cfi_cache;

/* Protection keys may be in the way of plain loads of generated code: generated.c. */
extern bool sigprof__cfi_keys;

/* _dl_find_object, or NULL where the C library has none: pull.c. */
extern void *sigprof__cfi_find_object;

#endif
