# SPDX-License-Identifier: BSD-2-Clause
# The library's own modules, without a signal.
foreach(module code functions guest shadow ring stacks encode config labels profile-file salvage catalogue told untold v8-name gdb)
  add_executable(${module}_test ${module}_test.c)
  target_link_libraries(${module}_test PRIVATE test_support)
  sigprof_test(unit ${module})
endforeach()
string(TOLOWER "${CMAKE_SYSTEM_NAME}" system)
foreach(module guest shadow)
  target_compile_definitions(${module}_test PRIVATE SIGPROF_REGS="os/regs/${system}-${SIGPROF_CPU}.h")
endforeach()
# Its list is found by the loader.
target_link_options(gdb_test PRIVATE -rdynamic)
# It asks where functions end, which their unwind tables tell; riscv64's and other
# compilers make none by themselves.
target_compile_options(guest_test PRIVATE -fasynchronous-unwind-tables)
# Made of x86-64's register numbers.
if(SIGPROF_CPU STREQUAL "x86_64")
  add_executable(frames_test frames_test.c)
  target_link_libraries(frames_test PRIVATE test_support)
  target_compile_definitions(frames_test PRIVATE SIGPROF_ARCH="arch/${SIGPROF_CPU}.h" SIGPROF_REGS="os/regs/${system}-${SIGPROF_CPU}.h")
  sigprof_test(unit frames)
endif()
# Of other systems: compiled for this one, without the library.
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  add_executable(own-tls_test own-tls_test.c)
  target_include_directories(own-tls_test PRIVATE ${PROJECT_SOURCE_DIR}/tests ${PROJECT_SOURCE_DIR}/src)
  target_compile_definitions(own-tls_test PRIVATE _GNU_SOURCE)
  target_link_libraries(own-tls_test PRIVATE Threads::Threads)
  sigprof_test(unit own-tls)
endif()
