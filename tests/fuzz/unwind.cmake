# SPDX-License-Identifier: BSD-2-Clause
# The CFI reader: the corpus is replayed by ctest; with clang and SIGPROF_FUZZ it
# is built for libFuzzer too.
include(${PROJECT_SOURCE_DIR}/tests/support/unwind-alone.cmake)
add_executable(replay-cfi_fuzz ${CMAKE_CURRENT_LIST_DIR}/cfi_fuzz.c
  ${CMAKE_CURRENT_LIST_DIR}/profile_replay.c)
target_link_libraries(replay-cfi_fuzz PRIVATE unwind_alone)
add_test(NAME fuzz.cfi_fuzz COMMAND replay-cfi_fuzz ${CMAKE_CURRENT_LIST_DIR}/cfi_fuzz-corpus)
# arm's tables and code, which are read alike on every machine.
set(arm_readers ${PROJECT_SOURCE_DIR}/src/unwind/arm-a32.c ${PROJECT_SOURCE_DIR}/src/unwind/arm-code.c
  ${PROJECT_SOURCE_DIR}/src/unwind/arm-thumb.c ${PROJECT_SOURCE_DIR}/src/unwind/ehabi.c)
add_executable(replay-ehabi_fuzz ${CMAKE_CURRENT_LIST_DIR}/ehabi_fuzz.c
  ${CMAKE_CURRENT_LIST_DIR}/profile_replay.c ${arm_readers})
target_include_directories(replay-ehabi_fuzz PRIVATE ${PROJECT_SOURCE_DIR}/src)
# Else readdir fails where places in a folder need 64 bits, as qemu-user gives them.
target_compile_definitions(replay-ehabi_fuzz PRIVATE _FILE_OFFSET_BITS=64)
add_test(NAME fuzz.ehabi_fuzz COMMAND replay-ehabi_fuzz ${CMAKE_CURRENT_LIST_DIR}/ehabi_fuzz-corpus)
if(SIGPROF_FUZZ)
  add_executable(fuzz-ehabi_fuzz ${CMAKE_CURRENT_LIST_DIR}/ehabi_fuzz.c ${arm_readers})
  target_include_directories(fuzz-ehabi_fuzz PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_compile_options(fuzz-ehabi_fuzz PRIVATE -fsanitize=fuzzer)
  target_link_options(fuzz-ehabi_fuzz PRIVATE -fsanitize=fuzzer)
  add_executable(fuzz-cfi_fuzz ${CMAKE_CURRENT_LIST_DIR}/cfi_fuzz.c)
  target_compile_options(fuzz-cfi_fuzz PRIVATE -fsanitize=fuzzer)
  target_link_options(fuzz-cfi_fuzz PRIVATE -fsanitize=fuzzer)
  target_link_libraries(fuzz-cfi_fuzz PRIVATE unwind_alone)
  target_compile_options(unwind_alone PRIVATE -fsanitize=fuzzer-no-link)
  target_compile_options(unwind_alone_signal PRIVATE -fsanitize=fuzzer-no-link)
endif()
