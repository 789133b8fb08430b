/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A BSD, played on Linux: what the whole library, compiled for that system, calls. What
 * they share is here: signals.c, calls.c, files.c, told.c; what each tells by sysctl(3),
 * and its own calls, are in SYSTEM/kernel.c. Threads are ../threads.c's. Each
 * SYSTEM/system.h says
 *
 *  PLAYED()          the name that a call of the library's has (whole.py)
 *  LOCK_AT, ONCE_AT  words of its locks that are 0 at first
 *  TIMERS_FIND_ANY_THREAD   a timer's signal goes to a thread that did not run
 *  CODE_OF_TIMER, CODE_OF_THREAD   si_code of setitimer's and of a directed signal
 *  CONTEXT_MASK_AT   where a context has the signal mask
 *  RATE_BYTES, RATE_AT   how it tells the rate of its timer's clock
 *  MASK_CALL         the number of sigprocmask(2), where it can be called by that
 *  OWN_ERRNO         the function that tells where errno is
 *  FRAME_BYTES, FRAME_CONTEXT_AT, FRAME_SIGINFO_AT   what the kernel leaves on the stack
 *  FRAME_RETURN      ... of which that many bytes, the first, are a return address
 *  SIGINFO_ALWAYS    also for a handler that has not asked for it
 *  FIRST_THREAD      what its thread ids are more than ours
 *  …_there           types that differ
 */
#ifndef ABI_BSD_H
#define ABI_BSD_H

#include <link.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "facts.h"

#include "actions.h"

#define AT(type, base, offset)                                                 \
    (*(type *)(void *)((char *)(uintptr_t)(base) + (offset)))

/* Thread ids begin above those of processes. */
#define FIRST_THREAD 100000

/* i386's structures have no holes before it. */
#if ABI_time_t == 8
typedef int64_t __attribute__((aligned(4))) time_there;
#else
typedef int32_t time_there;
#endif
typedef void *thread_there;

#define STAT_TIME_AT ABI_struct_stat_st_mtim

/* DEFERS: around what libthr calls a critical region. */
void enter_critical(void);
void exit_critical(void);
extern _Atomic unsigned deferred_signals;

/* ---- signals.c ---------------------------------------------------------------- */

int thread_here(int tid);
int own_thread(void);
int signal_thread(int tid, int number);
int clock_of(int tid, int *clock);
bool can_be_read(const void *at, size_t size); /* up to 64 bytes */

/* ---- frames.c ------------------------------------------------------------------ */

/* These registers, as that system lays them out. */
void lay_out(const void *here, unsigned char *there);
/* Calls entry as if the kernel did, with what it leaves on the stack. */
void deliver(int number, bool with_siginfo, int code, const void *ucontext,
             handler_there *entry);
/* Goes back to where the latest signal came; its mask is that of context. */
void signal_return(const void *context) __attribute__((noreturn));
/* ---- SYSTEM/sigcode.c ------------------------------------------------------------ */

/* Where handlers return to: sigcode_back, in a page with SIGCODE_RIGHTS, where there are
 * such. */
uintptr_t sigcode(void);
bool is_sigcode(uintptr_t address);
/* What else the kernel puts into a frame. */
void finish_frame(uintptr_t context);

/* ---- SYSTEM/kernel.c --------------------------------------------------------------- */

struct answer; /* told.c */
/* sysctl(3)'s to a name. false: it is not played. */
bool answer_to(const int *name, unsigned words, struct answer *answer);

/* DEFERS: what the C library has called in place of handlers: it calls call_handler, and does
 * not come back. */
handler_there signal_entry;

/* ---- signals.c ------------------------------------------------------------------- */

/* The program's own. */
void call_handler(int number, void *siginfo, void *context);

/* ---- calls.c ------------------------------------------------------------------- */

uint64_t clock_now(int clock);
struct timespec time_here(const void *there);
int stack_here(void **low, size_t *size);

/* ---- told.c -------------------------------------------------------------------- */

/* An answer of sysctl's in the making. */
struct answer {
    char *to;
    size_t room, used;
};
char *take(struct answer *answer, size_t bytes); /* NULL: there is no room */
void put_text(struct answer *answer, const char *text, size_t size);
void put_word(struct answer *answer, uintptr_t word);
void put_boot(struct answer *answer);
void put_rate(struct answer *answer);
void put_program(struct answer *answer);
void put_command_line(struct answer *answer);

/* What Linux tells of a thread. */
struct told {
    pid_t pid, tid, parent;
    char state; /* R: it runs, or could; Z: it has ended */
    uint64_t start_us;
    unsigned threads;
    sigset_t blocked;
    char name[16], comm[16];
};
void tell(pid_t pid, pid_t tid, struct told *told);
void each_thread(pid_t pid, void (*visit)(const struct told *told, void *arg),
                 void *arg);

struct told_mapping {
    unsigned long low, high;
    int prot; /* 1 read, 2 write, 4 execute */
    char path[4096];
};
void each_mapping(void (*visit)(const struct told_mapping *mapping, void *arg),
                  void *arg);

uintptr_t end_of_stack(void);
int text_of(const char *path, char *text, size_t size);

#endif
