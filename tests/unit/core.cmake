# SPDX-License-Identifier: BSD-2-Clause
# The library's own modules, without a signal.
foreach(module code guest ring stacks encode config labels profile-file salvage catalogue told untold v8-name gdb)
  add_executable(${module}_test ${module}_test.c)
  target_link_libraries(${module}_test PRIVATE test_support)
  sigprof_test(unit ${module})
endforeach()
string(TOLOWER "${CMAKE_SYSTEM_NAME}" system)
target_compile_definitions(guest_test PRIVATE SIGPROF_REGS="os/regs/${system}-${SIGPROF_CPU}.h")
# Its list is found by the loader.
target_link_options(gdb_test PRIVATE -rdynamic)
# It asks where functions end, which their unwind tables tell; riscv64's and other
# compilers make none by themselves.
target_compile_options(guest_test PRIVATE -fasynchronous-unwind-tables)
