# SPDX-License-Identifier: BSD-2-Clause
# s390x by Debian's cross compiler (package gcc-s390x-linux-gnu), run under qemu-user.
set(SIGPROF_CROSS_CPU s390x)
set(SIGPROF_CROSS_TRIPLET s390x-linux-gnu)
set(SIGPROF_CROSS_QEMU qemu-s390x)
set(SIGPROF_CROSS_DEBIAN s390x)
include(${CMAKE_CURRENT_LIST_DIR}/linux-qemu.cmake)
