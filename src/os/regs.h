/* SPDX-License-Identifier: BSD-2-Clause */
/* The register cell of the system and CPU that CMake chose. */
#include SIGPROF_REGS
