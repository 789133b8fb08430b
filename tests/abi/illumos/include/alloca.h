/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ABI_ILLUMOS_INCLUDE_ALLOCA_H
#define ABI_ILLUMOS_INCLUDE_ALLOCA_H

#define alloca(size) __builtin_alloca(size)

#endif
