/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Generated code by address and time, within one process: what CODE, CODE_MOVE
 * and CODE_FREE records said. All that was ever there is kept, since a sample is
 * named by what its address held then.
 *
 * At a time, an address belongs to the latest code that was put over it, unless
 * that has been freed since: what it overlaps ended when it came. Records may come
 * after the samples that they name: then the file has to be read again (model.h).
 */
#ifndef SIGPROF_FOLD_CODE_H
#define SIGPROF_FOLD_CODE_H

#include "read.h"
#include "store.h"

struct model_code {
    uint64_t low, high, from_ns, to_ns; /* to_ns: UINT64_MAX while it lasts */
    uint64_t serial;
    uint32_t name, file, line; /* strings; file 0 and line 0: not known */
    /* The chain of its bucket, see code.c. */
    uint32_t older, jump; /* 0: none */
    uint32_t depth;       /* how many are older */
    uint64_t latest_ns;   /* from_ns of the latest, of it and all older ones */
    uint64_t jump_ns;     /* from_ns of the earliest, of it and those before jump */
    bool is_declared;  /* FORMAT_CODE_DECLARED */
    bool since_before; /* from_ns is only when it was found: FORMAT_CODE_MAP */
    struct text lines;         /* as in the record; of the model's strings */
};

struct model_codes {
    struct model_code *code; /* [0] is none */
    size_t count, capacity;
    struct index buckets; /* (class, address >> class) -> latest in it */
    struct index serials; /* -> latest place of it */
    uint64_t classes;     /* bit k: some code has up to 2^k bytes */
    bool some_since_before;
    uint64_t *times;      /* of every change, sorted */
    size_t time_count, time_capacity;
    size_t changes; /* grows with each */
};

/* The record's texts are in the model's strings already, as numbers. */
struct model_code_names {
    uint32_t name, file;
    struct text lines;
};
void sigprof__code_add(struct model_codes *codes, const struct read_code *in,
                       const struct model_code_names *names);
void sigprof__code_move(struct model_codes *codes, uint64_t serial,
                        uint64_t start, uint64_t time_ns);
void sigprof__code_free(struct model_codes *codes, uint64_t serial,
                        uint64_t time_ns);

/* Between which two changes a time lies: the same number, the same code. */
size_t sigprof__code_span(const struct model_codes *codes, uint64_t time_ns);

/* The number of the code that held pc then; 0: none. What has no times is also found
 * before it came, where nothing else was. */
uint32_t sigprof__code_find(const struct model_codes *codes, uint64_t pc,
                            uint64_t time_ns);

/* The source line of an offset into the code. */
uint32_t sigprof__code_line(const struct model_code *code, uint64_t offset);

void sigprof__code_forget(struct model_codes *codes);

#endif
