/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GDB's interface for generated code (__jit_debug_descriptor): a list of object
 * files in memory, which LLVM and others keep for a debugger. Their functions'
 * names are taken from it.
 *
 * The list is the program's, and changes while we look: so it is read as a debugger
 * would, by copies that cannot fault, and nothing in it is believed unchecked. The
 * drain looks as often as at the files of virtual machines (files.h).
 */
#ifndef SIGPROF_JIT_GDB_H
#define SIGPROF_JIT_GDB_H

#include <stdbool.h>
#include <stdint.h>

/* Thread-safe. Looks for a descriptor, if there is none yet. It takes the loader's
 * lock, so it is not for the drain. */
void sigprof__gdb_find(void);

/* Control; the drain. Tells of what is new in the list, as if it had been there from
 * since_ns on. false: the caller interrupted a change of code (code.h), so not all was
 * told, and the next look tells all of the list again. */
bool sigprof__gdb_look(uint64_t since_ns, void (*make_room)(void));

#endif
