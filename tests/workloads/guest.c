/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs under an emulator. usage: guest loop|timer */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

static volatile sig_atomic_t ticks;

static void tick(int number)
{
    (void)number;
    ticks = ticks + 1;
}

int main(int argc, char **argv)
{
    struct itimerval every = {{0, 10000}, {0, 10000}}, off = {{0, 0}, {0, 0}};
    unsigned value = 1;

    if (argc > 1 && strcmp(argv[1], "timer") == 0) {
        signal(SIGPROF, tick);
        setitimer(ITIMER_PROF, &every, NULL);
        while (ticks < 20)
            value = value * 31 + 7;
        setitimer(ITIMER_PROF, &off, NULL);
        printf("20 ticks\n");
        return 3;
    }
    for (unsigned i = 0; i < 60000000; i++)
        value = value * 31 + (value >> 7);
    printf("%u\n", value);
    return 4;
}
