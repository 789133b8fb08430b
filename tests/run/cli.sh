#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# sigprof-run as a user runs it: statuses, names, what is left behind. CC: a compiler.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# A loop of a third of a second, as a program without a library of its own.
cat >work.c <<'END'
#include <stdlib.h>
#include <time.h>

static volatile unsigned long sink;

int main(int argc, char **argv)
{
    clock_t end = clock() + CLOCKS_PER_SEC / 3;

    while (clock() < end)
        sink += 1;
    return argc > 1 ? atoi(argv[1]) : 0;
}
END
"${CC:-cc}" -O1 -o work work.c

# sigprof-fold knows the views.
refuses 'x%p.folded: want a name without %' -o x%p.folded
refuses '-o x.svg: want a name that ends in .sigprof' -o x.svg
# What is said to be accepted is.
for suffix in $(grep -o ' \.[a-z.]*[a-z]' said); do
    gives 127 "$RUN" -o "x$suffix" no-such-program
    suffixes=$((${suffixes:-0} + 1))
done
[ "${suffixes:-0}" = 8 ] || fail "$suffixes suffixes are named"
refuses 'x.bar' -o x.bar
refuses 'x.pb' -o x.pb
gives 125 "$RUN" -o nowhere/x.folded true
says 'nowhere'
gives 127 "$RUN" -o x.folded no-such-program
nothing_left
echo 'ok: names of views'

# What the program prints and returns is its own, whatever we are asked to make.
gives 7 "$RUN" -F 997 -o x.folded -- ./work 7
grep -q '^work;.*main' x.folded || fail "x.folded: $(cat x.folded said)"
nothing_left
gives 3 "$RUN" --hz 997 -o x.sigprof ./work 3
[ -s x.sigprof ] || fail 'no x.sigprof'
mkdir folder
gives 0 "$RUN" -F 997 --clock itimer --unwind fp --depth 9 --ring 64K --follow none -o folder ./work
ls folder/work.*.sigprof >/dev/null || fail "folder: $(ls folder)"
gives 0 "$RUN" -v true
grep -q 'due .* = taken' said || fail "no balance sheet: $(cat said)"
SIGPROF_OUT="$work/by-variable.sigprof" gives 0 "$RUN" ./work
[ -s by-variable.sigprof ] || fail 'SIGPROF_OUT was not kept'
gives 0 "$RUN" cat x.folded
cmp -s out x.folded || fail 'cat printed something else'
printf 'in\n' | "$RUN" cat >out
[ "$(cat out)" = in ] || fail 'standard input did not reach the program'
echo 'ok: good values'

# A program's own preload stays behind ours.
# shellcheck disable=SC2016 # for the inner shell
LD_PRELOAD=/lib/x86_64-linux-gnu/libdl.so.2 gives 0 "$RUN" sh -c 'echo "$LD_PRELOAD"'
case $(cat out) in
*/libsigprof-preload.so:/lib/x86_64-linux-gnu/libdl.so.2) ;;
*) fail "LD_PRELOAD=$(cat out)" ;;
esac

# The name says which view.
gives 0 "$RUN" -F 997 -o x.html ./work
grep -q '<script id="profile"' x.html || fail 'x.html is no page'
gives 0 "$RUN" -F 997 -o x.pb.gz ./work
gzip -t x.pb.gz || fail 'x.pb.gz is not gzipped'

# The children's profiles are folded in with the program's.
gives 0 "$RUN" -F 997 -o tree.folded sh -c './work & ./work; wait'
grep -q '^work;' tree.folded || fail "tree.folded: $(cat tree.folded)"
[ ! -s said ] || fail "all had profiles: $(cat said)"
# Many short ones, most of whose time is spent before and after sampling.
# shellcheck disable=SC2016
gives 0 "$RUN" -o short.folded bash -c 'for i in $(seq 50); do env true; done; ./work'
[ ! -s said ] || fail "short children: $(cat said)"
echo 'ok: preload and children'

# Killed by a signal: so are we, and what was sampled is folded.
# shellcheck disable=SC2016
gives 143 "$RUN" -F 997 -o killed.folded bash -c 'i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done; kill -TERM $$'
grep -q '^bash;' killed.folded || fail "killed.folded: $(cat killed.folded)"
# shellcheck disable=SC2016
gives 139 "$RUN" sh -c 'kill -SEGV $$'
ls core* 2>/dev/null && fail 'a core'
nothing_left
# Many threads, in parts of a recording: the last one does not tell of them all.
cat >threads.c <<'END'
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static void *spin(void *arg)
{
    for (;;)
        ++*(volatile unsigned *)arg;
    return arg;
}

/* Until a file is there. */
int main(int argc, char **argv)
{
    static unsigned sinks[7];
    pthread_t thread;

    alarm(120);
    for (int i = 0; i < 7; i++)
        pthread_create(&thread, NULL, spin, &sinks[i]);
    while (access(argv[argc - 1], F_OK) != 0)
        usleep(1000);
    return raise(SIGKILL);
}
END
"${CC:-cc}" -O1 -pthread -o threads threads.c
SIGPROF_ROTATE=256K gives 137 "$RUN" -F 9999 -o parts.sigprof ./threads parts.sigprof.3
[ ! -s said ] || fail "killed in its third part: $(cat said)"
nothing_left
echo 'ok: killed programs'

# The fold fails at the end: the profiles stay, and we say where.
mkdir gone
# shellcheck disable=SC2016
gives 5 "$RUN" -F 997 -o gone/x.folded sh -c './work; rmdir gone; exit 5'
kept=$(sed -n 's/.*the profiles are in //p' said)
ls "$kept"/work.*.sigprof >/dev/null || fail "not kept: $(cat said)"
rm -r "$kept"
nothing_left
echo 'ok: a fold that fails'

# A run that was killed leaves its folder: for a day, and to none but its user's next
# run; what is kept for the user, and a folder in use, stay.
mkdir -m 700 tmp/sigprof-run.killed tmp/sigprof-run.recent tmp/sigprof-run.kept01 tmp/sigprof-run.in_use
touch tmp/sigprof-run.{killed,recent,in_use}/.owner tmp/sigprof-run.{killed,recent,kept01,in_use}/a.1.sigprof
ln -s "$work/tmp/sigprof-run.killed" tmp/sigprof-run.linked
touch -d '2 days ago' tmp/sigprof-run.{killed,kept01,in_use}
exec 9>tmp/sigprof-run.in_use/.owner
flock -x 9
gives 0 "$RUN" -o swept.html true 9>&-
exec 9>&-
[ "$(echo tmp/*)" = 'tmp/sigprof-run.in_use tmp/sigprof-run.kept01 tmp/sigprof-run.linked tmp/sigprof-run.recent' ] ||
    fail "left of five: $(echo tmp/*)"
rm -r tmp/*
# It has the lock while the program runs.
# shellcheck disable=SC2016
gives 0 "$RUN" -o locked.html bash -c 'flock -n "$TMPDIR"/sigprof-run.*/.owner true && exit 9; exit 0'
nothing_left
echo 'ok: folders of runs that were killed'

"${CC:-cc}" -static -o static work.c
gives 4 "$RUN" -o static.folded ./static 4
says './static wrote no profile: it is linked statically'
# In a tree it is the CPU time that is told, whatever the clock and the output.
gives 0 "$RUN" -o tree.folded sh -c './static; ./work'
says ' s of CPU time are in no profile: there may be programs that'
grep -q '^sigprof-run: 0\.[34] s of 0\.[6-9] s' said || fail "one of two: $(cat said)"
gives 0 "$RUN" --clock wall -o tree.sigprof sh -c './static; ./static; true'
grep -q '^sigprof-run: 0\.[67] s of 0\.[6-9] s' said || fail "two of two: $(cat said)"
gives 0 "$RUN" --follow none -o tree.sigprof sh -c './static; ./work; ./work'
[ ! -s said ] || fail "children that were not to be followed: $(cat said)"
# shellcheck disable=SC2016
gives 143 "$RUN" -o tree.sigprof sh -c './static; kill $$'
[ ! -s said ] || fail "told beside a process that was killed: $(cat said)"
nothing_left
echo 'ok: static programs'

if "${CC:-cc}" -m32 -static -o narrow work.c 2>narrow.log; then
    gives 4 "$RUN" -o narrow.folded ./narrow 4
    says './narrow wrote no profile: it is for another CPU or of another word size'
    nothing_left
    echo 'ok: programs of 32 bits'
elif [ "$REQUIRE_ALL" = ON ]; then
    fail "programs of 32 bits: $(cat narrow.log)"
else
    echo 'skipped: programs of 32 bits, which this compiler does not make'
fi

# What a virtual machine is told; these only look like some.
for name in java php8.2 nodejs; do
    printf '#!/bin/sh\necho "$0 $* $JAVA_TOOL_OPTIONS"\n' >$name
    chmod +x $name
done
gives 0 "$RUN" -o vm.sigprof ./java -version
says 'sigprof-run: added: -agentpath:/'
grep -q '^./java -agentpath:/.*libsigprof-preload.so -XX:+PreserveFramePointer -version $' out ||
    fail "java was called as $(cat out)"
JAVA_TOOL_OPTIONS=-Xint gives 0 "$RUN" -o vm.sigprof --vm=java sh -c 'echo "$0 $JAVA_TOOL_OPTIONS"' x
says 'sigprof-run: added: JAVA_TOOL_OPTIONS=-agentpath:/'
grep -q '^x -agentpath:/.*libsigprof-preload.so -XX:+PreserveFramePointer -Xint$' out ||
    fail "the variable was $(cat out)"
for command in "--vm none ./java a" "./nodejs a" "--vm=guile ./java a"; do
    # shellcheck disable=SC2086
    gives 0 "$RUN" -o vm.sigprof $command
    [ ! -s said ] || fail "$command: $(cat said)"
    grep -q '^./[a-z]* a $' out || fail "$command: $(cat out)"
done
refuses "--vm=perl: want " --vm perl
refuses "--vm=: want " --vm=
echo 'ok: virtual machines'
