/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Generated code in the files of virtual machines. The recorder has read them while
 * the process ran (jit/files.h), and the profile says how far. What was written after
 * its last look, as when the process was killed or its machine flushes at the very
 * end, is still to be had where the profile is folded on the same boot of the
 * same machine and the file is there; and so is the map of a process whose recorder
 * never looked (a flight recorder that was killed).
 */
#ifndef SIGPROF_FOLD_CODE_FILES_H
#define SIGPROF_FOLD_CODE_FILES_H

#include "model.h"

/* For the model's present process, when all of its file has been read; ended_ns: of
 * its END, or 0. Says, with the file's name, what was left out; false: something was. */
bool sigprof__code_files_read(struct model *model, const char *name,
                              uint64_t ended_ns);

#endif
