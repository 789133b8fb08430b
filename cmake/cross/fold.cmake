# SPDX-License-Identifier: BSD-2-Clause
# sigprof-fold for another CPU, where scripts/setup has put what it is linked with;
# else profiles are folded by a sigprof-fold of the machine that builds.
set(SIGPROF_CROSS_PACKAGES ${CMAKE_CURRENT_LIST_DIR}/../../build/debian/${SIGPROF_CROSS_DEBIAN})
if(SIGPROF_CROSS_DEBIAN AND EXISTS ${SIGPROF_CROSS_PACKAGES}/unpacked)
  get_filename_component(SIGPROF_CROSS_PACKAGES ${SIGPROF_CROSS_PACKAGES} ABSOLUTE)
  list(APPEND CMAKE_FIND_ROOT_PATH ${SIGPROF_CROSS_PACKAGES}/usr)
  set(ENV{PKG_CONFIG_LIBDIR} ${SIGPROF_CROSS_PACKAGES}/usr/lib/${SIGPROF_CROSS_TRIPLET}/pkgconfig)
  set(ENV{PKG_CONFIG_SYSROOT_DIR} ${SIGPROF_CROSS_PACKAGES})
  # The libraries find each other there, too: RPATH, not RUNPATH.
  set(CMAKE_EXE_LINKER_FLAGS_INIT -Wl,--disable-new-dtags)
else()
  set(SIGPROF_FOLD OFF CACHE BOOL "")
endif()
