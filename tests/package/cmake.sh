#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A CMake project outside the tree against the installed package, C and C++, shared
# and static, with and without the linker's --as-needed.
. "$(dirname "$0")/lib.sh"
need cmake
need g++
install_tree

for flag in -Wl,--as-needed -Wl,--no-as-needed; do
    build="$work/build$flag"
    cmake -S "$here/project" -B "$build" -DCMAKE_PREFIX_PATH="$prefix" \
        -DCMAKE_EXE_LINKER_FLAGS="$flag" >"$work/log" 2>&1 || fail "configure: $(cat "$work/log")"
    cmake --build "$build" >"$work/log" 2>&1 || fail "build: $(cat "$work/log")"
    for language in c cxx; do
        for kind in sigprof sigprof-static; do
            profiled_silently "silent-$language-$kind$flag" "$build/silent-$language-$kind"
            profiled_by_calls "calls-$language-$kind$flag" "$build/calls-$language-$kind"
        done
    done
done
