/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libsigprof for virtual machines: code that was generated at run time, and frames
 * of interpreters.
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

/*
 * ---- Interpreters ---------------------------------------------------------
 *
 * Frames of a guest program take their place among the native ones, in one stack.
 * They come from a guest: either a shadow stack, which the interpreter pushes and
 * pops, or a walk, which lists the frames of a VM when a sample is taken. A thread
 * says which guest it runs (sigprof_guest_enter).
 *
 * Native frames of the interpreter's loop (sigprof_loop_declare) are replaced by
 * the guest frames that they run. Which those are is told by each frame's sp, an
 * address in the loop's native frame (of a local variable of its function): so a
 * guest function that calls a native one that calls the guest again shows in this
 * order. Without an sp, frames belong to the loop of the frame they call, up to one
 * with SIGPROF_FRAME_ENTRY; the next belongs to the next loop outwards.
 */

/*
 * Thread-safe. A number for a function of the guest, for what follows. Equal
 * arguments give the equal number. file may be NULL; name and file up to 1024
 * bytes; line of its beginning, 0: not known. 0: the table is full.
 */
SIGPROF_API SIGPROF_WEAK uint32_t sigprof_function_intern(const char *name,
                                                          const char *file,
                                                          uint32_t line);

/*
 * Thread-safe. The interpreter's loop is [start, start + bytes); bytes 0: the
 * function that holds start, as its unwind tables have it (those of arm do not say
 * where one ends; for riscv64 and mips64el compilers make them where they are asked to,
 * by -fasynchronous-unwind-tables). There can be 16. SIGPROF_EINVAL: no such function is
 * known; SIGPROF_EFULL.
 */
SIGPROF_API SIGPROF_WEAK int sigprof_loop_declare(const void *start,
                                                  size_t bytes);

struct sigprof_walk;
struct sigprof_guest;

/* Lists frames by sigprof_walk_frame, innermost first; see below. Not 0: the VM
 * cannot tell just now; the sample shows [vm busy]. */
typedef int sigprof_guest_walk(struct sigprof_guest *guest,
                               struct sigprof_walk *walk);

/* Who runs in a thread. The caller's memory, valid while it is entered. */
struct sigprof_guest {
    struct sigprof_guest *outer; /* that this one was called from, or NULL */
    sigprof_guest_walk *walk;    /* NULL: it is that of a struct sigprof_shadow */
    void *state;                 /* the walk's own: the VM's thread, … */
};

/*
 * Signal-safe. From now on the calling thread runs guest (NULL: none); nearly one
 * store. Returns the one it replaces. A scheduler of coroutines calls it at every
 * switch. Call it with another before the memory of guest is used again, and
 * before the thread ends.
 */
SIGPROF_API SIGPROF_WEAK struct sigprof_guest *
sigprof_guest_enter(struct sigprof_guest *guest);

/*
 * A walk runs inside the signal: at any instruction of the VM, its allocator and
 * its collector. It must not allocate, lock, print, write to the VM, touch errno or
 * take more than 1 KiB of stack, and it must end: what it follows may be a circle.
 * A fault in it is the program's end: so what is not certain to be readable is
 * read by sigprof_walk_read.
 */
enum sigprof_frame_flag {
    SIGPROF_FRAME_ENTRY = 1 /* the first frame of its loop's activation */
};

/* In a walk. function of sigprof_function_intern or sigprof_walk_function, 0: not
 * known; line that runs there, 0: not known; sp: see above, or NULL. 0: there is no
 * room for more. */
SIGPROF_API SIGPROF_WEAK int sigprof_walk_frame(struct sigprof_walk *walk,
                                                uint32_t function,
                                                uint32_t line, const void *sp,
                                                unsigned flags);

/* In a walk. Copies bytes that may not be readable, a page at a time; the last
 * eight pages stay at hand. 0: they are not readable, or 256 pages were read. */
SIGPROF_API SIGPROF_WEAK int sigprof_walk_read(struct sigprof_walk *walk,
                                               void *to, const void *from,
                                               size_t bytes);

/* In a walk. As sigprof_function_intern. The name of a number made here is in the
 * profile with the next write, up to a second later, of a flight recorder with the
 * next flush: a killed process's last ones may have no name. */
SIGPROF_API SIGPROF_WEAK uint32_t
sigprof_walk_function(struct sigprof_walk *walk, const char *name,
                      const char *file, uint32_t line);

/* In a walk. What number was remembered for the key by this thread, lately; or 0: a
 * function's, a line's, or any other. Saves reading the same names with every sample; a
 * key has to say all that they depend on. */
SIGPROF_API SIGPROF_WEAK uint32_t sigprof_walk_recall(struct sigprof_walk *walk,
                                                      uint64_t key);
SIGPROF_API SIGPROF_WEAK void sigprof_walk_remember(struct sigprof_walk *walk,
                                                    uint64_t key,
                                                    uint32_t number);

/* In a walk. What a handler gets of the thread where it was interrupted: a ucontext_t; on
 * Linux for sparcv9 a struct sigcontext. */
SIGPROF_API SIGPROF_WEAK const void *
sigprof_walk_context(const struct sigprof_walk *walk);

/* ---- Shadow stacks -------------------------------------------------------
 *
 * For one thread, or one coroutine, at a time. All of this is inline and works
 * without the library.
 */
struct sigprof_shadow_frame {
    uint32_t function;
    uint32_t line; /* that runs there; may be stored to at any time */
    const void *sp;
};

struct sigprof_shadow {
    struct sigprof_guest guest; /* to be entered */
    volatile uint32_t depth;    /* may be above room: those are not stored */
    uint32_t room;
    struct sigprof_shadow_frame *frame;
};

#define SIGPROF_SIGNAL_FENCE() __atomic_signal_fence(__ATOMIC_SEQ_CST)

static inline void sigprof_shadow_init(struct sigprof_shadow *shadow,
                                       struct sigprof_shadow_frame *frames,
                                       uint32_t room)
{
    shadow->guest.outer = NULL;
    shadow->guest.walk = NULL;
    shadow->guest.state = NULL;
    shadow->depth = 0;
    shadow->room = room;
    shadow->frame = frames;
}

/* sp: see above; __builtin_frame_address(0), or the address of a local variable. */
static inline void sigprof_shadow_push(struct sigprof_shadow *shadow,
                                       uint32_t function, uint32_t line,
                                       const void *sp)
{
    uint32_t depth = shadow->depth;

    if (depth < shadow->room) {
        struct sigprof_shadow_frame *frame = &shadow->frame[depth];

        frame->function = function;
        frame->line = line;
        frame->sp = sp;
    }
    SIGPROF_SIGNAL_FENCE(); /* a frame is whole before it counts */
    shadow->depth = depth + 1;
}

static inline void sigprof_shadow_pop(struct sigprof_shadow *shadow)
{
    shadow->depth = shadow->depth - 1;
    SIGPROF_SIGNAL_FENCE(); /* it counts no more before it is written again */
}

/* The innermost frame runs this line now. */
static inline void sigprof_shadow_line(struct sigprof_shadow *shadow,
                                       uint32_t line)
{
    uint32_t depth = shadow->depth;

    if (depth - 1 < shadow->room)
        shadow->frame[depth - 1].line = line;
}

/* After a longjmp or an exception: as deep as it was at its landing. */
static inline void sigprof_shadow_cut(struct sigprof_shadow *shadow,
                                      uint32_t depth)
{
    shadow->depth = depth;
    SIGPROF_SIGNAL_FENCE();
}

#ifdef __cplusplus
}
#endif

#endif
