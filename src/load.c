/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Load and unload: sampling from the environment, and its end with the process.
 * With the preload object in the process, that one calls sigprof__hook_load
 * once it has found the real functions; else this object's constructor starts.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "children.h"
#include "clock/clock.h"
#include "config.h"
#include "drain.h"
#include "environment.h"
#include "events.h"
#include "foreign.h"
#include "guard.h"
#include "hooks.h"
#include "jit/code.h"
#include "jit/frames.h"
#include "jit/gdb.h"
#include "jit/java.h"
#include "jit/python.h"
#include "jit/v8.h"
#include "modules.h"
#include "sigprof_impl.h"
#include "threads.h"

/* Defined by the preload object. */
extern const char sigprof__preload_mark[] __attribute__((weak));

#define TEXT_OF(x) #x
#define VERSION_TEXT(a, b, c) TEXT_OF(a) "." TEXT_OF(b) "." TEXT_OF(c)

static bool verbose;

/* Here, so that whoever asks for it out of the archive (-u sigprof_version) gets
 * the constructor below. */
const char *sigprof_version(void)
{
    return VERSION_TEXT(SIGPROF_VERSION_MAJOR, SIGPROF_VERSION_MINOR,
                        SIGPROF_VERSION_PATCH);
}

/* Rights that the caller of a set-id program, or of one with capabilities, lacks
 * must not be lent to it. */
static bool is_privileged(void)
{
    return getuid() != geteuid() || getgid() != getegid() ||
           sigprof__os_is_secure();
}

static void say(const char *text)
{
    char line[5120];
    int length = snprintf(line, sizeof line, "sigprof: %s\n", text);
    struct guard guard;

    sigprof__guard_enter(&guard);
    if (length > 0 && write(STDERR_FILENO, line, (size_t)length) < 0)
        sigprof__guard_forget(errno); /* the program's stderr is its affair */
    sigprof__guard_leave(&guard);
}

static void say_start(const struct sigprof__config *config)
{
    unsigned clock = (unsigned)atomic_load(&sigprof__state.clock);
    bool improves = config->clock == SIGPROF_CLOCK_AUTO &&
                    clock == SIGPROF_CLOCK_THREAD;
    char text[4608];

    snprintf(text, sizeof text,
             "pid %d: %u Hz (%u signals a second at most) by the %s clock%s "
             "into %s%s%s",
             (int)getpid(), config->hz, sigprof__clock_granted_hz(config->hz),
             sigprof__clock_word(clock),
             improves ? ", or perf events of the full rate where allowed," : "",
             sigprof__drain_path(),
             sigprof__session.clock_note ? "; " : "",
             sigprof__session.clock_note ? sigprof__session.clock_note : "");
    say(text);
}

static void say_sheet(void)
{
    struct sigprof_stats s = {.size = sizeof s};
    char text[512];
    double ms = 1e-6;

    sigprof_stats(&s);
    snprintf(text, sizeof text,
             "pid %d: due %.1f ms = taken %llu + overrun %llu + dropped %llu "
             "(of %.3f ms each) + unsampled %.1f ms + own %.1f ms; "
             "%llu foreign, %llu threads",
             (int)getpid(), (double)s.due_ns * ms,
             (unsigned long long)s.taken, (unsigned long long)s.overrun,
             (unsigned long long)s.dropped, (double)s.period_ns * ms,
             (double)s.unsampled_ns * ms, (double)s.own_ns * ms,
             (unsigned long long)s.foreign, (unsigned long long)s.threads);
    say(text);
}

static void say_left(void)
{
    char text[4608];

    snprintf(text, sizeof text,
             "%s: not all could be written; the rest is in %s, and sigprof-fold "
             "adds it",
             sigprof__drain_path(), sigprof__session.ring_left);
    say(text);
}

/* A relative pattern is meant from here, wherever the program goes later. */
static void make_out_absolute(struct sigprof__config *config)
{
    char here[2048], full[sizeof config->out];
    size_t used = 0;

    if (config->out[0] == '/' || !getcwd(here, sizeof here))
        return;
    for (const char *at = here; *at && used + 3 < sizeof full; at++) {
        if (*at == '%')
            full[used++] = '%';
        full[used++] = *at;
    }
    full[used] = '\0';
    if (used + strlen(config->out) + 20 > sizeof full)
        return;
    if (used > 1)
        strcat(full, "/");
    strcat(full, config->out[0] ? config->out : "%e.%p.sigprof");
    strcpy(config->out, full);
}

static void say_toggle_taken(void)
{
    const char *value = getenv("SIGPROF_TOGGLE");
    char text[512];

    snprintf(text, sizeof text,
             "SIGPROF_TOGGLE=%.60s: pid %d ignores or handles this signal, "
             "so it is not sampled; want one that is free at its start",
             value ? value : "", (int)getpid());
    say(text);
}

static void say_no_file(const char *out)
{
    bool chosen = getenv("SIGPROF_OUT") != NULL;
    char text[1024];

    snprintf(text, sizeof text, "%s%.300s: %s (%s); want %s",
             chosen ? "SIGPROF_OUT=" : "", *out ? out : "%e.%p.sigprof",
             sigprof_strerror(SIGPROF_EFILE),
             strerror(errno),
             chosen ? "a new name in a folder that can be written to, or an "
                      "earlier profile's"
                    : "a working directory that can be written to, or a name in "
                      "SIGPROF_OUT");
    say(text);
}

static void start_from_environment(const char *preload_path)
{
    struct sigprof__config config;
    char message[512];
    int found, code;

    if (is_privileged())
        return;
    found = sigprof__config_from_environment(&config, message, sizeof message);
    if (found == 0)
        return;
    if (found < 0) {
        say(message);
        return;
    }
    make_out_absolute(&config);
    if (config.follow != SIGPROF_FOLLOW_ALL) {
        sigprof__children_look();
        if (sigprof__of_tree())
            return; /* an executed child: its parent does not follow those */
    }
    if (preload_path)
        sigprof__environment_keep(preload_path, &config);
    sigprof__threads_tell(preload_path != NULL);
    code = sigprof__start(&config, false);
    verbose = config.verbose;
    if (code == SIGPROF_ESIGNAL) {
        say_toggle_taken();
        return;
    }
    if (code && sigprof__of_tree() && !verbose)
        return; /* a child in a sandbox of its own: it did not ask for us */
    if (code == SIGPROF_EFILE) {
        say_no_file(config.out);
    } else if (code) {
        snprintf(message, sizeof message, "not sampling: %s",
                 sigprof_strerror(code));
        say(message);
    } else if (verbose) {
        say_start(&config);
    }
}

__attribute__((constructor)) static void loaded(void)
{
    struct guard guard;

    sigprof__guard_enter(&guard);
    sigprof__thread_note_first();
    if (!sigprof__preload_mark) {
        sigprof__gdb_find();
        start_from_environment(NULL);
    }
    sigprof__guard_leave(&guard);
}

/* A vfork's or a raw fork's child shares or copies our state but is not us. */
static bool is_this_process(void)
{
    return sigprof__session.pid == getpid();
}

/* code: what the stop gave. Was anything stopped? */
static bool say_stopped(int code)
{
    if (code == SIGPROF_EFILE)
        say_left();
    if (code != SIGPROF_EOFF && verbose)
        say_sheet();
    return code != SIGPROF_EOFF;
}

bool sigprof__stop_and_say(bool remove_if_empty)
{
    struct guard guard;
    int code;

    sigprof__guard_enter(&guard);
    sigprof__control_lock();
    code = sigprof__stop(remove_if_empty);
    sigprof__control_unlock();
    sigprof__guard_leave(&guard);
    return say_stopped(code);
}

/* In a handler of the program's that interrupted a registration of code, the log's
 * lock is this thread's own: the ring stays, as after a kill. */
static void stop_at_exit(void)
{
    if (is_this_process() && !sigprof__code_inside())
        sigprof__stop_and_say(false);
}

__attribute__((destructor)) static void unloaded(void)
{
    int saved_errno = errno;

    stop_at_exit();
    errno = saved_errno;
}

/* ---- The preload object's calls ----------------------------------------- */

void sigprof__hook_load(const struct sigprof__sys *real,
                        const char *preload_path)
{
    struct guard guard;

    sigprof__guard_enter(&guard);
    sigprof__sys = *real;
    sigprof__v8_find();
    sigprof__gdb_find();
    start_from_environment(preload_path);
    if (atomic_load(&sigprof__state.phase) != PHASE_OFF)
        sigprof__python_find(preload_path);
    sigprof__guard_leave(&guard);
}

void sigprof__hook_thread_begin(uintptr_t start_routine)
{
    struct guard guard;

    if (atomic_load(&sigprof__state.phase) == PHASE_OFF || !is_this_process())
        return;
    sigprof__guard_enter(&guard);
    sigprof__thread_begin_self(start_routine, NULL);
    sigprof__python_thread();
    if (sigprof__session.config.mode == SIGPROF_MODE_FLIGHT)
        sigprof__modules_refresh(); /* no drain looks at them now and then */
    sigprof__guard_leave(&guard);
}

bool sigprof__hook_action(const struct sigaction *set, struct sigaction *get)
{
    if (!sigprof__handler_installed() || !is_this_process())
        return false;
    sigprof__foreign_action(set, get);
    return true;
}

void sigprof__hook_interrupts(bool on)
{
    if (is_this_process())
        sigprof__foreign_interrupts(on);
}

void sigprof__hook_itimer(bool armed)
{
    if (is_this_process())
        sigprof__clock_yield_itimer(armed);
}

void sigprof__hook_modules(void)
{
    struct guard guard;

    if (atomic_load(&sigprof__state.phase) == PHASE_OFF || !is_this_process())
        return;
    sigprof__guard_enter(&guard);
    sigprof__modules_refresh();
    sigprof__guard_leave(&guard);
}

/* An ignored SIGPROF is inherited, so the program's wish for that stands; else a
 * pending tick is thrown away, and the exec itself resets the action. */
static void clear_pending(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, mine, ours;

    sigprof__foreign_action(NULL, &mine);
    sigprof__sys.sigaction(SIGPROF, &ignore, &ours);
    if (mine.sa_handler != SIG_IGN || (mine.sa_flags & SA_SIGINFO))
        sigprof__sys.sigaction(SIGPROF, &ours, NULL);
}

static bool stopped_for_exec;
static bool paused_for_exec; /* ... while sampling was paused */
static bool held_for_exec;   /* nothing could be ended, see stop_at_exit */
static struct sigaction held_action;

/* Without any lock: threads go on ticking, and nobody listens. The new program begins
 * with SIGPROF ignored. */
static void hold(void)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};

    held_for_exec = true;
    sigprof__clock_hold_itimer(true);
    sigprof__sys.sigaction(SIGPROF, &ignore, &held_action);
}

static void go_on(void)
{
    held_for_exec = false;
    sigprof__sys.sigaction(SIGPROF, &held_action, NULL);
    sigprof__clock_hold_itimer(false);
}

void sigprof__hook_exec(const char *path)
{
    struct guard guard;

    if (!is_this_process() ||
        atomic_load(&sigprof__state.phase) == PHASE_OFF)
        return;
    if (sigprof__code_inside()) {
        hold();
        return;
    }
    sigprof__guard_enter(&guard);
    sigprof__event_exec(path);
    paused_for_exec = atomic_load(&sigprof__state.phase) == PHASE_PAUSED;
    stopped_for_exec = sigprof__stop_and_say(true);
    clear_pending();
    sigprof__guard_leave(&guard);
}

void sigprof__hook_exec_failed(void)
{
    struct sigprof__config config = sigprof__session.config;
    struct guard guard;

    if (is_this_process() && held_for_exec)
        go_on();
    if (!is_this_process() || !stopped_for_exec)
        return;
    sigprof__guard_enter(&guard);
    stopped_for_exec = false;
    config.paused = paused_for_exec;
    sigprof__control_lock();
    sigprof__start(&config, false);
    sigprof__control_unlock();
    sigprof__guard_leave(&guard);
}

/* Several threads may be there at once, and all of them are in a child too. Changed
 * under the control lock, with the stop or the start that follows from it. */
static unsigned in_forkall;
static _Atomic bool stopped_for_forkall;
static bool paused_for_forkall;

/* The mark first: it falls only when the child's process is this one. */
static bool can_stop_for_forkall(void)
{
    return !sigprof__code_inside() &&
           (atomic_load(&stopped_for_forkall) || is_this_process());
}

bool sigprof__hook_forkall(void)
{
    int code = SIGPROF_EOFF;
    struct guard guard;
    bool paused;

    if (!can_stop_for_forkall())
        return false;
    sigprof__guard_enter(&guard);
    sigprof__control_lock();
    in_forkall++;
    paused = atomic_load(&sigprof__state.phase) == PHASE_PAUSED;
    if (is_this_process())
        code = sigprof__stop(true);
    if (code != SIGPROF_EOFF) {
        paused_for_forkall = paused;
        atomic_store(&stopped_for_forkall, 1);
    }
    sigprof__control_unlock();
    sigprof__guard_leave(&guard);
    say_stopped(code);
    return true;
}

static void go_on_after_forkall(void)
{
    struct sigprof__config config = sigprof__session.config;

    config.paused = paused_for_forkall;
    if (is_this_process())
        sigprof__start(&config, false);
    else
        sigprof__children_begin_here(&config);
    atomic_store(&stopped_for_forkall, 0);
}

void sigprof__hook_forkall_done(void)
{
    struct guard guard;

    sigprof__guard_enter(&guard);
    sigprof__control_lock();
    if (--in_forkall == 0 && atomic_load(&stopped_for_forkall))
        go_on_after_forkall();
    sigprof__control_unlock();
    sigprof__guard_leave(&guard);
}

void sigprof__hook_moment(void)
{
    int saved_errno = errno;

    if (atomic_load(&sigprof__state.phase) != PHASE_OFF && is_this_process())
        sigprof__v8_look();
    errno = saved_errno;
}

void sigprof__hook_frames(const void *eh_frame, bool begin)
{
    if (atomic_load(&sigprof__state.phase) == PHASE_OFF || !is_this_process())
        return;
    if (begin) {
        sigprof__gdb_find(); /* where a library that generates code comes late */
        sigprof__frames_begin(eh_frame);
    } else {
        sigprof__frames_end(eh_frame);
    }
}

void sigprof__hook_java(void *vm)
{
    if (atomic_load(&sigprof__state.phase) != PHASE_OFF)
        sigprof__java_listen(vm);
}

void sigprof__hook_exit(void)
{
    stop_at_exit();
}
