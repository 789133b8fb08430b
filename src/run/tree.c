/* SPDX-License-Identifier: BSD-2-Clause */
/* CPU time of a run. Theory and contracts: tree.h. */
#include "tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "fold/read.h"

#define LEAST_NS 100000000u  /* less is nothing to worry about */
#define LEAST_SHARE 20u      /* ... nor is a part of so many of the whole */
#define END_NS 1000000u      /* a process's end behind its last sheet; 0.14 ms measured */
#define SHEET_NS 2000000000u /* between two sheets of a busy machine; one a second */
#define TAIL_BYTES ((size_t)4 << 20) /* the last sheet is in these */

/* Its pid may be another's later, or in another container. */
struct tree_process {
    uint64_t pid, namespace, start;
    uint64_t cpu_ns, open_ns;
};

/* What a profile says of its process. */
struct facts {
    struct tree_process process;
    uint64_t threads;
    bool has_sheet;
};

uint64_t tree_cpu_ns(void)
{
    struct rusage use;

    if (getrusage(RUSAGE_CHILDREN, &use) != 0)
        return 0;
    return 1000 * ((uint64_t)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000 +
                   (uint64_t)(use.ru_utime.tv_usec + use.ru_stime.tv_usec));
}

static bool is(struct text text, const char *word)
{
    return text.size == strlen(word) && memcmp(text.at, word, text.size) == 0;
}

static uint64_t number(struct text text)
{
    char copy[24];

    snprintf(copy, sizeof copy, "%.*s", (int)(text.size < 23 ? text.size : 23),
             text.at);
    return strtoull(copy, NULL, 10);
}

static void take_info(void *arg, struct text key, struct text value)
{
    struct facts *facts = arg;

    if (is(key, "pid"))
        facts->process.pid = number(value);
    else if (is(key, "pid_namespace"))
        facts->process.namespace = number(value);
    else if (is(key, "process_start"))
        facts->process.start = number(value);
}

static void take_sheet(void *arg, struct text name, int64_t value)
{
    struct facts *facts = arg;

    if (is(name, "process_cpu_ns")) {
        facts->process.cpu_ns = (uint64_t)value;
        facts->has_sheet = true;
    } else if (is(name, "threads")) {
        facts->threads = (uint64_t)value;
    }
}

/* Samples are not looked at, nor is most of a large file. */
static void read_facts(struct facts *facts, const uint8_t *bytes, size_t size)
{
    const struct read_sink sink = {
        .arg = facts, .info = take_info, .sheet = take_sheet};
    size_t tail = size - FORMAT_FILE_HEADER_BYTES;
    struct reader reader;

    sigprof__reader_init(&reader, &sink);
    if (sigprof__reader_first(&reader, bytes, size) == READ_OK) {
        tail = tail < TAIL_BYTES ? tail : TAIL_BYTES;
        sigprof__reader_part(&reader, bytes + size - tail, tail, true);
    }
    if (!reader.ended)
        facts->process.open_ns =
            SHEET_NS * (facts->threads ? facts->threads : 1);
    sigprof__reader_free(&reader);
}

static struct tree_process *find(struct tree *tree,
                                 const struct tree_process *like)
{
    for (size_t i = 0; i < tree->count; i++) {
        struct tree_process *process = &tree->processes[i];

        if (process->pid == like->pid &&
            process->namespace == like->namespace &&
            process->start == like->start)
            return process;
    }
    return NULL;
}

/* One process may have several profiles, each of a program that it executed or a part
 * of a recording. The latest one tells of it. */
static void add(struct tree *tree, const struct tree_process *process)
{
    struct tree_process *known = find(tree, process);

    if (!known) {
        ARRAY_ROOM(tree->processes, tree->count, tree->capacity);
        known = &tree->processes[tree->count++];
        memset(known, 0, sizeof *known);
    } else if (known->cpu_ns > process->cpu_ns) {
        return;
    }
    tree->known_ns += process->cpu_ns - known->cpu_ns;
    tree->open_ns += process->open_ns - known->open_ns;
    *known = *process;
}

void tree_add(void *arg, const char *name, int fd)
{
    struct tree *tree = arg;
    struct facts facts = {.has_sheet = false};
    struct stat about;
    void *bytes = MAP_FAILED;

    if (!tree->name[0])
        snprintf(tree->name, sizeof tree->name, "%s", name);
    if (fstat(fd, &about) == 0 && about.st_size >= FORMAT_FILE_HEADER_BYTES)
        bytes = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes != MAP_FAILED) {
        read_facts(&facts, bytes, (size_t)about.st_size);
        munmap(bytes, (size_t)about.st_size);
    }
    if (facts.has_sheet)
        add(tree, &facts.process);
    else
        tree->is_unknown = true;
}

bool tree_lacks(const struct tree *tree, uint64_t cpu_ns)
{
    uint64_t known_ns = tree->known_ns + tree->open_ns + tree->count * END_NS;

    return !tree->is_unknown && cpu_ns > known_ns + LEAST_NS &&
           cpu_ns - known_ns > cpu_ns / LEAST_SHARE;
}

void tree_free(struct tree *tree)
{
    free(tree->processes);
}
