#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# An example runs, and its profile folds to what it promises: run.sh FOLD PROGRAM
# PATTERN [FOLD-OPTION...].
set -eu
fold=$1 program=$2 pattern=$3
shift 3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$program" "$work/profile.sigprof"
"$fold" "$@" "$work/profile.sigprof" | tee "$work/folded"
grep -qE "$pattern" "$work/folded" || {
    echo "FAIL: no line matches $pattern" >&2
    exit 1
}
