#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# try.c, which is for machines that are not here, says what is known of this one.
set -u
try=$1
status=0

run() { # WHAT
    what=$1
    said=$("$try" "$1") || { echo "try $1 fails"; status=1; }
    printf -- '-- %s\n%s\n' "$what" "$said"
}

expect() { # COUNT PATTERN
    [ "$(grep -cE "$2" <<<"$said")" = "$1" ] || { echo "try $what: not $1 lines like $2"; status=1; }
}

# Registers in all of a thread's ticks.
run ticks
expect 2 '^busy [12] .* ([1-9][0-9]*) ticks, pc right in \1, sp in \1, si_code 128$'
expect 1 '^read: not interrupted$'
run directed
expect 1 ' 1 ticks, .*, sp in 1, si_code -6$'
run stack
expect 1 'which is in it'
run read
expect 3 '^(all there: 200|half there: 100|nothing there: 0) of 200$'
run exec
expect 1 '^the new program: killed by signal'
for what in malloc nested "dlclose libz.so.1"; do
    [ -n "${SIGPROF_TEST_LONG:-}" ] || break
    # shellcheck disable=SC2086
    "$try" $what || status=1
done
exit $status
