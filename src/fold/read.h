/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The profile reader: bytes in, records out, damage counted. It knows the
 * layout of docs/file-format.md and nothing of what records mean.
 *
 * Input is hostile: every length is bounded by the bytes there are, and all of
 * the file that is whole is delivered whatever the rest looks like. Nothing is
 * kept but the tables of the present generation.
 */
#ifndef SIGPROF_FOLD_READ_H
#define SIGPROF_FOLD_READ_H

#include "../format.h"
#include "store.h"

#include <stdbool.h>

/* A writer keeps at most 1024 frames and their marks; what is deeper is not
 * from a writer of ours, and a bound keeps walks of nodes short. */
#define READ_MAX_DEPTH 4096

/* Of so many bytes it can be told whether they begin with a block. */
#define READ_BLOCK_MAX                                                         \
    ((size_t)FORMAT_BLOCK_HEADER_BYTES + FORMAT_PAYLOAD_MAX)

struct read_module {
    uint32_t id, flags;
    uint64_t low, high, bias, time_ns;
    struct text build_id, path;
};

struct read_code {
    uint64_t serial, start, bytes, time_ns;
    struct text name, file;
    uint32_t line;
    struct text lines; /* pairs, see docs/file-format.md */
    unsigned source;   /* enum format_code_source */
};

struct read_function {
    uint32_t number, line;
    struct text name, file;
};

struct read_exit {
    uint32_t tid, cause; /* enum format_exit_cause */
    uint64_t time_ns, cpu_ns, periods;
};

struct read_sample {
    uint32_t tid, label;
    uint32_t node; /* 0: without a stack */
    uint8_t end;
    uint8_t state; /* enum format_state */
    bool damaged; /* it had a stack, which a damaged block took with it */
    uint64_t time_ns, weight;
    uint64_t lag_ns; /* it was due so long before; 0: at once */
};

/* A pc of the generation, and a node, each with two words for the consumer's own
 * use (0 when it is new). */
struct read_pc {
    uint64_t pc;
    uint32_t mapped, mapped_in;
};
struct read_node {
    uint32_t pc; /* its number: an index of pcs; a mark, below FORMAT_FIRST_PC */
    uint32_t parent;
    uint32_t depth;
    uint32_t mapped, mapped_in;
};

struct reader;

/* What becomes of records. Any may be NULL. Texts live while the call
 * lasts. */
struct read_sink {
    void *arg;
    void (*info)(void *arg, struct text key, struct text value);
    void (*module)(void *arg, const struct read_module *module);
    void (*unload)(void *arg, uint32_t id, uint64_t time_ns);
    void (*code)(void *arg, const struct read_code *code);
    void (*code_move)(void *arg, uint64_t serial, uint64_t start,
                      uint64_t time_ns);
    void (*code_free)(void *arg, uint64_t serial, uint64_t time_ns);
    void (*function)(void *arg, const struct read_function *function);
    void (*thread)(void *arg, uint32_t tid, uint64_t time_ns,
                   uint64_t start_routine, struct text name);
    void (*exited)(void *arg, const struct read_exit *exit);
    void (*label)(void *arg, uint32_t id, uint32_t parent, struct text key,
                  struct text value);
    /* A SHEET begins with name.size 0; then its lines follow. */
    void (*sheet)(void *arg, struct text name, int64_t value);
    void (*sample)(void *arg, struct reader *reader,
                   const struct read_sample *sample);
    /* Between blocks, with the bytes read so far. */
    void (*progress)(void *arg, size_t done);
};

enum read_status {
    READ_OK,
    READ_EMPTY,
    READ_FOREIGN,   /* not a profile */
    READ_TEXT_MODE, /* a profile that a text-mode transfer has damaged */
    READ_NEWER      /* of a major version above ours */
};

struct reader {
    const struct read_sink *sink;
    /* about the file */
    unsigned major, minor;
    bool has_id, ended;
    bool goes_on; /* in another file: with ended */
    uint64_t ended_ns;
    uint32_t id_word; /* of the first block */
    uint64_t blocks, samples;
    uint64_t read_bytes;     /* all told, but for file headers */
    uint64_t skipped_bytes;  /* since the last whole block; torn or damaged */
    uint64_t torn_bytes;     /* behind the last whole block */
    uint64_t damaged_bytes;  /* between blocks */
    uint64_t missing_blocks; /* by the sequence numbers */
    uint64_t foreign_blocks; /* of another recording */
    uint64_t bad_records;    /* in blocks with a right checksum */
    uint64_t unknown_records;
    uint64_t lost_stacks; /* samples whose stack a damaged block took */
    /* the generation */
    struct read_pc *pcs; /* from FORMAT_FIRST_PC on */
    uint64_t last_pc;    /* as the file has it */
    size_t pc_count, pc_capacity;
    struct read_node *nodes; /* [0] is none */
    size_t node_count, node_capacity;
    uint32_t sequence; /* of the next block */
    bool stacks_known;
    uint8_t state; /* of the samples that come in this block */
};

/* A sink without samples makes no tables: then no memory is taken at all. */
void sigprof__reader_init(struct reader *reader, const struct read_sink *sink);
void sigprof__reader_free(struct reader *reader);

/* Reads a file from its first byte on. With anything but READ_OK no record was
 * delivered. */
enum read_status sigprof__reader_file(struct reader *reader,
                                      const uint8_t *bytes, size_t size);

/* … its first INFO records only, which are the header. */
enum read_status sigprof__reader_first(struct reader *reader,
                                       const uint8_t *bytes, size_t size);

/* The first of the file's bytes: are they a profile's? */
enum read_status sigprof__reader_header(struct reader *reader,
                                        const uint8_t *bytes, size_t size);

/* Reads blocks of a file that comes in parts, from behind its header on. Returns
 * the bytes done with; the others come again, with more behind them. But for the
 * last part there are fewer than READ_BLOCK_MAX of these. */
size_t sigprof__reader_part(struct reader *reader, const uint8_t *bytes,
                            size_t size, bool last);

/* Reads more blocks of the same recording (a salvaged tail); a file header in
 * front of them is skipped. */
void sigprof__reader_more(struct reader *reader, const uint8_t *bytes,
                          size_t size);

#endif
