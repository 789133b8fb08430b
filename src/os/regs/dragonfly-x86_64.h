/* SPDX-License-Identifier: BSD-2-Clause */
/* DragonFly on x86-64: names are FreeBSD's, places are its own. */
#include "os/regs/freebsd-x86_64.h"

#undef REGS_DEFERS /* its threads' library does not */
