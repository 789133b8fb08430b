/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Thread-local variables for systems whose compilers emulate them (OpenBSD): each use is
 * a call of __emutls_get_address, and the one of the compiler's library takes a lock and
 * allocates when a thread first comes, which the handler must not do. This one is the
 * library's own, and hidden from the program: it takes places for variables and threads
 * from static tables, by compare-and-swap.
 *
 * A thread has its row until two sweeps of the threads have found that it has ended. Where there
 * are no rows left, threads share the last, and what they say of their labels and hooks
 * is mixed up.
 */
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "os/os.h"

#define THREADS 2048u /* a power of two */
#define ROW_BYTES 256u /* all our variables, with the holes of any order: added up by
                          abi.whole-openbsd-* */

/* As compilers lay it out. */
struct variable {
    size_t size;
    size_t align;
    _Atomic uintptr_t place; /* 1 + offset in a row; 0: none yet */
    const void *first_value; /* NULL: zeros, as all of ours */
};

struct row {
    _Atomic int tid; /* 0: free, -1: was in use */
    _Atomic unsigned seen; /* the sweep that last saw the thread, or that it was born
                              after */
    _Alignas(16) unsigned char bytes[ROW_BYTES];
};
static struct row rows[THREADS + 1];

/* Those that have been used, in the order of their first uses. An entry never changes, so
 * whoever goes through them, and however many do at once, finds the same places. */
static _Atomic(struct variable *) variables[ROW_BYTES];
static _Atomic unsigned sweep;

__attribute__((visibility("hidden"))) void *
__emutls_get_address(struct variable *variable);

/* The first free entry becomes the variable's, unless another thread, or a tick, is
 * quicker: with the same variable, or with one that it then comes behind. */
static uintptr_t place_of(struct variable *variable)
{
    struct variable *there = NULL;
    uintptr_t place = atomic_load(&variable->place), end = 0;

    if (place)
        return place;
    for (unsigned i = 0; there != variable; i++) {
        there = NULL;
        if (atomic_compare_exchange_strong(&variables[i], &there, variable))
            there = variable;
        place = (end + there->align - 1) & ~(uintptr_t)(there->align - 1);
        end = place + there->size;
    }
    atomic_store(&variable->place, place + 1);
    return place + 1;
}

static unsigned hash(int tid)
{
    return (unsigned)tid * 2654435761u >> 16;
}

/* The thread's own. A row that was in use is passed by while looking, and taken only
 * behind the search: or a thread could have two. */
static struct row *find(int tid, bool make)
{
    struct row *free_row = NULL;

    for (unsigned i = 0; i < THREADS; i++) {
        struct row *row = &rows[(hash(tid) + i) % THREADS];
        int owner = atomic_load(&row->tid);

        if (owner == tid)
            return row;
        if (owner <= 0 && !free_row)
            free_row = row;
        if (owner == 0)
            break;
    }
    if (!make)
        return NULL;
    if (free_row) {
        int owner = atomic_load(&free_row->tid);

        if (owner <= 0 &&
            atomic_compare_exchange_strong(&free_row->tid, &owner, tid)) {
            atomic_store(&free_row->seen, atomic_load(&sweep));
            return free_row;
        }
        return find(tid, make); /* another thread has taken it: on to the next */
    }
    return &rows[THREADS];
}

void *__emutls_get_address(struct variable *variable)
{
    return find(sigprof__os_tid(), true)->bytes + place_of(variable) - 1;
}

static void clear(struct row *row)
{
    for (unsigned i = 0; i < ROW_BYTES; i++)
        ((volatile unsigned char *)row->bytes)[i] = 0;
    atomic_store(&row->tid, -1);
}

static void see(int tid, void *arg)
{
    struct row *row = find(tid, false);

    (void)arg;
    if (row)
        atomic_store(&row->seen, atomic_load(&sweep));
}

/* A thread that is just taking its row has not signed it: the second sweep counts. */
void sigprof__os_threads_swept(void)
{
    unsigned now = atomic_fetch_add(&sweep, 1) + 1;

    if (sigprof__os_thread_list(see, NULL) != 0)
        return;
    for (unsigned i = 0; i < THREADS; i++)
        if (atomic_load(&rows[i].tid) > 0 && now - atomic_load(&rows[i].seen) >= 2)
            clear(&rows[i]);
}

/* The child's thread has another number there. */
void sigprof__os_thread_forked(int before)
{
    struct row *from = find(before, false), *to = find(sigprof__os_tid(), true);

    if (!from || from == to)
        return;
    for (unsigned i = 0; i < ROW_BYTES; i++)
        ((volatile unsigned char *)to->bytes)[i] = from->bytes[i];
    clear(from);
}
