#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A profile that was taken on another CPU, or of a static program, is folded on this
# one: with all names of the program, and its functions' shares. Where the other CPU
# has a sigprof-fold, it says the same. $RUN: what runs such a program; $FOLD: this
# machine's; $OTHER_FOLD: the other CPU's, or empty; $PRELOAD: empty where the library
# is in the program; $SYSROOT: where the other CPU's libraries are, or empty.
set -eu
folder=$(mktemp -d "${TMPDIR:-/tmp}/sigprof-test-XXXXXX")
trap 'rm -rf "$folder"' EXIT
wanted=200   # samples
longest=16   # seconds: run longer before failing
vdso='vdso|__kernel_|clock_gettime'

fail() {
    printf 'failed: %s\n' "$*" >&2
    head -20 "$folder/folded" >&2
    exit 1
}

# The other CPU's files by the names that it knows them by.
root=
if [ -n "$SYSROOT" ]; then
    root="--symfs $folder/root"
    mkdir "$folder/root"
    for name in lib lib64; do
        [ ! -e "$SYSROOT/$name" ] || ln -s "$SYSROOT/$name" "$folder/root/$name"
    done
    for place in "$(dirname "$SHARES")" "$(dirname "$PRELOAD")"; do
        mkdir -p "$folder/root$(dirname "$place")"
        ln -s "$place" "$folder/root$place"
    done
fi

# fold_with FOLD OPTION...
fold_with() {
    command=$1
    shift
    # shellcheck disable=SC2086
    "$command" --cache none $root "$@" "$folder/p.sigprof" 2>"$folder/err"
}

take() {
    rm -f "$folder"/*.sigprof
    # shellcheck disable=SC2086
    if [ -n "$RUN" ]; then
        $RUN -E "LD_PRELOAD=$PRELOAD" -E SIGPROF_HZ=250 -E "SIGPROF_OUT=$folder/p.sigprof" \
            "$SHARES" 2 "$seconds" "$folder/truth"
    else
        env ${PRELOAD:+"LD_PRELOAD=$PRELOAD"} SIGPROF_HZ=250 "SIGPROF_OUT=$folder/p.sigprof" \
            "$SHARES" 2 "$seconds" "$folder/truth"
    fi
    fold_with "$FOLD" -o "$folder/folded"
    samples=$(fold_with "$FOLD" -f raw | wc -l)
}

# Each function's share of the samples against what the program's own clock says, with
# five standard deviations for chance. One line for each that is wrong.
wrong_shares() {
    awk -v samples="$samples" '
        NR == FNR { if (length($1) == 1) { truth[$1] = $4; all_ns += $4 }; next }
        { for (name in truth) if ($0 ~ ";work;work_" name "[ ;]") { got[name] += $NF; all += $NF } }
        END {
            for (name in truth) {
                want = truth[name] / all_ns
                off = got[name] / (all ? all : 1) - want
                most = 0.01 + 5 * sqrt(want * (1 - want) / samples)
                if (off > most || off < -most)
                    printf "work_%s: %.3f of the time, %.3f of the samples\n", name, want, want + off
            }
        }' "$folder/truth" "$folder/folded"
}

[ -x "$FOLD" ] || {
    printf 'skipped: no sigprof-fold of this machine at %s\n' "$FOLD"
    exit 77
}
seconds=1
while
    take
    [ "$samples" -lt "$wanted" ] || [ -n "$(wrong_shares)" ] && [ "$seconds" -lt "$longest" ]
do
    seconds=$((seconds * 2))
done
[ "$samples" -ge "$wanted" ] || fail "$samples samples"
[ -z "$(wrong_shares)" ] || fail "$(wrong_shares)"
"$FOLD" --info "$folder/p.sigprof" >"$folder/info" 2>/dev/null
grep -qx "cpu $CPU" "$folder/info" || fail "the header says $(grep '^cpu' "$folder/info")"
all=$(awk '!/\[unsampled/ { n += $NF } END { print n + 0 }' "$folder/folded")
named=$(awk '/;run_thread;work;(work_[a-j] |cpu_ns[; ])/ { n += $NF } END { print n + 0 }' "$folder/folded")
[ $((named * 100)) -ge $((all * 95)) ] || fail "$named of $all samples are named whole"
echo "ok: $named of $all samples are named whole, of $samples each function has its share"

[ -n "$OTHER_FOLD" ] || exit 0
# The vDSO is one for each width: only the sigprof-fold of that width can name it.
for format in folded pb.gz html; do
    fold_with "$FOLD" --ignore "$vdso" -o "$folder/x.$format"
    fold_with "$OTHER_FOLD" --ignore "$vdso" -o "$folder/y.$format"
    case $format in *.gz) gunzip "$folder/x.$format" "$folder/y.$format" ;; esac
    cmp "$folder/x.${format%.gz}" "$folder/y.${format%.gz}" || fail "$OTHER_FOLD makes another x.$format"
done
[ -s "$folder/x.folded" ] || fail 'all of it was ignored'
echo "ok: $OTHER_FOLD says the same"
