/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unwind tables that the program registers with the C++ runtime for code that it
 * generated (__register_frame): LuaJIT and LLVM do. They tell no names, but stacks
 * go on through such code; what else tells of the code gives it its name.
 */
#ifndef SIGPROF_JIT_FRAMES_H
#define SIGPROF_JIT_FRAMES_H

/* Thread-safe. An .eh_frame section, which begins with a CIE and ends with a length of
 * 0, or one FDE; now there, and about to go. */
void sigprof__frames_begin(const void *eh_frame);
void sigprof__frames_end(const void *eh_frame);

#endif
