/* SPDX-License-Identifier: BSD-2-Clause */
/* sysctl(3) of FreeBSD and DragonFly. */
#include "system.h"

static bool of_kernel(int what, struct answer *answer)
{
    if (what == ABI_KERN_CLOCKRATE)
        put_rate(answer);
    else if (what == ABI_KERN_BOOTTIME)
        put_boot(answer);
    else if (what == ABI_KERN_USRSTACK)
        put_word(answer, end_of_stack());
    else
        return false;
    return true;
}

bool answer_to(const int *name, unsigned words, struct answer *answer)
{
    if (name[0] != ABI_CTL_KERN)
        return false;
    if (words == 2)
        return of_kernel(name[1], answer);
    return words == 4 && name[1] == ABI_KERN_PROC && of_process(name, answer);
}
