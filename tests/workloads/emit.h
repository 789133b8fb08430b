/* SPDX-License-Identifier: BSD-2-Clause */
/* Machine code to be made at run time, and what tells how it is unwound. */
#ifndef SIGPROF_WORKLOADS_EMIT_H
#define SIGPROF_WORKLOADS_EMIT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifndef __x86_64__
#error "the machine code is x86-64's"
#endif

#define CODE_BYTES 64   /* of one function: never more than a line */
#define TABLE_BYTES 128 /* what emit_tables needs */

typedef uint64_t spin_function(uint64_t turns);

/* Counts its argument down; with a frame pointer, a fixed frame, or nothing. */
static size_t emit(uint8_t *at, const char *kind)
{
    static const uint8_t loop[] = {0x31, 0xc0,       /* xor %eax,%eax */
                                   0x48, 0xff, 0xc0, /* inc %rax */
                                   0x48, 0xff, 0xcf, /* dec %rdi */
                                   0x75, 0xf8};      /* jnz back to inc */
    static const uint8_t fp_in[] = {0x55, 0x48, 0x89, 0xe5};
    static const uint8_t frame_in[] = {0x48, 0x83, 0xec, 0x18};
    static const uint8_t frame_out[] = {0x48, 0x83, 0xc4, 0x18};
    bool frame = strcmp(kind, "frame") == 0 || strcmp(kind, "cfi") == 0;
    bool leaf = strcmp(kind, "leaf") == 0;
    uint8_t *from = at;

    if (!leaf)
        memcpy(at, frame ? frame_in : fp_in, 4);
    at += leaf ? 0 : 4;
    memcpy(at, loop, sizeof loop);
    at += sizeof loop;
    if (frame) {
        memcpy(at, frame_out, 4);
        at += 4;
    } else if (!leaf) {
        *at++ = 0x5d;
    }
    *at++ = 0xc3;
    return (size_t)(at - from);
}

/* The instructions of an FDE for the fixed frame of 24 bytes. */
static void emit_program(uint8_t program[6], size_t bytes)
{
    /* advance 4; CFA offset 32; advance to the ret; CFA offset 8 */
    const uint8_t all[] = {0x44, 0x0e, 32, (uint8_t)(0x40 | (bytes - 5)),
                           0x0e, 8};

    memcpy(program, all, sizeof all);
}

/* A CIE, and such an FDE. */
static size_t emit_tables(uint8_t *at, const uint8_t *code, size_t bytes)
{
    static const uint8_t cie[] = {20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0x78, 16,
                                  0x0c, 7, 8, 0x90, 1, 0, 0, 0, 0, 0, 0};
    uint8_t fde[44] = {36, 0, 0, 0, sizeof cie + 4, 0, 0, 0};
    uint64_t range[2] = {(uintptr_t)code, bytes};

    memcpy(fde + 8, range, 16);
    emit_program(fde + 24, bytes);
    memcpy(at, cie, sizeof cie);
    memcpy(at + sizeof cie, fde, 40);
    memset(at + sizeof cie + 40, 0, 4);
    return sizeof cie + 40;
}

#endif
