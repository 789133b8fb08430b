# SPDX-License-Identifier: BSD-2-Clause
# A bad value of any variable: one line that names it and what is accepted, on
# stderr; the program runs on untouched, its status is kept, and there is no file.
. "$(dirname "$0")/lib.sh"

bad() {
    variable=$1 value=$2 accepted=$3
    env SIGPROF_HZ=99 SIGPROF_OUT="$here/never" "$variable=$value" LD_PRELOAD="$PRELOAD" \
        sh -c 'echo out; echo err >&2; exit 7' >out 2>err
    status=$?
    [ $status = 7 ] || fail "$variable=$value: status $status"
    [ "$(cat out)" = out ] || fail "$variable=$value: stdout is not the program's"
    [ "$(grep -vc '^sigprof: ' err)" = 1 ] && grep -q '^err$' err ||
        fail "$variable=$value: stderr is $(cat err)"
    [ "$(grep -c '^sigprof: ' err)" = 1 ] || fail "$variable=$value: not one line: $(cat err)"
    grep "^sigprof: $variable=" err | grep -q "want .*$accepted" ||
        fail "$variable=$value: it says $(cat err)"
    [ -z "$(ls "$here" | grep -v '^out$\|^err$')" ] || fail "$variable=$value: a file was made"
    echo "   $(grep ^sigprof: err)"
}

bad SIGPROF_HZ abc "1 to 10000"
bad SIGPROF_HZ 0 "1 to 10000"
bad SIGPROF_HZ 10001 "1 to 10000"
bad SIGPROF_HZ "" "1 to 10000"
bad SIGPROF_OUT "x%q" "p, e, h, t"
bad SIGPROF_OUT "$here/no/folder" "a new name in a folder"
bad SIGPROF_OUT /dev/full "a new name in a folder"
# Nobody named a place: it is the working directory that takes no file.
status=0
(cd /proc && exec env SIGPROF_HZ=99 LD_PRELOAD="$PRELOAD" sh -c 'exit 7') >out 2>err || status=$?
[ $status = 7 ] || fail "in /proc: status $status"
grep -q '^sigprof: /proc/%e.%p.sigprof: .*want a working directory' err || fail "in /proc: $(cat err)"
[ "$(wc -l <err)" = 1 ] || fail "in /proc: not one line: $(cat err)"
echo "   $(cat err)"
rm out err
bad SIGPROF_CLOCK sundial "auto, thread, itimer, perf, wall or polled; on illumos also realprof"
bad SIGPROF_UNWIND guess "cfi, fp or libunwind"
bad SIGPROF_DEPTH 1025 "1 to 1024"
bad SIGPROF_RING 1 "64K to 1G"
bad SIGPROF_RING 2G "64K to 1G"
bad SIGPROF_MODE plane "record or flight"
bad SIGPROF_FOLLOW some "all, fork or none"
bad SIGPROF_START soon "now or paused"
bad SIGPROF_TOGGLE KILL "USR1, USR2"
(trap '' USR2; bad SIGPROF_TOGGLE USR2 "free at its start") || exit 1
bad SIGPROF_ROTATE 64 "a size (256K to 1024G)"
bad SIGPROF_VERBOSE 3 "0 or 1"

# An executed child is told of as well.
mkdir tree
env SIGPROF_HZ=99 SIGPROF_OUT="$here/tree" SIGPROF_TOGGLE=USR2 LD_PRELOAD="$PRELOAD" \
    sh -c 'trap "" USR2; exec sh -c "exit 7"' 2>err
[ $? = 7 ] || fail "the toggle of an executed child: status"
grep -q '^sigprof: SIGPROF_TOGGLE=USR2: pid [0-9]* ignores .* want ' err ||
    fail "the toggle of an executed child: it says $(cat err)"
rm -r tree

# Without SIGPROF_HZ nothing is looked at, and nothing is said.
env LD_PRELOAD="$PRELOAD" SIGPROF_DEPTH=nonsense sh -c 'exit 7' 2>err
[ $? = 7 ] && [ ! -s err ] || fail "without SIGPROF_HZ: $(cat err)"

# Other rights than the caller's: the environment is not read at all.
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
    cp "$(command -v sleep)" ./privileged && chmod 4755 ./privileged && chmod 755 "$here"
    env LD_PRELOAD="$PRELOAD" SIGPROF_HZ=abc setpriv --reuid=65534 --clear-groups \
        ./privileged 0 2>err
    if grep -q "^sigprof: SIGPROF_HZ" err && [ "$(grep -c '^sigprof' err)" != 1 ]; then
        fail "a set-id program read the environment: $(cat err)"
    fi
fi

# A limit on file sizes is our failure, and not the program's end: below the ring's
# size there is no sampling, below the profile's its rest is left in the ring.
for limit in 0 8 16384; do
    env LD_PRELOAD="$PRELOAD" SIGPROF_HZ=99 SIGPROF_OUT="$here/limited.$limit" \
        bash -c "ulimit -f $limit; sh -c 'exit 7'" 2>err
    [ $? = 7 ] || fail "under ulimit -f $limit it ended with $?: $(cat err)"
done
