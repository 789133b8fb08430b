/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of this folder that the build makes part of the command. */
#ifndef SIGPROF_FOLD_ASSET_H
#define SIGPROF_FOLD_ASSET_H

#include <stddef.h>

/* view.html; no NUL at its end. */
extern const unsigned char sigprof__view_asset[];
extern const size_t sigprof__view_asset_size;

#endif
