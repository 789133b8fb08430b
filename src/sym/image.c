/* SPDX-License-Identifier: BSD-2-Clause */
/* Object files in memory, and the names of debug files. Contracts: sym.h. */
#include "elf_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* All of the image but path and elf. */
static int map_file(const char *path, struct sym_image *image)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;
    int error = 0;

    *image = (struct sym_image){0};
    if (descriptor < 0)
        return errno;
    if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode) ||
        status.st_size <= 0 || (uintmax_t)status.st_size > SIZE_MAX) {
        error = EINVAL;
    } else {
        image->size = (size_t)status.st_size;
        image->bytes =
            mmap(NULL, image->size, PROT_READ, MAP_PRIVATE, descriptor, 0);
        if (image->bytes == MAP_FAILED) {
            error = errno;
            *image = (struct sym_image){0};
        }
    }
    close(descriptor);
    if (error)
        return error;
    image->device = status.st_dev;
    image->inode = status.st_ino;
    image->mtime_ns = (uint64_t)status.st_mtim.tv_sec * 1000000000u +
                      (uint64_t)status.st_mtim.tv_nsec;
    image->changed_ns = (uint64_t)status.st_ctim.tv_sec * 1000000000u +
                        (uint64_t)status.st_ctim.tv_nsec;
    return 0;
}

/* The archive's pages give way to a copy of the member, which is aligned. */
static bool take_member(struct sym_image *image, const char *name)
{
    struct sym_member member = {0};
    void *copy = MAP_FAILED;

    if (sigprof__sym_zip_member(image->bytes, image->size, name, &member) &&
        member.size > 0)
        copy = mmap(NULL, member.size, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (copy != MAP_FAILED)
        memcpy(copy, member.at, member.size);
    munmap(image->bytes, image->size);
    image->bytes = copy == MAP_FAILED ? NULL : copy;
    image->size = member.size;
    return image->bytes != NULL;
}

static int map_member(const char *path, struct sym_image *image)
{
    const char *mark = strstr(path, "!/");
    char *archive = mark ? strndup(path, (size_t)(mark - path)) : NULL;
    int error = archive ? map_file(archive, image) : ENOENT;

    free(archive);
    if (!error && !take_member(image, mark + 2))
        error = ENOENT;
    if (error)
        *image = (struct sym_image){0};
    return error;
}

static struct sym_elf *open_macho(struct sym_image *image, const uint8_t *id,
                                  size_t id_bytes)
{
    size_t size = 0;

    image->made = sigprof__sym_macho_as_elf(image->bytes, image->size, id,
                                            id_bytes, &size);
    return image->made ? sigprof__sym_elf_open(image->made, size) : NULL;
}

int sigprof__sym_image_open(const char *path, const uint8_t *id,
                            size_t id_bytes, struct sym_image *image)
{
    int error = map_file(path, image);

    if (error && map_member(path, image) != 0)
        return error;
    image->path = strdup(path);
    image->elf = sigprof__sym_elf_open(image->bytes, image->size);
    if (!image->elf)
        image->elf = open_macho(image, id, id_bytes);
    return 0;
}

static long page_bytes;

/* Readers bound all that a file says, so zeros cost names and no more. */
static void put_zeros(int number, siginfo_t *info, void *context)
{
    uintptr_t page = (uintptr_t)info->si_addr & ~((uintptr_t)page_bytes - 1);

    (void)context;
    if (info->si_code != BUS_ADRERR ||
        mmap((void *)page, (size_t)page_bytes, PROT_READ,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
        signal(number, SIG_DFL); /* and again, for good */
}

void sigprof__sym_outlive_cuts(void)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO};

    page_bytes = sysconf(_SC_PAGESIZE);
    action.sa_sigaction = put_zeros;
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, NULL);
}

void sigprof__sym_image_close(struct sym_image *image)
{
    sigprof__sym_elf_close(image->elf);
    if (image->bytes)
        munmap(image->bytes, image->size);
    free(image->made);
    free(image->path);
    *image = (struct sym_image){0};
}

void sigprof__sym_hex(const uint8_t *bytes, size_t size, char *out, size_t room)
{
    size_t at = 0;

    for (size_t i = 0; i < size && at + 3 <= room; i++, at += 2)
        snprintf(out + at, room - at, "%02x", bytes[i]);
    out[at] = '\0';
}

bool sigprof__sym_id_path(char *path, size_t room, const char *root,
                          const char *directory, const uint8_t *id,
                          size_t id_bytes)
{
    char hex[2 * 64 + 1];

    if (id_bytes < 2 || id_bytes > 64)
        return false;
    sigprof__sym_hex(id, id_bytes, hex, sizeof hex);
    return snprintf(path, room, "%s%s/.build-id/%.2s/%s.debug", root, directory,
                    hex, hex + 2) < (int)room;
}
