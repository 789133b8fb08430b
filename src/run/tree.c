/* SPDX-License-Identifier: BSD-2-Clause */
/* CPU time of a run. Theory and contracts: tree.h. */
#include "tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fold/read.h"

#define LEAST_NS 100000000u  /* less is nothing to worry about */
#define LEAST_SHARE 20u      /* ... nor is a part of so many of the whole */
#define END_NS 1000000u      /* a process's end behind its last sheet; 0.14 ms measured */
#define FREED_BYTES 5u       /* in a nanosecond, at that end; 13 of shared memory measured */
#define SHEET_NS 2000000000u /* between two sheets of a busy machine; one a second */
#define HEAD_BYTES (FORMAT_FILE_HEADER_BYTES + READ_BLOCK_MAX) /* the first block is in these */
#define TAIL_BYTES ((size_t)4 << 20) /* ... the last sheet in these, and there are more */

/* Its pid may be another's later, or in another container. */
struct tree_process {
    uint64_t pid, namespace, start;
    uint64_t cpu_ns;
    uint64_t threads;    /* of all its profiles */
    uint64_t first_part; /* the others may have been removed */
    bool is_open;        /* it was killed, or runs on */
};

/* What a profile says of its process. */
struct facts {
    struct tree_process process;
    bool has_sheet;
};

static uint64_t ns_of(struct timeval time)
{
    return 1000 * ((uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_usec);
}

struct tree_use tree_use(void)
{
    struct rusage use;

    if (getrusage(RUSAGE_CHILDREN, &use) != 0)
        return (struct tree_use){0};
    return (struct tree_use){.cpu_ns = ns_of(use.ru_utime) + ns_of(use.ru_stime),
                             .largest_bytes = (uint64_t)use.ru_maxrss << 10};
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
    else if (is(key, "part"))
        facts->process.first_part = number(value);
}

static void take_sheet(void *arg, struct text name, int64_t value)
{
    struct facts *facts = arg;

    if (is(name, "process_cpu_ns")) {
        facts->process.cpu_ns = (uint64_t)value;
        facts->has_sheet = true;
    } else if (is(name, "threads")) {
        facts->process.threads = (uint64_t)value;
    }
}

/* Samples are not looked at, nor is most of a large file. It is read, not mapped: a
 * process that still runs may make it shorter. */
static void read_facts(struct facts *facts, int fd, off_t size, uint8_t *bytes)
{
    const struct read_sink sink = {
        .arg = facts, .info = take_info, .sheet = take_sheet};
    off_t from = FORMAT_FILE_HEADER_BYTES;
    struct reader reader;
    ssize_t got;

    if (size > (off_t)TAIL_BYTES + from)
        from = size - (off_t)TAIL_BYTES;
    sigprof__reader_init(&reader, &sink);
    got = pread(fd, bytes, HEAD_BYTES, 0);
    if (got >= FORMAT_FILE_HEADER_BYTES &&
        sigprof__reader_first(&reader, bytes, (size_t)got) == READ_OK) {
        got = pread(fd, bytes, TAIL_BYTES, from);
        if (got > 0)
            sigprof__reader_part(&reader, bytes, (size_t)got, true);
    }
    facts->process.is_open = !reader.ended;
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
 * of a recording, whose threads are those that the parts before do not have. The latest
 * one tells of the rest. False: there is no memory. */
static bool add(struct tree *tree, const struct tree_process *process)
{
    struct tree_process *known = find(tree, process);

    if (!known) {
        known = realloc(tree->processes, (tree->count + 1) * sizeof *known);
        if (!known)
            return false;
        tree->processes = known;
        tree->processes[tree->count++] = *process;
        tree->known_ns += process->cpu_ns;
        return true;
    }
    known->threads += process->threads;
    if (known->first_part > process->first_part)
        known->first_part = process->first_part;
    if (known->cpu_ns <= process->cpu_ns) {
        tree->known_ns += process->cpu_ns - known->cpu_ns;
        known->cpu_ns = process->cpu_ns;
        known->is_open = process->is_open;
    }
    return true;
}

void tree_add(void *arg, const char *name, int fd)
{
    struct tree *tree = arg;
    struct facts facts = {.has_sheet = false};
    uint8_t *bytes = malloc(TAIL_BYTES);
    struct stat about;

    if (!tree->name[0])
        snprintf(tree->name, sizeof tree->name, "%s", name);
    if (bytes && fstat(fd, &about) == 0)
        read_facts(&facts, fd, about.st_size, bytes);
    free(bytes);
    if (!facts.has_sheet || !add(tree, &facts.process))
        tree->is_unknown = true;
}

/* At most so much may a process have used behind its last sheet. */
static uint64_t unseen_ns(const struct tree_process *process,
                          uint64_t largest_bytes)
{
    uint64_t ns = END_NS + largest_bytes / FREED_BYTES;

    if (process->is_open)
        ns += SHEET_NS * (process->threads ? process->threads : 1);
    return ns;
}

bool tree_lacks(const struct tree *tree, struct tree_use use)
{
    uint64_t known_ns = tree->known_ns;

    for (size_t i = 0; i < tree->count; i++) {
        const struct tree_process *process = &tree->processes[i];

        if (process->is_open && process->first_part > 1)
            return false; /* how many threads were in the parts before? */
        known_ns += unseen_ns(process, use.largest_bytes);
    }
    return !tree->is_unknown && use.cpu_ns > known_ns + LEAST_NS &&
           use.cpu_ns - known_ns > use.cpu_ns / LEAST_SHARE;
}

void tree_free(struct tree *tree)
{
    free(tree->processes);
}
