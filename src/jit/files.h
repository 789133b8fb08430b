/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files in which virtual machines tell profilers of their code, read while the
 * process runs: /tmp/perf-PID.map, and a jitdump, which the machine maps
 * executable so that it can be found among the process's own mappings. The drain
 * reads what is new in them at each pass and says it to the event log: so it is in
 * the profile and needs neither the files nor the process later on, and their
 * names are the process's own, whatever its root and its pid namespace are.
 *
 * Unwind tables of a jitdump are given to the unwinder too; code without them has a
 * name, and nothing else is believed of it.
 *
 * A file is of this process if it is a regular one of this user's or root's, not
 * by a symbolic link, and the map was written to since the process began, while
 * the jitdump says this pid. The profile keeps how much of it was read (INFO
 * perf_map, jitdump), and sigprof-fold reads the rest where the file still is.
 *
 * Times. A jitdump's are those of the samples. A map has none: what is found in it
 * is taken to be there since the look before, as memory is not used again at once.
 */
#ifndef SIGPROF_JIT_FILES_H
#define SIGPROF_JIT_FILES_H

#include <stdbool.h>

/* Control. Takes what is new; search: look for a jitdump if there is none yet, which
 * takes longer. make_room is called when the event log fills. */
void sigprof__code_files_look(bool search, void (*make_room)(void));

#endif
