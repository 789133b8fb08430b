# SPDX-License-Identifier: BSD-2-Clause
# bench-unwind: code without frame pointers; bench-unwind-fp: the same with them.
include(${PROJECT_SOURCE_DIR}/tests/support/unwind-alone.cmake)
foreach(kind "" -fp)
  add_executable(bench-unwind${kind} ${CMAKE_CURRENT_LIST_DIR}/unwind.c
    ${CMAKE_CURRENT_LIST_DIR}/unwind-tree.c)
  target_link_libraries(bench-unwind${kind} PRIVATE unwind_alone)
  target_compile_options(bench-unwind${kind} PRIVATE -O2 -std=gnu11)
endforeach()
target_compile_options(bench-unwind PRIVATE -fomit-frame-pointer)
target_compile_options(bench-unwind-fp PRIVATE -fno-omit-frame-pointer)
