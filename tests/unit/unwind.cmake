# SPDX-License-Identifier: BSD-2-Clause
# The unwinder and the module list, without the rest of the library.
include(${PROJECT_SOURCE_DIR}/tests/support/unwind-alone.cmake)
foreach(module memory cfi unwind modules)
  add_executable(${module}_test ${module}_test.c)
  target_link_libraries(${module}_test PRIVATE unwind_alone)
  sigprof_test(unit ${module} $<TARGET_FILE:step_module>)
endforeach()
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
  add_executable(cfi_oracle_test cfi_oracle_test.c)
  target_link_libraries(cfi_oracle_test PRIVATE unwind_alone)
  sigprof_test(unit cfi_oracle)
endif()
