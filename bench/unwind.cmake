# SPDX-License-Identifier: BSD-2-Clause
# bench-unwind: the same functions twice, as distributions compile and with frame
# pointers, in blocks that a compiler is done with in a second.
include(${PROJECT_SOURCE_DIR}/tests/support/unwind-alone.cmake)
add_executable(bench-unwind ${CMAKE_CURRENT_LIST_DIR}/unwind.c ${CMAKE_CURRENT_LIST_DIR}/unwind-trees.c)
target_compile_options(bench-unwind PRIVATE -O2 -std=gnu11 -fno-omit-frame-pointer)
target_link_libraries(bench-unwind PRIVATE unwind_alone)
set(plain_option -fomit-frame-pointer)
set(fp_option -fno-omit-frame-pointer)
foreach(kind plain fp)
  foreach(block 0 1 2 3 4 5 6 7 8 9 a b c d e f)
    add_library(bench-tree-${kind}-${block} OBJECT ${CMAKE_CURRENT_LIST_DIR}/unwind-tree.c)
    target_compile_definitions(bench-tree-${kind}-${block} PRIVATE TREE_KIND=${kind} TREE_BLOCK=${block})
    target_compile_options(bench-tree-${kind}-${block} PRIVATE -O2 ${${kind}_option})
    target_link_libraries(bench-unwind PRIVATE bench-tree-${kind}-${block})
  endforeach()
endforeach()
