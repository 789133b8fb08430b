/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interpreter of shadow.c, with frames of its own: the profiler asks for them
 * when it takes a sample, and a call of the guest costs nothing more than before.
 *
 *      ./walk [walk.sigprof]
 *      sigprof-fold --by line walk.sigprof
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
    uint32_t number; /* as the profiler knows it */
};

/* On the native stack: so its own address tells which activation of the loop. */
struct frame {
    const struct frame *caller;
    const struct function *function;
    const struct line *volatile line;
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

static const struct frame *volatile current;
static volatile unsigned long sink;

/* The loop. Calls of the guest are calls of its own. */
__attribute__((noinline)) static void interpret(const struct function *function)
{
    struct frame frame = {current, function, function->lines};

    SIGPROF_SIGNAL_FENCE(); /* it is whole before it is the current one */
    current = &frame;
    for (;; frame.line++) {
        switch (frame.line->op) {
        case OP_SPIN:
            for (long i = 0; i < frame.line->argument; i++)
                sink += (unsigned long)i;
            break;
        case OP_CALL:
            interpret(&functions[frame.line->argument]);
            break;
        case OP_RETURN:
            current = frame.caller;
            return;
        }
    }
}

/* Inside the signal, in the thread that runs the interpreter: all of its frames
 * are whole and lie on the stack, so they may be read as they are. */
static int list_frames(struct sigprof_guest *guest, struct sigprof_walk *walk)
{
    (void)guest;
    for (const struct frame *frame = current; frame; frame = frame->caller) {
        const struct function *function = frame->function;
        uint32_t line = function->first_line +
                        (uint32_t)(frame->line - function->lines);

        if (!sigprof_walk_frame(walk, function->number, line, frame, 0))
            break;
    }
    return 0;
}

static void tell(void)
{
    static struct sigprof_guest guest = {.walk = list_frames};

    if (!SIGPROF_JIT_PRESENT)
        return;
    for (size_t i = 0; i < FUNCTIONS; i++)
        functions[i].number = sigprof_function_intern(
            functions[i].name, "program.src", functions[i].first_line);
    sigprof_loop_declare((const void *)(uintptr_t)interpret, 0);
    sigprof_guest_enter(&guest);
}

int main(int argc, char **argv)
{
    struct sigprof_options options = {.size = sizeof options, .hz = 199};
    int code;

    options.out = argc > 1 ? argv[1] : "walk.sigprof";
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
