# SPDX-License-Identifier: BSD-2-Clause
# Memory is that of the distinct stacks: not of the samples, the file's bytes or
# the number of files. The bound is on addresses, so the input counts as well.
. "$SOURCE/lib.sh"

# within KIB ARGUMENTS…: as fold 0, with no more memory than that.
within() {
    bound=$1
    shift
    (
        ulimit -v "$bound" || exit 9
        exec "$FOLD" "$@" >out 2>err
    ) || {
        fail "sigprof-fold $* in $bound KiB: exit status $?"
        cat err
    }
}

# big SAMPLES STACKS DEPTH [WINDOW]
big() {
    header
    echo "big $*"
    echo "end 1"
}

total() {
    awk '{ sum += $NF } END { printf "%.0f\n", sum }' "$1"
}

(ulimit -v 98304 && exec "$FOLD" --version) >/dev/null 2>&1 ||
    skip "the command does not begin in 96 MiB (a sanitizer's shadow?)"

# What a tenth of the samples needs, and a quarter of the large file, is enough for
# all of them.
big 430000 5000 6 | profile few.sigprof
big 4300000 5000 6 | profile many.sigprof
bytes=$(wc -c <many.sigprof)
few=16384
while [ $few -lt 98304 ] && ! (
    ulimit -v $few
    exec "$FOLD" --cache none few.sigprof >out 2>err
); do
    few=$((few + 2048))
done
[ "$(total out)" = 430000 ] || fail "few.sigprof: $(total out) samples"
within $((few + bytes / 4096)) --cache none many.sigprof
[ "$(total out)" = 4300000 ] || fail "many.sigprof: $(total out) samples"

# Too many to be shown by time: that is said, and none is missing.
fold 0 --cache none -f speedscope many.sigprof
says '^sigprof-fold: 4300000 samples are more than can be shown by time \(4194304\); they are merged'
tr ',' '\n' <out | sed -n '/"weights":\[/,/\]/{s/.*\[//;s/\].*//;p;}' | total - >sum
[ "$(cat sum)" = 43000000000000 ] || fail "speedscope: $(cat sum) ns"
rm out

# Three hundred files, of which no more than a few can be open.
big 2000 5000 6 | sed '/^info id /d' | profile small.sigprof # or they would be one
mkdir many
i=0
while [ $i -lt 300 ]; do
    cp small.sigprof "many/$i.sigprof"
    i=$((i + 1))
done
bytes=$((300 * $(wc -c <small.sigprof)))
ulimit -n 32
within $((few + bytes / 4096)) --cache none many
[ "$(total out)" = 600000 ] || fail "300 files: $(total out) samples"

# Three days of a busy machine.
[ "${SIGPROF_TEST_LONG:-}" = 1 ] || finish
rm -r many ./*.sigprof
big 100000000 200000 30 20000 | profile long.sigprof
within 524288 --cache none long.sigprof
[ "$(total out)" = 100000000 ] || fail "long.sigprof: $(total out) samples"
rm long.sigprof
finish
