# SPDX-License-Identifier: BSD-2-Clause
# The single-step oracle. Lazy binding on, for the loader's own frames; its
# workloads without frame pointers, as distributions compile.
include(${PROJECT_SOURCE_DIR}/tests/support/unwind-alone.cmake)
# How a CPU's programs can be stepped: by its trap flag, or by breakpoints.
set(stepper_x86_64 step-trap.c)
set(stepper_i386 step-trap.c)
set(stepper_aarch64 step-break.c)
set(stepper_riscv64 step-break.c)
set(stepper_arm step-break.c)
set(stepper_sparcv9 step-break.c)
set(stepper ${stepper_${SIGPROF_CPU}})
if(NOT stepper)
  message(STATUS "test left out, since there is no stepper for this CPU (step-cpu.h): signal.step")
endif()
include(CheckIncludeFile)
check_include_file(execinfo.h SIGPROF_FOUND_EXECINFO)
if(NOT SIGPROF_FOUND_EXECINFO)
  message(STATUS "test left out, since this C library has no backtrace and tells of none of its functions how they are unwound: signal.step")
  set(stepper)
endif()
if(CMAKE_SYSTEM_NAME STREQUAL "Linux" AND stepper AND NOT SIGPROF_SANITIZE)
  add_executable(step_test step_test.c ${stepper} step-shadow.c step-judge.c
    step-loader.c step-work.c step-shapes.c step-libraries.c)
  set_source_files_properties(step-work.c step-shapes.c step-libraries.c
    PROPERTIES COMPILE_OPTIONS "-O2;-fomit-frame-pointer")
  set_source_files_properties(step-shapes.c
    PROPERTIES COMPILE_OPTIONS "-O2;-fomit-frame-pointer;-fno-builtin;$<$<C_COMPILER_ID:GNU>:-fno-tree-loop-distribute-patterns>")
  # riscv64's compiler makes none by itself.
  target_compile_options(step_test PRIVATE -fasynchronous-unwind-tables)
  target_link_libraries(step_test PRIVATE unwind_alone m)
  if(SIGPROF_FOLD)
    target_sources(step_test PRIVATE step-names.c)
    target_link_libraries(step_test PRIVATE sigprof-fold-parts)
  else()
    target_sources(step_test PRIVATE step-no-names.c)
  endif()
  target_link_options(step_test PRIVATE LINKER:-z,lazy)
  # libunwind has to find the test's dl_iterate_phdr.
  set_target_properties(step_test PROPERTIES ENABLE_EXPORTS ON)
  if(SIGPROF_CPU STREQUAL "x86_64" AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    # 1 KiB for the whole chain, less what the handler takes (208 bytes).
    target_compile_definitions(step_test PRIVATE STEP_STACK_MAX=768)
  endif()
  set(thrower -)
  if(CMAKE_CXX_COMPILER)
    enable_language(CXX)
    add_library(step_throw MODULE step-throw.cpp)
    target_compile_options(step_throw PRIVATE -O2)
    set(thrower $<TARGET_FILE:step_throw>)
  endif()
  sigprof_test(signal step $<TARGET_FILE:step_module> ${thrower})
  set_tests_properties(signal.step PROPERTIES TIMEOUT 1800)
endif()
