/* SPDX-License-Identifier: BSD-2-Clause */
/* A module that is loaded while it is stepped; its constructor calls around. */
#include <stdlib.h>

#ifdef STEP_MODULE_APART
/* The tables are in a segment of their own, as objects for 32-bit illumos have them. */
__asm__(".section .eh_frame, \"aw\"\n.previous\n");
#endif

int step_module_counter;
int step_module_work(int n);
int step_module_callback(int (*order)(const void *, const void *));

static int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

int step_module_work(int n)
{
    int numbers[16];

    for (int i = 0; i < 16; i++)
        numbers[i] = (i * 37 + n) % 16;
    qsort(numbers, 16, sizeof *numbers, compare);
    return numbers[n % 16];
}

/* Calls compare, through qsort, from this module's code. */
int step_module_callback(int (*order)(const void *, const void *))
{
    char letters[4] = "dca";

    qsort(letters, 3, 1, order);
    return letters[0];
}

static void __attribute__((constructor)) come(void)
{
    step_module_counter = step_module_work(3);
}

static void __attribute__((destructor)) go(void)
{
    step_module_counter = step_module_work(5);
}
