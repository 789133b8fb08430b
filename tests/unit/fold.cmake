# SPDX-License-Identifier: BSD-2-Clause
# Unit tests of the profile format and of sigprof-fold's parts.
foreach(name format read store generated sym)
  add_executable(${name}_test ${CMAKE_CURRENT_LIST_DIR}/${name}_test.c)
  target_include_directories(${name}_test PRIVATE ${CMAKE_CURRENT_LIST_DIR})
  target_link_libraries(${name}_test PRIVATE sigprof-fold-parts)
  add_test(NAME unit.${name} COMMAND ${name}_test)
endforeach()
# Of sigprof-run.
add_executable(tree_test ${CMAKE_CURRENT_LIST_DIR}/tree_test.c ${PROJECT_SOURCE_DIR}/src/run/tree.c)
target_include_directories(tree_test PRIVATE ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(tree_test PRIVATE sigprof-fold-parts)
add_test(NAME unit.tree COMMAND tree_test)
if(LIBIBERTY_INCLUDE AND LIBIBERTY_LIBRARY)
  target_compile_definitions(sym_test PRIVATE TEST_WITH_LIBIBERTY=1)
  target_include_directories(sym_test PRIVATE ${LIBIBERTY_INCLUDE})
endif()

# Real binaries against nm; those that are not on this machine are said.
add_executable(sym_oracle_test ${CMAKE_CURRENT_LIST_DIR}/sym_oracle_test.c)
target_link_libraries(sym_oracle_test PRIVATE sigprof-fold-parts)
add_test(NAME unit.sym_oracle
  COMMAND sym_oracle_test $<TARGET_FILE:sigprof-fold>
    /lib/x86_64-linux-gnu/libc.so.6 /usr/lib/x86_64-linux-gnu/libstdc++.so.6
    /usr/bin/python3 /usr/bin/perl)
set_tests_properties(unit.sym_oracle PROPERTIES SKIP_RETURN_CODE 77 ENVIRONMENT "NM=${CMAKE_NM}")
