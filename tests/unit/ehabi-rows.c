/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prints what sigprof__ehabi_find and _run make of each row of an ELF file's
 * .ARM.exidx, for ehabi_oracle.py:
 *
 *      ADDRESS cantunwind | bad | rN+CFA [rN@AT …]
 *
 * usage: ehabi-rows FILE. Little-endian files, on a little-endian machine.
 */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unwind/arm-frame.h"

static unsigned char *image;
static size_t image_bytes;

static void load(const char *path)
{
    FILE *file = fopen(path, "rb");
    long size;

    if (!file || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) <= 0 ||
        fseek(file, 0, SEEK_SET) != 0)
        exit(1);
    image_bytes = (size_t)size;
    image = malloc(image_bytes);
    if (!image || fread(image, 1, image_bytes, file) != image_bytes)
        exit(1);
    fclose(file);
}

/* The words of the file at an address, as many as its segment has; NULL: none. */
static const uint32_t *words_at(uint32_t address, unsigned *words)
{
    Elf32_Ehdr header;
    Elf32_Phdr phdr;

    memcpy(&header, image, sizeof header);
    for (unsigned i = 0; i < header.e_phnum; i++) {
        memcpy(&phdr, image + header.e_phoff + i * sizeof phdr, sizeof phdr);
        if (phdr.p_type != PT_LOAD || address - phdr.p_vaddr >= phdr.p_filesz)
            continue;
        *words = (phdr.p_filesz - (address - phdr.p_vaddr)) / 4;
        return (const uint32_t *)(const void *)(image + phdr.p_offset +
                                                (address - phdr.p_vaddr));
    }
    return NULL;
}

static void print_row(uint32_t at, const uint32_t row[2])
{
    const uint32_t *word = &row[1];
    struct arm_frame frame;
    unsigned words = 1, first, bytes;
    enum ehabi_result result;

    if (*word != EHABI_CANTUNWIND && !(*word & 0x80000000))
        word = words_at(ehabi_prel31(at + 4, *word), &words);
    result = word ? sigprof__ehabi_find(word, words, &first, &bytes) : EHABI_BAD;
    if (result == EHABI_OK)
        result = sigprof__ehabi_run(word, first, bytes, &frame);
    printf("%#x", (unsigned)ehabi_prel31(at, row[0]));
    if (result != EHABI_OK) {
        puts(result == EHABI_BAD ? " bad" : " cantunwind");
        return;
    }
    printf(" r%u%+d", (unsigned)frame.base, (int)frame.cfa);
    for (unsigned i = 0; i < ARM_REGISTERS; i++)
        if (frame.saved >> i & 1)
            printf(" r%u@%d", i, (int)frame.at[i]);
    putchar('\n');
}

int main(int argc, char **argv)
{
    Elf32_Ehdr header;
    Elf32_Phdr phdr;

    if (argc != 2)
        return 2;
    load(argv[1]);
    memcpy(&header, image, sizeof header);
    for (unsigned i = 0; i < header.e_phnum; i++) {
        unsigned words;
        const uint32_t *row;

        memcpy(&phdr, image + header.e_phoff + i * sizeof phdr, sizeof phdr);
        if (phdr.p_type != PT_ARM_EXIDX)
            continue;
        row = words_at(phdr.p_vaddr, &words);
        for (uint32_t n = 0; row && n < phdr.p_filesz / 8; n++)
            print_row(phdr.p_vaddr + 8 * n, row + 2 * n);
    }
    return 0;
}
