/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is mapped where. A refresh, in ordinary code, asks the loader, tells the
 * event log what came and what went, and publishes a new immutable snapshot for
 * the handler. Old snapshots and what they own are freed when no handler can
 * still be using them.
 */
#ifndef SIGPROF_MODULES_H
#define SIGPROF_MODULES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct module_cfi; /* unwind information as the engine wants it: unwind/cfi.h */

struct module {
    uintptr_t low;  /* first byte of the executable part */
    uintptr_t high; /* first byte behind it */
    uintptr_t bias; /* load address minus link address */
    uint32_t id;
    uint32_t flags; /* enum format_module_flag */
    struct module_cfi *cfi; /* NULL: no unwind information */
};

/* Sorted by low, ranges do not overlap. */
struct module_snapshot {
    uint32_t epoch; /* grows by one with each snapshot; never 0 */
    uint32_t unloads; /* grows whenever a module has gone: what was learnt of
                         addresses before is void; never 0 */
    uint32_t count;
    struct module module[];
};

/* Control. Looks at the loader's list and publishes what changed. Cheap when
 * nothing did. Returns 0 or a SIGPROF_E… code. Not from inside a signal, nor
 * from a dl_iterate_phdr callback. */
int sigprof__modules_refresh(void);

/* Control. Work that need not hold up a refresh: frees what no handler uses any
 * more; the drain calls it now and then. */
void sigprof__modules_idle(void);

/* Control. Says every module again to the event log: a new file begins. */
void sigprof__modules_repeat(void);

/* Control, in a forked child: forget that the event log was ever told. threads:
 * the parent had others, and one of them may have held the loader's lock. */
void sigprof__modules_after_fork(bool threads);

/* Control, around a fork. */
void sigprof__modules_lock(void);
void sigprof__modules_unlock(void);

/* Signal-safe. The current snapshot; NULL before the first refresh. What is
 * loaded stays valid until the handler leaves. */
extern _Atomic(const struct module_snapshot *) sigprof__modules_current;

static inline const struct module_snapshot *sigprof__modules(void)
{
    return atomic_load_explicit(&sigprof__modules_current,
                                memory_order_acquire);
}

/* Signal-safe. The module that holds address, or NULL. */
const struct module *sigprof__module_find(const struct module_snapshot *snapshot,
                                          uintptr_t address);

#endif
