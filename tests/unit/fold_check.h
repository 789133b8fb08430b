/* SPDX-License-Identifier: BSD-2-Clause */
/* CHECK(what must hold) counts; a test's main ends with `return CHECKED`. */
#ifndef FOLD_CHECK_H
#define FOLD_CHECK_H

#include <stdio.h>

static unsigned check_failures;

#define CHECK(condition)                                                       \
    do {                                                                       \
        if (!(condition)) {                                                    \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #condition);             \
            check_failures++;                                                  \
        }                                                                      \
    } while (0)

#define CHECKED (check_failures != 0)

#endif
