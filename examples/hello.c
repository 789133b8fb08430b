/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Start and stop by the API: only the part between is in the profile.
 *
 *      ./hello [hello.sigprof]
 *      sigprof-fold hello.sigprof
 */
#include <sigprof/sigprof.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static volatile unsigned long sink;

__attribute__((noinline)) static void work(void)
{
    clock_t end = clock() + CLOCKS_PER_SEC / 2;

    while (clock() < end)
        for (int i = 0; i < 100000; i++)
            sink += 1;
}

static void check(int code)
{
    if (code) {
        fprintf(stderr, "hello: %s\n", sigprof_strerror(code));
        exit(1);
    }
}

int main(int argc, char **argv)
{
    struct sigprof_options options = {.size = sizeof options, .hz = 199};
    struct sigprof_stats stats = {.size = sizeof stats};

    options.out = argc > 1 ? argv[1] : "hello.sigprof";
    work(); /* not in the profile */
    check(sigprof_start(&options));
    work();
    check(sigprof_stop());
    check(sigprof_stats(&stats));
    printf("%llu samples in %s, of %.0f ms of CPU time\n",
           (unsigned long long)stats.taken, options.out,
           (double)stats.due_ns * 1e-6);
    return stats.taken == 0;
}
