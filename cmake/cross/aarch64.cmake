# SPDX-License-Identifier: BSD-2-Clause
# aarch64 by Debian's cross compiler (package gcc-aarch64-linux-gnu), run under qemu-user.
set(SIGPROF_CROSS_CPU aarch64)
set(SIGPROF_CROSS_TRIPLET aarch64-linux-gnu)
set(SIGPROF_CROSS_QEMU qemu-aarch64)
set(SIGPROF_CROSS_DEBIAN arm64)
include(${CMAKE_CURRENT_LIST_DIR}/linux-qemu.cmake)
