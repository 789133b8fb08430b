/* SPDX-License-Identifier: BSD-2-Clause */
/* Three functions that share the CPU time 50:30:20, for LLVM's compilers at run
 * time. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NOINLINE __attribute__((noinline))

static unsigned sink;

NOINLINE unsigned hot_a(unsigned n)
{
    unsigned s = 0;

    for (unsigned i = 0; i < n; i++)
        s = (s ^ i) * 31 + (s >> 3);
    return s;
}

NOINLINE unsigned hot_b(unsigned n)
{
    unsigned s = 1;

    for (unsigned i = 0; i < n; i++)
        s = (s ^ i) * 31 + (s >> 5);
    return s;
}

NOINLINE unsigned hot_c(unsigned n)
{
    unsigned s = 2;

    for (unsigned i = 0; i < n; i++)
        s = (s ^ i) * 31 + (s >> 7);
    return s;
}

static double cpu(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

NOINLINE void driver(double seconds)
{
    static const double share[3] = {0.5, 0.3, 0.2};
    double used[3] = {0, 0, 0}, before = cpu(), end = before + seconds;

    while (before < end) {
        double now;
        int next = 0;

        for (int i = 1; i < 3; i++)
            if (used[i] / share[i] < used[next] / share[next])
                next = i;
        sink += next == 0   ? hot_a(1000000)
                : next == 1 ? hot_b(1000000)
                            : hot_c(1000000);
        now = cpu();
        used[next] += now - before;
        before = now;
    }
}

int main(int argc, char **argv)
{
    driver(argc > 1 ? atof(argv[1]) : 1);
    puts("done");
    return 0;
}
