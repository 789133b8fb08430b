/* SPDX-License-Identifier: BSD-2-Clause */
/* OpenBSD: the part of os.h that ordinary code calls, as far as it is not bsd.c's. */
#include "os/bsd.h"

#include <errno.h>
#include <limits.h>
#include <pthread_np.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/exec.h>
#include <sys/mman.h>
#include <sys/proc.h>
#include <sys/sysctl.h>
#include <sys/time.h>
#include <sys/vmmeter.h>
#include <unistd.h>

#include "os/os.h"

const char *const sigprof__bsd_name = "openbsd";
const int sigprof__os_process_timer = ITIMER_PROF;
const bool sigprof__os_process_timer_is_fair = true;
const char *const sigprof__os_clock_note =
    "OpenBSD has no timers on threads' CPU time";

int sigprof__bsd_timer_hz(const struct clockinfo *rate)
{
    return rate->hz;
}

/* Of another thread it shows what that had used when it last left a CPU. */
int sigprof__bsd_thread_clock(int tid, clockid_t *clock)
{
    *clock = tid == getthrid() ? CLOCK_THREAD_CPUTIME_ID
                               : __CLOCK_ENCODE(CLOCK_THREAD_CPUTIME_ID, tid);
    return 0;
}

/* No value goes with it: os_tick.bare. */
int sigprof__os_signal_thread(int tid, uint32_t value)
{
    (void)value;
    return thrkill(tid, SIGPROF, NULL) == 0 ? 0 : errno;
}

/* One for the process, whose thread is -1, and one for each thread. */
static int ask_threads(pid_t pid, struct bsd_answer *answer,
                       const struct kinfo_proc **end)
{
    int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID | KERN_PROC_SHOW_THREADS,
                  pid,      sizeof(struct kinfo_proc), 0};
    int error = sigprof__bsd_ask_many(name, 6, sizeof(struct kinfo_proc), answer);

    if (error)
        return error;
    *end = (const struct kinfo_proc *)(const void *)answer->bytes +
           answer->size / sizeof(struct kinfo_proc);
    if (answer->size >= sizeof(struct kinfo_proc))
        return 0;
    sigprof__bsd_forget(answer);
    return ESRCH;
}

int sigprof__bsd_process(pid_t pid, struct bsd_process *process)
{
    const struct kinfo_proc *info, *end;
    struct bsd_answer answer;
    int error = ask_threads(pid, &answer, &end);

    if (error)
        return error;
    memset(process, 0, sizeof *process);
    for (info = (const void *)answer.bytes; info < end; info++)
        if (info->p_tid != -1) {
            process->threads++;
        } else {
            process->parent = info->p_ppid;
            process->start_us =
                info->p_ustart_sec * 1000000u + info->p_ustart_usec;
            snprintf(process->comm, sizeof process->comm, "%s", info->p_comm);
        }
    sigprof__bsd_forget(&answer);
    return 0;
}

int sigprof__bsd_threads(bool (*visit)(const struct bsd_thread *thread, void *arg),
                         void *arg)
{
    const struct kinfo_proc *info, *end;
    struct bsd_answer answer;
    bool enough = false;
    int error = ask_threads(getpid(), &answer, &end);

    if (error)
        return error;
    for (info = (const void *)answer.bytes; info < end && !enough; info++)
        if (info->p_tid != -1)
            enough = visit(
                &(struct bsd_thread){
                    .tid = info->p_tid,
                    .runs = info->p_stat == SRUN || info->p_stat == SONPROC,
                    .ended = info->p_stat == SDEAD,
                    .blocks = (info->p_sigmask >> (SIGPROF - 1) & 1) != 0,
                    .name = info->p_name},
                arg);
    sigprof__bsd_forget(&answer);
    return 0;
}

const bool sigprof__bsd_names_mappings = false;

/* Each call tells those from the address in the first entry on. */
int sigprof__bsd_mappings(bool (*visit)(const struct bsd_mapping *mapping,
                                        void *arg),
                          void *arg)
{
    const int name[] = {CTL_KERN, KERN_PROC_VMMAP, getpid()};
    struct kinfo_vmentry entries[64];
    uintptr_t from = 0;

    for (;;) {
        size_t size = sizeof entries;

        entries[0].kve_start = from;
        if (sysctl(name, 3, entries, &size, NULL, 0) != 0)
            return errno;
        for (size_t i = 0; i < size / sizeof *entries; i++) {
            const struct kinfo_vmentry *entry = &entries[i];

            if (visit(&(struct bsd_mapping){entry->kve_start, entry->kve_end,
                                            (entry->kve_protection & PROT_EXEC) != 0,
                                            ""},
                      arg))
                return 0;
        }
        if (size < sizeof *entries ||
            entries[size / sizeof *entries - 1].kve_end <= from)
            return 0;
        from = entries[size / sizeof *entries - 1].kve_end;
    }
}

/* What it calls the stack's address is its end. */
int sigprof__os_stack_self(uintptr_t *low, uintptr_t *high)
{
    stack_t stack;
    int error = pthread_stackseg_np(pthread_self(), &stack);

    *high = (uintptr_t)stack.ss_sp;
    *low = *high - stack.ss_size;
    return error;
}

/* Where the program's arguments are told is in its stack's last page. */
int sigprof__bsd_stack_top(uintptr_t *top)
{
    static const int name[] = {CTL_VM, VM_PSSTRINGS};
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    struct _ps_strings strings;
    size_t size = sizeof strings;

    if (sysctl(name, 2, &strings, &size, NULL, 0) != 0)
        return errno;
    *top = ((uintptr_t)strings.val + sizeof(struct ps_strings) + page - 1) &
           ~(page - 1);
    return 0;
}

/* Pointers to the arguments, and behind them the arguments. */
static int ask_arguments(struct bsd_answer *answer)
{
    const int name[] = {CTL_KERN, KERN_PROC_ARGS, getpid(), KERN_PROC_ARGV};

    return sigprof__bsd_ask(name, 4, answer);
}

/* The kernel does not tell: the name that it was called by, where that is a path. */
void sigprof__bsd_program(char *path, size_t size)
{
    struct bsd_answer answer;
    const char *name;

    path[0] = '\0';
    if (size < PATH_MAX || ask_arguments(&answer) != 0)
        return;
    name = *(char **)(void *)answer.bytes;
    if (!name || !strchr(name, '/') || !realpath(name, path))
        path[0] = '\0';
    sigprof__bsd_forget(&answer);
}

size_t sigprof__os_command_line(char *line, size_t size)
{
    struct bsd_answer answer;
    size_t used = 0;

    if (ask_arguments(&answer) != 0)
        return 0;
    for (char **argument = (char **)(void *)answer.bytes; *argument && used < size;
         argument++) {
        size_t length = strlen(*argument) + 1;

        length = length < size - used ? length : size - used;
        memcpy(line + used, *argument, length);
        used += length;
    }
    sigprof__bsd_forget(&answer);
    return used;
}
