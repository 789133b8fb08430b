/* SPDX-License-Identifier: BSD-2-Clause */
/* Sections of one file of DWARF, and reading bytes of them. */
#include "dwarf_impl.h"

#include <pthread.h>
#include <stdlib.h>

uint64_t sigprof__dw_uleb_long(struct dw_cursor *c)
{
    uint64_t value = 0;
    unsigned shift = 0;
    uint8_t byte;

    do {
        byte = sigprof__dw_u8(c);
        if (shift < 64)
            value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80);
    return value;
}

int64_t sigprof__dw_sleb(struct dw_cursor *c)
{
    uint64_t value = 0;
    unsigned shift = 0;
    uint8_t byte;

    do {
        byte = sigprof__dw_u8(c);
        if (shift < 64)
            value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80);
    if (shift < 64 && (byte & 0x40))
        value |= ~UINT64_C(0) << shift;
    return (int64_t)value;
}

const char *sigprof__dw_string(struct dw_cursor *c)
{
    const char *string = (const char *)c->at;
    const uint8_t *end = memchr(c->at, 0, (size_t)(c->end - c->at));

    if (!end) {
        sigprof__dw_take(c, UINT64_MAX);
        return NULL;
    }
    c->at = end + 1;
    return string;
}

/* ---- Sections ------------------------------------------------------------ */

static const char *const section_names[DW_SECTIONS] = {
    [DW_INFO] = "info",
    [DW_ABBREV] = "abbrev",
    [DW_STR] = "str",
    [DW_LINE] = "line",
    [DW_LINE_STR] = "line_str",
    [DW_RANGES] = "ranges",
    [DW_RNGLISTS] = "rnglists",
    [DW_ADDR] = "addr",
    [DW_STR_OFFSETS] = "str_offsets",
    [DW_CU_INDEX] = "cu_index"};

/* ".debug_info", ".zdebug_info" (older compression), ".debug_info.dwo". */
static void find_section(struct dw_file *file, enum dw_section which)
{
    static const char *const forms[] = {".debug_%s", ".zdebug_%s",
                                        ".debug_%s.dwo", ".zdebug_%s.dwo"};
    struct sym_section *in = &file->sections[which].in;
    char name[64];

    for (size_t i = 0; i < sizeof forms / sizeof *forms && !in->at; i++) {
        snprintf(name, sizeof name, forms[i], section_names[which]);
        sigprof__elf_find_section(file->elf, name, in);
    }
}

/* Strings end inside their section, so that each needs no search for its end.
 */
static void cut_strings(enum dw_section which, struct dw_bytes *bytes)
{
    if (which == DW_STR || which == DW_LINE_STR)
        while (bytes->size && bytes->at[bytes->size - 1] != 0)
            bytes->size--;
}

static void section_ready(struct dw_file *file, enum dw_section which)
{
    struct dw_section_state *state = &file->sections[which];

    state->ready = true;
    if (!state->in.at)
        return;
    if (state->in.method == SYM_PLAIN)
        state->bytes = (struct dw_bytes){state->in.at, state->in.size};
    else if (sigprof__sym_inflate(&state->in, &state->owned))
        state->bytes = (struct dw_bytes){state->owned.at, state->owned.size};
    cut_strings(which, &state->bytes);
}

struct dw_bytes sigprof__dw_section(struct dw_file *file, enum dw_section which)
{
    if (!file->sections[which].ready)
        section_ready(file, which);
    return file->sections[which].bytes;
}

struct preparation {
    struct dw_file *file;
    unsigned bits;
};

static void *prepare(void *arg)
{
    struct preparation *preparation = arg;

    for (unsigned i = 0; i < DW_SECTIONS; i++)
        if (preparation->bits & 1u << i)
            sigprof__dw_section(preparation->file, i);
    return NULL;
}

/* Half a megabyte takes longer to inflate than a thread to start. */
#define WORTH_A_THREAD (UINT64_C(1) << 19)

void sigprof__dw_prepare(struct dw_file *file, unsigned bits)
{
    struct preparation first = {file, 1u << DW_INFO}, rest = {file, bits};
    uint64_t sizes[2] = {0, 0};
    pthread_t thread;

    for (unsigned i = 0; i < DW_SECTIONS; i++)
        if ((bits & 1u << i) && file->sections[i].in.method != SYM_PLAIN)
            sizes[i == DW_INFO] += file->sections[i].in.size;
    rest.bits &= ~first.bits;
    if (sizes[0] < WORTH_A_THREAD || sizes[1] < WORTH_A_THREAD ||
        pthread_create(&thread, NULL, prepare, &rest) != 0) {
        first.bits = bits;
        prepare(&first);
        return;
    }
    prepare(&first);
    pthread_join(thread, NULL);
}

struct dw_cursor sigprof__dw_at(struct dw_file *file, enum dw_section which,
                                uint64_t offset)
{
    struct dw_bytes bytes = sigprof__dw_section(file, which);
    struct dw_cursor c = {bytes.at, bytes.at, file->big, true};

    if (offset < bytes.size) {
        c.at += offset;
        c.end += bytes.size;
        c.failed = false;
    }
    return c;
}

const char *sigprof__dw_string_at(struct dw_file *file, enum dw_section which,
                                  uint64_t offset)
{
    struct dw_bytes bytes = sigprof__dw_section(file, which);

    return offset < bytes.size ? (const char *)bytes.at + offset : NULL;
}

/* ---- Files --------------------------------------------------------------- */

struct dw_file *sigprof__dw_file_open(struct sym_elf *elf)
{
    size_t room = 0;
    struct dw_file *file = sigprof__store_grow(NULL, &room, sizeof *file, 1);

    *file = (struct dw_file){.elf = elf};
    file->big = elf->header.e_ident[EI_DATA] == ELFDATA2MSB;
    for (unsigned i = 0; i < DW_SECTIONS; i++)
        find_section(file, i);
    if (file->sections[DW_INFO].in.at && file->sections[DW_ABBREV].in.at)
        return file;
    free(file);
    return NULL;
}

void sigprof__dw_file_close(struct dw_file *file)
{
    if (!file)
        return;
    sigprof__dw_file_close(file->supplement);
    for (size_t i = 0; i < file->unit_count; i++) {
        sigprof__dw_lines_free(file->units[i]->lines);
        free(file->units[i]);
    }
    free(file->units);
    for (size_t i = 0; i < file->abbrevs_count; i++)
        sigprof__dw_abbrevs_free(file->abbrevs[i]);
    free(file->abbrevs);
    for (unsigned i = 0; i < DW_SECTIONS; i++)
        sigprof__sym_inflated_free(&file->sections[i].owned);
    sigprof__sym_image_close(&file->image);
    free(file);
}
