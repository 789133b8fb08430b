# SPDX-License-Identifier: BSD-2-Clause
# For tests of sigprof-fold. FOLD, MAKE (make-profile) and SOURCE (this folder)
# are in the environment; each test runs in an empty folder of its own.
set -u
LC_ALL=C
XDG_CACHE_HOME=$PWD/cache-home
export LC_ALL XDG_CACHE_HOME
failures=0
nl='
'

fail() {
    echo "FAIL: $*"
    failures=$((failures + 1))
}

finish() {
    [ "$failures" = 0 ] || exit 1
    exit 0
}

skip() {
    echo "skipped: $*"
    exit 77
}

# profile NAME: make one from standard input.
profile() {
    "$MAKE" >"$1" || fail "make-profile $1"
}

# fold STATUS ARGUMENTS…: run, compare the exit status; leaves out and err.
fold() {
    expected=$1
    shift
    "$FOLD" "$@" >out 2>err
    status=$?
    [ "$status" = "$expected" ] || {
        fail "sigprof-fold $*: exit status $status, not $expected"
        cat err
    }
}

# says PATTERN: the last fold's stderr has a line that matches.
says() {
    grep -Eq -e "$1" err || {
        fail "stderr has no '$1'"
        cat err
    }
}

# But for modules that these tests say are nowhere, which has to be said.
silent() {
    ! grep -v '/nowhere/.*: No such file or directory; [0-9]* frames stay' err || {
        fail "stderr is not empty"
        cat err
    }
}

# prints TEXT: the last fold's stdout is exactly this.
prints() {
    printf '%s\n' "$1" >wanted
    [ -n "$1" ] || : >wanted
    cmp -s wanted out || {
        fail "stdout differs"
        diff wanted out
    }
}

# another DIGIT: the records on standard input, as of another recording.
another() {
    sed "s/^info id .*/info id 5eed000000000000000000000000000$1/"
}

# What most profiles here begin with.
header() {
    cat <<'END'
info version 0.1.0
info id 5eed0000000000000000000000000000
info comm prog
info pid 4242
info period_ns 10000000
info start_mono_ns 1000
info boot_id b
module 1 0x400000 0x500000 0x400000 0 1 - /nowhere/prog
module 2 0x7f0000000000 0x7f0000100000 0x7f0000000000 0 0 - /nowhere/libx.so.1
END
}
