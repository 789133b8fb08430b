/* SPDX-License-Identifier: BSD-2-Clause */
#include "system.h"

#include <fcntl.h>
#include <stdlib.h>

int flags_here(int flags)
{
    static const int pairs[][2] = {
        {ABI_O_APPEND, O_APPEND},   {ABI_O_NONBLOCK, O_NONBLOCK},
        {ABI_O_CREAT, O_CREAT},     {ABI_O_EXCL, O_EXCL},
        {ABI_O_NOCTTY, O_NOCTTY},   {ABI_O_NOFOLLOW, O_NOFOLLOW},
        {ABI_O_CLOEXEC, O_CLOEXEC}};
    int here = flags & 3, left = flags & ~3;

    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        here |= (flags & pairs[i][0]) ? pairs[i][1] : 0;
        left &= ~pairs[i][0];
    }
    if (left)
        abort(); /* a flag that we do not know */
    return here;
}
