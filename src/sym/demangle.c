/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names for people. The demanglers are libiberty's (C++, both of Rust's, D), or
 * where that was not found at build time, the C++ runtime's own, loaded only
 * when a mangled name is met.
 *
 * A hostile name can demangle to gigabytes: output is taken piece by piece, and
 * past SYM_NAME_MAX the demangler is left by longjmp (it keeps nothing on the
 * heap between callbacks).
 */
#include "sym.h"

#include <string.h>
#include <stdlib.h>

/* What compilers append to the copies they make of a function. */
size_t sigprof__sym_without_clone(const char *raw, size_t size)
{
    static const char *const suffixes[] = {
        "cold", "part", "constprop", "isra", "lto_priv", "llvm", "localalias"};

    for (;;) {
        size_t end = size, dot;

        /* Numbers behind the word: ".part.0", ".llvm.123". */
        for (dot = end; dot > 0 && raw[dot - 1] >= '0' && raw[dot - 1] <= '9';)
            dot--;
        if (dot < end && dot > 0 && raw[dot - 1] == '.')
            end = dot - 1;
        for (dot = end; dot > 0 && raw[dot - 1] != '.';)
            dot--;
        if (dot < 2)
            return size;
        for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
            if (strlen(suffixes[i]) == end - dot &&
                memcmp(raw + dot, suffixes[i], end - dot) == 0) {
                end = 0;
                break;
            }
        if (end != 0)
            return size;
        size = dot - 1;
    }
}

#if SIGPROF_WITH_LIBIBERTY

#include <libiberty/demangle.h>
#include <libiberty/safe-ctype.h>
#include <setjmp.h>
#include <stdio.h>

/*
 * What the demanglers call. They may be linked into anything, libiberty's own of
 * these may not (README, Licence): so they are here, and no other object of it is
 * linked.
 */
#define GRAPH _sch_isprint
#define LETTER GRAPH | _sch_isidst
#define PUNCT GRAPH | _sch_ispunct
#define BLANK _sch_isspace | _sch_isblank | _sch_isnvsp
#define LINE_END _sch_isspace | _sch_iscntrl | _sch_isvsp
#define FEED _sch_isspace | _sch_iscntrl | _sch_isnvsp

const unsigned short _sch_istable[256] = {
    [0] = _sch_iscntrl | _sch_isnvsp,
    [1 ... 8] = _sch_iscntrl,
    ['\t'] = BLANK | _sch_iscntrl,
    ['\n'] = LINE_END,
    ['\v'] = FEED,
    ['\f'] = FEED,
    ['\r'] = LINE_END,
    [14 ... 31] = _sch_iscntrl,
    [' '] = BLANK | _sch_isprint,
    ['!' ... '/'] = PUNCT,
    ['0' ... '9'] = GRAPH | _sch_isdigit | _sch_isxdigit,
    [':' ... '@'] = PUNCT,
    ['A' ... 'F'] = LETTER | _sch_isupper | _sch_isxdigit,
    ['G' ... 'Z'] = LETTER | _sch_isupper,
    ['[' ... '^'] = PUNCT,
    ['_'] = PUNCT | _sch_isidst,
    ['`'] = PUNCT,
    ['a' ... 'f'] = LETTER | _sch_islower | _sch_isxdigit,
    ['g' ... 'z'] = LETTER | _sch_islower,
    ['{' ... '~'] = PUNCT,
    [127] = _sch_iscntrl};

void *xrealloc(void *old, size_t size);
void *xmalloc(size_t size);

void *xrealloc(void *old, size_t size)
{
    void *memory = realloc(old, size ? size : 1);

    if (!memory) {
        fputs("sigprof-fold: out of memory\n", stderr);
        exit(1);
    }
    return memory;
}

void *xmalloc(size_t size)
{
    return xrealloc(NULL, size);
}

/* libiberty refuses more than 1024 letters of C++ unless told that there is stack
 * enough: 8 KiB of them need less than 4 MiB. Of Rust that is not to be said: a
 * name can refer to itself, and a few letters then need any stack. */
#define MANGLED_MAX 8192

struct piecewise {
    char *out;
    size_t size;
    jmp_buf full;
};

static void take_piece(const char *piece, size_t size, void *arg)
{
    struct piecewise *pieces = arg;
    size_t room = SYM_NAME_MAX - pieces->size;

    if (size)
        memcpy(pieces->out + pieces->size, piece, size < room ? size : room);
    pieces->size += size < room ? size : room;
    if (size > room)
        longjmp(pieces->full, 1);
}

static size_t demangle(const char *mangled, char *out)
{
    const int options = DMGL_PARAMS | DMGL_ANSI;
    struct piecewise pieces;
    char *d;

    pieces.out = out;
    pieces.size = 0;
    if (setjmp(pieces.full))
        return SYM_NAME_MAX;
    if (rust_demangle_callback(mangled, options, take_piece, &pieces))
        return pieces.size;
    pieces.size = 0;
    if (mangled[1] != 'R' &&
        cplus_demangle_v3_callback(mangled, options | DMGL_NO_RECURSE_LIMIT,
                                   take_piece, &pieces))
        return pieces.size;
    pieces.size = 0;
    if (strncmp(mangled, "_D", 2) == 0 &&
        (d = dlang_demangle(mangled, options)) != NULL) {
        pieces.size = strlen(d);
        if (pieces.size > SYM_NAME_MAX)
            pieces.size = SYM_NAME_MAX;
        memcpy(out, d, pieces.size);
        free(d);
    }
    return pieces.size;
}

#else

#include <dlfcn.h>
#include <pthread.h>

#define MANGLED_MAX 1024 /* the runtime's demangler has no bound of its own */

/* Rust's older names are C++ names that end in a hash: "::h" and 16 digits. */
static size_t without_hash(const char *name, size_t size)
{
    const size_t tail = 3 + 16;

    if (size <= tail || memcmp(name + size - tail, "::h", 3) != 0)
        return size;
    for (size_t i = size - 16; i < size; i++)
        if (!strchr("0123456789abcdef", name[i]))
            return size;
    return size - tail;
}

typedef char *demangler(const char *, char *, size_t *, int *);
static demangler *runtime; /* written once */

static void find_runtime(void)
{
    static const char *const libraries[] = {"libstdc++.so.6", "libc++abi.so.1"};

    for (size_t i = 0; !runtime && i < 2; i++) {
        void *library = dlopen(libraries[i], RTLD_NOW | RTLD_LOCAL);
        void *symbol = library ? dlsym(library, "__cxa_demangle") : NULL;

        memcpy(&runtime, &symbol, sizeof runtime);
    }
}

static size_t demangle(const char *mangled, char *out)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    char *name = NULL;
    size_t size = 0;

    pthread_once(&once, find_runtime);
    if (runtime && strncmp(mangled, "_Z", 2) == 0)
        name = runtime(mangled, NULL, NULL, NULL);
    if (name) {
        size = without_hash(name, strlen(name));
        if (size > SYM_NAME_MAX)
            size = SYM_NAME_MAX;
        memcpy(out, name, size);
        free(name);
    }
    return size;
}

#endif

/* _Z C++ and older Rust, _R Rust, _D D; Apple puts an underscore in front. */
static bool is_mangled(const char *raw)
{
    return raw[0] == '_' && (raw[1] == 'Z' || raw[1] == 'R' || raw[1] == 'D' ||
                             strncmp(raw, "__Z", 3) == 0);
}

size_t sigprof__sym_display(const char *raw, char *out)
{
    size_t whole = strlen(raw), size = whole, tail = 0, shown = 0;
    char mangled[MANGLED_MAX + 1];

    if (whole > 4 && strcmp(raw + whole - 4, "@plt") == 0) {
        tail = 4;
        size -= tail;
    }
    /* memcpy@@GLIBC_2.14 */
    for (size_t i = 1; i < size; i++)
        if (raw[i] == '@')
            size = i;
    size = sigprof__sym_without_clone(raw, size);
    if (is_mangled(raw) && size <= MANGLED_MAX) {
        memcpy(mangled, raw, size);
        mangled[size] = '\0';
        shown = demangle(mangled, out);
    }
    if (shown == 0) {
        shown = size < SYM_NAME_MAX ? size : SYM_NAME_MAX;
        memcpy(out, raw, shown);
    }
    if (tail && shown + tail <= SYM_NAME_MAX) {
        memcpy(out + shown, "@plt", tail);
        shown += tail;
    }
    return shown;
}
