/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A second, small reader of profile files, for the tests of the library: it
 * stands on format.h only, and checks what the format document promises as it
 * goes. It keeps everything in memory.
 */
#ifndef SIGPROF_TEST_PROFILE_H
#define SIGPROF_TEST_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct profile_node {
    uint32_t parent; /* index into node[]; 0: none */
    uint64_t pc;     /* or an enum format_mark */
};

struct profile_sample {
    uint32_t tid;
    uint32_t node; /* index into node[]; 0: no stack */
    uint32_t weight;
    uint32_t label;
    uint8_t end;
    uint8_t state;
    uint64_t time_ns, lag_ns;
};

struct profile_thread { /* a THREAD or EXIT record */
    uint32_t tid;
    bool is_exit;
    uint64_t time_ns, start, cpu_ns, periods, cause;
    char name[64];
};

struct profile_pair {
    char key[64];
    char value[4400];
};

struct profile_line {
    char name[64];
    int64_t value;
};

struct profile_mark {
    uint64_t block, life, done;
};

struct profile {
    struct profile_node *node; /* node[1..nodes] */
    uint32_t nodes, node_room;
    struct profile_sample *sample;
    uint32_t samples, sample_room;
    struct profile_thread *thread;
    uint32_t threads, thread_room;
    struct profile_pair info[64];
    uint32_t infos;
    struct profile_line sheet[64]; /* later sheets change its lines */
    uint32_t sheets, sheet_lines;
    uint8_t state; /* of the samples that come in this block */
    struct profile_mark *mark; /* all of them, in order */
    uint32_t marks, mark_room;
    struct profile_pair label[64]; /* LABEL records, in order */
    uint32_t labels;
    uint32_t modules, unloads, execs, ends, resets, blocks;
    size_t bytes;
    size_t damaged; /* bytes that belong to no whole block */
    size_t tail;    /* ... of which behind the last whole block */
    uint64_t periods; /* sum of the weights */
    uint64_t kernel_periods; /* the same of [kernel], which are not in sample[] */

    /* of the generation being read */
    uint32_t first_node;
    uint64_t *pc;
    uint32_t pcs, pc_room;
    uint64_t last_pc;
};

/* Fails the test when a record in an undamaged block makes no sense. */
void profile_parse(struct profile *profile, const uint8_t *bytes, size_t size);

/* The same of a file, and of it with the tail of its process's ring if that one
 * died (sigprof__salvage). Returns 0 or an errno value of the file's open. */
int profile_read(struct profile *profile, const char *path);
int profile_read_salvaged(struct profile *profile, const char *path);

void profile_free(struct profile *profile);

/* "" if there is none. */
const char *profile_info(const struct profile *profile, const char *key);
/* Fails the test if there is none. */
int64_t profile_sheet(const struct profile *profile, const char *name);

/* The stack of a sample, leaf first. Returns the number of frames. */
uint32_t profile_stack(const struct profile *profile, uint32_t sample,
                       uint64_t *pc, uint32_t room);

/* due - (taken + overrun + dropped + unsampled + own), as a part of due. */
double profile_imbalance(const struct profile *profile);

#endif
