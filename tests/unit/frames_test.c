/* SPDX-License-Identifier: BSD-2-Clause */
/* Unwind tables that a program registers for generated code: each function has its
 * own, whatever they share. */
#include "jit/frames.h"

#include <string.h>

#include "jit/map-write.h"
#include "jit/region.h"
#include "test.h"
#include "unwind/walker.h"

#define FUNCTIONS 500u
#define FUNCTION_BYTES 64u
#define PCREL_4 0x1b /* DW_EH_PE_pcrel | DW_EH_PE_sdata4 */

/* As LLVM makes it: one CIE, and a relative FDE for each function. */
static struct section {
    struct {
        uint32_t length, id;
        uint8_t version;
        char augmentation[3];
        uint8_t code_align, data_align, return_register, sizes, encoding;
        uint8_t cfa[3];
    } cie;
    struct {
        uint32_t length, cie_pointer;
        int32_t start;
        uint32_t bytes;
        uint8_t augmentation, nops[3];
    } fde[FUNCTIONS];
    uint32_t end;
} section;

static uintptr_t code_at(unsigned i)
{
    return ((uintptr_t)&section + (1u << 20)) / 4096 * 4096 +
           i * FUNCTION_BYTES;
}

static void fill(void)
{
    section.cie.length = sizeof section.cie - 4;
    section.cie.version = 1;
    memcpy(section.cie.augmentation, "zR", 3);
    section.cie.code_align = 1;
    section.cie.data_align = 0x78; /* -8 */
    section.cie.return_register = 16;
    section.cie.sizes = 1;
    section.cie.encoding = PCREL_4;
    section.cie.cfa[0] = 0x0c; /* DW_CFA_def_cfa */
    section.cie.cfa[1] = 7;
    section.cie.cfa[2] = 8;
    for (unsigned i = 0; i < FUNCTIONS; i++) {
        uintptr_t pointer = (uintptr_t)&section.fde[i].cie_pointer;

        section.fde[i].length = sizeof section.fde[i] - 4;
        section.fde[i].cie_pointer = (uint32_t)(pointer - (uintptr_t)&section);
        section.fde[i].start =
            (int32_t)(code_at(i) - (uintptr_t)&section.fde[i].start);
        section.fde[i].bytes = FUNCTION_BYTES;
    }
}

static const struct code_entry *found(unsigned i)
{
    return sigprof__code_find(code_at(i) + FUNCTION_BYTES - 1);
}

static void check_rules(unsigned i)
{
    const struct code_entry *entry = found(i);
    struct rules_unit unit;

    CHECK(entry != NULL);
    CHECK_EQ(atomic_load(&entry->rule), CODE_CFI);
    CHECK_EQ(sigprof__cfi_find(entry->by.cfi, code_at(i) + 1, &unit),
             CFI_FOUND);
    CHECK_EQ(unit.low, code_at(i));
    CHECK_EQ(unit.high, code_at(i) + FUNCTION_BYTES);
}

static void each_function_of_a_section_has_its_rules(void)
{
    fill();
    sigprof__frames_begin(&section);
    for (unsigned i = 0; i < FUNCTIONS; i++)
        check_rules(i);
}

static void each_keeps_no_more_than_it_needs(void)
{
    for (unsigned i = 0; i < FUNCTIONS; i++)
        CHECK_EQ(found(i)->region->table_bytes,
                 sizeof section.cie + sizeof section.fde[0]);
}

static void they_go_when_the_section_does(void)
{
    sigprof__frames_end(&section);
    for (unsigned i = 0; i < FUNCTIONS; i++)
        CHECK(!found(i));
}

/* LLVM's libunwind is given them one by one. */
static void of_a_single_fde_others_are_not_meant(void)
{
    sigprof__frames_begin(&section.fde[7]);
    check_rules(7);
    CHECK(!found(6) && !found(8));
    sigprof__frames_begin(&section.fde[8]);
    sigprof__frames_end(&section.fde[7]);
    CHECK(!found(7));
    check_rules(8);
    sigprof__frames_end(&section.fde[8]);
}

int main(void)
{
    RUN(each_function_of_a_section_has_its_rules);
    RUN(each_keeps_no_more_than_it_needs);
    RUN(they_go_when_the_section_does);
    RUN(of_a_single_fde_others_are_not_meant);
    return 0;
}
