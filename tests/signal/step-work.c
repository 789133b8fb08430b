/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Workloads for the single-step oracle: code as compilers and libraries make
 * it, in every state between two instructions. Linked with -z lazy, so that the
 * first call of each library function goes through the loader.
 */
#include "step-work.h"

#include <alloca.h>
#include <ctype.h>
#include <dlfcn.h>
#include <locale.h>
#include <math.h>
#include <regex.h>
#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#define NOINLINE __attribute__((noinline))

#define STRING_BYTES 4096

static volatile long sink;

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sorting(void)
{
    char text[64][8];
    char *pointers[64];

    for (int i = 0; i < 64; i++) {
        snprintf(text[i], sizeof text[i], "%d", i * 7919 % 1000);
        pointers[i] = text[i];
    }
    qsort(pointers, 64, sizeof *pointers, compare);
    sink = pointers[0][0];
}

static void printing(void)
{
    char line[256];

    for (int i = 0; i < 6; i++)
        sink = snprintf(line, sizeof line, "%.17g %10s %#x %Lf", (i + step_round) / 3.0,
                        "text", i, (long double)i * 1e30L);
    sink = (long)strtod("3.14159265358979e-7", NULL);
}

static void strings(void)
{
    static char from[5000], to[5000];

    for (size_t n = 1; n < sizeof from; n = n * 3 + 1) {
        memset(from, 'a', n);
        from[n] = '\0';
        memcpy(to, from, n + 1);
        memmove(to + 1, to, n);
        sink = (long)strlen(to) + memcmp(from, to, n);
        sink = strchr(from, 'b') != NULL;
    }
}

/* Every implementation that the C library has of a function for CPUs like this
 * one: its own tests ask it for the list. */
struct variant {
    const char *name;
    void (*function)(void);
    bool usable;
};
typedef size_t list_variants(const char *name, struct variant *array,
                             size_t most);
/* All take at most three words; those that take fewer ignore the rest. */
typedef long string_function(const char *text, uintptr_t second, size_t n);

static const struct {
    const char *name;
    enum { LETTER, OTHER_TEXT } second;
} string_functions[] = {
    {"memcpy", OTHER_TEXT},  {"memmove", OTHER_TEXT}, {"memset", LETTER},
    {"memchr", LETTER},      {"memrchr", LETTER},     {"memcmp", OTHER_TEXT},
    {"strlen", LETTER},      {"strchr", LETTER},      {"strrchr", LETTER},
    {"strcmp", OTHER_TEXT},  {"strncmp", OTHER_TEXT}, {"strcpy", OTHER_TEXT},
    {"strcspn", OTHER_TEXT}, {"strstr", OTHER_TEXT},  {"strcasecmp", OTHER_TEXT},
    {"stpncpy", OTHER_TEXT}, {"rawmemchr", LETTER},   {"strnlen", LETTER}};

static list_variants *find_list(void)
{
    return (list_variants *)dlvsym(RTLD_DEFAULT, "__libc_ifunc_impl_list",
                                   "GLIBC_PRIVATE");
}

static const char *has_variants(void)
{
    return find_list() ? NULL : "the C library lists no variants";
}

static void call_variant(string_function *function, bool letter)
{
    static char left[STRING_BYTES + 64], right[STRING_BYTES + 64];
    size_t offset = step_round * 7 % 64;

    size_t most = step_is_long ? STRING_BYTES : STRING_BYTES / 4;

    for (size_t n = 1; n < most; n = n * (step_is_long ? 5 : 9) / 3 + 1) {
        memset(left, 'a', sizeof left);
        memset(right, 'a', sizeof right);
        left[offset + n] = right[n] = 'b';
        left[offset + n + 1] = right[n + 1] = '\0';
        sink = function(left + offset, letter ? 'b' : (uintptr_t)right, n);
    }
}

static void variants(void)
{
    static bool told;
    struct variant list[64];
    unsigned stepped = 0;

    for (size_t i = 0; i < sizeof string_functions / sizeof *string_functions;
         i++) {
        size_t count = find_list()(string_functions[i].name, list, 64);

        for (size_t j = 0; j < count; j++) {
            if (!list[j].usable)
                continue;
            call_variant((string_function *)list[j].function,
                         string_functions[i].second == LETTER);
            stepped++;
        }
    }
    if (!told)
        printf("%u variants of %zu string functions are stepped\n", stepped,
               sizeof string_functions / sizeof *string_functions);
    told = true;
}

static jmp_buf back;

static NOINLINE void leave(int depth)
{
    if (depth == 0)
        longjmp(back, 1);
    if (sink != -12345) /* always; but a compiler sees a way out */
        leave(depth - 1);
    sink++;
}

static void jumping(void)
{
    for (volatile int i = 0; i < 4; i++) {
        if (setjmp(back) == 0)
            leave(i * 3);
    }
}

static void clocks(void)
{
    struct timespec now;
    struct tm broken;
    char text[64];
    time_t seconds;

    clock_gettime(CLOCK_MONOTONIC, &now);
    clock_gettime(CLOCK_REALTIME, &now);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    seconds = now.tv_sec + 1000000000;
    gmtime_r(&seconds, &broken);
    sink = (long)strftime(text, sizeof text, "%c", &broken);
    sink = getppid();
}

static NOINLINE long with_alloca(size_t n)
{
    char *bytes = alloca(n);

    memset(bytes, 1, n);
    return bytes[n / 2] + (n > 10 ? with_alloca(n / 2) : 0);
}

static NOINLINE long realigned(int count, ...)
{
    alignas(64) char line[128];
    va_list list;

    va_start(list, count);
    vsnprintf(line, sizeof line, "%d %d", list);
    va_end(list);
    return line[0] + ((uintptr_t)line & 63);
}

static NOINLINE long realigned_with_alloca(size_t n)
{
    alignas(128) char fixed[64];
    char *bytes = alloca(n);

    memset(bytes, 0, n);
    memset(fixed, 2, sizeof fixed);
    return bytes[0] + fixed[n % 64] + realigned(2, (int)n, 7);
}

static NOINLINE long huge(int n)
{
    volatile char bytes[300000];

    bytes[n] = 1;
    bytes[n + 200000] = (char)getppid();
    return bytes[n] + (n > 0 ? huge(n - 1) : 0);
}

static void frames(void)
{
    sink = with_alloca(200);
    sink += realigned(2, 3, 4);
    sink += realigned_with_alloca(50);
    sink += huge(2);
}

static NOINLINE long leaf(long a)
{
    volatile long words[12]; /* in the red zone */

    for (int i = 0; i < 12; i++)
        words[i] = a + i;
    return words[a % 12];
}

static NOINLINE long tail(long n)
{
    return n == 0 ? leaf(n) : tail(n - 1);
}

static NOINLINE long many_saved(long a, long b, long c, long d, long e, long f)
{
    long x = leaf(a), y = leaf(b), z = leaf(c);
    long u = leaf(d), v = leaf(e), w = leaf(f);

    if (__builtin_expect(x == -1, 0))
        abort();
    return x * leaf(y) + z * leaf(u) + v * leaf(w);
}

static NOINLINE long deep(int n)
{
    return n == 0 ? leaf(1) : deep(n - 1) + leaf(n);
}

#if defined(__has_attribute)
#if __has_attribute(indirect_branch)
#define THUNKS __attribute__((indirect_branch("thunk")))
#endif
#endif
#ifndef THUNKS
#define THUNKS
#endif

static NOINLINE THUNKS long through_thunk(long (*volatile function)(long), int n)
{
    return n == 0 ? function(3) : through_thunk(function, n - 1) + function(n);
}

static void prologues(void)
{
    sink = many_saved(1, 2, 3, 4, 5, 6);
    sink = tail(5);
    sink = deep(40);
    sink = through_thunk(leaf, 5);
}

static void math(void)
{
    volatile double x = 0.7;

    sink = (long)(sin(x) + cos(x) + pow(x, 3.3) + exp(x) + log(x));
    sink = (long)lround(x * 1e6) + ilogb(x);
}

static void memory(void)
{
    void *blocks[40];

    for (int i = 0; i < 40; i++)
        blocks[i] = malloc((size_t)(i * i * 13 + 1));
    for (int i = 0; i < 40; i += 2)
        free(blocks[i]);
    for (int i = 1; i < 40; i += 2)
        blocks[i] = realloc(blocks[i], 3000);
    for (int i = 1; i < 40; i += 2)
        free(blocks[i]);
}

static void patterns(void)
{
    regex_t regex;
    wchar_t wide[32];

    if (regcomp(&regex, "(a|b)*c[0-9]+", REG_EXTENDED) == 0) {
        sink = regexec(&regex, "xxababc123", 0, NULL, 0);
        regfree(&regex);
    }
    sink = (long)mbstowcs(wide, "hello", 32);
}

static void load(int how)
{
    void *module = dlopen(step_module, how | RTLD_LOCAL);

    if (!module)
        return;
    int (*work)(int) = (int (*)(int))dlsym(module, "step_module_work");
    if (work)
        sink = work(4);
    dlclose(module);
}

static void loading(void)
{
    load(RTLD_NOW);
}

/* Each first call of a function goes through the loader. */
static void binding(void)
{
    load(RTLD_LAZY);
}

static void (*throw_work)(unsigned);

static const char *has_thrower(void)
{
    void *module;

    if (!step_throw)
        return "it needs a C++ compiler";
    module = dlopen(step_throw, RTLD_LAZY | RTLD_LOCAL);
    if (!module)
        return "its module cannot be loaded";
    throw_work = (void (*)(unsigned))dlsym(module, "step_throw_work");
    return throw_work ? NULL : "its module has no step_throw_work";
}

static void throwing(void)
{
    throw_work(step_round);
}

static void on_signal(int number, siginfo_t *info, void *ucontext)
{
    char text[32];

    (void)info;
    step_enter_handler(ucontext,
                       (char *)__builtin_frame_address(0) + sizeof(void *),
                       __builtin_return_address(0));
    snprintf(text, sizeof text, "%d", number);
    sink = text[0];
    if (number == SIGUSR1)
        raise(SIGUSR2);
}

static void handlers(void)
{
    struct sigaction action = {.sa_sigaction = on_signal,
                               .sa_flags = SA_SIGINFO};

    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    raise(SIGUSR2);
    raise(SIGUSR1);
}

static void other_stack(void)
{
    struct sigaction action = {.sa_sigaction = on_signal,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK};
    size_t bytes = 64 << 10;
    char *memory_of_stack = malloc(bytes);
    stack_t stack = {.ss_sp = memory_of_stack, .ss_size = bytes};
    stack_t old;

    sigaltstack(&stack, &old);
    sigaction(SIGUSR1, &action, NULL);
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGUSR2, &action, NULL);
    raise(SIGUSR1);
    sigaltstack(&old, NULL);
    free(memory_of_stack);
}

const struct step_work step_works[] = {
    {"sorting", NULL, sorting, 1},
    {"printing", NULL, printing, 20},
    {"strings", NULL, strings, 1},
    {"variants", has_variants, variants, 2},
    {"jumping", NULL, jumping, 1},
    {"clocks", NULL, clocks, 1},
    {"frames", NULL, frames, 1},
    {"prologues", NULL, prologues, 1},
    {"math", NULL, math, 1},
    {"memory", NULL, memory, 1},
    {"patterns", NULL, patterns, 1},
    {"loading", NULL, loading, 1},
    {"binding", NULL, binding, 1},
    {"handlers", NULL, handlers, 1},
    {"other_stack", NULL, other_stack, 1},
    {"throwing", has_thrower, throwing, 6},
    {NULL, NULL, NULL, 0}};
