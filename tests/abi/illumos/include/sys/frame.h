/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_SYS_FRAME_H
#define ABI_ILLUMOS_INCLUDE_SYS_FRAME_H

struct frame {
    long fr_local[8];
    long fr_arg[6];
    struct frame *fr_savfp;
    long fr_savpc;
};

#endif
