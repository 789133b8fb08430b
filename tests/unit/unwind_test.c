/* SPDX-License-Identifier: BSD-2-Clause */
/* unwind.h: what the engines make of real and deep stacks. */
#include "unwind/unwind.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch/arch.h"
#include "jit/map-write.h"
#include "library-alone.h"
#include "modules.h"
#include "os/os.h"
#include "support/backtrace.h"
#include "support/registers.h"
#include "support/walk.h"
#include "unwind/walker.h"

#define NOINLINE __attribute__((noinline))

static struct unwind_walk walk;
static unwind_engine *engine;
static volatile int sink;
static const char *module_path;

/* ---- Real stacks ------------------------------------------------------- */

static void *true_pcs[64];
static int true_count;

static void on_signal(int number, siginfo_t *info, void *ucontext)
{
    (void)number;
    (void)info;
    walk.ucontext = ucontext;
    engine(&walk);
}

static NOINLINE int sample_at(int depth)
{
    if (depth > 0)
        return sample_at(depth - 1) + 1;
    true_count = test_backtrace(true_pcs, 64);
    raise(SIGPROF);
    return sink;
}

static void use_stack(void)
{
    test_walk_make(&walk, 256);
    CHECK_EQ(sigprof__os_stack_self(&walk.thread.low, &walk.thread.high), 0);
}

/* Does the C library tell how its functions are unwound? On some CPUs Debian's does
 * not, nor musl: the rest is guessed there, and the walk says so. */
static bool has_rule(const char *name)
{
    static struct rules_unit unit;
    uintptr_t address = (uintptr_t)dlsym(RTLD_DEFAULT, name);
    const struct module *module =
        sigprof__module_find(sigprof__modules(), address);

    return module &&
           sigprof__cfi_find(module->cfi, address, &unit) == CFI_FOUND;
}

static bool libc_has_rules(void)
{
    return has_rule("raise") && has_rule("abort") && has_rule("strtol");
}

static void check_end(uint8_t end)
{
    if (!libc_has_rules())
        end |= FORMAT_END_GUESSED;
    CHECK_EQ(walk.stack->end | (libc_has_rules() ? 0 : FORMAT_END_GUESSED), end);
}

/* The place in the walk, without its marks of guesses, where number `at` is. */
static uintptr_t true_frame(uint32_t at)
{
    for (uint32_t i = 0; i < test_walk_count(&walk); i++) {
        if (test_walk_pc(&walk, i) == FORMAT_MARK_GUESS)
            continue;
        if (at-- == 0)
            return test_walk_pc(&walk, i);
    }
    return 0;
}

/* Everything that backtrace has seen is there in its order, but for its own caller
 * and that one's (a sanitizer's backtrace has itself in front). It may end two
 * frames early, where the first ones have no rule. */
static void check_callers(void)
{
    uint32_t at = 0;
    int first = 2;

#ifdef __arm__ /* its backtrace ends at a thread's start, which has no table */
    if (true_count == 2)
        first = 1;
#endif
    CHECK(true_count > first);
    while (true_frame(at) && true_frame(at) != (uintptr_t)true_pcs[first])
        at++;
    for (int i = first; i < true_count; i++)
        CHECK_EQ(true_frame(at++), (uintptr_t)true_pcs[i]);
    CHECK(!true_frame(at) || !true_frame(at + 1) || !true_frame(at + 2));
}

static void check_against_backtrace(void)
{
    check_end(FORMAT_END_COMPLETE);
    check_callers();
}

static void cfi_agrees_with_backtrace(void)
{
    engine = sigprof__unwind_cfi;
    use_stack();
    for (int i = 0; i < 20; i++) {
        sink = sample_at(i);
        check_against_backtrace();
    }
    test_walk_drop(&walk);
}

static void an_equal_stack_is_all_shared(void)
{
    use_stack();
    /* In memory: an unrolled loop would call from three places. */
    for (volatile int i = 0; i < 3; i++) {
        sink = sample_at(5);
        check_against_backtrace();
        /* i386's main aligns its stack: a step that is never remembered. */
        if (i > 0 && sizeof(void *) == 8)
            CHECK(walk.stack->shared >= test_walk_count(&walk) - 3);
    }
    test_walk_drop(&walk);
}

static void the_memory_of_a_changed_stack_is_not_believed(void)
{
    use_stack();
    for (int i = 0; i < 200; i++) {
        sink = sample_at(i * 7 % 13);
        check_against_backtrace();
    }
    test_walk_drop(&walk);
}

static struct unwind_walk fresh;
static uint32_t most_shared;

/* Once more, with nothing remembered. */
static void walk_twice(int number, siginfo_t *info, void *ucontext)
{
    on_signal(number, info, ucontext);
    fresh.thread = walk.thread;
    fresh.ucontext = ucontext;
    fresh.stack->top = fresh.stack->capacity;
    fresh.stack->epoch = 0;
    sigprof__unwind_cfi(&fresh);
    CHECK_EQ(test_walk_count(&walk), test_walk_count(&fresh));
    for (uint32_t i = 0; i < test_walk_count(&walk); i++)
        CHECK_EQ(test_walk_pc(&walk, i), test_walk_pc(&fresh, i));
    if (most_shared < walk.stack->shared)
        most_shared = walk.stack->shared;
}

static volatile unsigned drawn;

static unsigned draw(void)
{
    drawn = drawn * 1103515245 + 12345;
    return drawn >> 16 & 0x7fff;
}

/* The bits say which of two calls is made: then frames differ in their pc only. */
static NOINLINE int descend(unsigned bits, int depth)
{
    if (depth == 0 && bits & 1)
        raise(SIGUSR1);
    else if (depth == 0)
        sink = sample_at(2);
    else if (bits & 1)
        sink = descend(bits >> 1, depth - 1);
    else
        sink = descend(bits >> 1, depth - 1) ^ 1;
    return (sink & 1) + depth;
}

static void sample_below(int number)
{
    unsigned bits = draw();

    (void)number;
    for (volatile int i = 0; i < 3; i = i + 1)
        sink = descend((bits ^ (1u << draw() % 6)) & ~(1u << 5), 5);
}

/* Frames change in the midst of others, and under handlers of signals. */
static void a_walk_that_remembers_finds_what_another_does(void)
{
    struct sigaction twice = {.sa_sigaction = walk_twice,
                              .sa_flags = SA_SIGINFO};
    struct sigaction below = {.sa_handler = sample_below};
    struct sigaction old_prof, old_below;
    unsigned bits = 0;

    use_stack();
    test_walk_make(&fresh, 256);
    most_shared = 0;
    CHECK(sigaction(SIGPROF, &twice, &old_prof) == 0);
    CHECK(sigaction(SIGUSR1, &below, &old_below) == 0);
    for (volatile int i = 0; i < 500; i = i + 1) {
        if (i % 4 == 0)
            bits = draw();
        sink = descend(bits ^ (i % 3 ? 1u << draw() % 14 : 0), 14);
    }
    CHECK(sigaction(SIGUSR1, &old_below, NULL) == 0);
    CHECK(sigaction(SIGPROF, &old_prof, NULL) == 0);
    if (libc_has_rules() && sizeof(void *) == 8) /* see above */
        CHECK(most_shared > 14);
    test_walk_drop(&fresh);
    test_walk_drop(&walk);
}

static void an_unknown_stack_is_walked_and_said_to_be_so(void)
{
    use_stack();
    walk.thread.low = walk.thread.high = 0;
    sink = sample_at(4);
    CHECK(walk.stack->end & FORMAT_END_UNKNOWN_STACK);
    walk.stack->end &= (uint8_t)~FORMAT_END_UNKNOWN_STACK;
    check_against_backtrace();
    walk.may_call_system = false;
    sink = sample_at(4);
    CHECK_EQ(walk.stack->end & FORMAT_END_REASON_MASK,
             FORMAT_END_FOREIGN_STACK);
    CHECK_EQ(test_walk_count(&walk), 1);
    test_walk_drop(&walk);
}

static NOINLINE int recurse(int depth)
{
    if (depth == 0) {
        raise(SIGPROF);
        return sink;
    }
    return recurse(depth - 1) + (sink & 1); /* no overflow */
}

static void a_deep_recursion_reaches_its_root(void)
{
    uint32_t count;
    uintptr_t root;

    use_stack();
    sink = recurse(1);
    count = test_walk_count(&walk);
    root = test_walk_pc(&walk, count - 1);
    for (int i = 0; i < 3; i++) {
        sink = recurse(5000);
        check_end(FORMAT_END_COMPLETE);
        CHECK_EQ(test_walk_count(&walk), 257);
        CHECK_EQ(test_walk_pc(&walk, 128), FORMAT_MARK_GAP);
        CHECK_EQ(test_walk_pc(&walk, 256), root);
    }
    test_walk_drop(&walk);
}

static void a_bottomless_recursion_ends_at_the_bound(void)
{
    use_stack();
    sink = recurse(20000);
    CHECK_EQ(walk.stack->end & FORMAT_END_REASON_MASK, FORMAT_END_DEPTH);
    CHECK_EQ(test_walk_count(&walk), 257);
    test_walk_drop(&walk);
}

/* The first frames are known from before. */
static void beyond_the_bound_a_known_root_is_kept(void)
{
    uintptr_t root;

    use_stack();
    sink = recurse(1);
    root = test_walk_pc(&walk, test_walk_count(&walk) - 1);
    for (int i = 0; i < 3; i++) {
        sink = recurse(20000);
        CHECK_EQ(walk.stack->end, FORMAT_END_COMPLETE | FORMAT_END_GUESSED);
        CHECK_EQ(test_walk_count(&walk), 257);
        CHECK_EQ(test_walk_pc(&walk, 256), root);
    }
    sink = recurse(1);
    check_end(FORMAT_END_COMPLETE);
    CHECK_EQ(test_walk_pc(&walk, test_walk_count(&walk) - 1), root);
    test_walk_drop(&walk);
}

static void *sample_in_thread(void *arg)
{
    use_stack();
    sink = sample_at(3);
    check_against_backtrace();
    test_walk_drop(&walk);
    return arg;
}

static void a_thread_is_complete_too(void)
{
    pthread_t thread;

    CHECK(pthread_create(&thread, NULL, sample_in_thread, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
}

static int (*volatile nowhere)(void);

static void on_fault(int number, siginfo_t *info, void *ucontext)
{
    on_signal(number, info, ucontext);
    test_return(ucontext);
}

static NOINLINE void call_nowhere(void)
{
    true_count = test_backtrace(true_pcs, 64);
    nowhere();
    sink++;
}

static void a_call_through_a_null_pointer_has_its_caller(void)
{
    struct sigaction action = {.sa_sigaction = on_fault,
                               .sa_flags = SA_SIGINFO};
    struct sigaction old;

    use_stack();
    CHECK(sigaction(SIGSEGV, &action, &old) == 0);
    call_nowhere();
    CHECK(sigaction(SIGSEGV, &old, NULL) == 0);
    CHECK_EQ(walk.stack->end, FORMAT_END_GUESSED);
    CHECK_EQ(test_walk_pc(&walk, 0), FORMAT_FIRST_PC);
    CHECK_EQ(test_walk_pc(&walk, 1), FORMAT_MARK_GUESS);
    check_callers();
    sink = sample_at(2); /* which shares no guess with that */
    check_end(FORMAT_END_COMPLETE);
    test_walk_drop(&walk);
}

static void on_fault_below(int number, siginfo_t *info, void *ucontext)
{
    (void)number;
    (void)info;
    raise(SIGPROF);
    test_return(ucontext);
}

/* Where a handler of the program's own is interrupted, too: no address of those
 * that stand for marks. */
static void a_null_pointer_under_a_signal_is_no_mark(void)
{
    struct sigaction action = {.sa_sigaction = on_fault_below,
                               .sa_flags = SA_SIGINFO};
    struct sigaction old;
    uint32_t at = 0;
    uint32_t count;

    use_stack();
    CHECK(sigaction(SIGSEGV, &action, &old) == 0);
    call_nowhere();
    CHECK(sigaction(SIGSEGV, &old, NULL) == 0);
    count = test_walk_count(&walk);
    while (at < count && test_walk_pc(&walk, at) != FORMAT_MARK_SIGNAL)
        at++;
    CHECK(at + 1 < count);
    CHECK_EQ(test_walk_pc(&walk, at + 1), FORMAT_FIRST_PC);
#if !ARCH_LINK
    CHECK_EQ(test_walk_pc(&walk, at + 2), FORMAT_MARK_GUESS);
    CHECK_EQ(walk.stack->end, FORMAT_END_GUESSED);
    check_callers();
    CHECK(test_walk_pc(&walk, at + 3) - (uintptr_t)call_nowhere < 256);
#endif
    test_walk_drop(&walk);
}

static void without_a_snapshot_frame_pointers_are_followed(void)
{
    use_stack();
    engine = sigprof__unwind_cfi;
    sink = sample_at(2);
    CHECK(test_walk_count(&walk) >= 1);
    test_walk_drop(&walk);
}

/* ---- Modules that come and go ------------------------------------------ */

static int compare_and_sample(const void *a, const void *b)
{
    if (sink == 0)
        raise(SIGPROF);
    return *(const char *)a - *(const char *)b;
}

/* Samples inside a callback that the module's code has called through qsort;
 * before a refresh has seen the module, and after. */
static void a_module_no_snapshot_has_is_pulled(void)
{
    void *module = dlopen(module_path, RTLD_NOW);
    int (*with_callback)(int (*)(const void *, const void *));
    uintptr_t low;

    CHECK(module);
    *(void **)&with_callback = dlsym(module, "step_module_callback");
    CHECK(with_callback);
    use_stack();
    sink = 0;
    for (int i = 0; i < 2; i++) {
        bool found = false;

        with_callback(compare_and_sample);
        if (i == 0 && !sigprof__cfi_find_object) {
            puts("skipped: pulling, for which this C library has no call");
            CHECK_EQ(sigprof__modules_refresh(), 0);
            continue;
        }
        check_end(FORMAT_END_COMPLETE);
        low = (uintptr_t)with_callback & ~(uintptr_t)4095;
        for (uint32_t k = 0; k < test_walk_count(&walk); k++)
            found |= test_walk_pc(&walk, k) - low < 4096;
        CHECK(found);
        CHECK_EQ(sigprof__modules_refresh(), 0);
    }
    CHECK(dlclose(module) == 0);
    CHECK_EQ(sigprof__modules_refresh(), 0);
    sink = 1;
    test_walk_drop(&walk);
}

static int sample_refresh_and_sample(const void *a, const void *b)
{
    if (sink == 0) {
        sink = 1;
        /* In memory: an unrolled loop would call from two places. */
        for (volatile int i = 0; i < 2; i++) {
            raise(SIGPROF);
            CHECK(!libc_has_rules() ||
                  (walk.stack->end == FORMAT_END_COMPLETE) == (i == 1));
            CHECK_EQ(sigprof__modules_refresh(), 0);
        }
    }
    return *(const char *)a - *(const char *)b;
}

/* The module is walked by its frame pointers at first, if it has any; its frames stay where they
 * are while a refresh brings the rules for them. */
static void a_guess_is_forgotten_when_rules_come(void)
{
    void *find_object = sigprof__cfi_find_object;
    void *module = dlopen(module_path, RTLD_NOW);
    int (*with_callback)(int (*)(const void *, const void *));

    CHECK(module);
    *(void **)&with_callback = dlsym(module, "step_module_callback");
    CHECK(with_callback);
    use_stack();
    sigprof__cfi_find_object = NULL;
    sink = 0;
    with_callback(sample_refresh_and_sample);
    sigprof__cfi_find_object = find_object;
    CHECK(dlclose(module) == 0);
    CHECK_EQ(sigprof__modules_refresh(), 0);
    test_walk_drop(&walk);
}

/* ---- Code without rules ------------------------------------------------- */

static NOINLINE int sample_in_callback(void)
{
    raise(SIGPROF);
    return sink;
}

#ifdef TEST_CODE_RETURN
typedef int callback(void);

static unsigned count_pc(uintptr_t pc)
{
    unsigned count = 0;

    for (uint32_t i = 0; i < test_walk_count(&walk); i++)
        count += test_walk_pc(&walk, i) == pc;
    return count;
}

static int (*make_code(void))(callback *)
{
    unsigned char *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int (*function)(callback *);

    CHECK(code != MAP_FAILED);
    memcpy(code, test_code, sizeof test_code);
    CHECK(mprotect(code, 4096, PROT_READ | PROT_EXEC) == 0);
    __builtin___clear_cache((char *)code, (char *)code + sizeof test_code);
    memcpy(&function, &code, sizeof function);
    return function;
}

static int (*generated)(callback *);

static NOINLINE int call_generated(void)
{
    return generated(sample_in_callback) + sink;
}

static NOINLINE int call_generated_twice(void)
{
    true_count = test_backtrace(true_pcs, 64);
    return generated(call_generated) + sink;
}

static void generated_code_is_stepped_by_its_frame_pointer(void)
{
    uint32_t count;

    generated = make_code();
    use_stack();
    /* In memory: a counter in rbp would make each round another stack. */
    for (volatile int i = 0; i < 3; i++) {
        walk.may_call_system = i > 0 || !libc_has_rules();
        sink = call_generated_twice();
        count = test_walk_count(&walk);
#ifdef ARCH_WINDOWS /* no guess, but for the interrupted function */
        CHECK_EQ(walk.stack->end & FORMAT_END_REASON_MASK, FORMAT_END_COMPLETE);
#else
        CHECK_EQ(walk.stack->end, FORMAT_END_GUESSED);
#endif
        CHECK_EQ(count_pc((uintptr_t)generated + TEST_CODE_RETURN), 2);
        if (libc_has_rules())
            CHECK_EQ(count_pc(FORMAT_MARK_GUESS), 0);
        check_callers();
        /* The stack above is known again, generated frames and all. */
        if (i > 0 && sizeof(void *) == 8) /* as above */
            CHECK_EQ(walk.stack->shared, count - IN_REGISTERS);
    }
    test_walk_drop(&walk);
}

#endif /* TEST_CODE_RETURN */

#if defined(__x86_64__) || defined(__i386__)
#ifdef __x86_64__
#define PC "%rip"
#define COUNT "%rcx"
#define WORD "8"
#else
#define PC "%eip"
#define COUNT "%ecx"
#define WORD "4"
#endif

/* Its return address is in a register while it traps, as in i386's vfork. */
__asm__(".pushsection .text\n"
        ".type returns_by_register, @function\n"
        "returns_by_register:\n"
        ".cfi_startproc\n"
        "pop " COUNT "\n"
        ".cfi_adjust_cfa_offset -" WORD "\n"
        ".cfi_register " PC ", " COUNT "\n"
        "int3\n"
        "push " COUNT "\n"
        ".cfi_adjust_cfa_offset " WORD "\n"
        "ret\n"
        ".cfi_endproc\n"
        ".size returns_by_register, . - returns_by_register\n"
        ".popsection\n");
void returns_by_register(void) __asm__("returns_by_register");

static NOINLINE int call_by_register(void)
{
    true_count = test_backtrace(true_pcs, 64);
    returns_by_register();
    return sink;
}

static void a_return_address_that_was_popped_is_in_its_register(void)
{
    struct sigaction action = {.sa_sigaction = on_signal,
                               .sa_flags = SA_SIGINFO};
    struct sigaction old;

    CHECK(sigaction(SIGTRAP, &action, &old) == 0);
    use_stack();
    sink = call_by_register();
    check_against_backtrace();
    CHECK(sigaction(SIGTRAP, &old, NULL) == 0);
    test_walk_drop(&walk);
}

/* At each instruction of generated code the caller is the next frame. */
static void the_first_frame_of_generated_code_keeps_its_caller(void)
{
    static struct regs_made context;
    static const struct {
        unsigned offset, sp;
    } states[] = {{0, 8}, {1, 7}, {sizeof(void *) == 8 ? 4 : 3, 7}, {6, 7},
                  {7, 8}};
    uintptr_t words[16] = {0};

    CHECK(true_count > 2);
    test_walk_make(&walk, 16);
    walk.thread.low = (uintptr_t)words;
    walk.thread.high = (uintptr_t)(words + 16);
    walk.ucontext = &context.context;
    for (unsigned i = 0; i < 5; i++) {
        bool framed = i == 2 || i == 3;

        words[7] = (uintptr_t)&words[12]; /* the pushed frame pointer */
        words[8] = (uintptr_t)true_pcs[1];
        test_register(&context.context, REGS_PC,
                      (uintptr_t)generated + states[i].offset);
        test_register(&context.context, REGS_SP, (uintptr_t)&words[states[i].sp]);
        test_register(&context.context, REGS_FP, (uintptr_t)&words[framed ? 7 : 12]);
        sigprof__unwind_cfi(&walk);
        CHECK(walk.stack->end & FORMAT_END_GUESSED);
        CHECK_EQ(count_pc((uintptr_t)true_pcs[1]), 1);
    }
    test_walk_drop(&walk);
}

#endif

#ifdef __x86_64__
static unsigned char *freed_code;

/* As a VM's may do that throws away what it has interrupted. */
static void on_trap(int number, siginfo_t *info, void *ucontext)
{
    (void)number;
    (void)info;
    CHECK(munmap(freed_code, 4096) == 0);
    raise(SIGPROF);
    test_return(ucontext);
}

static void declared_code_may_be_gone_under_a_signal(void)
{
    static const unsigned char trap[] = {0x90, 0x0f, 0x0b}; /* nop; ud2 */
    struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
    struct code_entry entry = {.bytes = sizeof trap};
    uintptr_t start;
    struct sigaction old;
    struct code_table *replaced;
    callback *function;

    freed_code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(freed_code != MAP_FAILED);
    memcpy(freed_code, trap, sizeof trap);
    memcpy(&function, &freed_code, sizeof function);
    start = (uintptr_t)freed_code;
    atomic_init(&entry.start, start);
    atomic_init(&entry.rule, CODE_FRAME);
    CHECK(sigprof__code_map_room(&replaced));
    sigprof__code_map_add(&entry);
    use_stack();
    CHECK(sigaction(SIGILL, &action, &old) == 0);
    sink += function() & 1;
    CHECK(sigaction(SIGILL, &old, NULL) == 0);
    check_end(FORMAT_END_COMPLETE);
    CHECK_EQ(count_pc(start + 1), 1);
    sigprof__code_map_kill(sigprof__code_map_at(start));
    test_walk_drop(&walk);
}

/* Where there are protection keys, such pages have one. */
static void declared_code_may_be_unreadable(void)
{
    static const unsigned char kill_self[] = {
        0xb8, SYS_tgkill & 255, SYS_tgkill >> 8, 0, 0, /* mov $tgkill,%eax */
        0x0f, 0x05,                                    /* syscall */
        0xc3};
    struct code_entry entry = {.bytes = sizeof kill_self};
    int (*function)(long, long, long);
    struct code_table *replaced;
    unsigned char *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(code != MAP_FAILED);
    memcpy(code, kill_self, sizeof kill_self);
    CHECK(mprotect(code, 4096, PROT_EXEC) == 0);
    memcpy(&function, &code, sizeof function);
    atomic_init(&entry.start, (uintptr_t)code);
    atomic_init(&entry.rule, CODE_FRAME);
    CHECK(sigprof__code_map_room(&replaced));
    sigprof__code_map_add(&entry);
    use_stack();
    sink += function(getpid(), syscall(SYS_gettid), SIGPROF) & 1;
    check_end(FORMAT_END_COMPLETE);
    CHECK_EQ(count_pc(entry.start + 7), 1);
    sigprof__code_map_kill(sigprof__code_map_at(entry.start));
    CHECK(munmap(code, 4096) == 0);
    test_walk_drop(&walk);
}
#endif

/* ---- Other stacks ------------------------------------------------------ */

#ifdef __GLIBC__ /* musl has no makecontext */
static ucontext_t here, coroutine;

/* It does not return: sparc's would end the process, without a word, under qemu-user. */
static void run_coroutine(void)
{
    sink = sample_in_callback();
    CHECK(swapcontext(&coroutine, &here) == 0);
}

static void make_coroutine(void *stack, size_t bytes, void (*run)(void))
{
    CHECK(getcontext(&coroutine) == 0);
    coroutine.uc_stack.ss_sp = stack;
    coroutine.uc_stack.ss_size = bytes;
    coroutine.uc_link = &here;
    makecontext(&coroutine, run, 0);
}

static void run_on(void *stack, size_t bytes)
{
    make_coroutine(stack, bytes, run_coroutine);
    CHECK(swapcontext(&here, &coroutine) == 0);
}

static void a_declared_coroutine_stack_needs_no_system_call(void)
{
    enum { BYTES = 64 << 10 };
    char *stack = malloc(BYTES);
    struct unwind_ranges *ranges =
        malloc(sizeof *ranges + sizeof *ranges->range);

    CHECK(stack && ranges);
    use_stack();
    walk.may_call_system = false;
    run_on(stack, BYTES);
    CHECK_EQ(walk.stack->end & FORMAT_END_REASON_MASK,
             FORMAT_END_FOREIGN_STACK);
    ranges->count = 1;
    ranges->range[0].low = (uintptr_t)stack;
    ranges->range[0].high = (uintptr_t)stack + BYTES;
    walk.declared = ranges;
    run_on(stack, BYTES);
    CHECK_EQ(walk.stack->end & FORMAT_END_REASON_MASK, FORMAT_END_COMPLETE);
    CHECK(test_walk_count(&walk) >= 4);
    walk.declared = NULL;
    walk.may_call_system = true;
    run_on(stack, BYTES);
    CHECK_EQ(walk.stack->end & FORMAT_END_REASON_MASK, FORMAT_END_COMPLETE);
    CHECK(walk.stack->end & FORMAT_END_UNKNOWN_STACK);
    free(ranges);
    free(stack);
    test_walk_drop(&walk);
}

static void run_nothing(void)
{
    sink++;
    CHECK(swapcontext(&coroutine, &here) == 0);
}

/* A signal that is blocked here, and not there, comes in swapcontext's system call. */
static NOINLINE void switch_into_signal(void *stack, size_t bytes)
{
    sigset_t set;

    true_count = test_backtrace(true_pcs, 64);
    make_coroutine(stack, bytes, run_nothing);
    sigemptyset(&set);
    sigaddset(&set, SIGPROF);
    CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
    raise(SIGPROF);
    CHECK_EQ(test_walk_count(&walk), 0);
    CHECK(swapcontext(&here, &coroutine) == 0);
    CHECK(pthread_sigmask(SIG_UNBLOCK, &set, NULL) == 0);
}

static void a_switch_of_stacks_that_is_interrupted_has_its_callers(void)
{
    enum { BYTES = 64 << 10 };
    char *stack = malloc(BYTES);

    CHECK(stack);
    use_stack();
    switch_into_signal(stack, BYTES);
#ifdef __aarch64__ /* glibc's has put its return address away: a guess leads on */
    CHECK_EQ(walk.stack->end, FORMAT_END_COMPLETE | FORMAT_END_GUESSED);
    check_callers();
#else
    check_against_backtrace();
#endif
    free(stack);
    test_walk_drop(&walk);
}
#endif

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_sigaction = on_signal,
                               .sa_flags = SA_SIGINFO | SA_RESTART};

    CHECK(argc == 2);
    module_path = argv[1];
    CHECK(sigaction(SIGPROF, &action, NULL) == 0);
    RUN(without_a_snapshot_frame_pointers_are_followed);
    CHECK_EQ(sigprof__modules_refresh(), 0);
    RUN(cfi_agrees_with_backtrace);
    RUN(an_equal_stack_is_all_shared);
    RUN(the_memory_of_a_changed_stack_is_not_believed);
    RUN(a_walk_that_remembers_finds_what_another_does);
    RUN(an_unknown_stack_is_walked_and_said_to_be_so);
    RUN(a_deep_recursion_reaches_its_root);
    RUN(a_bottomless_recursion_ends_at_the_bound);
    RUN(beyond_the_bound_a_known_root_is_kept);
    RUN(a_thread_is_complete_too);
    RUN(a_call_through_a_null_pointer_has_its_caller);
    RUN(a_null_pointer_under_a_signal_is_no_mark);
    RUN(a_module_no_snapshot_has_is_pulled);
    RUN(a_guess_is_forgotten_when_rules_come);
#ifdef TEST_CODE_RETURN
    RUN(generated_code_is_stepped_by_its_frame_pointer);
#else
    puts("skipped: generated code, which nobody wrote for this CPU");
#endif
#if defined(__x86_64__) || defined(__i386__)
    RUN(the_first_frame_of_generated_code_keeps_its_caller);
    RUN(a_return_address_that_was_popped_is_in_its_register);
#endif
#ifdef __x86_64__
    RUN(declared_code_may_be_gone_under_a_signal);
    RUN(declared_code_may_be_unreadable);
#endif
#ifdef __GLIBC__
    RUN(a_declared_coroutine_stack_needs_no_system_call);
    RUN(a_switch_of_stacks_that_is_interrupted_has_its_callers);
#else
    puts("skipped: coroutines, which this C library cannot make");
#endif
    return 0;
}
