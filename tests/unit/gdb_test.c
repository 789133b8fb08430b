/* SPDX-License-Identifier: BSD-2-Clause */
/* Object files that the program shows to debuggers: what they name is known, and
 * whatever else is in them does no harm. */
#include "jit/gdb.h"

#include <link.h>

#include "jit/map-write.h"
#include "os/os.h"
#include "test.h"

#define MUTANTS 20000
#define TEXT_AT ((uintptr_t)1 << (sizeof(void *) == 8 ? 40 : 30))

struct jit_entry {
    struct jit_entry *next, *previous;
    const void *image;
    uint64_t bytes;
};

struct jit_descriptor {
    uint32_t version, action;
    struct jit_entry *relevant, *first;
};

__attribute__((visibility("default"))) extern struct jit_descriptor
    __jit_debug_descriptor;
struct jit_descriptor __jit_debug_descriptor = {1, 0, NULL, NULL};

/* A relocatable object of two functions. */
struct object {
    ElfW(Ehdr) head;
    ElfW(Shdr) section[4]; /* none, code, symbols, strings */
    ElfW(Sym) symbol[3];
    char strings[16];
};

static struct object object;
static struct jit_entry entry = {NULL, NULL, &object, sizeof object};
static unsigned room_made;

static void make_room(void)
{
    room_made++;
}

static void fill(void)
{
    memset(&object, 0, sizeof object);
    memcpy(object.head.e_ident, ELFMAG, SELFMAG);
    object.head.e_ident[EI_CLASS] = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;
    object.head.e_type = ET_REL;
    object.head.e_shentsize = sizeof(ElfW(Shdr));
    object.head.e_shnum = 4;
    object.head.e_shoff = offsetof(struct object, section);
    object.section[1].sh_addr = (ElfW(Addr))TEXT_AT;
    object.section[2].sh_type = SHT_SYMTAB;
    object.section[2].sh_offset = offsetof(struct object, symbol);
    object.section[2].sh_size = sizeof object.symbol;
    object.section[2].sh_entsize = sizeof(ElfW(Sym));
    object.section[2].sh_link = 3;
    object.section[3].sh_offset = offsetof(struct object, strings);
    object.section[3].sh_size = sizeof object.strings;
    for (int i = 1; i <= 2; i++) {
        object.symbol[i].st_name = i == 1 ? 1 : 7;
        object.symbol[i].st_value = (ElfW(Addr))(i * 64);
        object.symbol[i].st_size = 48;
        object.symbol[i].st_shndx = 1;
        object.symbol[i].st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
    }
    memcpy(object.strings, "\0first\0second", 14);
}

static bool is_known(uintptr_t start)
{
    return sigprof__code_map_at(start) != NULL;
}

static void an_image_names_its_functions(void)
{
    char byte;

    sigprof__os_read_memory((uintptr_t)&object, &byte, 1); /* see os.h */
    sigprof__gdb_find();
    CHECK(sigprof__gdb_look(1, make_room)); /* an empty list */
    CHECK_EQ(room_made, 0);
    fill();
    __jit_debug_descriptor.first = &entry;
    CHECK(sigprof__gdb_look(1, make_room));
    CHECK(is_known(TEXT_AT + 64));
    CHECK(is_known(TEXT_AT + 128));
    CHECK_EQ(room_made, 2);
    CHECK(sigprof__gdb_look(1, make_room)); /* nothing is new */
    CHECK_EQ(room_made, 2);
}

static void what_cannot_be_read_is_left_out(void)
{
    struct jit_entry wild = {(void *)(uintptr_t)4096, NULL,
                             (void *)(uintptr_t)8192, 1 << 20};
    struct jit_entry ring = {NULL, NULL, &object, 3};

    __jit_debug_descriptor.first = &wild;
    CHECK(sigprof__gdb_look(1, make_room));
    ring.next = &ring;
    __jit_debug_descriptor.first = &ring;
    CHECK(sigprof__gdb_look(1, make_room));
    __jit_debug_descriptor.version = 2;
    CHECK(sigprof__gdb_look(1, make_room));
    __jit_debug_descriptor.version = 1;
}

/* An image that was freed, and another at its place: the list looks as before. */
static void another_image_in_its_place_is_told(void)
{
    struct jit_entry front = {&entry, NULL, NULL, 0};

    fill();
    __jit_debug_descriptor.first = &entry;
    CHECK(sigprof__gdb_look(1, make_room));
    object.section[1].sh_addr = (ElfW(Addr))TEXT_AT + 65536;
    CHECK(sigprof__gdb_look(1, make_room));
    CHECK(is_known(TEXT_AT + 65536 + 64));
    room_made = 0;
    __jit_debug_descriptor.first = &front; /* what is behind was seen */
    CHECK(sigprof__gdb_look(1, make_room));
    __jit_debug_descriptor.first = &entry; /* and is, when it is first again */
    CHECK(sigprof__gdb_look(1, make_room));
    CHECK_EQ(room_made, 0);
}

static void a_long_list_is_read(void)
{
    static struct jit_entry many[2000];
    fill();
    object.head.e_shnum = 0; /* it names nothing */
    for (unsigned i = 0; i < sizeof many / sizeof *many; i++) {
        many[i] = (struct jit_entry){i ? &many[i - 1] : NULL, NULL, &object,
                                     sizeof object};
        __jit_debug_descriptor.first = &many[i];
        if (i % 64 == 63)
            CHECK(sigprof__gdb_look(1, make_room));
    }
    fill();
    object.section[1].sh_addr = (ElfW(Addr))TEXT_AT + 2 * 65536;
    CHECK(sigprof__gdb_look(1, make_room));
    CHECK(is_known(TEXT_AT + 2 * 65536 + 64));
}

/* Every other entry has another address, so that each is new. */
static void any_bytes_are_taken(void)
{
    static struct jit_entry other;
    uint64_t random = 88172645463325252u;

    for (unsigned i = 0; i < MUTANTS; i++) {
        fill();
        for (int change = 0; change < 3; change++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            ((uint8_t *)&object)[random % sizeof object] =
                (uint8_t)(random >> 40);
        }
        entry.bytes = i % 8 ? sizeof object : random % sizeof object;
        other = entry;
        __jit_debug_descriptor.first = i % 2 ? &other : &entry;
        CHECK(sigprof__gdb_look(1, make_room));
    }
}

int main(void)
{
    RUN(an_image_names_its_functions);
    RUN(what_cannot_be_read_is_left_out);
    RUN(another_image_in_its_place_is_told);
    RUN(a_long_list_is_read);
    RUN(any_bytes_are_taken);
    return 0;
}
