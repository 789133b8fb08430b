# SPDX-License-Identifier: BSD-2-Clause
# sparcv9 by Debian's cross compiler (package gcc-sparc64-linux-gnu), run under qemu-user.
set(SIGPROF_CROSS_CPU sparcv9)
set(SIGPROF_CROSS_TRIPLET sparc64-linux-gnu)
set(SIGPROF_CROSS_QEMU qemu-sparc64)
include(${CMAKE_CURRENT_LIST_DIR}/linux-qemu.cmake)
