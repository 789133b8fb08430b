/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames of guest programs among the native ones.
 *
 * After the native walk the handler asks the thread's guest, and those that it was
 * called from, for their frames (collect), and puts each at its place in the native
 * stack (merge). The result is a stack of its own, beside the native one, which the
 * next walk needs as it was: the ring gets whichever of the two is current.
 *
 * Where a frame goes. Stacks grow down, so a frame whose sp is below the end of a
 * native frame, and was not taken by one further in, is run by that one. Guest
 * frames without an sp go to native frames of the declared loops, an activation
 * (SIGPROF_FRAME_ENTRY) to each; the outermost loop takes what is left. Where no
 * loop is on the stack they are the leaf's callees. A native frame of a loop that
 * took a guest frame is left out.
 *
 * A frame whose sp lies below the leaf on the same stack belongs to a native frame
 * that is gone (a longjmp over a pop): it is left out.
 */
#ifndef SIGPROF_JIT_GUEST_H
#define SIGPROF_JIT_GUEST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "sigprof/jit.h"
#include "unwind/unwind.h"

#define GUEST_LOOPS_MAX 16
#define GUEST_CHAIN_MAX 32 /* guests called from one another; more is a circle */
#define GUEST_PAGES 8      /* of a walk's reads that stay at hand */
#define GUEST_READS_MAX 256 /* system calls of a walk: some 200 microseconds, where
                               a deep stack is seen for the first time */
#define GUEST_MARKS_MAX 8  /* beside a stack's frames */
#define GUEST_KNOWN 512    /* a power of two; functions of a hot path */

/* A frame that was listed, or a mark in its place. */
struct guest_frame {
    uintptr_t sp;      /* 0: by the loops */
    uint32_t function; /* or an enum format_mark, where is_mark */
    uint32_t line;
    bool is_entry;
    bool is_mark;
};

struct guest_known {
    uint64_t key;
    uint32_t number;
};

/* What a walk of a guest works with; in quantity, so off the handler's stack. */
struct guest_window {
    uint8_t page[GUEST_PAGES][UNWIND_PAGE_BYTES];
    struct guest_known known[GUEST_KNOWN];
};

/* One collection. A guest's walk gets it as an opaque pointer. */
struct sigprof_walk {
    const void *ucontext;
    struct guest_window *window;
    struct guest_frame *frame; /* [0..count) */
    uint32_t count, room;
    struct unwind_range dead; /* sps of frames that are gone */
    uintptr_t last_sp;        /* of the guest being listed; 0: none */
    uintptr_t page_at[GUEST_PAGES];
    uint32_t next_page;
    uint32_t reads_left;
    bool may_call_system;
    bool is_cut; /* there was no room for a frame */
};

/* A slot's part. Touched like its struct unwind_stack. */
struct guest_account {
    struct unwind_stack merged; /* shares the native one's scratch */
    struct sigprof_walk walk;
};

/* The calling thread's guest. initial-exec: a signal may read it. */
extern __thread struct sigprof_guest *sigprof__guest
    __attribute__((tls_model("initial-exec")));

/* Has any thread entered a guest? Signal-safe. */
extern _Atomic bool sigprof__guests_exist;

/* The interpreter's loops; [0..count) never change. */
struct guest_loops {
    _Atomic uint32_t count;
    struct unwind_range range[GUEST_LOOPS_MAX];
};
extern struct guest_loops sigprof__guest_loops;

/* Control, around a fork. */
void sigprof__guest_lock(void);
void sigprof__guest_unlock(void);

/* Control: memory for an account, of at least _bytes, zeroed. */
size_t sigprof__guest_account_bytes(unsigned depth);
void sigprof__guest_account_make(struct guest_account *account,
                                 const struct unwind_stack *native, void *at);

/*
 * Signal-safe, in the thread itself, after its native walk: the stack to record,
 * which is the native one if the thread runs no guest.
 */
struct unwind_stack *sigprof__guest_stack(struct guest_account *account,
                                          const struct unwind_walk *walk);

#endif
