# SPDX-License-Identifier: BSD-2-Clause
# What `cmake --install` puts where. Nothing in it holds the prefix: the tree can
# be moved, staged by DESTDIR, or installed elsewhere by --prefix.
include(CMakePackageConfigHelpers)

foreach(kind BIN LIB INCLUDE)
  if(IS_ABSOLUTE "${CMAKE_INSTALL_${kind}DIR}")
    message(FATAL_ERROR "CMAKE_INSTALL_${kind}DIR is absolute; give it relative to the prefix")
  endif()
endforeach()

if(NOT TARGET sigprof_preload) # macOS: the library, its headers and no packages yet
  install(TARGETS sigprof_shared sigprof_static LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/sigprof
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
  return()
endif()

# An unused archive member and an unused shared library are dropped, and the
# constructor that reads SIGPROF_HZ with them. illumos' own linker keeps the latter.
# gcc -static leaves .eh_frame_hdr out, which stacks are found by.
target_link_options(sigprof_static INTERFACE "LINKER:-u,sigprof_version")
if(NOT SIGPROF_LINKER_IS_SUNS)
  set(SIGPROF_KEEP_BEGIN " -Wl,--push-state,--no-as-needed")
  set(SIGPROF_KEEP_END " -Wl,--pop-state")
  set(SIGPROF_STATIC_OPTIONS " -Wl,--eh-frame-hdr")
  target_link_options(sigprof_static INTERFACE "LINKER:--eh-frame-hdr")
  target_link_libraries(sigprof_shared INTERFACE
    "$<INSTALL_INTERFACE:-Wl,--push-state,--no-as-needed>"
    "$<INSTALL_INTERFACE:$<TARGET_FILE:sigprof::sigprof>>"
    "$<INSTALL_INTERFACE:-Wl,--pop-state>")
endif()

install(TARGETS sigprof_shared sigprof_static EXPORT sigprof-targets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS sigprof_preload LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET sigprof_python)
  install(TARGETS sigprof_python LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/sigprof)
endif()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/sigprof
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(FILES ${PROJECT_SOURCE_DIR}/docs/libsigprof.7
  DESTINATION ${CMAKE_INSTALL_MANDIR}/man7)

set(SIGPROF_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/sigprof)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/sigprof-config.cmake.in
  ${PROJECT_BINARY_DIR}/sigprof-config.cmake INSTALL_DESTINATION ${SIGPROF_CMAKE_DIR})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/sigprof-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/sigprof-config.cmake
  ${PROJECT_BINARY_DIR}/sigprof-config-version.cmake DESTINATION ${SIGPROF_CMAKE_DIR})
install(EXPORT sigprof-targets NAMESPACE sigprof:: DESTINATION ${SIGPROF_CMAKE_DIR})

file(RELATIVE_PATH SIGPROF_PC_PREFIX
  /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
string(REGEX REPLACE "/$" "" SIGPROF_PC_PREFIX "${SIGPROF_PC_PREFIX}")
configure_file(${PROJECT_SOURCE_DIR}/cmake/sigprof.pc.in ${PROJECT_BINARY_DIR}/sigprof.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/sigprof.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
