# SPDX-License-Identifier: BSD-2-Clause
# Fuzz targets of sigprof-fold: the corpus is replayed by ctest; with clang and
# SIGPROF_FUZZ they are built for libFuzzer too (fuzz-profile_fuzz DIR…).
foreach(target profile_fuzz profile_elf_fuzz profile_names_fuzz dwarf_fuzz index_fuzz file_fuzz
    perf-map_fuzz jitdump_fuzz)
  set(source ${CMAKE_CURRENT_LIST_DIR}/${target}.c)
  add_executable(replay-${target} ${source} ${CMAKE_CURRENT_LIST_DIR}/profile_replay.c)
  target_compile_definitions(replay-${target} PRIVATE _GNU_SOURCE)
  target_link_libraries(replay-${target} PRIVATE sigprof-fold-parts)
  add_test(NAME fuzz.${target}
    COMMAND replay-${target} ${CMAKE_CURRENT_LIST_DIR}/${target}-corpus)
  if(SIGPROF_FUZZ)
    add_executable(fuzz-${target} ${source})
    target_compile_options(fuzz-${target} PRIVATE -fsanitize=fuzzer)
    target_link_options(fuzz-${target} PRIVATE -fsanitize=fuzzer)
    target_link_libraries(fuzz-${target} PRIVATE sigprof-fold-parts)
  endif()
endforeach()
if(SIGPROF_FUZZ)
  target_compile_options(sigprof-fold-parts PRIVATE -fsanitize=fuzzer-no-link)
endif()
