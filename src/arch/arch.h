/* SPDX-License-Identifier: BSD-2-Clause */
/* The processor that CMake chose. */
#include SIGPROF_ARCH
