# SPDX-License-Identifier: BSD-2-Clause
# The CFI reader: the corpus is replayed by ctest; with clang and SIGPROF_FUZZ it
# is built for libFuzzer too.
include(${PROJECT_SOURCE_DIR}/tests/support/unwind-alone.cmake)
add_executable(replay-cfi_fuzz ${CMAKE_CURRENT_LIST_DIR}/cfi_fuzz.c
  ${CMAKE_CURRENT_LIST_DIR}/profile_replay.c)
target_link_libraries(replay-cfi_fuzz PRIVATE unwind_alone)
add_test(NAME fuzz.cfi_fuzz COMMAND replay-cfi_fuzz ${CMAKE_CURRENT_LIST_DIR}/cfi_fuzz-corpus)
if(SIGPROF_FUZZ)
  add_executable(fuzz-cfi_fuzz ${CMAKE_CURRENT_LIST_DIR}/cfi_fuzz.c)
  target_compile_options(fuzz-cfi_fuzz PRIVATE -fsanitize=fuzzer)
  target_link_options(fuzz-cfi_fuzz PRIVATE -fsanitize=fuzzer)
  target_link_libraries(fuzz-cfi_fuzz PRIVATE unwind_alone)
  target_compile_options(unwind_alone PRIVATE -fsanitize=fuzzer-no-link)
  target_compile_options(unwind_alone_signal PRIVATE -fsanitize=fuzzer-no-link)
endif()
