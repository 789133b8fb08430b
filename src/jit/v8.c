/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * V8's events of generated code. Theory: v8.h.
 *
 * V8's interface is C++; what is called of it takes and gives only pointers and
 * numbers, and is found by its mangled names. One structure comes back, struct
 * code_event: V8 8.8 to 14 have it as it is here, and of an event that looks odd
 * nothing is believed, nor of any later one.
 */
#include "jit/v8.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "jit/v8-flag.h"
#include "jit/v8-name.h"
#include "sigprof/jit.h"

/* ---- V8's interface, as its headers have it -------------------------------- */

struct isolate;

enum event_type { CODE_ADDED, CODE_MOVED };
enum code_type { BYTE_CODE, JIT_CODE, WASM_CODE };

/* v8::JitCodeEvent. */
struct code_event {
    int type;
    int code_type;
    const void *start;
    size_t bytes;
    void *script;
    void *user_data;
    void *wasm_source_info;
    union {
        struct {
            const char *text; /* not terminated */
            size_t bytes;
        } name;
        const void *moved_to;
    };
};

#define ENUMERATE_EXISTING 1
#define PLATFORM_NOT_NEEDED 11 /* V8's version from which TryGetCurrent is right
                                  before V8 is initialized */
#define CODE_BYTES_MAX ((size_t)1 << 30)
#define NAME_BYTES_MAX 65536  /* V8 makes none above 4096 */
#define NAME_AT_MIN 65536     /* where Linux maps nothing */
#define SIGNAL_MAX 64 /* more than other systems have */

typedef void event_handler(const struct code_event *event);
typedef void interrupt(struct isolate *isolate, void *arg);

static struct {
    const char *(*version)(void);
    void *(*platform)(void);
    struct isolate *(*current)(void);
    bool (*in_context)(struct isolate *);
    void (*request_interrupt)(struct isolate *, interrupt *, void *arg);
    void (*set_handler)(struct isolate *, int options, event_handler *);
    void (*builtins)(struct isolate *, const void **start, size_t *bytes);
    const void *(*copied_builtins)(struct isolate *);
} v8;

static const struct {
    void *to;
    const char *name;
} members[] = {
    {&v8.version, "_ZN2v82V810GetVersionEv"},
    {&v8.platform, "_ZN2v88internal2V818GetCurrentPlatformEv"},
    {&v8.current, "_ZN2v87Isolate13TryGetCurrentEv"},
    {&v8.in_context, "_ZN2v87Isolate9InContextEv"},
    {&v8.request_interrupt, "_ZN2v87Isolate16RequestInterruptEPFvPS0_PvES2_"},
    {&v8.set_handler, "_ZN2v87Isolate22SetJitCodeEventHandlerENS_19"
                      "JitCodeEventOptionsEPFvPKNS_12JitCodeEventEE"},
    {&v8.builtins, "_ZN2v87Isolate20GetEmbeddedCodeRangeEPPKvPm"},
    {&v8.copied_builtins, "_ZNK2v88internal7Isolate18embedded_blob_codeEv"}};

static bool found;
static atomic_bool is_strange; /* events are not what we think */

#define OWN __thread __attribute__((tls_model("initial-exec")))

/* Isolates that this thread has asked: nearly always one. Of more than these, what
 * exists is told again; as is that of one whose address another had, elsewhere. */
#define ASKED_MAX 8u
static OWN struct isolate *asked[ASKED_MAX];
static OWN unsigned asked_next;

/* ---- Events ------------------------------------------------------------- */

/*
 * V8's builtins are part of the program's file, but V8 may run a copy of them
 * beside the code that calls them, and tells of the originals only (V8 12 and later:
 * of the copy). Both are told here, so that each is one function. It tells of them
 * while it answers, in the thread that does.
 */
static OWN struct {
    const void *start;
    size_t bytes;         /* of the originals; 0: nobody is answering */
    uintptr_t copied_by;  /* bytes from an original to its copy */
} builtins;

/* From where V8 tells of a builtin to its other place; 0: there is none. */
static uintptr_t twin_distance(const void *start)
{
    uintptr_t at = (uintptr_t)start - (uintptr_t)builtins.start;

    if (at < builtins.bytes)
        return builtins.copied_by;
    return at - builtins.copied_by < builtins.bytes ? -builtins.copied_by : 0;
}

static void add(const struct code_event *event)
{
    struct v8_name name;
    struct sigprof_code code = {.size = sizeof code,
                                .start = event->start,
                                .bytes = event->bytes};

    sigprof__v8_name(&name, event->name.text, event->name.bytes);
    code.name = name.function;
    code.file = name.file[0] ? name.file : NULL;
    code.line = name.line;
    if (name.is_builtin) /* some have no frames */
        code.unwind = SIGPROF_CODE_UNKNOWN;
    sigprof_code_register(&code);
    if (twin_distance(event->start)) {
        code.start =
            (const void *)((uintptr_t)event->start + twin_distance(event->start));
        sigprof_code_register(&code);
    }
}

/* Were a member missing or one more there, the name's size would stand where its
 * address is sought, or another address where its size is. */
static bool is_sane(const struct code_event *event)
{
    return event->code_type >= BYTE_CODE && event->code_type <= WASM_CODE &&
           event->start && event->bytes <= CODE_BYTES_MAX &&
           (uintptr_t)event->name.text >= NAME_AT_MIN &&
           event->name.bytes <= NAME_BYTES_MAX;
}

/* From any thread. */
static void on_event(const struct code_event *event)
{
    if (event->code_type == BYTE_CODE || atomic_load(&is_strange))
        return;
    if (event->type == CODE_MOVED)
        sigprof_code_move(event->start, event->moved_to);
    else if (event->type == CODE_ADDED && is_sane(event))
        add(event);
    else if (event->type == CODE_ADDED)
        atomic_store(&is_strange, true);
}

/* ---- Asking ------------------------------------------------------------- */

static void find_copied_builtins(struct isolate *isolate)
{
    const void *copy = NULL;

    v8.builtins(isolate, &builtins.start, &builtins.bytes);
    if (v8.copied_builtins)
        copy = v8.copied_builtins(isolate);
    builtins.copied_by =
        copy ? (uintptr_t)copy - (uintptr_t)builtins.start : 0;
}

/* V8 calls it between two instructions of a script. */
static void listen(struct isolate *isolate, void *arg)
{
    (void)arg;
    find_copied_builtins(isolate);
    v8.set_handler(isolate, ENUMERATE_EXISTING, on_event);
    builtins.bytes = 0;
}

void sigprof__v8_find(void)
{
    found = true;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        void *function = dlsym(RTLD_DEFAULT, members[i].name);

        memcpy(members[i].to, &function, sizeof function);
        found &= function || members[i].to == (void *)&v8.platform ||
                 members[i].to == (void *)&v8.copied_builtins;
    }
    found = found && (v8.platform || atoi(v8.version()) >= PLATFORM_NOT_NEEDED);
    if (found)
        sigprof__v8_flag_find();
}

static bool was_asked(const struct isolate *isolate)
{
    for (unsigned i = 0; i < ASKED_MAX; i++)
        if (asked[i] == isolate)
            return true;
    return false;
}

/* A handler of the program's may open files, too, and V8 could be in the middle of
 * anything: so not while a signal is blocked that has a handler. */
static bool may_be_in_handler(void)
{
    struct sigaction action;
    sigset_t blocked;

    if (pthread_sigmask(SIG_SETMASK, NULL, &blocked) != 0)
        return true;
    for (int number = 1; number <= SIGNAL_MAX; number++)
        if (sigismember(&blocked, number) == 1 &&
            sigaction(number, NULL, &action) == 0 &&
            action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN)
            return true;
    return false;
}

void sigprof__v8_look(void)
{
    struct isolate *isolate;

    if (!found || (v8.platform && !v8.platform()))
        return;
    isolate = v8.current();
    if (!isolate || was_asked(isolate) || !v8.in_context(isolate) ||
        may_be_in_handler())
        return;
    asked[asked_next++ % ASKED_MAX] = isolate;
    /* Not sooner: what has a name of its own now is not known before V8 answers. */
    sigprof__v8_flag_set();
    v8.request_interrupt(isolate, listen, NULL);
}
