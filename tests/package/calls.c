/* SPDX-License-Identifier: BSD-2-Clause */
/* Starts and stops by itself; the profile's name is the argument. C99 and C++11
 * at once. */
#include <sigprof/sigprof.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

static volatile unsigned long sink;

int main(int argc, char **argv)
{
    struct sigprof_options options;
    clock_t end = clock() + CLOCKS_PER_SEC / 3;
    int code;

    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.hz = 997;
    options.out = argv[argc - 1];
    code = sigprof_start(&options);
    while (clock() < end)
        sink += 1;
    if (code == 0)
        code = sigprof_stop();
    printf("%s\n", sigprof_strerror(code));
    return code != 0;
}
