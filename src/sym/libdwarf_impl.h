/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the two files that call libdwarf share, and the differences between its
 * versions: 20210528 has no version macro, 0.x and later have one.
 */
#ifndef SIGPROF_SYM_LIBDWARF_IMPL_H
#define SIGPROF_SYM_LIBDWARF_IMPL_H

#include "second.h"

#include <dwarf.h>
#include <libdwarf.h>

struct ld_range {
    uint64_t low, high;
};

struct ld_unit {
    Dwarf_Die root;
    Dwarf_Off offset; /* of the root */
    Dwarf_Half version;
    uint64_t ones; /* an address of all ones */
    Dwarf_Unsigned language;
    Dwarf_Addr base; /* that ranges are relative to */
    const char *directory;
    bool has_ranges, wanted;
    Dwarf_Line_Context lines; /* NULL: none, or not read yet */
    uint32_t *files; /* number of a file -> its path + 1; 0: not made yet */
    size_t file_room;
    struct ld_parent *parents; /* of its DIEs; NULL: not asked for yet */
    size_t parent_count, parent_capacity;
};

/* A DIE and what it is in. */
struct ld_parent {
    Dwarf_Off die;
    uint32_t above; /* its number + 1; 0: the root */
    Dwarf_Half tag;
};

/* As struct dw_hit and dw_found of dwarf_impl.h. */
struct ld_hit {
    struct ld_unit *unit;
    Dwarf_Off die;
    uint64_t low;
    uint32_t parent;
    Dwarf_Unsigned call_file, call_line;
};
struct ld_found {
    uint32_t unit, line_unit; /* a unit's number + 1; 0: none */
    Dwarf_Unsigned file, line;
    uint32_t hit;
};

struct ld_name {
    Dwarf_Off die;
    uint32_t name;
};

struct ld {
    Dwarf_Debug debug;
    const uint64_t *addresses;
    size_t count;
    struct ld_found *found;
    struct ld_unit *units; /* ascending */
    size_t unit_count, unit_capacity;
    struct ld_hit *hits; /* [0] is none */
    size_t hit_count, hit_capacity;
    struct ld_range *ranges; /* of one DIE */
    size_t range_count, range_capacity;
    struct ld_name *names; /* [0] is none */
    size_t name_count, name_capacity;
    struct index name_index;
    struct second_result *result;
};

/* Values of attributes (libdwarf-name.c). */
bool sigprof__ld_number(Dwarf_Die die, Dwarf_Half name, Dwarf_Unsigned *number);
/* The offset that an attribute refers to. */
bool sigprof__ld_reference(Dwarf_Die die, Dwarf_Half name, Dwarf_Off *offset);
/* NULL: it has none. */
const char *sigprof__ld_text(Dwarf_Die die, Dwarf_Half name);

/* The name of a DIE's function; 0: none. */
uint32_t sigprof__ld_name(struct ld *ld, Dwarf_Off die);
/* The path of a file of the unit; 0: none. */
uint32_t sigprof__ld_file(struct ld *ld, struct ld_unit *unit,
                          Dwarf_Unsigned number);

/* Errors are objects too; passing none to libdwarf can abort. */
static inline bool sigprof__ld_ok(int result)
{
    return result == DW_DLV_OK;
}

#endif
