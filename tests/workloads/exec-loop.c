/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Executes itself over and over, each time after it has used so much CPU that a
 * tick is due about now. usage: exec-loop TIMES. Prints "done" in the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int left = argc > 1 ? atoi(argv[1]) : 0;
    long for_ns = 500000 + left * 791911L % 9000000;
    struct timespec then, now; /* this clock goes on over an exec */
    char text[16];

    if (left <= 0) {
        printf("done\n");
        return 0;
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &then);
    do
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    while ((now.tv_sec - then.tv_sec) * 1000000000L + now.tv_nsec -
               then.tv_nsec <
           for_ns);
    snprintf(text, sizeof text, "%d", left - 1);
    execl(argv[0], argv[0], text, (char *)NULL);
    perror("execl");
    return 1;
}
