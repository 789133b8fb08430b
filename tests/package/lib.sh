# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2034
# For the tests of the installed tree: install once, move it, point at it.
# Needs SIGPROF_BUILD, the build tree; gives work, prefix and the functions below.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix="$work/moved here"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

fail() {
    printf 'FAIL: %s\n' "$*" >&2
    exit 1
}

# A tool that is missing is a skip, or a failure where all tools are promised.
need() {
    command -v "$1" >/dev/null && return
    if [ "${SIGPROF_REQUIRE_ALL:-0}" = 1 ]; then
        fail "$1 is missing"
    fi
    echo "skipped: $1 is missing"
    exit 77
}

# Staged under one name and moved to another: nothing in it may hold its place.
install_tree() {
    DESTDIR="$work/stage" cmake --install "$SIGPROF_BUILD" --prefix /first >"$work/install.log" ||
        fail "cmake --install: $(cat "$work/install.log")"
    mv "$work/stage/first" "$prefix"
}

# has_samples FILE: the profile is there and names at least one stack.
has_samples() {
    [ -s "$1" ] || fail "no profile $1"
    [ -n "$("$prefix/bin/sigprof-fold" "$1")" ] || fail "no sample in $1"
}

# profiled_silently NAME PROGRAM...: it makes no call, and SIGPROF_HZ profiles it.
profiled_silently() {
    local name=$1
    shift
    [ "$(SIGPROF_HZ=997 SIGPROF_OUT="$work/$name.sigprof" "$@")" = 1 ] ||
        fail "$name: another output than without the library"
    has_samples "$work/$name.sigprof"
    echo "ok: $name"
}

# profiled_by_calls NAME PROGRAM...: it starts and stops the profiler.
profiled_by_calls() {
    local name=$1
    shift
    "$@" "$work/$name.sigprof" || fail "$name: status $?"
    has_samples "$work/$name.sigprof"
    echo "ok: $name"
}
