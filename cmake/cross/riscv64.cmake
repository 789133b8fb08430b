# SPDX-License-Identifier: BSD-2-Clause
# riscv64 by Debian's cross compiler (package gcc-riscv64-linux-gnu), run under qemu-user.
set(SIGPROF_CROSS_CPU riscv64)
set(SIGPROF_CROSS_TRIPLET riscv64-linux-gnu)
set(SIGPROF_CROSS_QEMU qemu-riscv64)
include(${CMAKE_CURRENT_LIST_DIR}/linux-qemu.cmake)
