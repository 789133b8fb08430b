#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Every installed header compiles alone, without a warning, in every language that
# may include it.
. "$(dirname "$0")/lib.sh"
need g++
install_tree

for header in "$prefix"/include/sigprof/*.h; do
    name=sigprof/$(basename "$header")
    for compiler in cc clang; do
        command -v "$compiler" >/dev/null || continue
        for language in c:c99 c:c11 c:c17 c++:c++11 c++:c++17 c++:c++20; do
            printf '#include <%s>\n' "$name" |
                "$compiler" -x "${language%%:*}" "-std=${language##*:}" -Wall -Wextra -Wpedantic \
                    -Werror -fsyntax-only -I "$prefix/include" - ||
                fail "$name as $language by $compiler"
            echo "ok: $name as ${language##*:} by $compiler"
        done
    done
done
