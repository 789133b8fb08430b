# SPDX-License-Identifier: BSD-2-Clause
# The unwinder and the module list without the rest of the library, for tests and
# benchmarks that want to see what these two do: library-alone.c stands in.
if(NOT TARGET unwind_alone)
  string(TOLOWER "${CMAKE_SYSTEM_NAME}" system)
  set(parts modules-signal.c jit/map-signal.c unwind/brief.c unwind/cfi.c unwind/dwarf.c unwind/exact.c unwind/expression.c
    unwind/find.c unwind/fp.c unwind/generated.c unwind/guess.c unwind/landing.c unwind/lost.c unwind/memo.c unwind/memory.c unwind/pack.c unwind/prologue.c unwind/pull.c
    unwind/rules.c unwind/scan.c unwind/store.c unwind/trampoline.c os/${system}-signal.c)
  if(SIGPROF_CPU STREQUAL "arm")
    list(APPEND parts unwind/arm-a32.c unwind/arm-code.c unwind/arm-thumb.c unwind/ehabi.c
      unwind/exidx.c unwind/exidx-code.c)
  endif()
  if(SIGPROF_CPU STREQUAL "sparcv9")
    list(APPEND parts unwind/window.c)
  endif()
  list(TRANSFORM parts PREPEND ${PROJECT_SOURCE_DIR}/src/)
  add_library(unwind_alone_signal OBJECT ${parts})
  target_compile_options(unwind_alone_signal PRIVATE -std=gnu11 -ffreestanding -fno-stack-protector -fomit-frame-pointer
    -fno-builtin $<$<C_COMPILER_ID:GNU>:-fno-tree-loop-distribute-patterns>)
  if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    target_compile_options(unwind_alone_signal PRIVATE -O2)
  endif()
  set(parts modules.c module-path.c permanent.c objects-elf.c sys.c jit/map.c unwind/cfi-elf.c os/${system}.c os/linux-maps.c os/loader-counts.c os/loader-holds.c)
  if(SIGPROF_CPU STREQUAL "arm")
    list(APPEND parts unwind/exidx-elf.c)
  endif()
  if(UNWIND_FOUND)
    list(APPEND parts unwind/libunwind.c)
  else()
    list(APPEND parts unwind/no-libunwind.c)
  endif()
  list(TRANSFORM parts PREPEND ${PROJECT_SOURCE_DIR}/src/)
  add_library(unwind_alone STATIC ${parts} ${CMAKE_CURRENT_LIST_DIR}/library-alone.c
    $<TARGET_OBJECTS:unwind_alone_signal>)
  target_compile_options(unwind_alone PRIVATE -std=gnu11)
  target_include_directories(unwind_alone PUBLIC ${CMAKE_CURRENT_LIST_DIR})
  target_link_libraries(unwind_alone PUBLIC Threads::Threads ${CMAKE_DL_LIBS})
  foreach(target unwind_alone unwind_alone_signal)
    target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include
      ${PROJECT_SOURCE_DIR}/tests)
    target_compile_definitions(${target} PUBLIC _GNU_SOURCE _FILE_OFFSET_BITS=64 SIGPROF_CPU="${SIGPROF_CPU}"
      SIGPROF_REGS="os/regs/${system}-${SIGPROF_CPU}.h" SIGPROF_ARCH="arch/${SIGPROF_CPU}.h")
  endforeach()

  # A module to be loaded and unloaded, with a constructor.
  add_library(step_module MODULE ${PROJECT_SOURCE_DIR}/tests/signal/step-module.c)
  set_target_properties(step_module PROPERTIES C_VISIBILITY_PRESET default)
  if(CMAKE_C_COMPILER_ID STREQUAL "GNU") # clang's assembler lets nobody change a section's flags
    add_library(step_module_apart MODULE ${PROJECT_SOURCE_DIR}/tests/signal/step-module.c)
    set_target_properties(step_module_apart PROPERTIES C_VISIBILITY_PRESET default)
    target_compile_definitions(step_module_apart PRIVATE STEP_MODULE_APART)
    target_compile_options(step_module_apart PRIVATE -fno-omit-frame-pointer -fasynchronous-unwind-tables)
  endif()
  target_compile_options(step_module PRIVATE -fno-omit-frame-pointer -fasynchronous-unwind-tables) # unwind_test guesses by it
endif()
