/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Labels: whose request was it? Ids are made beforehand, setting one is a single
 * store, and spans nest by putting back what was there.
 *
 *      ./labels [labels.sigprof]
 *      sigprof-fold --root label:user labels.sigprof
 */
#include <sigprof/sigprof.h>

#include <stdio.h>
#include <time.h>

static volatile unsigned long sink;

__attribute__((noinline)) static void work(int tenths)
{
    clock_t end = clock() + CLOCKS_PER_SEC / 10 * tenths;

    while (clock() < end)
        for (int i = 0; i < 100000; i++)
            sink += 1;
}

static void answer(uint32_t user, int tenths)
{
    uint32_t before = sigprof_label_set(user);

    work(tenths);
    sigprof_label_set(before);
}

int main(int argc, char **argv)
{
    struct sigprof_options options = {.size = sizeof options, .hz = 199};
    uint32_t ann = sigprof_label_intern("user", "ann", 0);
    uint32_t ben = sigprof_label_intern("user", "ben", 0);
    int code;

    options.out = argc > 1 ? argv[1] : "labels.sigprof";
    code = sigprof_start(&options);
    if (code == 0) {
        answer(ann, 4);
        answer(ben, 2);
        code = sigprof_stop();
    }
    if (code)
        fprintf(stderr, "%s: %s\n", options.out, sigprof_strerror(code));
    else
        printf("wrote %s\n", options.out);
    return code != 0;
}
