# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Sourced by tests of sigprof-run: an empty folder, and what is expected of a command.
# RUN: the command.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir tmp
export TMPDIR="$work/tmp"
# Variables of the tests', which sigprof-run does not know.
unset "${!SIGPROF_@}"

fail() {
    printf 'FAIL: %s\n' "$*" >&2
    exit 1
}

# gives STATUS COMMAND...: its standard error is in the file said.
gives() {
    local want=$1 got=0
    shift
    "$@" >out 2>said || got=$?
    [ "$got" = "$want" ] || fail "$*: status $got, not $want: $(cat said)"
}

# One line, which holds TEXT.
says() {
    [ "$(wc -l <said)" = 1 ] || fail "not one line: $(cat said)"
    grep -qF -e "$1" said || fail "'$(cat said)' does not hold '$1'"
}

nothing_left() {
    [ -z "$(ls tmp)" ] || fail "left behind: $(ls tmp)"
}

# Refused before the program runs, with what is accepted.
refuses() {
    local text=$1
    shift
    gives 2 "$RUN" "$@" touch ran
    says "$text"
    [ ! -e ran ] || fail "$*: refused, and the program ran"
    nothing_left
}
