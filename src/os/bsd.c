/* SPDX-License-Identifier: BSD-2-Clause */
/* The BSDs: the part of os.h that ordinary code calls, as far as they are alike.
 * sysctl(3) knows of processes and threads what /proc, which is seldom mounted, does
 * elsewhere. */
#include "os/bsd.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysctl.h>
#include <unistd.h>

#include "os/os.h"

static int read_clock(clockid_t clock, uint64_t *ns)
{
    struct timespec now = {0, 0};
    int error = clock_gettime(clock, &now) == 0 ? 0 : errno;

    *ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    return error;
}

int sigprof__os_thread_cpu_ns(int tid, uint64_t *ns)
{
    clockid_t clock;

    return sigprof__bsd_thread_clock(tid, &clock) == 0 && read_clock(clock, ns) == 0
               ? 0
               : ESRCH;
}

uint64_t sigprof__os_process_cpu_ns(void)
{
    uint64_t ns;

    return read_clock(CLOCK_PROCESS_CPUTIME_ID, &ns) == 0 ? ns : 0;
}

/* ---- What the kernel tells ------------------------------------------------------ */

void sigprof__bsd_forget(struct bsd_answer *answer)
{
    sigprof__os_unmap(answer->bytes, answer->room);
}

#define ROOM_FIRST ((size_t)64 << 10)
#define ROOM_MAX ((size_t)256 << 20)

/* There may be more of it the next moment. count: how many there is room for, of each
 * bytes; NULL: it is not told. */
static int ask(const int *name, unsigned words, int *count, size_t each,
               struct bsd_answer *answer)
{
    answer->room = ROOM_FIRST;
    for (;;) {
        answer->bytes = sigprof__os_map(answer->room);
        answer->size = answer->room;
        if (!answer->bytes)
            return ENOMEM;
        if (count)
            *count = (int)(answer->room / each);
        if (sysctl(name, words, answer->bytes, &answer->size, NULL, 0) == 0)
            return 0;
        sigprof__bsd_forget(answer);
        if (errno != ENOMEM || answer->room > ROOM_MAX)
            return errno == ENOMEM ? E2BIG : errno;
        answer->room *= 4;
    }
}

int sigprof__bsd_ask(const int *name, unsigned words, struct bsd_answer *answer)
{
    return ask(name, words, NULL, 0, answer);
}

int sigprof__bsd_ask_many(int *name, unsigned words, size_t each,
                          struct bsd_answer *answer)
{
    return ask(name, words, &name[words - 1], each, answer);
}

/* ---- Threads ------------------------------------------------------------------------ */

int sigprof__os_thread_count(unsigned *count)
{
    struct bsd_process process;
    int error = sigprof__bsd_process(getpid(), &process);

    if (!error)
        *count = process.threads;
    return error;
}

/* Looks for a thread. */
struct search {
    int tid;
    bool found, runs, ended, blocks;
    char *name; /* or NULL */
    size_t size;
};

static bool match(const struct bsd_thread *thread, void *arg)
{
    struct search *search = arg;

    if (thread->tid != search->tid)
        return false;
    search->found = true;
    search->runs = thread->runs;
    search->ended = thread->ended;
    search->blocks = thread->blocks;
    if (search->name)
        snprintf(search->name, search->size, "%s", thread->name);
    return true;
}

static struct search find(int tid)
{
    struct search search = {.tid = tid};

    if (sigprof__bsd_threads(match, &search) != 0)
        search.found = false;
    return search;
}

/* Registers of another thread are known to a debugger only. */
int sigprof__os_thread_asleep(int tid, uintptr_t *pc, uintptr_t *sp)
{
    struct search thread = find(tid);

    (void)pc;
    (void)sp;
    if (!thread.found)
        return ESRCH;
    return thread.runs ? EAGAIN : ENOTSUP;
}

bool sigprof__os_thread_ended(int tid)
{
    struct search thread = find(tid);

    return !thread.found || thread.ended;
}

bool sigprof__os_thread_blocks(int tid)
{
    return find(tid).blocks;
}

void sigprof__os_thread_name(int tid, char *name, size_t size)
{
    struct search search = {.tid = tid, .name = name, .size = size};

    name[0] = '\0';
    sigprof__bsd_threads(match, &search);
}

struct list {
    void (*visit)(int tid, void *arg);
    void *arg;
};

static bool tell(const struct bsd_thread *thread, void *arg)
{
    const struct list *list = arg;

    list->visit(thread->tid, list->arg);
    return false;
}

int sigprof__os_thread_list(void (*visit)(int tid, void *arg), void *arg)
{
    struct list list = {visit, arg};

    return sigprof__bsd_threads(tell, &list);
}

/* ---- Memory --------------------------------------------------------------------- */

/* It grows down to its limit. */
int sigprof__os_stack_main(uintptr_t *low, uintptr_t *high)
{
    struct rlimit limit;
    int error = sigprof__bsd_stack_top(high);

    if (error || getrlimit(RLIMIT_STACK, &limit) != 0)
        return error ? error : errno;
    *low = limit.rlim_cur > 0 && (uint64_t)limit.rlim_cur < *high
               ? *high - (uintptr_t)limit.rlim_cur
               : 0;
    return 0;
}

struct place {
    uintptr_t address, low, high;
};

static bool holds(const struct bsd_mapping *mapping, void *arg)
{
    struct place *place = arg;

    if (place->address < mapping->low || place->address >= mapping->high)
        return false;
    place->low = mapping->low;
    place->high = mapping->high;
    return true;
}

int sigprof__os_mapping(uintptr_t address, uintptr_t *low, uintptr_t *high)
{
    struct place place = {address, 0, 0};
    int error = sigprof__bsd_mappings(holds, &place);

    *low = place.low;
    *high = place.high;
    return !error && !place.high ? ENOENT : error;
}

struct files {
    bool (*visit)(const char *path, void *arg);
    void *arg;
};

static bool visit_file(const struct bsd_mapping *mapping, void *arg)
{
    const struct files *files = arg;

    return mapping->executable && mapping->path[0] == '/' &&
           files->visit(mapping->path, files->arg);
}

int sigprof__os_mapped_files(bool (*visit)(const char *path, void *arg),
                             void *arg)
{
    struct files files = {visit, arg};

    return sigprof__bsd_names_mappings ? sigprof__bsd_mappings(visit_file, &files)
                                       : ENOTSUP;
}

/* ---- Who it is ------------------------------------------------------------------- */

/* There is no id of a boot: the second of it, which a set clock moves. Behind it are
 * microseconds or nanoseconds. */
static void name_boot(char *boot_id, size_t size)
{
    static const int name[] = {CTL_KERN, KERN_BOOTTIME};
    struct timespec at;
    size_t got = sizeof at;

    if (sysctl(name, 2, &at, &got, NULL, 0) == 0)
        snprintf(boot_id, size, "%lld", (long long)at.tv_sec);
}

void sigprof__os_identity(struct os_identity *identity)
{
    struct bsd_process process;

    memset(identity, 0, sizeof *identity);
    identity->os = sigprof__bsd_name;
    identity->cpu = SIGPROF_CPU;
    name_boot(identity->boot_id, sizeof identity->boot_id);
    sigprof__bsd_program(identity->exe, sizeof identity->exe);
    if (sigprof__bsd_process(getpid(), &process) != 0)
        return;
    identity->process_start = process.start_us;
    identity->pid_namespace = process.jail;
    snprintf(identity->comm, sizeof identity->comm, "%s", process.comm);
}

/* Often a file system in memory. */
const char *sigprof__os_ring_directory(void)
{
    return "/tmp";
}
