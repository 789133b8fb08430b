/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the code of a function makes its frame, for CPUs whose C libraries tell of few
 * functions how they are unwound: what unwind/prologue.c asks of them.
 *
 *  ARCH_CODE_UNIT      instructions begin at its multiples
 *  arch_frame_begins() could an instruction be the first that makes a frame?
 *  arch_frame_read()   adds to what is known of a frame an instruction of it;
 *                      returns its bytes, or 0: the frame's making is over
 *  arch_is_return()    does one return, or leave for another function, wherever it is?
 */
#ifndef SIGPROF_ARCH_FRAME_CODE_H
#define SIGPROF_ARCH_FRAME_CODE_H

#include <stdbool.h>
#include <stdint.h>

/* Offsets are from the CFA, sp at the function's begin; 0: not saved. */
struct arch_frame_made {
    int bytes; /* sp is so much below now */
    int ra_at;
    int fp_at;
    int fp_below; /* fp has been made the CFA minus that, if has_fp */
    bool has_fp;
};

#endif
