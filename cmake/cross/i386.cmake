# SPDX-License-Identifier: BSD-2-Clause
# i386 on an x86-64 machine, which runs it: gcc -m32 with Debian's packages
# libc6-dev-i386 and lib32stdc++-12-dev (gcc-multilib keeps other cross compilers
# out). The kernel's headers are the same for both.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR i386)
set(CMAKE_C_COMPILER gcc)
set(CMAKE_CXX_COMPILER g++)
set(CMAKE_C_FLAGS_INIT "-m32 -isystem /usr/include/x86_64-linux-gnu -Wno-psabi")
set(CMAKE_CXX_FLAGS_INIT "-m32 -isystem /usr/include/x86_64-linux-gnu")
set(CMAKE_SIZEOF_VOID_P 4)
set(SIGPROF_CROSS_DEBIAN i386)
set(SIGPROF_CROSS_TRIPLET i386-linux-gnu)
set(CMAKE_LIBRARY_ARCHITECTURE i386-linux-gnu)
set(ENV{PKG_CONFIG_LIBDIR} /usr/lib/i386-linux-gnu/pkgconfig)
include(${CMAKE_CURRENT_LIST_DIR}/fold.cmake)
