/* SPDX-License-Identifier: BSD-2-Clause */
/* macOS: the part of os.h that ordinary code calls. What /proc tells elsewhere Mach
 * knows of one's own threads and memory, and libproc of processes. */
#include "os/darwin.h"

#include <errno.h>
#include <fcntl.h>
#include <libproc.h>
#include <mach/mach.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysctl.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "os/bsd.h"
#include "os/os.h"

const int sigprof__os_process_timer = ITIMER_PROF;
const bool sigprof__os_process_timer_is_fair = true;
const char *const sigprof__os_clock_note =
    "macOS has no timers on threads' CPU time";

/* Threads' times are taken when they enter and leave the kernel, exactly. */
uint64_t sigprof__os_timer_step_ns(void)
{
    return 0;
}

uint64_t sigprof__os_process_cpu_ns(void)
{
    return clock_gettime_nsec_np(CLOCK_PROCESS_CPUTIME_ID);
}

/* ---- Thread-local variables ----------------------------------------------------- */

/* <pthread/introspection.h>, which not every set of headers has. */
typedef void thread_hook(unsigned event, pthread_t thread, void *at,
                         size_t bytes);
thread_hook *pthread_introspection_hook_install(thread_hook *hook);
#define THREAD_START 2 /* called in the new thread */

static _Atomic(thread_hook *) next_hook;
static __thread volatile char touched; /* and all others of the image with it */

void sigprof__os_thread_make_ready(void)
{
    touched = 1;
    if (atomic_load(&darwin_has_ready))
        pthread_setspecific(darwin_ready, &darwin_ready);
}

static void on_thread(unsigned event, pthread_t thread, void *at, size_t bytes)
{
    thread_hook *next = atomic_load(&next_hook);

    if (event == THREAD_START)
        sigprof__os_thread_make_ready();
    if (next)
        next(event, thread, at, bytes);
}

/* Before there is another thread, if the program was linked with the library. */
__attribute__((constructor)) static void watch_threads(void)
{
    if (pthread_key_create(&darwin_ready, NULL) != 0)
        return;
    atomic_store(&darwin_has_ready, true);
    sigprof__os_thread_make_ready();
    atomic_store(&next_hook, pthread_introspection_hook_install(on_thread));
}

/* ---- Conditions ------------------------------------------------------------------ */

void sigprof__os_condition_init(pthread_cond_t *condition)
{
    pthread_cond_init(condition, NULL);
}

bool sigprof__os_condition_wait(pthread_cond_t *condition,
                                pthread_mutex_t *lock, uint64_t until_ns)
{
    uint64_t now_ns = clock_gettime_nsec_np(CLOCK_UPTIME_RAW);
    uint64_t ns = until_ns > now_ns ? until_ns - now_ns : 0;
    struct timespec wait = {(time_t)(ns / 1000000000u),
                            (long)(ns % 1000000000u)};

    return pthread_cond_timedwait_relative_np(condition, lock, &wait) == 0;
}

/* There are none without a name; it is taken away at once. A forked child's would be its
 * parent's. */
sem_t *sigprof__os_semaphore(void)
{
    static sem_t *made;
    static pid_t maker;
    sem_t *semaphore;
    char name[31]; /* PSEMNAMLEN */

    if (made && maker == getpid()) {
        while (sem_trywait(made) == 0)
            ;
        return made;
    }
    snprintf(name, sizeof name, "/sigprof.%d.%08x", (int)getpid(), arc4random());
    semaphore = sem_open(name, O_CREAT | O_EXCL, 0600, 0);
    if (semaphore == SEM_FAILED)
        return NULL;
    sem_unlink(name);
    maker = getpid();
    made = semaphore;
    return made;
}

/* ---- Threads --------------------------------------------------------------------- */

struct threads {
    thread_act_array_t list;
    mach_msg_type_number_t count;
};

static int threads_take(struct threads *threads)
{
    return task_threads(mach_task_self(), &threads->list, &threads->count) ==
                   KERN_SUCCESS
               ? 0
               : EAGAIN;
}

static void threads_drop(struct threads *threads)
{
    for (mach_msg_type_number_t i = 0; i < threads->count; i++)
        mach_port_deallocate(mach_task_self(), threads->list[i]);
    vm_deallocate(mach_task_self(), (vm_address_t)threads->list,
                  threads->count * sizeof *threads->list);
}

/* 0: it has ended. */
static int tid_of(thread_act_t port)
{
    thread_identifier_info_data_t info;
    mach_msg_type_number_t words = THREAD_IDENTIFIER_INFO_COUNT;

    return thread_info(port, THREAD_IDENTIFIER_INFO, (thread_info_t)&info,
                       &words) == KERN_SUCCESS
               ? darwin_tid(info.thread_id)
               : 0;
}

/* Calls ask with the port of thread tid. */
static int with_thread(int tid, int (*ask)(thread_act_t port, void *answer),
                       void *answer)
{
    struct threads threads;
    int error = threads_take(&threads);

    if (error)
        return error;
    error = ESRCH;
    for (mach_msg_type_number_t i = 0; i < threads.count; i++) {
        if (tid_of(threads.list[i]) != tid)
            continue;
        error = ask(threads.list[i], answer);
        break;
    }
    threads_drop(&threads);
    return error;
}

static uint64_t nanoseconds(time_value_t value)
{
    return (uint64_t)value.seconds * 1000000000u +
           (uint64_t)value.microseconds * 1000u;
}

static int ask_basic(thread_act_t port, void *answer)
{
    thread_basic_info_data_t *info = answer;
    mach_msg_type_number_t words = THREAD_BASIC_INFO_COUNT;

    return thread_info(port, THREAD_BASIC_INFO, (thread_info_t)info, &words) ==
                   KERN_SUCCESS
               ? 0
               : ESRCH;
}

int sigprof__os_thread_cpu_ns(int tid, uint64_t *ns)
{
    thread_basic_info_data_t info;
    int error = with_thread(tid, ask_basic, &info);

    if (!error)
        *ns = nanoseconds(info.user_time) + nanoseconds(info.system_time);
    return error;
}

bool sigprof__os_thread_ended(int tid)
{
    thread_basic_info_data_t info;

    return with_thread(tid, ask_basic, &info) == ESRCH;
}

static int send_tick(thread_act_t port, void *answer)
{
    pthread_t thread = pthread_from_mach_thread_np(port);

    (void)answer;
    return thread ? pthread_kill(thread, SIGPROF) : ESRCH;
}

/* No value goes with it: os_tick.bare. */
int sigprof__os_signal_thread(int tid, uint32_t value)
{
    (void)value;
    return with_thread(tid, send_tick, NULL);
}

/* Registers of another thread can be had, but only of one that is stopped. */
int sigprof__os_thread_asleep(int tid, uintptr_t *pc, uintptr_t *sp)
{
    thread_basic_info_data_t info;
    int error = with_thread(tid, ask_basic, &info);

    (void)pc;
    (void)sp;
    if (error)
        return error;
    return info.run_state == TH_STATE_RUNNING ? EAGAIN : ENOTSUP;
}

int sigprof__os_thread_count(unsigned *count)
{
    struct threads threads;
    int error = threads_take(&threads);

    if (error)
        return error;
    *count = threads.count;
    threads_drop(&threads);
    return 0;
}

int sigprof__os_thread_list(void (*visit)(int tid, void *arg), void *arg)
{
    struct threads threads;
    int error = threads_take(&threads);
    int tid;

    if (error)
        return error;
    for (mach_msg_type_number_t i = 0; i < threads.count; i++)
        if ((tid = tid_of(threads.list[i])))
            visit(tid, arg);
    threads_drop(&threads);
    return 0;
}

static int ask_name(thread_act_t port, void *answer)
{
    thread_extended_info_data_t *info = answer;
    mach_msg_type_number_t words = THREAD_EXTENDED_INFO_COUNT;

    return thread_info(port, THREAD_EXTENDED_INFO, (thread_info_t)info,
                       &words) == KERN_SUCCESS
               ? 0
               : ESRCH;
}

void sigprof__os_thread_name(int tid, char *name, size_t size)
{
    thread_extended_info_data_t info;

    name[0] = '\0';
    if (with_thread(tid, ask_name, &info) == 0)
        snprintf(name, size, "%.*s", (int)sizeof info.pth_name, info.pth_name);
}

/* Nobody tells of another's mask. */
bool sigprof__os_thread_blocks(int tid)
{
    (void)tid;
    return false;
}

/* ---- Memory ------------------------------------------------------------------------ */

int sigprof__os_stack_self(uintptr_t *low, uintptr_t *high)
{
    pthread_t self = pthread_self();

    *high = (uintptr_t)pthread_get_stackaddr_np(self);
    *low = *high - pthread_get_stacksize_np(self);
    return 0;
}

/* It grows down to its limit. */
int sigprof__os_stack_main(uintptr_t *low, uintptr_t *high)
{
    int name[] = {CTL_KERN, KERN_USRSTACK64};
    struct rlimit limit;
    uint64_t top;
    size_t size = sizeof top;

    if (sysctl(name, 2, &top, &size, NULL, 0) != 0 ||
        getrlimit(RLIMIT_STACK, &limit) != 0)
        return errno;
    *high = (uintptr_t)top;
    *low = limit.rlim_cur < top ? (uintptr_t)(top - limit.rlim_cur) : 0;
    return 0;
}

struct region {
    vm_address_t low;
    vm_size_t bytes;
    vm_region_basic_info_data_64_t info;
};

/* The first that ends above region->low. */
static bool ask_region(struct region *region)
{
    mach_msg_type_number_t words = VM_REGION_BASIC_INFO_COUNT_64;
    mach_port_t object = MACH_PORT_NULL;

    return vm_region_64(mach_task_self(), &region->low, &region->bytes,
                        VM_REGION_BASIC_INFO_64,
                        (vm_region_info_t)&region->info, &words,
                        &object) == KERN_SUCCESS;
}

int sigprof__os_mapping(uintptr_t address, uintptr_t *low, uintptr_t *high)
{
    struct region region = {.low = address};

    if (!ask_region(&region) || region.low > address)
        return ENOENT;
    *low = region.low;
    *high = region.low + region.bytes;
    return 0;
}

int sigprof__os_mapped_files(bool (*visit)(const char *path, void *arg),
                             void *arg)
{
    struct region region = {.low = 0};
    char path[PROC_PIDPATHINFO_MAXSIZE];

    for (; ask_region(&region); region.low += region.bytes)
        if ((region.info.protection & VM_PROT_EXECUTE) &&
            proc_regionfilename(getpid(), region.low, path, sizeof path) > 0 &&
            visit(path, arg))
            break;
    return 0;
}

/* ---- Who it is --------------------------------------------------------------------- */

int sigprof__bsd_process(pid_t pid, struct bsd_process *process)
{
    struct proc_bsdinfo info;
    int got = proc_pidinfo(pid, PROC_PIDTBSDINFO, 0, &info, sizeof info);

    if (got != (int)sizeof info)
        return got < 0 ? errno : ESRCH;
    memset(process, 0, sizeof *process);
    process->parent = (pid_t)info.pbi_ppid;
    process->start_us = info.pbi_start_tvsec * 1000000u + info.pbi_start_tvusec;
    snprintf(process->comm, sizeof process->comm, "%.*s",
             (int)sizeof info.pbi_name, info.pbi_name);
    return 0;
}

void sigprof__os_identity(struct os_identity *identity)
{
    struct bsd_process process;
    size_t size = sizeof identity->boot_id;

    memset(identity, 0, sizeof *identity);
    identity->os = "darwin";
    identity->cpu = SIGPROF_CPU;
    if (sysctlbyname("kern.bootsessionuuid", identity->boot_id, &size, NULL,
                     0) != 0)
        identity->boot_id[0] = '\0';
    if (proc_pidpath(getpid(), identity->exe, sizeof identity->exe) <= 0)
        identity->exe[0] = '\0';
    if (sigprof__bsd_process(getpid(), &process) != 0)
        return;
    identity->process_start = process.start_us;
    snprintf(identity->comm, sizeof identity->comm, "%s", process.comm);
}

/* Their number, the program's path, zeros, and then the arguments. */
static size_t arguments_in(const char *all, size_t bytes, char *line,
                           size_t size)
{
    const char *end = all + bytes;
    const char *at = all + sizeof(int);
    const char *from;
    int count;

    memcpy(&count, all, sizeof count);
    while (at < end && *at)
        at++;
    while (at < end && !*at)
        at++;
    for (from = at; at < end && count > 0; at++)
        count -= !*at;
    bytes = (size_t)(at - from);
    if (bytes > size)
        bytes = size;
    memcpy(line, from, bytes);
    return bytes;
}

#define ARGUMENTS_MAX ((size_t)1 << 20) /* ARG_MAX, with the environment */

size_t sigprof__os_command_line(char *line, size_t size)
{
    int name[] = {CTL_KERN, KERN_PROCARGS2, getpid()};
    size_t got = ARGUMENTS_MAX, used = 0;
    char *all = sigprof__os_map(ARGUMENTS_MAX);

    if (all && sysctl(name, 3, all, &got, NULL, 0) == 0 && got > sizeof(int))
        used = arguments_in(all, got, line, size);
    sigprof__os_unmap(all, ARGUMENTS_MAX);
    return used;
}

/* No file system in memory is there by itself. The user's own folder for what is
 * temporary: rings of others are none of our business. */
const char *sigprof__os_ring_directory(void)
{
    static char path[1024];
    size_t bytes;

    if (path[0])
        return path;
    bytes = confstr(_CS_DARWIN_USER_TEMP_DIR, path, sizeof path);
    if (bytes <= 2 || bytes > sizeof path)
        return "/tmp";
    if (path[bytes - 2] == '/')
        path[bytes - 2] = '\0';
    return path;
}
