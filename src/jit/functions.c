/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of guest functions, ordinary code. Theory: functions.h. */
#include "jit/functions.h"

#include <errno.h>
#include <stddef.h>

#include "events.h"
#include "guard.h"
#include "os/os.h"
#include "sigprof/jit.h"

static _Atomic uint32_t told; /* function[1..told] need no look */

bool sigprof__functions_make(void)
{
    struct functions *none = NULL, *table;
    int saved_errno = errno;

    if (atomic_load_explicit(&sigprof__functions, memory_order_acquire))
        return true;
    table = sigprof__os_map(sizeof *table);
    errno = saved_errno;
    if (table && !atomic_compare_exchange_strong(&sigprof__functions, &none, table))
        sigprof__os_unmap(table, sizeof *table);
    return atomic_load(&sigprof__functions) != NULL;
}

static void tell(struct functions *table, uint32_t number)
{
    const struct function *function = &table->function[number];

    atomic_store(&table->function[number].state, FUNCTION_TOLD);
    sigprof__event_function(&(struct event_function){
        number, function->line, table->text + function->text,
        function->name_bytes, table->text + function->text + function->name_bytes,
        function->file_bytes});
}

void sigprof__functions_tell(bool again)
{
    struct functions *table = atomic_load(&sigprof__functions);
    uint32_t count = table ? atomic_load(&table->count) : 0;
    uint32_t whole = again ? 0 : atomic_load(&told);
    bool gap = false;

    for (uint32_t number = whole + 1; number <= count; number++) {
        uint32_t state = atomic_load(&table->function[number].state);

        if (state == FUNCTION_NEW || (again && state == FUNCTION_TOLD))
            tell(table, number);
        gap |= state == FUNCTION_NONE;
        whole = gap ? whole : number;
    }
    atomic_store(&told, whole);
}

uint32_t sigprof_function_intern(const char *name, const char *file,
                                 uint32_t line)
{
    struct functions *table;
    struct guard guard;
    uint32_t number;

    if (!name || !sigprof__functions_make())
        return 0;
    number = sigprof__function_number(name, file, line);
    table = atomic_load(&sigprof__functions);
    if (!number || atomic_load(&table->function[number].state) == FUNCTION_TOLD)
        return number;
    sigprof__guard_enter(&guard);
    tell(table, number);
    sigprof__guard_leave(&guard);
    return number;
}
