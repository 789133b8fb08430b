/* SPDX-License-Identifier: BSD-2-Clause */
/* Names as V8 gives them to code, taken apart. Ordinary code, pure. */
#ifndef SIGPROF_JIT_V8_NAME_H
#define SIGPROF_JIT_V8_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define V8_TEXT_BYTES 512

struct v8_name {
    char function[V8_TEXT_BYTES]; /* never empty */
    char file[V8_TEXT_BYTES];     /* or "" */
    uint32_t line;
    bool is_builtin; /* V8 did not make its code in this process */
};

/*
 * JS:*sum /srv/app.js:4:20     function sum, line 4 of that file, optimized
 * JS:~ /srv/app.js:9:1         (anonymous) app.js:9
 * Builtin:ArrayMap             Builtins_ArrayMap, as the program's own symbols
 *                              have it; a BytecodeHandler, too
 * sum-17-turbofan              sum, of WebAssembly, or -liftoff
 * Anything else stays as it is.
 */
void sigprof__v8_name(struct v8_name *name, const char *text, size_t bytes);

#endif
