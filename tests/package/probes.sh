#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The static probes are in both objects a user links, as readelf and a tracer see
# them.
. "$(dirname "$0")/lib.sh"
grep -q '^SIGPROF_PROBES_LINK:INTERNAL=1' "$SIGPROF_BUILD/CMakeCache.txt" || {
    [ "${SIGPROF_REQUIRE_ALL:-0}" != 1 ] || fail "built without <sys/sdt.h>"
    echo "skipped: built without <sys/sdt.h>"
    exit 77
}
need readelf
need bpftrace
install_tree

notes=$(readelf -n "$prefix/lib/libsigprof.so")
for probe in sample drop start stop; do
    grep -A1 '^ *Provider: sigprof$' <<<"$notes" | grep -q "^ *Name: $probe$" ||
        fail "readelf -n shows no probe $probe"
done
# What a system of DTrace's is told of them is the same.
provider=$here/../../src/sigprof.d
told=$(sed -n 's/^ *probe \([a-z]*\)(\(.*\));/\1 \2/p' "$provider" | awk '{print $1, gsub(",", "") + 1}' | sort)
noted=$(awk '/^ *Name:/ {name = $2} /^ *Arguments:/ {print name, NF - 1}' <<<"$notes" | sort -u)
[ "$told" = "$noted" ] || fail "sigprof.d has $told; the library has $noted"
need dtrace
dtrace -h -s "$provider" -o "$work/sigprof.h" || fail "dtrace does not read sigprof.d"
# A colon or a space in the path would end bpftrace's pattern.
cp "$prefix/lib/libsigprof.so" "$work/probed.so"
listed=$(bpftrace -l "usdt:$work/probed.so:*" | sed 's/.*:sigprof:/sigprof:/' | sort -u | tr '\n' ' ')
[ "$listed" = "sigprof:drop sigprof:sample sigprof:start sigprof:stop " ] ||
    fail "bpftrace lists: $listed"
echo "ok: $listed"
