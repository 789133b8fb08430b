/* SPDX-License-Identifier: BSD-2-Clause */
/* What a virtual machine has to be told so that its functions have names. */
#ifndef SIGPROF_RUN_VM_H
#define SIGPROF_RUN_VM_H

#include <stddef.h>
#include <sys/types.h>
#include <time.h>

enum vm_code {
    VM_OK,
    VM_UNKNOWN,  /* no machine of that name */
    VM_NO_WAY,   /* the program is not its command, and no variable would do */
    VM_NO_MODULE, /* this build lacks what would name its functions; all else is well */
    VM_NO_MEMORY
};

/*
 * Adds to *argv, or to the environment, what the machine called name needs. name
 * NULL: the one that the program's own name tells, if it does. preload: our object,
 * which is an agent too. added gets what was added, in words; "" if nothing.
 */
enum vm_code vm_prepare(const char *name, const char *preload, char ***argv,
                        char *added, size_t size);

/* Removes what the machine that was prepared has written for profilers since a
 * moment, as process pid; the profile has it. */
void vm_clean(pid_t pid, struct timespec since);

/* The names there are, for a message. */
const char *vm_names(void);

#endif
