# SPDX-License-Identifier: BSD-2-Clause
# Many processes that each lost less than a period have lost their sum all the
# same: it is rounded once, not for each.
. "$SOURCE/lib.sh"

# half NUMBER COMM SHEET: a process without a sample.
half() {
    {
        printf 'info version 0.1.0\ninfo id 5eed00000000000000000000000%05d\n' "$1"
        printf 'info comm %s\ninfo pid %d\ninfo period_ns 10000000\n' "$2" "$1"
        printf 'info start_mono_ns 1000\ninfo boot_id b\n'
        printf 'thread %d 0 0 %s\nexit %d 9 %s 2\n' "$1" "$2" "$1" "$4"
        printf 'sheet 9 %s\nend 9\n' "$3"
    } | profile many/$1.sigprof
}

mkdir many
i=1
while [ $i -le 30 ]; do
    half $i sh 'due_ns=9000000 unsampled_unseen_ns=4000000' '5000000 0'
    i=$((i + 1))
done
# One that was charged more than it used takes that from the sum.
half 31 sh 'due_ns=0 unsampled_unseen_ns=-12000000' '0 2'
half 32 other 'due_ns=9000000 unsampled_unseen_ns=9000000' '0 0'
fold 4 many
prints 'sh;[unsampled: not seen] 10
sh;[unsampled: running] 13'
fold 4 --weight cpu many
prints 'sh;[unsampled: not seen] 108000
sh;[unsampled: running] 130000'
fold 4 --root process many
prints ''
fold 4 --format top many
grep -q ' 10 .*unsampled: not seen' out || fail 'top lacks what was not seen'
finish
