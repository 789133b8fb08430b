#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A profile that was taken on another CPU, or of a static program, is folded on this
# one, with all names of the program. $RUN: what runs such a program; $FOLD: this
# machine's; $PRELOAD: empty where the library is in the program.
set -eu
folder=$(mktemp -d "${TMPDIR:-/tmp}/sigprof-test-XXXXXX")
trap 'rm -rf "$folder"' EXIT

fail() {
    printf 'failed: %s\n' "$*" >&2
    head -20 "$folder/folded" >&2
    exit 1
}

[ -x "$FOLD" ] || {
    printf 'skipped: no sigprof-fold of this machine at %s\n' "$FOLD"
    exit 77
}
seconds=1
while :; do
    rm -f "$folder"/*.sigprof
    # shellcheck disable=SC2086
    if [ -n "$RUN" ]; then
        $RUN -E "LD_PRELOAD=$PRELOAD" -E SIGPROF_HZ=250 -E "SIGPROF_OUT=$folder/p.sigprof" \
            "$SHARES" 2 "$seconds" "$folder/truth"
    else
        env ${PRELOAD:+"LD_PRELOAD=$PRELOAD"} SIGPROF_HZ=250 "SIGPROF_OUT=$folder/p.sigprof" \
            "$SHARES" 2 "$seconds" "$folder/truth"
    fi
    "$FOLD" -o "$folder/folded" "$folder/p.sigprof" 2>"$folder/err"
    "$FOLD" --info "$folder/p.sigprof" >"$folder/info" 2>/dev/null
    all=$(awk '!/\[unsampled/ { n += $NF } END { print n + 0 }' "$folder/folded")
    [ "$all" -lt 200 ] && [ "$seconds" -lt 8 ] || break
    seconds=$((seconds * 2))
done
[ "$all" -ge 200 ] || fail "$all samples"
grep -qx "cpu $CPU" "$folder/info" || fail "the header says $(grep '^cpu' "$folder/info")"
named=$(awk '/;run_thread;work;(work_[a-j] |cpu_ns[; ])/ { n += $NF } END { print n + 0 }' "$folder/folded")
[ $((named * 100)) -ge $((all * 95)) ] || fail "$named of $all samples are named whole"
echo "ok: $named of $all samples are named whole"
