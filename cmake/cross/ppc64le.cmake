# SPDX-License-Identifier: BSD-2-Clause
# ppc64le by Debian's cross compiler (package gcc-powerpc64le-linux-gnu), run under qemu-user.
set(SIGPROF_CROSS_CPU ppc64le)
set(SIGPROF_CROSS_TRIPLET powerpc64le-linux-gnu)
set(SIGPROF_CROSS_QEMU qemu-ppc64le)
set(SIGPROF_CROSS_DEBIAN ppc64el)
include(${CMAKE_CURRENT_LIST_DIR}/linux-qemu.cmake)
