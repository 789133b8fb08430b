/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an operating system has to provide: the porting guide. One file per
 * system implements all of it (src/os/<system>.c, src/os/<system>-signal.c);
 * CMake chooses. Registers of a ucontext_t are in src/os/regs/<system>-<cpu>.h.
 *
 * Functions return 0 or an errno value and put results through pointers, unless
 * said otherwise. None of them changes errno in a way the caller sees as a
 * result. "Signal-safe" ones live in <system>-signal.c, whose imports are held
 * against the handler's allow-list.
 */
#ifndef SIGPROF_OS_H
#define SIGPROF_OS_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- Signal-safe ------------------------------------------------------- */

/* The calling thread's id as the system's tools show it. */
int sigprof__os_tid(void);

/* Address of the calling thread's control block. On systems where that lies at
 * the top of the thread's stack it bounds the stack; else 0. */
uintptr_t sigprof__os_thread_pointer(void);

/* Has the calling thread its thread-local variables? Where the loader allocates
 * them when a thread first uses one, a handler must not be the first. */
bool sigprof__os_thread_is_ready(void);

/* Monotonic clock, nanoseconds. */
uint64_t sigprof__os_now_ns(void);

/* Does sigprof__os_process_timer tick for each thread, in elapsed time, and tell what
 * that has done? */
extern const bool sigprof__os_process_timer_tells;
/* Of such a tick: how many periods the
 * thread was found in this state (enum format_state) since its last one. */
uint32_t sigprof__os_tick_periods(const void *siginfo, unsigned state);

/* Copies size bytes that may not be readable. Returns how many were; stops at
 * the first that cannot be read (by page). The first call of a process may find
 * out how that is done here, and give 0: sigprof__cfi_prepare makes it. */
size_t sigprof__os_read_memory(uintptr_t address, void *to, size_t size);

/* Whose is this tick? */
struct os_tick {
    bool from_timer;     /* a timer of sigprof__os_timer_create's */
    bool from_process_timer; /* sigprof__os_process_timer's */
    bool from_event;     /* it may be one of sigprof__os_event_open's */
    bool from_sampler;   /* sigprof__os_signal_thread's */
    bool bare;           /* ... of which the system had no room for the value? */
    uint32_t value;      /* as given to the timer or the signal */
    bool asleep;         /* ... and the thread was on no CPU at any expiry */
    uint32_t overrun;    /* expiries that found the signal pending */
};
void sigprof__os_tick(const void *siginfo, struct os_tick *tick);

/* ---- Ordinary code ----------------------------------------------------- */

/* Maps zeroed private memory; never from the program's allocator. NULL: no. */
void *sigprof__os_map(size_t bytes);
/* The same for what is used at once: its pages are there, if the system can do that. */
void *sigprof__os_map_at_once(size_t bytes);
void sigprof__os_unmap(void *at, size_t bytes);

/* From now on the calling thread is ready, as above. */
void sigprof__os_thread_make_ready(void);

/* A condition for sigprof__os_condition_wait, which waits until the monotonic clock
 * says until_ns. false: it does. */
void sigprof__os_condition_init(pthread_cond_t *condition);
bool sigprof__os_condition_wait(pthread_cond_t *condition,
                                pthread_mutex_t *lock, uint64_t until_ns);

/* The library's one semaphore, at 0 and shared with no other process; one that was
 * given before may go on being posted. NULL: no. */
sem_t *sigprof__os_semaphore(void);

/* A timer on the CPU time of thread tid that raises SIGPROF in that thread,
 * first after first_ns, then every period_ns, with value in its siginfo. */
typedef uintptr_t os_timer;
int sigprof__os_timer_create(int tid, uint32_t value, os_timer *timer);
int sigprof__os_timer_arm(os_timer timer, uint64_t first_ns,
                          uint64_t period_ns); /* 0, 0: disarm */
void sigprof__os_timer_delete(os_timer timer);
/* How far apart expiries are seen at the least, nanoseconds; 0: no bound. */
uint64_t sigprof__os_timer_step_ns(void);

/* Are there any? */
extern const bool sigprof__os_has_thread_timers;

/* The setitimer(2) timer that ticks for the whole process: ITIMER_PROF, where it
 * does. */
extern const int sigprof__os_process_timer;
/* Does its signal come to the thread that used the CPU, or to any? */
extern const bool sigprof__os_process_timer_is_fair;
/* Why there is no better clock than one of these, for a profile's header; NULL: there
 * is. */
extern const char *const sigprof__os_clock_note;

/* Raises SIGPROF in thread tid of this process after every period_ns of its CPU
 * time, exactly, until it is closed; no descriptor is left behind, and a forked
 * child has none. in_kernel: also while it runs the kernel, where a signal can
 * interrupt a call; EACCES: not allowed. */
typedef void *os_event;
int sigprof__os_event_open(int tid, uint64_t period_ns, bool in_kernel,
                           os_event *event);
void sigprof__os_event_close(os_event event); /* NULL: nothing */

/* CPU time used so far, nanoseconds. ESRCH when the thread is gone. */
int sigprof__os_thread_cpu_ns(int tid, uint64_t *ns);
uint64_t sigprof__os_process_cpu_ns(void);

/* Raises SIGPROF in thread tid, with value in its siginfo. Never waits. */
int sigprof__os_signal_thread(int tid, uint32_t value);

/* Where thread tid sleeps: its pc and sp as it will find them when it wakes. EAGAIN:
 * it runs, or could; ENOTSUP: it sleeps, and where cannot be known; ESRCH: it is
 * gone. */
int sigprof__os_thread_asleep(int tid, uintptr_t *pc, uintptr_t *sp);

/* Number of threads of this process; cheap enough for every drain. */
int sigprof__os_thread_count(unsigned *count);
/* Has thread tid ended, though it may still be in the list (a first thread that
 * left before the others)? */
bool sigprof__os_thread_ended(int tid);
/* Calls visit(tid, arg) for every thread there is. */
int sigprof__os_thread_list(void (*visit)(int tid, void *arg), void *arg);
/* Where thread-local variables are the library's own (own-tls-signal.c): looks which
 * threads have ended. threads_lock. */
void sigprof__os_threads_swept(void);
/* ... and in a forked child: the thread that was this one is the caller now. */
void sigprof__os_thread_forked(int before);
/* The name the system has for a thread; "" if none. */
void sigprof__os_thread_name(int tid, char *name, size_t size);
/* Does thread tid block SIGPROF? false also if that cannot be known. */
bool sigprof__os_thread_blocks(int tid);
/* Bounds of the calling thread's stack, or of the main thread's. */
int sigprof__os_stack_self(uintptr_t *low, uintptr_t *high);
int sigprof__os_stack_main(uintptr_t *low, uintptr_t *high);
/* Bounds of the mapping that holds address. */
int sigprof__os_mapping(uintptr_t address, uintptr_t *low, uintptr_t *high);

/* Calls visit with the path of each file that is mapped executable, until it returns
 * true; there may be no file of that path. ENOTSUP: that cannot be known. */
int sigprof__os_mapped_files(bool (*visit)(const char *path, void *arg),
                             void *arg);

/* Objects in the loader's list, counted without its lock: a number that changes
 * when one comes or goes. 0: not known. */
unsigned sigprof__os_loader_count(void);

/* Loads and unloads so far, as dl_iterate_phdr(3) tells them with each object. false: it
 * does not. */
struct dl_phdr_info;
bool sigprof__os_loader_counts(const struct dl_phdr_info *info, size_t size,
                               uint64_t *adds, uint64_t *subs);

/*
 * Memory of an object that dl_iterate_phdr(3) shows, to be looked at in its callback:
 * that itself where the loader holds its lock meanwhile, else a copy, which the next use
 * of the slot overwrites. NULL, false: it has gone. modules_lock.
 */
enum os_loaded_slot {
    OS_LOADED_PARTS,
    OS_LOADED_NOTES,
    OS_LOADED_DYNAMIC,
    OS_LOADED_STRING,
    OS_LOADED_INTERPRETER,
    OS_LOADED_TABLES,
    OS_LOADED_ROWS,
    OS_LOADED_FRAMES,
    OS_LOADED_SLOTS
};
const void *sigprof__os_loaded(enum os_loaded_slot slot, uintptr_t address,
                               size_t bytes);
bool sigprof__os_loaded_copy(void *to, uintptr_t address, size_t bytes);
const char *sigprof__os_loaded_name(const char *name);

/* Makes stores before it visible to, and ordered with, what every thread of the
 * process does after it. false: the system cannot. */
bool sigprof__os_barrier(void);
/* Before the first of them, in a process: cheapest while it has one thread. */
void sigprof__os_barrier_begin(void);

/* May the process's threads lose their life over an unexpected system call
 * (seccomp and its like)? */
bool sigprof__os_syscalls_filtered(void);

/* Does the program run with rights that its caller has not? */
bool sigprof__os_is_secure(void);

/* Gives the calling thread a descriptor table of its own, with nothing in it.
 * ENOTSUP: descriptors stay shared. */
int sigprof__os_private_descriptors(void);

/* Random bytes for ids and phases. */
void sigprof__os_random(void *bytes, size_t size);

/* Facts of the header. Strings are "" when unknown. */
struct os_identity {
    const char *os;  /* "linux" */
    const char *cpu; /* "x86_64" */
    char boot_id[64];
    char exe[4096];
    char comm[64];
    uint64_t process_start; /* the system's unit; tells a reused pid */
    uint64_t pid_namespace;
};
void sigprof__os_identity(struct os_identity *identity);
/* Start time, in the same unit, of process pid; ESRCH when it is gone. */
int sigprof__os_process_start(pid_t pid, uint64_t *start);
/* A start time of this boot on the clock of files' times, nanoseconds, to a second
 * or so; 0: not known. */
uint64_t sigprof__os_start_real_ns(uint64_t start);
/* The parent of process pid. */
int sigprof__os_process_parent(pid_t pid, pid_t *parent);
/* The command line of this process, arguments ended by NUL; returns bytes. */
size_t sigprof__os_command_line(char *line, size_t size);

/* A directory of memory-backed files: "/dev/shm" or the best there is. */
const char *sigprof__os_ring_directory(void);
/* Makes sure that bytes [offset, offset + size) of a file have memory. */
int sigprof__os_allocate(int descriptor, off_t offset, off_t size);

#endif
