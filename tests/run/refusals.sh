#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What sigprof-run refuses by itself, and programs that do not run.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

refuses '--hz=abc: want a whole number from 1 to 10000' -F abc
refuses '--hz=0: want' -F 0
refuses '--hz=10001: want' --hz 10001
refuses '--clock=tsc: want auto, thread, itimer, perf, wall or polled; on illumos also realprof' --clock tsc
refuses '--unwind=magic: want cfi, fp or libunwind' --unwind magic
refuses '--depth=0: want a whole number from 1 to 1024' --depth 0
refuses '--ring=1: want 64K to 1G' --ring 1
refuses '--follow=some: want all, fork or none' --follow some
refuses '--output=%z.sigprof: want' -o %z.sigprof
refuses '-o: want' -o ''
refuses "unrecognized option '--cpu'" --cpu
SIGPROF_RING=tiny refuses 'SIGPROF_RING=tiny: want' -F 99
gives 2 "$RUN"
says 'no program named'
# A name that the library does not know: it may be a slip, or somebody else's.
SIGPROF_HERTZ=99 gives 127 "$RUN" ./no-such-program
grep -q '^sigprof-run: SIGPROF_HERTZ is not a variable .* SIGPROF_HZ, ' said || fail "$(cat said)"
SIGPROF_PARENT=0123456789abcdef0123456789abcdef:1 SIGPROF_VERBOSE=0 gives 127 "$RUN" ./no-such-program
says './no-such-program: No such file'
SIGPROF_OUT=/nonexist/a.sigprof gives 125 "$RUN" touch ran
says 'SIGPROF_OUT=/nonexist/a.sigprof: /nonexist: No such file'
gives 125 "$RUN" -o nowhere/%p.sigprof touch ran
[ ! -e ran ] || fail 'the program ran without a place for its profile'
# Without a name it is the working directory that has to take the profile.
mkdir left
cd left
rmdir ../left
status=0
"$RUN" touch "$work/ran" >"$work/out" 2>"$work/both" || status=$?
cd "$work"
grep -v '^sh: ' both >said || : # the shell that starts an emulator, of the same
[ "$status" = 125 ] || fail "a working directory that is gone: status $status"
says 'the working directory, where profiles are written: No such file'
if [ "$(id -u)" != 0 ]; then
    mkdir -m 555 closed
    cd closed
    status=0
    "$RUN" touch "$work/ran" >"$work/out" 2>"$work/said" || status=$?
    cd "$work"
    [ "$status" = 125 ] || fail "a closed working directory: status $status"
    says 'the working directory, where profiles are written: Permission denied'
fi
[ ! -e ran ] || fail 'the program ran without a place for its profile'
echo 'ok: refusals'

: >no-program
gives 127 "$RUN" ./no-such-program
says './no-such-program: No such file'
gives 127 "$RUN" no-such-program
gives 126 "$RUN" ./no-program
says 'Permission denied'
nothing_left
echo 'ok: programs that do not run'

for option in --help --version; do
    gives 0 "$RUN" "$option"
    [ -s out ] || fail "$option says nothing"
done
