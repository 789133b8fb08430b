# SPDX-License-Identifier: BSD-2-Clause
# mips64el by Debian's cross compiler (package gcc-mips64el-linux-gnuabi64), run under qemu-user.
set(SIGPROF_CROSS_CPU mips64el)
set(SIGPROF_CROSS_TRIPLET mips64el-linux-gnuabi64)
set(SIGPROF_CROSS_DEBIAN mips64el)
# The CPU that it takes by itself, 5KEf, ignores the rounding mode that is asked for
# (seen in 7.2): signal.host watches that.
set(SIGPROF_CROSS_QEMU qemu-mips64el -cpu MIPS64R2-generic)
include(${CMAKE_CURRENT_LIST_DIR}/linux-qemu.cmake)
