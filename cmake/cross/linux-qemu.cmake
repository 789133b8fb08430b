# SPDX-License-Identifier: BSD-2-Clause
# What the toolchain files of this folder share. Needs the CPU's C library in
# /usr/TRIPLET, where Debian's cross packages put it. There is no libelf for it:
# profiles are folded by a sigprof-fold of the machine that builds.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${SIGPROF_CROSS_CPU})
set(CMAKE_C_COMPILER ${SIGPROF_CROSS_TRIPLET}-gcc)
# C++ only where its compiler is; never the machine's own.
find_program(SIGPROF_CROSS_CXX ${SIGPROF_CROSS_TRIPLET}-g++)
set(CMAKE_CXX_COMPILER ${SIGPROF_CROSS_CXX})
set(CMAKE_FIND_ROOT_PATH /usr/${SIGPROF_CROSS_TRIPLET})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_CROSSCOMPILING_EMULATOR ${SIGPROF_CROSS_QEMU} -L /usr/${SIGPROF_CROSS_TRIPLET})
set(ENV{PKG_CONFIG_LIBDIR} /usr/${SIGPROF_CROSS_TRIPLET}/lib/pkgconfig)
set(SIGPROF_FOLD OFF CACHE BOOL "")
