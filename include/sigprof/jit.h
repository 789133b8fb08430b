/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libsigprof for virtual machines: code that was generated at run time.
 *
 * The functions are weak references. A VM can ship the calls; where the library
 * is absent they are NULL:
 *
 *      if (SIGPROF_JIT_PRESENT)
 *          sigprof_code_register(&code);
 *
 * What is told here is kept with its time, so that a sample carries the name that
 * its address had then, however often the memory was used again, and it outlives
 * the process. It may be told before sampling starts.
 *
 * Thread-safe, Control, Signal-safe: as in sigprof.h. As with malloc, a signal
 * handler must not jump out of these calls.
 */
#ifndef SIGPROF_JIT_H
#define SIGPROF_JIT_H

#include <sigprof/sigprof.h>

#if defined(__GNUC__)
#define SIGPROF_WEAK __attribute__((weak))
#else
#define SIGPROF_WEAK
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* How a frame of the code is left behind for its caller's. */
enum sigprof_code_unwind {
    /* A frame pointer is set up by the first instructions and given back by the
     * last, as the system's ABI has it. */
    SIGPROF_CODE_FP = 0,
    /* The stack pointer does not move: the return address is frame_bytes above
     * it (0: a leaf that never touches it). On CPUs whose calls use a link
     * register it is taken for SIGPROF_CODE_FP. */
    SIGPROF_CODE_FRAME,
    /* eh_frame says. */
    SIGPROF_CODE_CFI,
    /* Not known, but what it calls finds a frame pointer as of SIGPROF_CODE_FP:
     * of the interrupted function the return address is looked for. */
    SIGPROF_CODE_UNKNOWN
};

/* Instructions from code_offset on are of this line. */
struct sigprof_code_line {
    uint32_t code_offset; /* bytes from the start; ascending */
    uint32_t line;        /* 1 is the first; 0: of no line */
};

/*
 * Set size to sizeof(struct sigprof_code) and what is not known to zero. All of
 * it is copied.
 */
struct sigprof_code {
    size_t size;       /* bytes of this struct as the caller knows it */
    const void *start; /* first instruction */
    size_t bytes;      /* of code; up to 2 GiB */
    const char *name;  /* what the picture shows; up to 1024 bytes of it */
    const char *file;  /* source, or NULL; up to 1024 bytes of it */
    uint32_t line;     /* of the source; 0: not known */
    uint32_t unwind;   /* enum sigprof_code_unwind */
    uint32_t frame_bytes; /* for SIGPROF_CODE_FRAME; a multiple of the word */
    uint32_t line_count;
    const struct sigprof_code_line *lines; /* or NULL; some 2,000 are kept */
    /* For SIGPROF_CODE_CFI: a CIE and an FDE for [start, start + bytes) as in an
     * .eh_frame section, with absolute addresses as __register_frame takes them;
     * up to 64 KiB. */
    const void *eh_frame;
    size_t eh_frame_bytes;
};

/*
 * Thread-safe. There is code now, and it is as described until it is freed or
 * moved, or other code is registered over it. SIGPROF_EINVAL, SIGPROF_ENOMEM.
 */
SIGPROF_API SIGPROF_WEAK int
sigprof_code_register(const struct sigprof_code *code);

/* Thread-safe. The code that started at from is at to now. SIGPROF_EINVAL: none
 * does; code with unwind tables cannot move. */
SIGPROF_API SIGPROF_WEAK int sigprof_code_move(const void *from,
                                               const void *to);

/* Thread-safe. Call it before the memory is used again. SIGPROF_EINVAL: no code
 * starts there. */
SIGPROF_API SIGPROF_WEAK int sigprof_code_free(const void *start);

#define SIGPROF_JIT_PRESENT (sigprof_code_register != NULL)

#ifdef __cplusplus
}
#endif

#endif
