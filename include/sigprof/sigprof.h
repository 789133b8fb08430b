/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libsigprof: a sampling profiler that lives in the program it profiles.
 *
 * SIGPROF_HZ=99 in the environment starts sampling at load; nothing below has
 * to be called. The calls are for programs that want to choose when.
 *
 * There is no handle: SIGPROF is one per process, and so is the profiler.
 *
 * Every prototype says who may call it:
 *   Signal-safe   from anywhere, a signal handler included;
 *   Thread-safe   from any thread at any time, but not from a signal handler;
 *   Control       from any thread, but not from a signal handler; calls wait
 *                 for one another.
 *
 * Calls return 0, or a negative SIGPROF_E… code (see sigprof_strerror) and
 * leave errno alone.
 */
#ifndef SIGPROF_SIGPROF_H
#define SIGPROF_SIGPROF_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SIGPROF_VERSION_MAJOR 0
#define SIGPROF_VERSION_MINOR 1
#define SIGPROF_VERSION_PATCH 0

#if defined(__GNUC__)
#define SIGPROF_API __attribute__((visibility("default")))
#else
#define SIGPROF_API
#endif

/* code, value, sentence: the one list of what can go wrong. */
#define SIGPROF_ERROR_MAP(X)                                                   \
    X(SIGPROF_EINVAL, -1, "an option is out of range")                         \
    X(SIGPROF_EBUSY, -2, "sampling is already on")                             \
    X(SIGPROF_EOFF, -3, "sampling is not on")                                  \
    X(SIGPROF_ENOMEM, -4, "memory for the ring or a table was refused")        \
    X(SIGPROF_EFILE, -5, "the profile file cannot be written")                 \
    X(SIGPROF_ECLOCK, -6, "the system refused every clock")                    \
    X(SIGPROF_ETHREAD, -7, "the drain thread could not be started")            \
    X(SIGPROF_ENOTSUP, -8, "not supported by this build or this system")       \
    X(SIGPROF_EFULL, -9, "a table of fixed size is full")                      \
    X(SIGPROF_ESIGNAL, -10, "the program uses or ignores the toggle's signal")

enum sigprof_error {
    SIGPROF_OK = 0,
#define SIGPROF_X(name, value, sentence) name = value,
    SIGPROF_ERROR_MAP(SIGPROF_X)
#undef SIGPROF_X
};

/* What makes a thread tick. */
enum sigprof_clock {
    SIGPROF_CLOCK_AUTO = 0, /* the best this system has */
    SIGPROF_CLOCK_THREAD,   /* a CPU timer for each thread */
    SIGPROF_CLOCK_ITIMER,   /* setitimer(ITIMER_PROF), one for the process */
    SIGPROF_CLOCK_PERF,     /* Linux: a perf event for each thread */
    SIGPROF_CLOCK_WALL,     /* elapsed time: threads that sleep are sampled too */
    SIGPROF_CLOCK_REALPROF, /* illumos: setitimer(ITIMER_REALPROF), by microstate */
    SIGPROF_CLOCK_POLLED    /* CPU time, looked at by a thread of the library */
};

/* Who walks the stack. */
enum sigprof_unwind {
    SIGPROF_UNWIND_CFI = 0,  /* .eh_frame rules; complete stacks */
    SIGPROF_UNWIND_FP,       /* frame pointers only */
    SIGPROF_UNWIND_LIBUNWIND /* libunwind; not async-signal-safe, see README */
};

/* Which children are profiled too, each into a file of its own. */
enum sigprof_follow {
    SIGPROF_FOLLOW_ALL = 0, /* forked and executed ones */
    SIGPROF_FOLLOW_FORK,    /* forked ones */
    SIGPROF_FOLLOW_NONE
};

/* What becomes of samples. */
enum sigprof_mode {
    SIGPROF_MODE_RECORD = 0, /* all go to the file */
    SIGPROF_MODE_FLIGHT      /* the last ones stay in the ring; those go there at a
                                flush, at the end, and after a kill */
};

/*
 * Options. Set size to sizeof(struct sigprof_options) and the rest to zero;
 * zero always means the default, so a caller built against an older header
 * keeps working.
 */
struct sigprof_options {
    size_t size;       /* bytes of this struct as the caller knows it */
    unsigned hz;       /* samples per second of thread CPU time, 1..10000; 99 */
    unsigned clock;    /* enum sigprof_clock */
    unsigned unwind;   /* enum sigprof_unwind */
    unsigned depth;    /* frames kept per sample, 1..1024; 256 */
    unsigned follow;   /* enum sigprof_follow */
    unsigned paused;   /* not 0: wait for sigprof_resume */
    size_t ring_bytes; /* 64 KiB..1 GiB; 4 MiB */
    const char *out;   /* profile file, as SIGPROF_OUT; "%e.%p.sigprof" */
    const char *rotate; /* when a new file is begun, as SIGPROF_ROTATE; never */
    unsigned mode;     /* enum sigprof_mode */
    const char *toggle; /* a signal that pauses and resumes, as SIGPROF_TOGGLE */
    unsigned host_handles; /* not 0: SIGPROF is handled by the program, which calls
                              sigprof_handle_signal */
};

/*
 * The balance sheet. Periods are sampling periods (1/hz of CPU time);
 * due_ns = taken_ns + overrun_ns + dropped_ns + unsampled_ns + own_ns +
 * overwritten_ns, within what the system's clocks can resolve.
 */
struct sigprof_stats {
    size_t size;            /* set by the caller, as in sigprof_options */
    uint64_t period_ns;     /* CPU time one period stands for; by the wall clock,
                               time: so with all that follows */
    uint64_t due_ns;        /* CPU time of the process since the start; by the
                               wall clock, elapsed time of each thread, and own */
    uint64_t taken;         /* samples in the ring or the file */
    uint64_t overrun;       /* periods carried by samples beyond their first: of
                               late ticks, and of what the CPU clock says was lost */
    uint64_t dropped;       /* periods lost, all causes below */
    uint64_t dropped_full;  /* ... no free ring block */
    uint64_t dropped_busy;  /* ... the handler was called while it ran, or the
                               thread ended before it came to its hook */
    uint64_t dropped_slot;  /* ... the thread was not in the table */
    uint64_t foreign;       /* SIGPROF that was not ours, passed on */
    int64_t unsampled_ns;   /* CPU time no sample stands for, all causes;
                               negative when short threads, caught at a random
                               phase, were charged a whole period each */
    int64_t unsampled_exit_ns;    /* ... of threads that have ended */
    int64_t unsampled_running_ns; /* ... since the last tick of running ones */
    int64_t unsampled_blocked_ns; /* ... of threads that block SIGPROF */
    int64_t unsampled_paused_ns;  /* ... while sampling was paused */
    int64_t unsampled_unseen_ns;  /* ... of threads never found, and rest */
    uint64_t own_ns;        /* CPU time of libsigprof's own threads */
    uint64_t threads;       /* threads seen since the start */
    uint64_t clock;         /* enum sigprof_clock in use */
    uint64_t overwritten;   /* periods that a flight recorder gave up for later
                               ones; not in taken, overrun or dropped */
    uint64_t toggles;       /* signals of the toggle that were served */
    int64_t unsampled_kernel_ns;  /* ... in the kernel, where `auto` takes no
                               samples: charged as [kernel] */
};

/* Control. Starts sampling; options may be NULL for the defaults. */
SIGPROF_API int sigprof_start(const struct sigprof_options *options);

/*
 * Control. Stops, writes what is left and the balance sheet, closes the file.
 * SIGPROF_EFILE: sampling is off, but not all could be written; the rest stays
 * in shared memory, where sigprof-fold finds it.
 */
SIGPROF_API int sigprof_stop(void);

/* Control. Disarms every thread's clock; what runs meanwhile is "paused". */
SIGPROF_API int sigprof_pause(void);

/* Control. Arms them again. */
SIGPROF_API int sigprof_resume(void);

/* Control. Returns when every sample committed before the call is written. */
SIGPROF_API int sigprof_flush(void);

/*
 * Control. Begins a new file: what was committed before the call is in the one
 * before, or in none. Each file can be read alone; together they are the
 * recording. Names: the first one's with .2, .3, … behind. SIGPROF_EFILE: it
 * cannot be created or written, and the present one goes on. SIGPROF_ENOTSUP:
 * the profile is a pipe or a device.
 */
SIGPROF_API int sigprof_rotate(void);

/* Control. Fills in the first stats->size bytes; works after a stop too. */
SIGPROF_API int sigprof_stats(struct sigprof_stats *stats);

/*
 * Thread-safe. 1 if this build on this system offers the named feature, else 0:
 * "clock=thread", "clock=itimer", "clock=perf", "clock=wall",
 * "clock=realprof", "clock=polled", "unwind=cfi", "unwind=fp", "unwind=libunwind",
 * "follow", "preload", "rotate", "mode=flight", "toggle", "guest", "handle_signal",
 * "sample_here".
 */
SIGPROF_API int sigprof_supported(const char *feature);

/* Signal-safe. One English sentence without a full stop; never NULL. */
SIGPROF_API const char *sigprof_strerror(int code);

/* Signal-safe. "MAJOR.MINOR.PATCH" of the library that is loaded. */
SIGPROF_API const char *sigprof_version(void);

/*
 * Signal-safe; for a program whose own handler of SIGPROF stays in place (see
 * host_handles), to be called first in it, with its three arguments: 1 if the tick
 * was ours, which is then done with; 0: it is the program's, and was not touched.
 * The handler has to be there before sampling starts and as long as ticks can come
 * (after a stop too), by sigaction with SA_SIGINFO, SA_RESTART and SA_ONSTACK, and
 * with every signal in its mask: who jumps out of the call ends the sampling of the
 * thread.
 */
SIGPROF_API int sigprof_handle_signal(int number, void *siginfo,
                                      void *ucontext);

/*
 * For a thread that can be sampled at some places only: a VM's hook, a safe point.
 *
 * sigprof_thread_defer: Signal-safe. Not 0: ticks of the calling thread are noted
 * from now on, and no stack is walked; 0: they are taken at once again. Returns what
 * was set before. Not by the clock realprof, whose ticks are always taken at once.
 *
 * sigprof_sample_here: Thread-safe. Takes what was noted as one sample, of the
 * caller's stack, and records how late it is: in what lies between tick and hook
 * such profiles are wrong. Returns 1 if it did, 0 if nothing was noted (which costs
 * a load) or the thread blocks SIGPROF.
 */
SIGPROF_API int sigprof_thread_defer(int defer);
SIGPROF_API int sigprof_sample_here(void);

/*
 * Thread-safe. Makes the calling thread known at once, with a name of its own
 * (NULL: the system's). Not needed when preloaded, nor for threads that live
 * longer than a second: those are found by a sweep.
 */
SIGPROF_API int sigprof_thread_attach(const char *name);

/* Thread-safe. Settles the calling thread's account; call it last. */
SIGPROF_API int sigprof_thread_detach(void);

/*
 * Thread-safe. Declares [low, low + bytes) to be a stack that code may run on
 * (a coroutine's): samples there are walked without a system call. The range
 * must stay mapped and readable until it is forgotten.
 */
SIGPROF_API int sigprof_stack_declare(void *low, size_t bytes);
SIGPROF_API int sigprof_stack_forget(void *low);

/*
 * Thread-safe. An id for the set of pairs "parent's plus key=value"; parent 0
 * is the empty set. Equal arguments give the equal id. 0 if the table is full
 * or an argument too long. Keys up to 64 bytes, values up to 1024.
 */
SIGPROF_API uint32_t sigprof_label_intern(const char *key, const char *value,
                                          uint32_t parent);

/*
 * Signal-safe. From now on samples of the calling thread carry this id; one
 * store. Returns the id it replaces, so that spans nest.
 */
SIGPROF_API uint32_t sigprof_label_set(uint32_t id);

#ifdef __cplusplus
}
#endif

#endif
