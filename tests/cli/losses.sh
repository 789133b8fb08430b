# SPDX-License-Identifier: BSD-2-Clause
# What is lost, truncated or never sampled is shown, and the sheet adds up.
. "$SOURCE/lib.sh"

{
    header
    cat <<'END'
thread 4242 0 0 prog
thread 1 0 0x400500 w
thread 1 50 0 w2
thread 2 0 0x400500 w
thread 3 0 0x400500 w
thread 4 0 0x400600 v
exit 1 100 25000000 0 1
exit 2 100 5000000 0 1
exit 3 100 0 1 1
exit 4 100 0 1 1
exit 4242 200 35000000 1 3
reset
sample 4242 1000 1 0 0 0x400100
sample 4242 1000 1 0 1 0x400100 gap 0x400200
sample 4242 1000 1 0 2 0x400100
sample 4242 1000 1 0 3 0x400100
sample 4242 1000 1 0 20 0x400100 guess 0x400200
sample 4242 1000 1 0 2
sample 4242 1000 1 0 0
sheet 1000 due_ns=180000000 taken=7 dropped_full=3 dropped_busy=2 dropped_slot=1 unsampled_paused_ns=10000000 unsampled_exit_ns=10000000 unsampled_blocked_ns=25000000 own_ns=9000000 foreign=4
end 4000
END
} | profile a.sigprof
fold 0 a.sigprof
silent
prints "prog;[lost: busy] 2
prog;[lost: ring full] 3
prog;[lost: thread table full] 1
prog;[no stack] 1
prog;[truncated: bad address];prog+0x100 1
prog;[truncated: depth];prog+0x100;[frames left out];prog+0x200 1
prog;[truncated: foreign stack];prog+0x100;prog+0x200 1
prog;[truncated: no rule] 1
prog;[truncated: no rule];prog+0x100 1
prog;[unsampled: blocked] 2
prog;[unsampled: paused] 1
prog;[unsampled: thread exit];prog+0x500 2
prog;prog+0x100 1"
fold 3 --strict a.sigprof
fold 0 --weight cpu a.sigprof
grep -q '^prog;\[unsampled: thread exit\];prog+0x500 20000$' out ||
    fail "unsampled in microseconds"
fold 0 --thread prog a.sigprof
says 'have no place'
fold 0 --ignore '^\[lost' a.sigprof
grep -q lost out && fail "--ignore leaves the lost"

fold 0 --stats a.sigprof
while read -r name value; do
    grep -Eq "^$name +$value\$" out || fail "--stats: $name is not $value"
done <<'END'
due_periods 18\.0
due_seconds 0\.180000
taken_periods 7
dropped_full_periods 3
dropped_busy_seconds 0\.020000
own_seconds 0\.009000
difference_seconds 0\.004000
difference_percent 2\.22
walk_complete 2
walk_no_rule 2
walk_guessed 1
complete_percent 28\.57
foreign_signals 4
cut_no_end 0
END
# A profile without a sample says why, by the largest cause; what is less than a period
# cannot have one.
none() {
    { header; echo "sheet 1 $1"; echo 'end 1'; } | profile none.sigprof
    fold 4 none.sigprof
    says "^sigprof-fold: no sample: the program used $2"
}
none 'due_ns=3300000000 unsampled_blocked_ns=3200000000 unsampled_exit_ns=100000000' \
    '3\.30 s of CPU time, 3\.20 s of it passed with SIGPROF blocked$'
none 'due_ns=50000000 dropped_full=4 unsampled_exit_ns=10000000' \
    '50 ms of CPU time, 40 ms of it was lost, as the ring was full$'
none 'due_ns=1000000 unsampled_unseen_ns=400000' \
    '1 ms of CPU time, less than one period \(10 ms\)$'
none 'due_ns=4000000 unsampled_running_ns=4000000' '4 ms of CPU time, less than'
{ header | another 2; echo 'sheet 1 due_ns=9000000'; echo 'end 1'; } | profile none2.sigprof
fold 4 none.sigprof none2.sigprof
says 'no sample: none of the 2 processes used a period \(10 ms\) of CPU time; all of them, 13 ms$'
{ header; echo 'end 1'; } | profile none.sigprof
fold 4 none.sigprof
says '^sigprof-fold: no sample in the profile$'

# One sample does not hide that most of the time could have none.
blocked() {
    { header; echo reset; echo 'sample 4242 1000 1 0 0 0x400100'
      echo "sheet 1 due_ns=100000000 taken=1 unsampled_blocked_ns=$1"; echo 'end 1'
    } | profile blocked.sigprof
}
blocked 90000000
fold 0 blocked.sigprof
says '^sigprof-fold: 90 ms of 100 ms passed with SIGPROF blocked and could not be sampled'
blocked 50000000
fold 0 blocked.sigprof
silent

fold 0 --info a.sigprof
grep -q '^comm prog$' out || fail "--info: comm"
grep -q '/nowhere/libx.so.1$' out || fail "--info: module"
finish
