#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# C and C++ programs against the installed tree by pkg-config: shared, the archive
# in a dynamic program, and wholly static.
. "$(dirname "$0")/lib.sh"
need pkg-config
need g++
install_tree
# pkg-config cannot say a folder with a space in a way that $(...) keeps.
ln -s "$prefix" "$work/prefix"
export PKG_CONFIG_PATH="$work/prefix/lib/pkgconfig"
[ -d "$PKG_CONFIG_PATH" ] || fail "no pkgconfig folder in the installed tree"

cflags=$(pkg-config --cflags sigprof)
libs=$(pkg-config --libs sigprof)
static_libs=$(pkg-config --static --libs sigprof)

# build NAME LANGUAGE SOURCE LINKER-FLAG...
build() {
    local out="$work/$1" language=$2 source=$3
    shift 3
    # shellcheck disable=SC2086 # flags are words
    g++ -x "$language" $cflags "$here/$source" -x none -o "$out" "$@"
}

for language in c c++; do
    for program in silent calls; do
        name=$program-$language
        # shellcheck disable=SC2086
        build "$name-shared" "$language" "$program.c" -Wl,--as-needed $libs "-Wl,-rpath,$prefix/lib"
        # shellcheck disable=SC2086
        build "$name-archive" "$language" "$program.c" -Wl,-Bstatic $libs -Wl,-Bdynamic -pthread -ldl
        # shellcheck disable=SC2086
        build "$name-static" "$language" "$program.c" -static $static_libs
        for kind in shared archive static; do
            if [ "$program" = silent ]; then
                profiled_silently "$name-$kind" "$work/$name-$kind"
            else
                profiled_by_calls "$name-$kind" "$work/$name-$kind"
            fi
        done
    done
done
