/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An interpreter of a small stack language. Its functions are pushed on a shadow
 * stack when they are called and popped when they return, so that the picture shows
 * them, with their lines, in place of the interpreter's loop.
 *
 *      ./shadow [shadow.sigprof]
 *      sigprof-fold --by line shadow.sigprof
 */
#include <sigprof/jit.h>

#include <stdio.h>

/* spin N: works N rounds; call F: calls function F; each line is one of the source. */
enum op { OP_SPIN, OP_CALL, OP_RETURN };
struct line {
    enum op op;
    long argument;
};
struct function {
    const char *name;
    uint32_t first_line; /* in the source; the lines follow */
    const struct line *lines;
    uint32_t number;     /* as the profiler knows it */
};

static const struct line hot_a[] = {{OP_SPIN, 500000}, {OP_RETURN, 0}};
static const struct line hot_b[] = {{OP_SPIN, 300000}, {OP_RETURN, 0}};
static const struct line hot_c[] = {{OP_SPIN, 200000}, {OP_RETURN, 0}};
static const struct line start[] = {
    {OP_CALL, 1}, {OP_CALL, 2}, {OP_CALL, 3}, {OP_RETURN, 0}};
static struct function functions[] = {{"start", 1, start, 0},
                                      {"hot_a", 10, hot_a, 0},
                                      {"hot_b", 20, hot_b, 0},
                                      {"hot_c", 30, hot_c, 0}};
#define FUNCTIONS (sizeof functions / sizeof *functions)

static struct sigprof_shadow shadow;
static struct sigprof_shadow_frame frames[256];
static volatile unsigned long sink;

/* The loop. Calls of the guest are calls of its own. */
__attribute__((noinline)) static void interpret(const struct function *function)
{
    const struct line *line = function->lines;
    char here = 0;

    sigprof_shadow_push(&shadow, function->number, function->first_line, &here);
    for (;; line++) {
        sigprof_shadow_line(&shadow, function->first_line +
                                         (uint32_t)(line - function->lines));
        switch (line->op) {
        case OP_SPIN:
            for (long i = 0; i < line->argument; i++)
                sink += (unsigned long)i;
            break;
        case OP_CALL:
            interpret(&functions[line->argument]);
            break;
        case OP_RETURN:
            sigprof_shadow_pop(&shadow);
            return;
        }
    }
}

/* Without the library the shadow stack is kept all the same, and nobody looks. */
static void tell(void)
{
    sigprof_shadow_init(&shadow, frames, sizeof frames / sizeof *frames);
    if (!SIGPROF_JIT_PRESENT)
        return;
    for (size_t i = 0; i < FUNCTIONS; i++)
        functions[i].number = sigprof_function_intern(
            functions[i].name, "program.src", functions[i].first_line);
    sigprof_loop_declare((const void *)(uintptr_t)interpret, 0);
    sigprof_guest_enter(&shadow.guest);
}

int main(int argc, char **argv)
{
    struct sigprof_options options = {.size = sizeof options, .hz = 199};
    int code;

    options.out = argc > 1 ? argv[1] : "shadow.sigprof";
    tell();
    code = sigprof_start(&options);
    if (code == 0) {
        for (int i = 0; i < 300; i++)
            interpret(&functions[0]);
        code = sigprof_stop();
    }
    if (code)
        fprintf(stderr, "%s: %s\n", options.out, sigprof_strerror(code));
    else
        printf("wrote %s\n", options.out);
    return code != 0;
}
