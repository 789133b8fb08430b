# SPDX-License-Identifier: BSD-2-Clause
# mips64el by Debian's cross compiler (package gcc-mips64el-linux-gnuabi64), run under qemu-user.
set(SIGPROF_CROSS_CPU mips64el)
set(SIGPROF_CROSS_TRIPLET mips64el-linux-gnuabi64)
set(SIGPROF_CROSS_QEMU qemu-mips64el)
include(${CMAKE_CURRENT_LIST_DIR}/linux-qemu.cmake)
