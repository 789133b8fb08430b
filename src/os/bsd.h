/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the BSDs have in common, and what each of them tells for it. bsd.c and
 * bsd-signal.c are theirs; <system>.c and <system>-signal.c have the functions below
 * and what else of os.h is the system's own. Of macOS, bsd-descent.c asks for
 * sigprof__bsd_process, which counts no threads there.
 */
#ifndef SIGPROF_OS_BSD_H
#define SIGPROF_OS_BSD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/* ---- Signal-safe ------------------------------------------------------------ */

/* The number of the call that is sigprocmask(2) with pointers, for
 * readable-sigprocmask-signal.c. */
extern const int sigprof__bsd_mask_call;

/* ---- Of each system ---------------------------------------------------------- */

extern const char *const sigprof__bsd_name;

struct bsd_process {
    pid_t parent;
    uint64_t start_us;
    unsigned threads;
    uint64_t jail;
    char comm[64];
};
int sigprof__bsd_process(pid_t pid, struct bsd_process *process);

struct bsd_thread {
    int tid;
    bool runs; /* or could */
    bool ended;
    bool blocks; /* SIGPROF; false also if that is not told */
    const char *name;
};
/* Of this process, until visit returns true. */
int sigprof__bsd_threads(bool (*visit)(const struct bsd_thread *thread, void *arg),
                         void *arg);

struct bsd_mapping {
    uintptr_t low, high;
    bool executable;
    const char *path; /* "": none, or not told */
};
/* Of this process, until visit returns true. */
int sigprof__bsd_mappings(bool (*visit)(const struct bsd_mapping *mapping,
                                        void *arg),
                          void *arg);
extern const bool sigprof__bsd_names_mappings;

/* The CPU clock of a thread of this process. */
int sigprof__bsd_thread_clock(int tid, clockid_t *clock);

/* The calling thread's attributes, for stack-by-attributes.c. */
int sigprof__bsd_attributes(pthread_attr_t *attributes);

/* The end of the first thread's stack. */
int sigprof__bsd_stack_top(uintptr_t *top);

/* The program that is executed; "" if not known. */
void sigprof__bsd_program(char *path, size_t size);

/* Of its clocks' rates the one that the process's timer is looked at by, for
 * clockinfo.c. */
struct clockinfo;
int sigprof__bsd_timer_hz(const struct clockinfo *rate);

/* ---- bsd.c -------------------------------------------------------------------- */

/* What the system tells by a name of sysctl(3), whatever its size. */
struct bsd_answer {
    char *bytes;
    size_t size; /* used */
    size_t room;
};
int sigprof__bsd_ask(const int *name, unsigned words, struct bsd_answer *answer);
/* The same where the last word is how many of so many bytes there is room for. */
int sigprof__bsd_ask_many(int *name, unsigned words, size_t each,
                          struct bsd_answer *answer);
void sigprof__bsd_forget(struct bsd_answer *answer);

/* ---- freebsd-descent.c --------------------------------------------------------- */

/* What KERN_PROC_PID tells: at least so many bytes, or ESRCH. */
int sigprof__bsd_ask_process(pid_t pid, int what, size_t least,
                             struct bsd_answer *answer);

#endif
