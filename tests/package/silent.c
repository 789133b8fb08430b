/* SPDX-License-Identifier: BSD-2-Clause */
/* Uses a third of a second of CPU time and never mentions libsigprof. C99 and
 * C++11 at once. */
#include <stdio.h>
#include <time.h>

static unsigned long mix(unsigned long x)
{
    x ^= x << 13;
    x ^= x >> 7;
    return x ^ x << 17;
}

int main(void)
{
    clock_t end = clock() + CLOCKS_PER_SEC / 3;
    unsigned long x = 1;

    while (clock() < end)
        for (int i = 0; i < 10000; i++)
            x = mix(x);
    printf("%d\n", x != 0);
    return 0;
}
