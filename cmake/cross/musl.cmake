# SPDX-License-Identifier: BSD-2-Clause
# x86-64 with musl, by the wrapper of Debian's package musl-tools; runs as it is. Of
# the machine's own headers it sees the kernel's alone. There is no libelf for it:
# profiles are folded by a sigprof-fold of the machine.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_C_COMPILER musl-gcc)
set(kernel_headers ${CMAKE_CURRENT_LIST_DIR}/../../build/kernel-headers)
file(MAKE_DIRECTORY ${kernel_headers})
file(CREATE_LINK /usr/include/linux ${kernel_headers}/linux SYMBOLIC)
file(CREATE_LINK /usr/include/asm-generic ${kernel_headers}/asm-generic SYMBOLIC)
file(CREATE_LINK /usr/include/x86_64-linux-gnu/asm ${kernel_headers}/asm SYMBOLIC)
# The wrapper leaves out what gcc says to the linker elsewhere.
set(CMAKE_EXE_LINKER_FLAGS_INIT "-Wl,--eh-frame-hdr")
set(CMAKE_SHARED_LINKER_FLAGS_INIT "-Wl,--eh-frame-hdr")
set(CMAKE_MODULE_LINKER_FLAGS_INIT "-Wl,--eh-frame-hdr")
set(CMAKE_CXX_COMPILER CMAKE_CXX_COMPILER-NOTFOUND) # the machine's has another C library
set(CMAKE_C_FLAGS_INIT "-idirafter ${kernel_headers}")
set(ENV{PKG_CONFIG_LIBDIR} /usr/lib/x86_64-linux-musl/pkgconfig)
set(SIGPROF_FOLD OFF CACHE BOOL "")
