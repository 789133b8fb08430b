#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The installed tree has all of its parts, they find one another after a move, and
# none of them holds a path of the build.
. "$(dirname "$0")/lib.sh"
install_tree
cd "$prefix"

for file in bin/sigprof-fold bin/sigprof-run include/sigprof/sigprof.h \
    lib/libsigprof.so lib/libsigprof.a lib/libsigprof-preload.so \
    lib/pkgconfig/sigprof.pc lib/cmake/sigprof/sigprof-config.cmake \
    share/man/man1/sigprof-run.1 share/man/man1/sigprof-fold.1 share/man/man7/libsigprof.7; do
    [ -s "$file" ] || fail "$file is missing or empty"
done
if grep -rIlF -e "$SIGPROF_BUILD" -e "$work/stage" -e /first .; then
    fail "the files above hold the path of the build or of the first prefix"
fi

# LD_PRELOAD takes no path with a space; sigprof-run says so and runs nothing.
said=$("$prefix/bin/sigprof-run" echo ran 2>&1) && fail "a prefix with a space: status 0"
case $said in
*"space or a colon"*) ;;
*) fail "a prefix with a space: $said" ;;
esac

mv "$prefix" "$work/plain"
cd "$work"
plain/bin/sigprof-run -F 997 -o out.folded -- sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; exit 3' && status=0 || status=$?
[ "$status" = 3 ] || fail "sigprof-run from the installed tree: status $status"
[ -s out.folded ] || fail "sigprof-run from the installed tree folded nothing"
plain/bin/sigprof-fold --version
