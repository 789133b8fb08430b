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
# A colon or a space in the path would end bpftrace's pattern.
cp "$prefix/lib/libsigprof.so" "$work/probed.so"
listed=$(bpftrace -l "usdt:$work/probed.so:*" | sed 's/.*:sigprof:/sigprof:/' | sort -u | tr '\n' ' ')
[ "$listed" = "sigprof:drop sigprof:sample sigprof:start sigprof:stop " ] ||
    fail "bpftrace lists: $listed"
echo "ok: $listed"
