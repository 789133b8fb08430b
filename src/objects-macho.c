/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mach-O images as they lie in memory. Contract: objects.h.
 *
 * dyld has no call that holds its lock while we look: an image may go at any moment. So
 * headers are looked at in copies, which are made by the kernel and cannot fault. What
 * was half gone is not there, and the next refresh sees no more of it.
 */
#include "objects-macho.h"

#include <mach-o/dyld.h>
#include <mach-o/loader.h>
#include <mach/mach.h>
#include <string.h>

#include "os/os.h"

#define COMMANDS_MAX (1u << 20) /* of one image; real ones have 30 KiB at most */
#define NAME_BYTES 1024u        /* MAXPATHLEN */
#define NAME_STEP 64u           /* names end anywhere in a page */

/* The image that is looked at; modules_lock. Made once, at its largest: touched as
 * far as an image needs. */
static struct {
    struct mach_header_64 header;
    uint8_t *commands;
    char name[NAME_BYTES];
} image;

bool sigprof__macho_copy(uintptr_t from, void *to, size_t bytes)
{
    vm_size_t got = 0;

    return vm_read_overwrite(mach_task_self(), from, bytes, (vm_address_t)to,
                             &got) == KERN_SUCCESS &&
           got == bytes;
}

static void copy_name(const char *from)
{
    size_t at = 0;

    while (from && at + NAME_STEP < NAME_BYTES) {
        size_t step = NAME_STEP - ((uintptr_t)from + at) % NAME_STEP;

        if (!sigprof__macho_copy((uintptr_t)from + at, image.name + at, step))
            break;
        if (memchr(image.name + at, 0, step))
            return;
        at += step;
    }
    image.name[at] = '\0';
}

static bool copy_commands(uintptr_t header)
{
    if (!image.commands)
        image.commands = sigprof__os_map(COMMANDS_MAX);
    return image.commands &&
           sigprof__macho_copy(header, &image.header, sizeof image.header) &&
           image.header.magic == MH_MAGIC_64 &&
           image.header.sizeofcmds <= COMMANDS_MAX &&
           sigprof__macho_copy(header + sizeof image.header, image.commands,
                               image.header.sizeofcmds);
}

/* The command behind this one; NULL: the first. NULL: there is none. */
static const struct load_command *next(const struct load_command *before)
{
    const uint8_t *at = before ? (const uint8_t *)before + before->cmdsize
                               : image.commands;
    size_t left = image.header.sizeofcmds - (size_t)(at - image.commands);
    const struct load_command *command = (const void *)at;

    return left < sizeof *command || command->cmdsize < sizeof *command ||
                   command->cmdsize > left
               ? NULL
               : command;
}

static const struct segment_command_64 *
segment_of(const struct load_command *command)
{
    return command->cmd == LC_SEGMENT_64 &&
                   command->cmdsize >= sizeof(struct segment_command_64)
               ? (const void *)command
               : NULL;
}

static bool is_code(const struct segment_command_64 *segment)
{
    return segment && (segment->initprot & VM_PROT_EXECUTE) && segment->vmsize;
}

static void take_command(struct object *object,
                         const struct load_command *command)
{
    const struct segment_command_64 *segment = segment_of(command);
    uintptr_t low, high;

    if (command->cmd == LC_UUID &&
        command->cmdsize >= sizeof(struct uuid_command)) {
        memcpy(object->build_id, ((const struct uuid_command *)command)->uuid, 16);
        object->build_id_bytes = 16;
    }
    if (!is_code(segment))
        return;
    low = object->bias + segment->vmaddr;
    high = low + segment->vmsize;
    if (object->low == object->high || low < object->low)
        object->low = low;
    if (high > object->high)
        object->high = high;
}

static bool look(uint32_t index, struct object *object)
{
    const struct mach_header *header = _dyld_get_image_header(index);

    memset(object, 0, sizeof *object);
    if (!header || !copy_commands((uintptr_t)header))
        return false;
    copy_name(_dyld_get_image_name(index));
    object->bias = (uintptr_t)_dyld_get_image_vmaddr_slide(index);
    object->id = (uintptr_t)header;
    object->part_count = image.header.ncmds;
    object->name = image.name;
    object->main = image.header.filetype == MH_EXECUTE;
    for (const struct load_command *command = next(NULL); command;
         command = next(command))
        take_command(object, command);
    return true;
}

int sigprof__objects_visit(int (*visit)(const struct object *object,
                                        const struct object_changes *changes,
                                        void *arg),
                           void *arg)
{
    struct object_changes changes = {false, 0, 0};
    struct object object;
    int result = 0;

    for (uint32_t i = 0; !result && i < _dyld_image_count(); i++)
        if (look(i, &object))
            result = visit(&object, &changes, arg);
    return result;
}

/* A module whose image is still the one looked at; else that is looked at again. */
static bool again(const struct object *object)
{
    return copy_commands(object->id);
}

bool sigprof__macho_code(const struct object *object, uintptr_t *low,
                         uintptr_t *high)
{
    *low = *high = 0;
    if (!again(object))
        return false;
    for (const struct load_command *command = next(NULL); command;
         command = next(command)) {
        const struct segment_command_64 *segment = segment_of(command);

        if (!is_code(segment) || !(segment->initprot & VM_PROT_READ) ||
            segment->vmsize <= *high - *low)
            continue;
        *low = object->bias + segment->vmaddr;
        *high = *low + segment->vmsize;
    }
    return *low < *high;
}

static const struct section_64 *
find_section(const struct segment_command_64 *segment, const char *name)
{
    const struct section_64 *section = (const void *)(segment + 1);

    for (uint32_t i = 0; i < segment->nsects; i++)
        if (strncmp(section[i].sectname, name, sizeof section->sectname) == 0)
            return &section[i];
    return NULL;
}

bool sigprof__macho_section(const struct object *object, const char *name,
                            uintptr_t *low, uintptr_t *high)
{
    if (!again(object))
        return false;
    for (const struct load_command *command = next(NULL); command;
         command = next(command)) {
        const struct segment_command_64 *segment = segment_of(command);
        const struct section_64 *section;

        if (!segment || strncmp(segment->segname, SEG_TEXT, 16) != 0 ||
            segment->nsects > (command->cmdsize - sizeof *segment) / sizeof *section)
            continue;
        section = find_section(segment, name);
        if (!section)
            return false;
        *low = object->bias + section->addr;
        *high = *low + section->size;
        return *low < *high;
    }
    return false;
}

const char *sigprof__object_interpreter(const struct object *object)
{
    (void)object;
    return NULL;
}

/* The name in a dylib_command; NULL: it does not end there. */
static const char *name_in(const struct load_command *command)
{
    const struct dylib_command *dylib = (const void *)command;

    if (command->cmdsize <= sizeof *dylib ||
        dylib->dylib.name.offset < sizeof *dylib ||
        dylib->dylib.name.offset >= command->cmdsize ||
        !memchr((const char *)command + dylib->dylib.name.offset, 0,
                command->cmdsize - dylib->dylib.name.offset))
        return NULL;
    return (const char *)command + dylib->dylib.name.offset;
}

static bool is_need(uint32_t command)
{
    return command == LC_LOAD_DYLIB || command == LC_LOAD_WEAK_DYLIB ||
           command == LC_REEXPORT_DYLIB || command == LC_LOAD_UPWARD_DYLIB;
}

void sigprof__object_needs(const struct object *object,
                           struct object_needs *needs)
{
    memset(needs, 0, offsetof(struct object_needs, needed));
    needs->never_unloaded = false;
    if (!again(object))
        return;
    needs->never_unloaded = (image.header.flags & MH_DYLIB_IN_CACHE) != 0;
    for (const struct load_command *command = next(NULL); command;
         command = next(command)) {
        bool is_own = command->cmd == LC_ID_DYLIB;
        const char *name =
            is_own || is_need(command->cmd) ? name_in(command) : NULL;

        if (name && is_own)
            needs->name = object_hash(name);
        else if (name && needs->count < NEEDED_MAX)
            needs->needed[needs->count++] = object_hash(name);
    }
    if (needs->name == 0)
        needs->name = object_hash(object->name);
}
