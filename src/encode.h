/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the ring to the blocks of a profile file. Used by the drain on its own
 * process's ring, and by a salvage on a dead one's: so nothing here writes to the
 * ring. Ordinary code; one user at a time.
 *
 * A block of the file is built in memory, sealed, and handed to the sink whole.
 * A sink that fails is asked again with the same bytes, and nothing is taken from
 * the ring meanwhile: what has no room on the disk stays in the ring.
 */
#ifndef SIGPROF_ENCODE_H
#define SIGPROF_ENCODE_H

#include "format.h"
#include "ring.h"
#include "stacks.h"

#define ENCODE_PAYLOAD_BYTES (96u << 10) /* a torn block costs this much */
#define ENCODE_SAMPLES_BYTES (12u << 10)

/* Where the encoder is in a block of the ring. */
struct encode_cursor {
    uint32_t life;       /* of the ring's block */
    uint32_t done;       /* bytes taken */
    uint32_t node;       /* of the last record taken */
    uint32_t generation; /* that node belongs to */
    uint32_t idle;       /* passes without news; the drain's */
    bool marked;         /* done is to go into the next MARKS */
};

struct encoder {
    const struct ring *ring;
    const uint8_t *id; /* of the recording */
    uint64_t start_mono_ns;
    /* bytes has FORMAT_FILE_HEADER_BYTES of room in front, for who begins a file */
    bool (*sink)(void *arg, uint8_t *bytes, size_t size);
    void *arg;

    uint32_t sequence;   /* of the next block of the file */
    uint32_t generation; /* number of RESETs written */
    uint32_t generation_bytes;
    uint64_t bytes_written;
    uint64_t samples; /* taken from the ring */
    struct stacks stacks;
    struct encode_cursor *cursor; /* one for each block of the ring */

    struct format_out out;     /* into block, behind its header */
    struct format_out samples_out; /* body of the SAMPLES record being built */
    uint32_t samples_tid;
    uint8_t samples_state;
    uint8_t state; /* of SAMPLES from here on, as the block has it */
    uint64_t samples_time_ns;
    uint32_t samples_node;
    uint32_t samples_label;
    bool stuck; /* block is sealed, and the sink did not take it */
    size_t sealed_bytes;
    uint8_t *block;   /* header and ENCODE_PAYLOAD_BYTES */
    uint8_t *samples_buffer;
    uint32_t marks;    /* cursors that are marked */
    uint64_t *path;    /* scratch: a stack, leaf first */
    uint32_t *numbers; /* scratch: of its pcs */
};

/* false: no memory. */
bool sigprof__encode_make(struct encoder *encoder, const struct ring *ring,
                          const uint8_t *id, uint64_t start_mono_ns);
void sigprof__encode_drop(struct encoder *encoder);

/* Whole records as they are; false: stuck. size at most 16 KiB. */
bool sigprof__encode_records(struct encoder *encoder, const uint8_t *records,
                             size_t size);

/* Takes what block index of the ring holds behind its cursor. false: stuck. */
bool sigprof__encode_ring_block(struct encoder *encoder, uint32_t index);

/*
 * What comes next goes to another file, which begins with a RESET; the caller has
 * flushed, and puts the header. _say_marks: what of the ring is in earlier files.
 * _turn_back: it was not to be, the file before goes on at `sequence`; what was
 * put meanwhile is forgotten.
 */
void sigprof__encode_turn(struct encoder *encoder);
bool sigprof__encode_say_marks(struct encoder *encoder);
void sigprof__encode_turn_back(struct encoder *encoder, uint32_t sequence);

/* Seals and sinks what there is. false: stuck. */
bool sigprof__encode_flush(struct encoder *encoder);

#endif
