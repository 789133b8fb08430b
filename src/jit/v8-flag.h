/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * V8's flag by which each interpreted function has code of its own; else all that
 * are interpreted are one, the interpreter.
 *
 * V8 takes no code cache that was made under other flags: it compares a hash of
 * them. If ours were in that hash, node would compile again what it brings along
 * (three times the start of a program that needs many of its modules), a program
 * would see its own caches refused, and those that it writes be refused later. What
 * the flag changes is not in a cache. So it is set without the hash's knowing,
 * where V8's symbols allow that: up to node 22.
 */
#ifndef SIGPROF_JIT_V8_FLAG_H
#define SIGPROF_JIT_V8_FLAG_H

/* Control. Once, where there is V8. */
void sigprof__v8_flag_find(void);

/* Thread-safe; on a thread that runs V8. The first call sets it. */
void sigprof__v8_flag_set(void);

#endif
