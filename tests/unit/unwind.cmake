# SPDX-License-Identifier: BSD-2-Clause
# The unwinder and the module list, without the rest of the library.
include(${PROJECT_SOURCE_DIR}/tests/support/unwind-alone.cmake)
include(CheckIncludeFile)
check_include_file(execinfo.h SIGPROF_FOUND_EXECINFO)
foreach(module memory unwind modules)
  add_executable(${module}_test ${module}_test.c)
  target_link_libraries(${module}_test PRIVATE unwind_alone)
  sigprof_test(unit ${module} $<TARGET_FILE:step_module>)
endforeach()
if(TARGET step_module_apart)
  add_test(NAME unit.unwind-apart COMMAND unwind_test $<TARGET_FILE:step_module_apart>)
  set_tests_properties(unit.unwind-apart PROPERTIES LABELS unit TIMEOUT 900)
endif()
# backtrace needs them; some CPUs' compilers make none by themselves.
foreach(module unwind modules)
  target_compile_options(${module}_test PRIVATE -fasynchronous-unwind-tables)
endforeach()
if(NOT SIGPROF_FOUND_EXECINFO) # the truth is then found by them
  target_compile_options(unwind_test PRIVATE -fno-omit-frame-pointer)
endif()
# Made of x86-64's register numbers, and of readelf's names for them.
if(SIGPROF_CPU STREQUAL "x86_64")
  foreach(module cfi cfi_oracle)
    add_executable(${module}_test ${module}_test.c)
    target_link_libraries(${module}_test PRIVATE unwind_alone)
    sigprof_test(unit ${module})
  endforeach()
endif()
# arm's tables and code, which are read alike on every machine.
set(arm_readers arm-a32.c arm-code.c arm-thumb.c ehabi.c)
list(TRANSFORM arm_readers PREPEND ${PROJECT_SOURCE_DIR}/src/unwind/)
add_executable(ehabi_test ehabi_test.c ${arm_readers})
target_include_directories(ehabi_test PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
sigprof_test(unit ehabi)
if(SIGPROF_CPU STREQUAL "arm")
  add_executable(ehabi-rows ehabi-rows.c ${arm_readers})
  target_include_directories(ehabi-rows PRIVATE ${PROJECT_SOURCE_DIR}/src)
  find_program(PYTHON3 python3)
  if(PYTHON3)
    add_test(NAME unit.ehabi_oracle
      COMMAND ${PYTHON3} ${CMAKE_CURRENT_SOURCE_DIR}/ehabi_oracle.py ${CMAKE_READELF}
        $<TARGET_FILE:ehabi-rows> $<TARGET_FILE:unwind_test>)
    set_tests_properties(unit.ehabi_oracle PROPERTIES LABELS unit SKIP_RETURN_CODE 77
      ENVIRONMENT "SIGPROF_REQUIRE_ALL=$<BOOL:${SIGPROF_REQUIRE_ALL}>;SIGPROF_TEST_EMULATOR=${emulator}")
  endif()
endif()
