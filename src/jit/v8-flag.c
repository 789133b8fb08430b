/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A flag of V8's, set. Theory and contract: v8-flag.h.
 *
 * Up to V8 10.2 the flag is a variable of its own. Later ones have all in one
 * structure: where in it is seen by setting it. The hash is made when it is needed
 * and forgotten with each change; so it is let be made before the flag is set for
 * good.
 */
#include "jit/v8-flag.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#define NAME "interpreted-frames-native-stack"
#define FLAGS_BYTES 4096u /* V8 gives them pages of their own, to protect them */

static struct {
    void (*set)(const char *text);
    uint32_t (*hash)(void);
    volatile uint8_t *flag;  /* the variable, or NULL */
    volatile uint8_t *flags; /* the structure, or NULL */
} v8;

static atomic_int is_done; /* riscv64 exchanges words, not bytes */

static void *find(const char *name)
{
    return dlsym(RTLD_DEFAULT, name);
}

void sigprof__v8_flag_find(void)
{
    *(void **)&v8.set = find("_ZN2v82V818SetFlagsFromStringEPKc");
    *(void **)&v8.hash = find("_ZN2v88internal8FlagList4HashEv");
    v8.flag = find("_ZN2v88internal36FLAG_interpreted_frames_native_stackE");
    v8.flags = find("_ZN2v88internal8v8_flagsE");
    /* Others than node may have V8's flags frozen, and V8 would abort. */
    if (!v8.set || !find("node_module_register"))
        atomic_store(&is_done, 1);
}

/* The byte that has become 1 since before; FLAGS_BYTES: another change, or none. */
static size_t find_change(const uint8_t *before)
{
    size_t found = FLAGS_BYTES;

    for (size_t i = 0; i < FLAGS_BYTES; i++) {
        if (v8.flags[i] == before[i])
            continue;
        if (found != FLAGS_BYTES || before[i] != 0 || v8.flags[i] != 1)
            return FLAGS_BYTES;
        found = i;
    }
    return found;
}

static void set_unseen(void)
{
    static uint8_t before[FLAGS_BYTES];
    size_t at;

    for (size_t i = 0; i < FLAGS_BYTES; i++)
        before[i] = v8.flags[i];
    v8.set("--" NAME);
    at = find_change(before);
    if (at == FLAGS_BYTES)
        return;
    v8.set("--no-" NAME);
    v8.hash();
    v8.flags[at] = 1;
}

void sigprof__v8_flag_set(void)
{
    if (atomic_exchange(&is_done, 1))
        return;
    if (v8.flag)
        *v8.flag = 1;
    else if (v8.flags && v8.hash && (uintptr_t)v8.flags % FLAGS_BYTES == 0)
        set_unseen();
    else
        v8.set("--" NAME);
}
