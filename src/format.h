/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The profile file: numbers of docs/file-format.md, and the few functions that
 * put them into bytes and take them out again. The document is the authority.
 *
 * Nothing here allocates, and nothing here is called inside a signal.
 */
#ifndef SIGPROF_FORMAT_H
#define SIGPROF_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FORMAT_MAJOR 1
#define FORMAT_MINOR 0
#define FORMAT_FILE_HEADER_BYTES 16
#define FORMAT_BLOCK_HEADER_BYTES 20
#define FORMAT_PAYLOAD_MAX (1u << 20)
#define FORMAT_GENERATION_BYTES (256u << 10) /* a flipped bit costs this much */
#define FORMAT_ID_BYTES 16

enum format_record {
    FORMAT_INFO = 1,
    FORMAT_MODULE,
    FORMAT_UNLOAD,
    FORMAT_THREAD,
    FORMAT_EXIT,
    FORMAT_RESET,
    FORMAT_PCS,
    FORMAT_STACK,
    FORMAT_SAMPLES,
    FORMAT_LABEL,
    FORMAT_EXEC = 12, /* 11 is not used */
    FORMAT_MARKS,
    FORMAT_SHEET,
    FORMAT_END,
    FORMAT_STATE,
    FORMAT_CODE = 20,
    FORMAT_CODE_MOVE,
    FORMAT_CODE_FREE,
    FORMAT_FUNCTION
};

/* Who said so; the lower is believed. */
enum format_code_source {
    FORMAT_CODE_DECLARED = 0, /* the program, by sigprof/jit.h */
    FORMAT_CODE_DUMP = 1,     /* a jitdump */
    FORMAT_CODE_MAP = 2 /* perf-PID.map; its time is the look before it was found */
};

enum format_end_flag { FORMAT_END_GOES_ON = 1 /* in the next part */ };

enum format_module_flag {
    FORMAT_MODULE_MAIN = 1,
    FORMAT_MODULE_NO_FILE = 2,
    FORMAT_MODULE_PERMANENT = 4
};

enum format_exit_cause {
    FORMAT_EXIT_ENDED = 1,
    FORMAT_EXIT_RUNNING = 2,
    FORMAT_EXIT_BLOCKED = 3
};

/* Frames that are not addresses; below any pc that can exist. */
enum format_mark {
    FORMAT_MARK_SIGNAL = 1,
    FORMAT_MARK_GAP = 2,
    FORMAT_MARK_GUESS = 3,
    FORMAT_MARK_KERNEL = 4,
    FORMAT_MARK_BUSY = 5,
    FORMAT_MARK_DEFERRED = 6,
    FORMAT_FIRST_PC = 16
};

/* A frame of a guest program, in place of a pc: bits 63 and 62 are 10, then 30 of
 * the function's number, then 32 of the line. */
#define FORMAT_GUEST (UINT64_C(1) << 63)
#define FORMAT_GUEST_MASK (UINT64_C(3) << 62)
#define FORMAT_GUEST_FUNCTION_MAX ((UINT32_C(1) << 30) - 1)

static inline uint64_t format_guest(uint32_t function, uint32_t line)
{
    return FORMAT_GUEST |
           (uint64_t)(function & FORMAT_GUEST_FUNCTION_MAX) << 32 | line;
}

static inline bool format_is_guest(uint64_t pc)
{
    return (pc & FORMAT_GUEST_MASK) == FORMAT_GUEST;
}

static inline uint32_t format_guest_function(uint64_t pc)
{
    return (uint32_t)(pc >> 32) & FORMAT_GUEST_FUNCTION_MAX;
}

enum format_sample_flag {
    FORMAT_SAMPLE_WEIGHT = 1,
    FORMAT_SAMPLE_LABEL = 2,
    FORMAT_SAMPLE_END = 4,
    FORMAT_SAMPLE_LAG = 8
};

/* Why a walk ended: the low bits of a sample's end byte, and what else. */
enum format_end {
    FORMAT_END_COMPLETE = 0,
    FORMAT_END_DEPTH,
    FORMAT_END_NO_RULE,
    FORMAT_END_BAD_ADDRESS,
    FORMAT_END_FOREIGN_STACK,
    FORMAT_END_REASON_MASK = 15,
    FORMAT_END_GUESSED = 16,
    FORMAT_END_UNKNOWN_STACK = 32
};

/* What a thread did in the time that a sample stands for. */
enum format_state {
    FORMAT_STATE_UNKNOWN = 0, /* of CPU clocks: it ran */
    FORMAT_STATE_RUNNING,     /* in user or kernel mode */
    FORMAT_STATE_SLEEPING,
    FORMAT_STATE_WAITING, /* for a CPU */
    FORMAT_STATE_USER,
    FORMAT_STATE_SYSTEM,
    FORMAT_STATE_FAULTING,
    FORMAT_STATE_LOCK, /* asleep for a lock of its process */
    FORMAT_STATE_STOPPED,
    FORMAT_STATES
};

/* Bytes to be written; the caller owns the memory and sees to its size. */
struct format_out {
    uint8_t *at;
    uint8_t *end; /* puts past it set full and write nothing */
    bool full;
};

void sigprof__put_byte(struct format_out *out, uint8_t byte);
void sigprof__put_varint_long(struct format_out *out, uint64_t value);
/* Most are one byte. */
static inline void sigprof__put_varint(struct format_out *out, uint64_t value)
{
    if (value < 0x80 && out->at != out->end)
        *out->at++ = (uint8_t)value;
    else
        sigprof__put_varint_long(out, value);
}
void sigprof__put_svarint(struct format_out *out, int64_t value);
void sigprof__put_bytes(struct format_out *out, const void *bytes, size_t size);
void sigprof__put_string(struct format_out *out, const void *bytes,
                         size_t size);

/* Bytes to be read; a get past the end sets bad and gives 0. */
struct format_in {
    const uint8_t *at;
    const uint8_t *end;
    bool bad;
};

uint8_t sigprof__get_byte(struct format_in *in);
uint64_t sigprof__get_varint_long(struct format_in *in);
static inline uint64_t sigprof__get_varint(struct format_in *in)
{
    if (in->at != in->end && *in->at < 0x80 && !in->bad)
        return *in->at++;
    return sigprof__get_varint_long(in);
}
static inline int64_t sigprof__get_svarint(struct format_in *in)
{
    uint64_t value = sigprof__get_varint(in);

    return (int64_t)(value >> 1 ^ (value & 1 ? UINT64_MAX : 0));
}
/* A view into the bytes read from; *size is 0 and the view "" when bad. */
const uint8_t *sigprof__get_string(struct format_in *in, size_t *size);
/* The next record: its type, its body in *body. 0 at the end or when bad. */
unsigned sigprof__get_record(struct format_in *in, struct format_in *body);

uint32_t sigprof__crc32c(uint32_t crc, const void *bytes, size_t size);

/* Writes the 16 bytes a file begins with. */
void sigprof__format_file_header(uint8_t out[FORMAT_FILE_HEADER_BYTES]);

/* Fills in the header in front of a payload that follows it in memory. */
void sigprof__format_block_seal(uint8_t *block, size_t payload_bytes,
                                uint32_t sequence, const uint8_t *id);

/* 0 if a whole, undamaged block starts at bytes; then its payload and number. */
int sigprof__format_block_check(const uint8_t *bytes, size_t size,
                                size_t *payload_bytes, uint32_t *sequence,
                                uint32_t *id_word);

#endif
