# SPDX-License-Identifier: BSD-2-Clause
# arm by Debian's cross compiler (package gcc-arm-linux-gnueabihf), run under qemu-user.
set(SIGPROF_CROSS_CPU arm)
set(SIGPROF_CROSS_TRIPLET arm-linux-gnueabihf)
set(SIGPROF_CROSS_QEMU qemu-arm)
set(SIGPROF_CROSS_DEBIAN armhf)
include(${CMAKE_CURRENT_LIST_DIR}/linux-qemu.cmake)
