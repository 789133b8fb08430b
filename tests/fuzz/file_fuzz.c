/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as the file at a module's path: the way the command reads it, with
 * compressed sections, symbols inside of it (.gnu_debugdata), the starts that
 * unwind information tells, links to other files, and members of archives.
 */
#include "sym/sym.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "answers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ADDRESSES 500

static void resolve(const char *path)
{
    /* The second reader would be a process for each input. */
    const struct sym_places places = {.reader = SYM_READER_OURS};
    const struct sym_module module = {.path = path, .seen_ns = 1};
    uint64_t addresses[ADDRESSES];
    struct sym_answer answers[ADDRESSES];
    struct sym_names names = {0};
    struct sym_report report;

    memset(answers, 0, sizeof answers);
    /* Where linkers put the code of small files. */
    for (size_t i = 0; i < ADDRESSES - 1; i++)
        addresses[i] = i < ADDRESSES / 2 ? 0x100 + i * 7 : 0x1000 + i * 5;
    addresses[ADDRESSES - 1] = UINT64_MAX;
    sigprof__sym_resolve(&places, &module, addresses, ADDRESSES, answers,
                         &names, &report);
    for (size_t i = 0; i < ADDRESSES; i++)
        read_answer(&answers[i]);
    sigprof__sym_names_free(&names);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64], member[80];
    int file = memfd_create("input", MFD_CLOEXEC);

    if (file < 0 || (size && write(file, data, size) != (ssize_t)size))
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    snprintf(member, sizeof member, "%s!/lib.so", path);
    resolve(path);
    resolve(member);
    close(file);
    return 0;
}
