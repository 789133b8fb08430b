#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Of libiberty, sigprof-fold has those three objects that may be linked into anything.
set -eu
export LC_ALL=C
library=$(sed -n 's/^LIBIBERTY_LIBRARY:[A-Z]*=//p' "$SIGPROF_BUILD/CMakeCache.txt")
case $library in
*.a) ;;
*)
    echo "skipped: this build has no libiberty.a"
    [ "${SIGPROF_REQUIRE_ALL:-0}" = 1 ] && exit 1
    exit 77
    ;;
esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
nm "$SIGPROF_BUILD/src/fold/sigprof-fold" | awk '$2 ~ /[TDRBV]/ { print $3 }' | sort >"$work/ours"
# SYMBOL OBJECT, of all that the archive defines
nm -A --defined-only "$library" 2>/dev/null |
    sed -n 's/^.*:\([^:]*\)\.o:[0-9a-f]* [TDRBVC] \(.*\)$/\2 \1/p' | sort >"$work/theirs"
# What stands in for theirs (src/sym/demangle.c).
join "$work/ours" "$work/theirs" |
    grep -vE '^(xmalloc|xrealloc|_sch_istable) ' | awk '{ print $2 }' | sort -u >"$work/linked"
printf 'cp-demangle\nd-demangle\nrust-demangle\n' | diff - "$work/linked" || {
    echo "FAIL: the objects of libiberty that are linked"
    exit 1
}
# And those are ours: their objects would bring these along.
for name in xexit xcalloc _sch_toupper; do
    ! grep -qx "$name" "$work/ours" || {
        echo "FAIL: $name is linked"
        exit 1
    }
done
echo "ok: cp-demangle, d-demangle, rust-demangle"
