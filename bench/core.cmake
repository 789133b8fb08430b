# SPDX-License-Identifier: BSD-2-Clause
# bench/bench.py BUILD runs all of it; nothing here is a test.
add_library(empty-handler SHARED empty-handler.c)
target_compile_definitions(empty-handler PRIVATE _GNU_SOURCE)
add_executable(cost cost.c)
target_compile_definitions(cost PRIVATE _GNU_SOURCE)
target_include_directories(cost PRIVATE ${PROJECT_SOURCE_DIR}/tests)
target_compile_options(cost PRIVATE -O2 -fomit-frame-pointer)
target_link_libraries(cost PRIVATE Threads::Threads)
add_executable(nothing nothing.c)
add_executable(wall wall.c)
target_compile_definitions(wall PRIVATE _GNU_SOURCE)
target_link_libraries(wall PRIVATE sigprof_shared Threads::Threads)

add_executable(bench-code code.c)
target_link_libraries(bench-code PRIVATE sigprof_static)
target_include_directories(bench-code PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_compile_definitions(bench-code PRIVATE _GNU_SOURCE)
