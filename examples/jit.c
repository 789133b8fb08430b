/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A just-in-time compiler for brainfuck that tells the profiler of its code: one
 * function for each loop, so that the picture shows where a program spends its
 * time. x86-64 and aarch64.
 *
 *      ./jit [jit.sigprof]
 *      sigprof-fold jit.sigprof
 */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, which C11 alone hides */
#include <sigprof/jit.h>

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define CODE_BYTES ((size_t)64 << 10)

/* Two counting loops around three that do the work: one moves a cell to two others,
 * the next two clear these. */
static const char program[] = "-[->-[->-[->+>+<<]>[-]>[-]<<<]<]";

static uint8_t *code, *at;

static void put(const void *bytes, size_t size)
{
    memcpy(at, bytes, size);
    at += size;
}

static void put32(uint32_t word)
{
    put(&word, sizeof word);
}

/* What the processor needs to know; cells are bytes, the first argument is the
 * pointer to the current one, and so is the result. */
#if defined(__x86_64__)
static void put_begin(void) { put("\x55\x48\x89\xe5", 4); }   /* push %rbp; mov %rsp,%rbp */
static void put_end(void) { put("\x48\x89\xf8\x5d\xc3", 5); } /* mov %rdi,%rax; pop; ret */
static void put_add(int n) { put((uint8_t[]){0x80, 0x07, (uint8_t)n}, 3); }
static void put_move(int n) { put((uint8_t[]){0x48, 0x83, 0xc7, (uint8_t)n}, 4); }
static void put_call(const uint8_t *to)
{
    put("\xe8", 1);
    put32((uint32_t)(to - (at + 4)));
    put("\x48\x89\xc7", 3); /* mov %rax,%rdi */
}
/* The place of the jump's distance, to be filled in by land(). */
static uint8_t *put_jump_if_zero(void)
{
    put("\x80\x3f\x00\x0f\x84", 5); /* cmpb $0,(%rdi); je */
    put32(0);
    return at - 4;
}
static void put_jump(const uint8_t *to)
{
    put("\xe9", 1);
    put32((uint32_t)(to - (at + 4)));
}
static void land(uint8_t *jump)
{
    uint32_t distance = (uint32_t)(at - (jump + 4));

    memcpy(jump, &distance, 4);
}
#elif defined(__aarch64__)
static void put_begin(void)
{
    put32(0xa9bf7bfd); /* stp x29, x30, [sp, #-16]! */
    put32(0x910003fd); /* mov x29, sp */
}
static void put_end(void)
{
    put32(0xa8c17bfd); /* ldp x29, x30, [sp], #16 */
    put32(0xd65f03c0); /* ret */
}
static void put_add(int n)
{
    put32(0x39400001);                                  /* ldrb w1, [x0] */
    put32(0x11000021 | ((uint32_t)n & 0xff) << 10);     /* add w1, w1, #n */
    put32(0x39000001);                                  /* strb w1, [x0] */
}
static void put_move(int n)
{
    put32((n < 0 ? 0xd1000000 : 0x91000000) | (uint32_t)(n < 0 ? -n : n) << 10);
}
static void put_call(const uint8_t *to)
{
    put32(0x94000000 | ((uint32_t)((to - at) / 4) & 0x3ffffff));
}
static uint8_t *put_jump_if_zero(void)
{
    put32(0x39400001); /* ldrb w1, [x0] */
    put32(0x34000001); /* cbz w1 */
    return at - 4;
}
static void put_jump(const uint8_t *to)
{
    put32(0x14000000 | ((uint32_t)((to - at) / 4) & 0x3ffffff));
}
static void land(uint8_t *jump)
{
    uint32_t word = 0x34000001 | (uint32_t)((at - jump) / 4) << 5;

    memcpy(jump, &word, 4);
}
#else
#error "this example knows x86-64 and aarch64"
#endif

static void tell(const uint8_t *start, size_t from, size_t to)
{
    char name[64];
    struct sigprof_code described = {.size = sizeof described,
                                     .start = start,
                                     .bytes = (size_t)(at - start),
                                     .name = name,
                                     .file = "program.bf",
                                     .line = 1};

    snprintf(name, sizeof name, "bf:%.*s", (int)(to - from), program + from);
    if (SIGPROF_JIT_PRESENT)
        sigprof_code_register(&described);
}

/* Compiles program[from..to): first its loops, each to a function of its own,
 * then the code that calls them. Returns its first instruction. */
static const uint8_t *compile(size_t from, size_t to, int is_loop)
{
    const uint8_t *callee[32];
    size_t end[32], loops = 0, next = 0;
    const uint8_t *start, *top;
    uint8_t *leave = NULL;

    for (size_t i = from; i < to; i++)
        if (program[i] == '[') {
            size_t begin = i + 1, depth = 1;

            while (depth && ++i < to)
                depth += (program[i] == '[') - (program[i] == ']');
            callee[loops] = compile(begin, i, 1);
            end[loops++] = i;
        }
    start = at;
    put_begin();
    top = at;
    if (is_loop)
        leave = put_jump_if_zero();
    for (size_t i = from; i < to; i++)
        switch (program[i]) {
        case '+': put_add(1); break;
        case '-': put_add(-1); break;
        case '>': put_move(1); break;
        case '<': put_move(-1); break;
        case '[': put_call(callee[next]); i = end[next++]; break;
        }
    if (is_loop) {
        put_jump(top);
        land(leave);
    }
    put_end();
    tell(start, is_loop ? from - 1 : from, is_loop ? to + 1 : to);
    return start;
}

static void run(const uint8_t *start)
{
    static uint8_t cells[4096];
    uint8_t *(*entry)(uint8_t *cell);

    memcpy(&entry, &start, sizeof entry);
    for (int i = 0; i < 5; i++)
        entry(cells + 1024);
}

int main(int argc, char **argv)
{
    struct sigprof_options options = {.size = sizeof options, .hz = 199};
    const uint8_t *start;
    int result;

    options.out = argc > 1 ? argv[1] : "jit.sigprof";
    code = at = mmap(NULL, CODE_BYTES, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (code == MAP_FAILED)
        return 1;
    start = compile(0, sizeof program - 1, 0);
    mprotect(code, CODE_BYTES, PROT_READ | PROT_EXEC);
    __builtin___clear_cache((char *)code, (char *)at);
    result = sigprof_start(&options);
    if (result == 0) {
        run(start);
        result = sigprof_stop();
    }
    if (result)
        fprintf(stderr, "%s: %s\n", options.out, sigprof_strerror(result));
    else
        printf("wrote %s\n", options.out);
    return result != 0;
}
