/* SPDX-License-Identifier: BSD-2-Clause */
/* Unwind tables of generated code (jit/frames.h). See preload.c. */
#include "hooks.h"
#include "preload/real.h"

INTERPOSED void __register_frame(void *eh_frame);
INTERPOSED void __deregister_frame(void *eh_frame);

/* The C++ runtime may come later than its first caller's own check for it. */
void __register_frame(void *eh_frame)
{
    if (REAL(__register_frame))
        REAL(__register_frame)(eh_frame);
    if (eh_frame)
        sigprof__hook_frames(eh_frame, true);
}

void __deregister_frame(void *eh_frame)
{
    if (eh_frame)
        sigprof__hook_frames(eh_frame, false);
    if (REAL(__deregister_frame))
        REAL(__deregister_frame)(eh_frame);
}
