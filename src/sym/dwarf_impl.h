/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of the DWARF reader share. Theory: dwarf.c.
 *
 *   dwarf-file.c    sections of one file, inflated when they are first read
 *   dwarf-abbrev.c  abbreviations, and how to step over a DIE quickly
 *   dwarf-unit.c    units and their root DIEs; other files of split units
 *   dwarf-form.c    values of attributes; ranges
 *   dwarf-scan.c    DIEs with code, and which addresses they cover
 *   dwarf-line.c    line programs and names of source files
 *   dwarf-name.c    names of functions, from the DIEs they come from
 *
 * A cursor never leaves its bytes: what would be read behind them is 0, and it
 * says that it failed. Offsets are checked where a cursor is made of them.
 */
#ifndef SIGPROF_SYM_DWARF_IMPL_H
#define SIGPROF_SYM_DWARF_IMPL_H

#include "../fold/store.h"
#include "dwarf.h"
#include "inflate.h"

#include <stdio.h>

/* ---- Bytes --------------------------------------------------------------- */

struct dw_cursor {
    const uint8_t *at, *end;
    bool big; /* the file's byte order */
    bool failed;
};

static inline bool sigprof__dw_take(struct dw_cursor *c, uint64_t size)
{
    if ((uint64_t)(c->end - c->at) >= size)
        return true;
    c->at = c->end;
    c->failed = true;
    return false;
}

static inline void sigprof__dw_skip(struct dw_cursor *c, uint64_t size)
{
    if (sigprof__dw_take(c, size))
        c->at += size;
}

static inline uint8_t sigprof__dw_u8(struct dw_cursor *c)
{
    return sigprof__dw_take(c, 1) ? *c->at++ : 0;
}

/* An unsigned number of 1 to 8 bytes. */
static inline uint64_t sigprof__dw_fixed(struct dw_cursor *c, unsigned size)
{
    uint64_t value = 0;

    if (!sigprof__dw_take(c, size))
        return 0;
    for (unsigned i = 0; i < size; i++)
        value |= (uint64_t)c->at[c->big ? size - 1 - i : i] << 8 * i;
    c->at += size;
    return value;
}

uint64_t sigprof__dw_uleb_long(struct dw_cursor *c);
int64_t sigprof__dw_sleb(struct dw_cursor *c);
/* Most are one byte. */
static inline uint64_t sigprof__dw_uleb(struct dw_cursor *c)
{
    if (c->at < c->end && *c->at < 0x80)
        return *c->at++;
    return sigprof__dw_uleb_long(c);
}

/* A string inside the bytes, or NULL. */
const char *sigprof__dw_string(struct dw_cursor *c);

/* ---- One file ------------------------------------------------------------ */

enum dw_section {
    DW_INFO,
    DW_ABBREV,
    DW_STR,
    DW_LINE,
    DW_LINE_STR,
    DW_RANGES,
    DW_RNGLISTS,
    DW_ADDR,
    DW_STR_OFFSETS,
    DW_CU_INDEX,
    DW_SECTIONS
};

struct dw_bytes {
    const uint8_t *at;
    uint64_t size;
};

struct dw_section_state {
    struct sym_section in; /* as it is in the file */
    struct dw_bytes bytes; /* … and inflated */
    struct sym_inflated owned;
    bool ready;
};

/* How to step over the attributes of a DIE. */
enum dw_step_kind {
    STEP_BYTES,   /* size bytes */
    STEP_SIBLING, /* a reference of size bytes to the next DIE of this level */
    STEP_LEB,
    STEP_STRING,
    STEP_BLOCK, /* its length comes first, in size bytes; 0: as a LEB */
    STEP_INDIRECT,
    STEP_UNKNOWN
};
struct dw_step {
    uint32_t size;
    uint8_t kind;
};

struct dw_attribute {
    uint16_t name, form;
    int64_t constant; /* of DW_FORM_implicit_const */
};

struct dw_abbrev {
    uint64_t code;
    uint32_t first_attribute, first_step;
    uint16_t attribute_count, step_count;
    uint16_t tag;
    bool has_children;
};

struct dw_abbrevs {
    uint64_t offset;
    uint8_t address_size, offset_size, version;
    struct dw_abbrev *items; /* by code; mostly items[i].code is i + 1 */
    struct dw_attribute *attributes;
    struct dw_step *steps;
    size_t count, capacity;
    size_t attribute_count, attribute_capacity, step_count, step_capacity;
};

enum dw_class {
    DW_NOTHING, /* a kind that nobody here asks for */
    DW_NUMBER,
    DW_ADDRESS,
    DW_ADDRESS_INDEX,
    DW_STRING_INDEX,
    DW_TEXT,
    DW_LIST_INDEX,
    DW_REFERENCE, /* offset in DW_INFO of the file */
    DW_REFERENCE_SUPPLEMENT
};
struct dw_value {
    enum dw_class class;
    uint64_t number;
    const char *text; /* of DW_TEXT; NULL: outside its section */
};

struct dw_unit {
    struct dw_file *file;
    uint64_t offset, end; /* in DW_INFO, header and all */
    uint64_t root;        /* offset of its first DIE */
    uint64_t abbrev_offset;
    uint8_t version, type, address_size, offset_size;
    struct dw_abbrevs *abbrevs; /* NULL: not read yet, or unreadable */
    bool root_read, usable;
    bool declined; /* not all of it could be read: see dwarf.c */
    /* of the root */
    uint16_t tag, language;
    uint64_t base; /* that ranges are relative to */
    uint64_t str_offsets_base, addr_base, rnglists_base, ranges_base;
    uint64_t line_offset, dwo_id;
    bool has_lines, has_bounds, has_ranges, has_children;
    uint64_t low, high;                 /* if has_bounds */
    struct dw_value ranges;             /* if has_ranges */
    const char *name, *directory, *dwo; /* NULL: none */
    /* split: the one half knows the other */
    struct dw_unit *skeleton; /* addresses and lines are that one's */
    struct dw_unit *split;
    bool split_looked_for;
    /* where its parts of the sections of a package begin */
    uint64_t line_start, str_offsets_start, rnglists_start;
    /* names of source files, made when asked for */
    struct dw_lines *lines;
    bool wanted; /* an address is in it */
};

struct dw_file {
    struct sym_elf *elf;
    struct sym_image image; /* closed with it; empty: somebody else's */
    bool big;
    struct dw_section_state sections[DW_SECTIONS];
    bool declined; /* there are units whose addresses are not known */
    struct dw_unit **units; /* by offset */
    size_t unit_count, unit_capacity;
    struct dw_abbrevs **abbrevs; /* by offset */
    size_t abbrevs_count, abbrevs_capacity;
    struct dw_file *supplement; /* of dwz; NULL: none */
};

/* The bytes of a section, inflated; size 0: it has none. */
struct dw_bytes sigprof__dw_section(struct dw_file *file,
                                    enum dw_section which);
/* At an offset of it; an empty, failed cursor outside. */
struct dw_cursor sigprof__dw_at(struct dw_file *file, enum dw_section which,
                                uint64_t offset);
/* A string of a section, or NULL. */
const char *sigprof__dw_string_at(struct dw_file *file, enum dw_section which,
                                  uint64_t offset);
/* Sections of these bits, on more than one thread. */
void sigprof__dw_prepare(struct dw_file *file, unsigned bits);

/* NULL: no DWARF in it. */
struct dw_file *sigprof__dw_file_open(struct sym_elf *elf);
void sigprof__dw_file_close(struct dw_file *file);

/* ---- Abbreviations ------------------------------------------------------- */

/* All of the unit's, kept in its file. */
struct dw_abbrevs *sigprof__dw_abbrevs(struct dw_unit *unit);
/* … as far as the one with the code; the caller's to free. */
struct dw_abbrevs *sigprof__dw_abbrevs_until(const struct dw_unit *unit,
                                             uint64_t code);
const struct dw_abbrev *
sigprof__dw_abbrev_slow(const struct dw_abbrevs *abbrevs, uint64_t code);
static inline const struct dw_abbrev *
sigprof__dw_abbrev(const struct dw_abbrevs *abbrevs, uint64_t code)
{
    if (code - 1 < abbrevs->count && abbrevs->items[code - 1].code == code)
        return &abbrevs->items[code - 1];
    return sigprof__dw_abbrev_slow(abbrevs, code);
}
/* Steps over the attributes. sibling: an offset in the section, or 0. */
void sigprof__dw_step_over(struct dw_unit *unit, struct dw_cursor *c,
                           const struct dw_abbrev *abbrev, uint64_t *sibling);
void sigprof__dw_abbrevs_free(struct dw_abbrevs *abbrevs);

/* ---- Values -------------------------------------------------------------- */

/* Reads the next attribute. */
struct dw_value sigprof__dw_value(struct dw_unit *unit, struct dw_cursor *c,
                                  const struct dw_attribute *attribute);
/* DW_TEXT and DW_STRING_INDEX; else NULL. */
const char *sigprof__dw_text(struct dw_unit *unit, struct dw_value value);
/* DW_ADDRESS and DW_ADDRESS_INDEX; false: none. */
bool sigprof__dw_address(struct dw_unit *unit, struct dw_value value,
                         uint64_t *address);

struct dw_range {
    uint64_t low, high;
};
struct dw_ranges {
    struct dw_range *items;
    size_t count, capacity;
};
/* Adds the ranges of a DW_AT_ranges; empty and discarded ones are left out. */
void sigprof__dw_ranges(struct dw_unit *unit, struct dw_value value,
                        struct dw_ranges *ranges);
/* Adds [low, high), if it is one. */
void sigprof__dw_range_add(struct dw_unit *unit, uint64_t low, uint64_t high,
                           struct dw_ranges *ranges);

/* ---- Units --------------------------------------------------------------- */

void sigprof__dw_units_read(struct dw_file *file);
/* The unit whose bytes hold the offset; NULL: none. */
struct dw_unit *sigprof__dw_unit_at(struct dw_file *file, uint64_t offset);
/* False: nothing of it can be used. */
bool sigprof__dw_root(struct dw_unit *unit);
void sigprof__dw_root_ranges(struct dw_unit *unit, struct dw_ranges *ranges);
/* The unit that has the DIEs of a skeleton, or unit itself. */
struct dw_unit *sigprof__dw_whole(struct sym_dwarf *dwarf,
                                  struct dw_unit *unit);
/* The unit that has the addresses and lines. */
static inline struct dw_unit *sigprof__dw_outer(struct dw_unit *unit)
{
    return unit->skeleton ? unit->skeleton : unit;
}

/* ---- Answers ------------------------------------------------------------- */

/* A DIE with code that covers an address that was asked for. */
struct dw_hit {
    struct dw_unit *unit;
    uint64_t die;
    uint64_t low;    /* of the range that covers the first such address */
    uint32_t parent; /* it is inlined in; 0: a function */
    uint32_t call_file, call_line;
    const char *name;
};

/* What is known of an address. */
struct dw_found {
    struct dw_unit *unit;      /* whose ranges hold it */
    struct dw_unit *line_unit; /* whose line program names it; NULL: none */
    uint32_t file, line;
    uint32_t hit;       /* the innermost; 0: none */
    uint64_t low, high; /* the same is true of all addresses between */
};

struct dw_names;

struct sym_dwarf {
    struct dw_file *file, *package;
    struct sym_dwarf_places where;
    struct dw_file **split; /* .dwo files that were read */
    size_t split_count, split_capacity;
    bool package_looked_for, split_missing;
    struct sym_names *names;
    /* one request */
    const uint64_t *addresses;
    size_t count;
    struct dw_found *found;
    struct dw_hit *hits; /* [0] is none */
    size_t hit_count, hit_capacity;
    struct dw_ranges ranges; /* of one DIE */
    uint64_t *edges; /* where something begins or ends in a function that was
                        hit */
    size_t edge_count, edge_capacity;
};

/* The first of the addresses that is not below `address`. */
size_t sigprof__dw_first(const struct sym_dwarf *dwarf, uint64_t address);

/* Finds what covers the addresses in the unit. thorough: nothing is stepped
 * over that could have a function in it. */
void sigprof__dw_scan(struct sym_dwarf *dwarf, struct dw_unit *unit,
                      bool thorough);
/* Finds the lines of those addresses whose unit this is. */
void sigprof__dw_lines(struct sym_dwarf *dwarf, struct dw_unit *unit);
/* The path of a source file of the unit, kept in names; NULL: none. */
const char *sigprof__dw_file_name(struct dw_unit *unit, uint64_t file,
                                  struct sym_names *names);
void sigprof__dw_lines_free(struct dw_lines *lines);
/* Gives each hit its name. */
void sigprof__dw_name_hits(struct sym_dwarf *dwarf);

#endif
