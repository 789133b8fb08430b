/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Line programs. Rows are not kept: a row is true from its address to that of
 * the next, and the addresses are sorted, so each row names what it covers as
 * it is made.
 *
 * A sequence that begins where a linker put code that it dropped is left out.
 */
#include "dwarf_forms.h"
#include "dwarf_impl.h"
#include "second.h"

#include <stdlib.h>

enum {
    DW_LNS_copy = 1,
    DW_LNS_advance_pc,
    DW_LNS_advance_line,
    DW_LNS_set_file,
    DW_LNS_set_column,
    DW_LNS_negate_stmt,
    DW_LNS_set_basic_block,
    DW_LNS_const_add_pc,
    DW_LNS_fixed_advance_pc,
    DW_LNE_end_sequence = 1,
    DW_LNE_set_address,
    DW_LNE_define_file,
    DW_LNCT_path = 1,
    DW_LNCT_directory_index = 2
};

struct line_file {
    const char *name; /* NULL: none */
    uint64_t directory;
    const char *path; /* kept in the names, once it was asked for */
};

struct dw_lines {
    bool usable;
    uint8_t version, address_size, offset_size;
    uint8_t minimum_length, maximum_operations, line_range, opcode_base;
    int8_t line_base;
    uint8_t lengths[256]; /* operands of standard opcodes */
    struct dw_cursor program;
    const char **directories;
    size_t directory_count, directory_capacity;
    struct line_file *files;
    size_t file_count, file_capacity;
};

/* ---- Header -------------------------------------------------------------- */

static void add_file(struct dw_lines *lines, const char *name,
                     uint64_t directory)
{
    ARRAY_ROOM(lines->files, lines->file_count, lines->file_capacity);
    lines->files[lines->file_count++] = (struct line_file){name, directory, 0};
}

static void add_directory(struct dw_lines *lines, const char *name)
{
    ARRAY_ROOM(lines->directories, lines->directory_count,
               lines->directory_capacity);
    lines->directories[lines->directory_count++] = name;
}

/* DWARF 2 to 4. Numbers begin with 1; directory 0 is the compiler's own. */
static void read_old_tables(struct dw_lines *lines, struct dw_cursor *c,
                            struct dw_unit *unit)
{
    const char *name;

    add_directory(lines, unit->directory);
    while ((name = sigprof__dw_string(c)) != NULL && *name)
        add_directory(lines, name);
    add_file(lines, NULL, 0);
    while ((name = sigprof__dw_string(c)) != NULL && *name) {
        uint64_t directory = sigprof__dw_uleb(c);

        sigprof__dw_uleb(c);
        sigprof__dw_uleb(c);
        add_file(lines, name, directory);
    }
}

#define MOST_FORMATS 32

struct formats {
    uint64_t content[MOST_FORMATS];
    struct dw_attribute form[MOST_FORMATS];
    unsigned count;
};

static void read_formats(struct dw_cursor *c, struct formats *formats)
{
    unsigned count = sigprof__dw_u8(c);

    formats->count = 0;
    for (unsigned i = 0; i < count; i++) {
        uint64_t content = sigprof__dw_uleb(c), form = sigprof__dw_uleb(c);

        if (formats->count == MOST_FORMATS || form > UINT16_MAX) {
            c->failed = true;
            return;
        }
        formats->content[formats->count] = content;
        formats->form[formats->count++] =
            (struct dw_attribute){0, (uint16_t)form, 0};
    }
}

/* DWARF 5: two tables of one form, directories and files. */
static void read_table(struct dw_lines *lines, struct dw_cursor *c,
                       struct dw_unit *unit, bool is_files)
{
    struct dw_unit reader = *unit;
    struct formats formats;
    uint64_t count;

    /* Offsets in a line program's header are of its own size. */
    reader.offset_size = lines->offset_size;
    read_formats(c, &formats);
    count = sigprof__dw_uleb(c);
    /* Entries without bytes could be any number. */
    if (formats.count == 0 || count > (uint64_t)(c->end - c->at))
        count = 0;
    for (uint64_t i = 0; i < count && !c->failed; i++) {
        const char *name = NULL;
        uint64_t directory = 0;

        for (unsigned j = 0; j < formats.count; j++) {
            struct dw_value value =
                sigprof__dw_value(&reader, c, &formats.form[j]);

            if (formats.content[j] == DW_LNCT_path)
                name = sigprof__dw_text(&reader, value);
            else if (formats.content[j] == DW_LNCT_directory_index)
                directory = value.number;
        }
        if (is_files)
            add_file(lines, name, directory);
        else
            add_directory(lines, name);
    }
}

static bool read_machine(struct dw_lines *lines, struct dw_cursor *c)
{
    lines->minimum_length = sigprof__dw_u8(c);
    lines->maximum_operations = lines->version >= 4 ? sigprof__dw_u8(c) : 1;
    sigprof__dw_u8(c); /* default of is_stmt */
    lines->line_base = (int8_t)sigprof__dw_u8(c);
    lines->line_range = sigprof__dw_u8(c);
    lines->opcode_base = sigprof__dw_u8(c);
    if (lines->opcode_base == 0)
        return false;
    for (unsigned i = 1; i < lines->opcode_base; i++)
        lines->lengths[i] = sigprof__dw_u8(c);
    return !c->failed && lines->line_range != 0;
}

static void read_header(struct dw_lines *lines, struct dw_unit *unit)
{
    struct dw_cursor c = sigprof__dw_at(unit->file, DW_LINE, unit->line_offset);
    uint64_t length = sigprof__dw_fixed(&c, 4), header;

    lines->offset_size = 4;
    if (length == UINT32_MAX) {
        length = sigprof__dw_fixed(&c, 8);
        lines->offset_size = 8;
    }
    if (c.failed || length > (uint64_t)(c.end - c.at))
        return;
    c.end = c.at + length;
    lines->version = (uint8_t)sigprof__dw_fixed(&c, 2);
    lines->address_size = unit->address_size;
    if (lines->version < 2 || lines->version > 5)
        return;
    if (lines->version == 5) {
        lines->address_size = sigprof__dw_u8(&c);
        sigprof__dw_u8(&c); /* segment selectors */
    }
    header = sigprof__dw_fixed(&c, lines->offset_size);
    if (c.failed || header > (uint64_t)(c.end - c.at))
        return;
    lines->program = c;
    lines->program.at += header;
    c.end = lines->program.at;
    if (!read_machine(lines, &c))
        return;
    lines->usable = true;
    if (lines->version == 5) {
        read_table(lines, &c, unit, false);
        read_table(lines, &c, unit, true);
    } else {
        read_old_tables(lines, &c, unit);
    }
    if (c.failed)
        unit->declined = true;
}

/* The header of the unit's own program; NULL: it has none. */
static struct dw_lines *lines_of(struct dw_unit *unit)
{
    size_t room = 0;

    if (!unit->has_lines)
        return NULL;
    if (!unit->lines) {
        unit->lines = sigprof__store_grow(NULL, &room, sizeof *unit->lines, 1);
        *unit->lines = (struct dw_lines){0};
        read_header(unit->lines, unit);
        if (!unit->lines->usable)
            unit->declined = true;
    }
    return unit->lines->usable ? unit->lines : NULL;
}

void sigprof__dw_lines_free(struct dw_lines *lines)
{
    if (!lines)
        return;
    free(lines->directories);
    free(lines->files);
    free(lines);
}

/* ---- Names of files ------------------------------------------------------ */

char *sigprof__dw_join(const char *first, const char *second, const char *third,
                       struct sym_names *names)
{
    const char *parts[3] = {first, second, third};
    size_t size = 1, at = 0;
    char *path;

    for (unsigned i = 3; i-- > 1;)
        if (parts[i] && *parts[i] == '/') {
            while (i-- > 0)
                parts[i] = NULL;
            break;
        }
    for (unsigned i = 0; i < 3; i++)
        size += parts[i] ? strlen(parts[i]) + 1 : 0;
    path = sigprof__sym_keep(names, size);
    for (unsigned i = 0; path && i < 3; i++) {
        size_t part = parts[i] ? strlen(parts[i]) : 0;

        if (part == 0)
            continue;
        if (at && path[at - 1] != '/')
            path[at++] = '/';
        memcpy(path + at, parts[i], part);
        at += part;
    }
    if (path)
        path[at] = '\0';
    return path;
}

const char *sigprof__dw_file_name(struct dw_unit *unit, uint64_t number,
                                  struct sym_names *names)
{
    struct dw_lines *lines = lines_of(unit);
    struct line_file *file;
    const char *directory;

    if (!lines || number >= lines->file_count || !lines->files[number].name)
        return NULL;
    file = &lines->files[number];
    if (!file->path) {
        directory = file->directory < lines->directory_count
                        ? lines->directories[file->directory]
                        : NULL;
        file->path = sigprof__dw_join(file->directory ? unit->directory : NULL,
                                      directory, file->name, names);
    }
    return file->path;
}

/* ---- Programs ------------------------------------------------------------ */

struct machine {
    struct sym_dwarf *dwarf;
    struct dw_unit *unit;
    const struct dw_lines *lines;
    struct dw_cursor c;
    uint64_t address, operation, file;
    uint32_t line;
    /* the last row, which lasts until the next */
    bool has_row, dropped;
    uint64_t row_address, row_file;
    uint32_t row_line;
    size_t next; /* the first address that is not below the last row */
};

static void begin_sequence(struct machine *m)
{
    m->address = m->operation = 0;
    m->file = 1;
    m->line = 1;
    m->has_row = false;
}

static void name_address(struct machine *m, size_t i, uint64_t high)
{
    struct dw_found *found = &m->dwarf->found[i];

    if (found->unit != m->unit && (found->unit || found->line_unit))
        return;
    found->line_unit = m->unit;
    found->file = (uint32_t)m->row_file;
    found->line = m->row_line;
    found->low = m->row_address;
    found->high = high;
}

static void add_row(struct machine *m, bool is_end)
{
    if (!m->has_row) {
        m->dropped =
            m->address <= 1 || m->address >= (m->lines->address_size == 4
                                                  ? UINT32_MAX - UINT32_C(1)
                                                  : UINT64_MAX - 1);
        m->next = sigprof__dw_first(m->dwarf, m->address);
    } else if (m->address < m->row_address) {
        m->next = sigprof__dw_first(m->dwarf, m->address);
    } else {
        while (m->next < m->dwarf->count &&
               m->dwarf->addresses[m->next] < m->address) {
            if (!m->dropped)
                name_address(m, m->next, m->address);
            m->next++;
        }
    }
    m->row_address = m->address;
    m->row_file = m->file;
    m->row_line = m->line;
    m->has_row = !is_end;
}

static void advance(struct machine *m, uint64_t operations)
{
    const struct dw_lines *lines = m->lines;

    if (lines->maximum_operations <= 1) {
        m->address += operations * lines->minimum_length;
        return;
    }
    m->operation += operations;
    m->address +=
        m->operation / lines->maximum_operations * lines->minimum_length;
    m->operation %= lines->maximum_operations;
}

static void run_extended(struct machine *m)
{
    uint64_t size = sigprof__dw_uleb(&m->c);
    const uint8_t *end;

    if (!sigprof__dw_take(&m->c, size) || size == 0)
        return;
    end = m->c.at + size;
    switch (sigprof__dw_u8(&m->c)) {
    case DW_LNE_end_sequence:
        add_row(m, true);
        begin_sequence(m);
        break;
    case DW_LNE_set_address:
        if (size - 1 <= 8)
            m->address = sigprof__dw_fixed(&m->c, (unsigned)size - 1);
        m->operation = 0;
        break;
    default: /* files that nobody defines here any more, discriminators */
        break;
    }
    m->c.at = end;
}

static void run_standard(struct machine *m, uint8_t opcode)
{
    switch (opcode) {
    case DW_LNS_copy:
        add_row(m, false);
        break;
    case DW_LNS_advance_pc:
        advance(m, sigprof__dw_uleb(&m->c));
        break;
    case DW_LNS_advance_line:
        m->line += (uint32_t)sigprof__dw_sleb(&m->c);
        break;
    case DW_LNS_set_file:
        m->file = sigprof__dw_uleb(&m->c);
        break;
    case DW_LNS_const_add_pc:
        advance(m, (255u - m->lines->opcode_base) / m->lines->line_range);
        break;
    case DW_LNS_fixed_advance_pc:
        m->address += sigprof__dw_fixed(&m->c, 2);
        m->operation = 0;
        break;
    default:
        for (unsigned i = 0; i < m->lines->lengths[opcode]; i++)
            sigprof__dw_uleb(&m->c);
    }
}

void sigprof__dw_lines(struct sym_dwarf *dwarf, struct dw_unit *unit)
{
    struct machine m = {.dwarf = dwarf, .unit = unit, .lines = lines_of(unit)};

    if (!m.lines)
        return;
    m.c = m.lines->program;
    begin_sequence(&m);
    while (m.c.at < m.c.end && !m.c.failed) {
        uint8_t opcode = *m.c.at++;

        if (opcode >= m.lines->opcode_base) {
            uint8_t step = (uint8_t)(opcode - m.lines->opcode_base);

            advance(&m, step / m.lines->line_range);
            m.line +=
                (uint32_t)(m.lines->line_base + step % m.lines->line_range);
            add_row(&m, false);
        } else if (opcode == 0) {
            run_extended(&m);
        } else {
            run_standard(&m, opcode);
        }
    }
    if (m.c.failed)
        unit->declined = true;
}
