# SPDX-License-Identifier: BSD-2-Clause
# For the scripts of this folder. $PRELOAD and $SAMPLES come from ctest.
set -u
here=$(mktemp -d "${TMPDIR:-/tmp}/sigprof-test-XXXXXX") || exit 1
# A killed process's ring stays until somebody looks for it: here nobody will.
clean_up() {
    for ring in $(grep -ls "$here" /dev/shm/sigprof-"$(id -u)"-* 2>/dev/null); do
        rm -f "$ring"
    done
    rm -rf "$here"
}
trap clean_up EXIT
cd "$here" || exit 1

fail() {
    echo "failed: $*" >&2
    exit 1
}

skip() {
    [ "${SIGPROF_REQUIRE_ALL:-0}" = 1 ] && fail "cannot run, and nothing may be skipped: $*"
    echo "skipped: $*"
    exit 77
}

need() {
    command -v "$1" >/dev/null || skip "$1 is not on this machine"
}

# same WHAT COMMAND…: output and status are the same without us, by the thread
# clock, and by ITIMER_PROF; and there are samples. (With OWN_TIMER=1 the program
# has the process's one ITIMER_PROF, and our clock of that name gives way to it.)
same() {
    what=$1
    shift
    timeout -s KILL 300 "$@" >plain.out 2>plain.err </dev/null
    echo $? >plain.status
    for clock in thread itimer; do
        rm -f ours.sigprof*
        timeout -s KILL 300 env LD_PRELOAD="$PRELOAD" SIGPROF_HZ=997 SIGPROF_CLOCK=$clock \
            SIGPROF_OUT="$here/ours.sigprof" "$@" >ours.out 2>ours.err </dev/null
        echo $? >ours.status
        for part in status out err; do
            cmp -s plain.$part ours.$part || {
                head -c 2000 plain.$part
                echo "--- with us, by the $clock clock:"
                head -c 2000 ours.$part
                fail "$what: $part is not the same"
            }
        done
        count=$("$SAMPLES" ours.sigprof) || fail "$what: no profile"
        echo "   $what, $clock clock: status $(cat ours.status), samples: $count"
        [ $clock = itimer ] && [ "${OWN_TIMER:-0}" = 1 ] && continue
        [ "${count%% *}" -ge 5 ] || fail "$what: too few samples"
    done
}
