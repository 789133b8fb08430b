/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Object files that the program shows to debuggers. Theory: gdb.h.
 *
 * A new one is put in front of the list, so a search ends at the first that was seen
 * before. Entries and images come again at addresses of others that have gone: one is
 * known by its image's size and ends besides, where its addresses and names are.
 */
#include "arch/arch.h"
#include "jit/gdb.h"

#include <dlfcn.h>
#include <link.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "jit/code.h"
#include "jit/told.h"
#include "os/os.h"

#define VERSION 1
#define ENTRIES_MAX 65536u /* of a list, which may be a ring by accident */
#define IMAGE_MAX ((uint64_t)64 << 20)
#define CHUNK ((size_t)1 << 20) /* of a copy */
#define END_BYTES 256u /* of an image, to know it again */
#define SEEN_MIN 1024u /* keys; a power of two */
#define SEEN_MAX (1u << 17)
#define FIND_NS 250000000u /* not for each of thousands of calls */

struct entry { /* jit_code_entry */
    uintptr_t next, previous;
    uintptr_t image;
    uint64_t bytes;
};

struct descriptor { /* jit_descriptor */
    uint32_t version, action;
    uintptr_t relevant, first;
};

static _Atomic uintptr_t found;
static _Atomic uint64_t next_find_ns;

/* Entries that were told, open-addressed; 0: none. The drain's. */
static struct {
    uint64_t *key;
    uint32_t room, count;
    bool with_gaps; /* the last look did not come to one that was told before */
} seen;

void sigprof__gdb_find(void)
{
    uint64_t now_ns;

    if (atomic_load(&found) ||
        (now_ns = sigprof__os_now_ns()) < atomic_load(&next_find_ns))
        return;
    atomic_store(&next_find_ns, now_ns + FIND_NS);
    atomic_store(&found,
                 (uintptr_t)dlsym(RTLD_DEFAULT, "__jit_debug_descriptor"));
}

static bool read_all(uintptr_t from, void *to, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += CHUNK) {
        size_t part = bytes - at < CHUNK ? bytes - at : CHUNK;

        if (sigprof__os_read_memory(from + at, (char *)to + at, part) != part)
            return false;
    }
    return true;
}

/* ---- What was told before ------------------------------------------------- */

static uint64_t mix(uint64_t sum, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;

    while (size--)
        sum = (sum ^ *at++) * 0x100000001b3u;
    return sum;
}

/* Never 0. */
static uint64_t key_of(uintptr_t at, const struct entry *entry)
{
    size_t size = entry->bytes < END_BYTES ? (size_t)entry->bytes : END_BYTES;
    uint64_t sum = mix(0xcbf29ce484222325u, &at, sizeof at);
    uint8_t end[END_BYTES];

    sum = mix(sum, &entry->next, sizeof entry->next);
    sum = mix(sum, &entry->image, sizeof *entry - offsetof(struct entry, image));

    if (sigprof__os_read_memory(entry->image, end, size) == size)
        sum = mix(sum, end, size);
    if (sigprof__os_read_memory(entry->image + (uintptr_t)entry->bytes - size,
                                end, size) == size)
        sum = mix(sum, end, size);
    return sum | 1;
}

/* The place of the key, or a free one. */
static uint64_t *place_of(uint64_t key)
{
    uint32_t at = (uint32_t)(key >> 32);

    while (seen.key[at & (seen.room - 1)] &&
           seen.key[at & (seen.room - 1)] != key)
        at++;
    return &seen.key[at & (seen.room - 1)];
}

static bool is_seen(uint64_t key)
{
    return seen.room && *place_of(key);
}

static void forget_seen(void)
{
    sigprof__os_unmap(seen.key, seen.room * sizeof *seen.key);
    memset(&seen, 0, sizeof seen);
}

/* false: no memory. Those of a list that grows for ever are forgotten now and then,
 * and told again, which does nothing. */
static bool make_room_for_seen(void)
{
    uint64_t *old = seen.key;
    uint32_t room = seen.room;

    if (seen.count < room / 2)
        return true;
    if (room == SEEN_MAX) {
        forget_seen();
        old = NULL;
        room = 0;
    }
    seen.room = room ? 2 * room : SEEN_MIN;
    seen.key = sigprof__os_map(seen.room * sizeof *seen.key);
    if (!seen.key) {
        seen.key = old;
        seen.room = room;
        return false;
    }
    for (uint32_t i = 0; i < room; i++)
        if (old[i])
            *place_of(old[i]) = old[i];
    sigprof__os_unmap(old, room * sizeof *old);
    return true;
}

static void see(uint64_t key)
{
    if (!make_room_for_seen())
        return; /* told again the next time */
    *place_of(key) = key;
    seen.count++;
}

/* ---- An object file -------------------------------------------------------- */

/* A copy of one. */
struct image {
    const uint8_t *bytes;
    uint64_t size;
    ElfW(Ehdr) head;
};

static bool get(const struct image *image, uint64_t at, void *to, size_t bytes)
{
    if (at > image->size || bytes > image->size - at)
        return false;
    memcpy(to, image->bytes + at, bytes);
    return true;
}

static bool get_section(const struct image *image, uint64_t number,
                        ElfW(Shdr) *section)
{
    return number < image->head.e_shnum &&
           get(image, image->head.e_shoff + number * sizeof *section, section,
               sizeof *section);
}

static bool open_image(struct image *image)
{
    const ElfW(Ehdr) *head = &image->head;

    return get(image, 0, &image->head, sizeof image->head) &&
           memcmp(head->e_ident, ELFMAG, SELFMAG) == 0 &&
           head->e_ident[EI_CLASS] ==
               (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) &&
           head->e_shentsize == sizeof(ElfW(Shdr)) &&
           head->e_shoff <= image->size;
}

/* The NUL-terminated text there, or NULL. */
static const char *text_at(const struct image *image,
                           const ElfW(Shdr) *strings, uint64_t offset)
{
    const uint8_t *text;

    if (strings->sh_offset > image->size ||
        strings->sh_size > image->size - strings->sh_offset ||
        offset >= strings->sh_size)
        return NULL;
    text = image->bytes + strings->sh_offset + offset;
    return memchr(text, '\0', strings->sh_size - offset) ? (const char *)text
                                                         : NULL;
}

/* false: it is no function, or lies nowhere. */
static bool is_function(const struct image *image, const ElfW(Sym) *symbol,
                        uint64_t *address)
{
    ElfW(Shdr) section;

    /* The type is in the same bits for both classes. */
    if (ELF64_ST_TYPE(symbol->st_info) != STT_FUNC || !symbol->st_size ||
        !get_section(image, symbol->st_shndx, &section) || !section.sh_addr)
        return false;
    *address = symbol->st_value & ~(uint64_t)ARCH_CODE_BITS;
    if (image->head.e_type == ET_REL)
        *address += section.sh_addr;
    return true;
}

/* ---- Telling --------------------------------------------------------------- */

struct looking {
    uint64_t since_ns;
    void (*make_room)(void);
};

static bool tell_symbol(const struct looking *looking,
                        const struct image *image, const ElfW(Sym) *symbol,
                        const ElfW(Shdr) *strings)
{
    struct told told = {.kind = TOLD_CODE, .file = "",
                        .bytes = symbol->st_size};

    if (!is_function(image, symbol, &told.start))
        return true;
    told.name = text_at(image, strings, symbol->st_name);
    if (!told.name || !told.name[0])
        return true;
    told.name_bytes = strlen(told.name);
    if (!sigprof__code_tell_begin())
        return false;
    sigprof__code_tell(&told, FORMAT_CODE_DUMP, looking->since_ns);
    sigprof__code_tell_end();
    looking->make_room();
    return true;
}

static bool tell_symbols(const struct looking *looking,
                         const struct image *image, const ElfW(Shdr) *table)
{
    ElfW(Shdr) strings;
    ElfW(Sym) symbol;

    if (table->sh_entsize != sizeof symbol ||
        !get_section(image, table->sh_link, &strings))
        return true;
    for (uint64_t at = 0; at < table->sh_size / sizeof symbol; at++) {
        if (!get(image, table->sh_offset + at * sizeof symbol, &symbol,
                 sizeof symbol))
            return true;
        if (!tell_symbol(looking, image, &symbol, &strings))
            return false;
    }
    return true;
}

static bool tell_image(const struct looking *looking, struct image *image)
{
    ElfW(Shdr) section;

    if (!open_image(image))
        return true;
    for (uint64_t i = 0; get_section(image, i, &section); i++)
        if (section.sh_type == SHT_SYMTAB &&
            !tell_symbols(looking, image, &section))
            return false;
    return true;
}

/* What cannot be read has gone meanwhile. */
static bool tell_entry(const struct looking *looking,
                       const struct entry *entry)
{
    struct image image = {.size = entry->bytes};
    bool told = true;
    void *copy;

    if (entry->bytes < sizeof image.head || entry->bytes > IMAGE_MAX ||
        !(copy = sigprof__os_map((size_t)entry->bytes)))
        return true;
    image.bytes = copy;
    if (read_all(entry->image, copy, (size_t)entry->bytes))
        told = tell_image(looking, &image);
    sigprof__os_unmap(copy, (size_t)entry->bytes);
    return told;
}

/* The newest is the first: behind one that was told there is nothing new, unless the
 * last look was cut off by an entry that went meanwhile. false: not all; whatever was
 * told is told again the next time. */
static bool tell_new(const struct looking *looking, uintptr_t at)
{
    bool with_gaps = seen.with_gaps;
    struct entry entry;

    seen.with_gaps = true;
    for (unsigned count = 0; at && count < ENTRIES_MAX; count++) {
        uint64_t key;

        if (!read_all(at, &entry, sizeof entry))
            return true;
        key = key_of(at, &entry);
        if (is_seen(key)) {
            if (!with_gaps)
                break;
        } else {
            if (!tell_entry(looking, &entry))
                return false;
            see(key);
        }
        at = entry.next;
    }
    seen.with_gaps = false;
    return true;
}

bool sigprof__gdb_look(uint64_t since_ns, void (*make_room)(void))
{
    const struct looking looking = {since_ns, make_room};
    uintptr_t at = atomic_load(&found);
    struct descriptor descriptor;

    if (!at || !read_all(at, &descriptor, sizeof descriptor) ||
        descriptor.version != VERSION)
        return true;
    if (tell_new(&looking, descriptor.first))
        return true;
    forget_seen();
    return false;
}
