# SPDX-License-Identifier: BSD-2-Clause
# The three views, roots, weights and filters, on one small profile.
. "$SOURCE/lib.sh"

{
    header
    cat <<'END'
thread 4242 0 0 prog
thread 4243 0 0 work er
label 1 0 request login
label 2 1 user alice
reset
sample 4242 1000000000 1 0 0 0x400100 0x400200
sample 4242 1500000000 2 1 0 0x400100 0x400200
sample 4243 2000000000 1 2 0 0x400100 0x7f0000000300
sample 4243 3000000000 1 0 0 0x400100 0x400300 0x400200
end 4000000000
END
} >a.txt
profile a.sigprof <a.txt

fold 0 a.sigprof
silent
prints "prog;prog+0x100;libx.so.1+0x300 1
prog;prog+0x100;prog+0x200 3
prog;prog+0x100;prog+0x300;prog+0x200 1"

fold 0 --weight cpu a.sigprof
prints "prog;prog+0x100;libx.so.1+0x300 10000
prog;prog+0x100;prog+0x200 30000
prog;prog+0x100;prog+0x300;prog+0x200 10000"

fold 0 --root none a.sigprof
prints "prog+0x100;libx.so.1+0x300 1
prog+0x100;prog+0x200 3
prog+0x100;prog+0x300;prog+0x200 1"

fold 0 --root process --root thread a.sigprof
prints "prog-4242;prog-4242;prog+0x100;prog+0x200 3
prog-4242;work er-4243;prog+0x100;libx.so.1+0x300 1
prog-4242;work er-4243;prog+0x100;prog+0x300;prog+0x200 1"

fold 0 --root label:request --root label:user a.sigprof
prints "[no request];[no user];prog+0x100;prog+0x200 1
[no request];[no user];prog+0x100;prog+0x300;prog+0x200 1
login;[no user];prog+0x100;prog+0x200 2
login;alice;prog+0x100;libx.so.1+0x300 1"

fold 0 --root comm --root state a.sigprof
prints "prog;[running];prog+0x100;libx.so.1+0x300 1
prog;[running];prog+0x100;prog+0x200 3
prog;[running];prog+0x100;prog+0x300;prog+0x200 1"

# A state is the samples' behind it, in its block; one we do not know is not told.
{
    header
    cat <<'END'
thread 4242 0 0 prog
reset
sample 4242 1000000000 1 0 0 0x400100
state 2
sample 4242 2000000000 40 0 0 0x400100
sample 4242 3000000000 2 0 0 0x400200
state 3
sample 4242 4000000000 7 0 0 0x400200
state 99
sample 4242 5000000000 3 0 0 0x400200
state 7
block
sample 4242 6000000000 5 0 0 0x400100
end 7000000000
END
} | profile states.sigprof
fold 0 --root state states.sigprof
prints "[running];prog+0x100 6
[running];prog+0x200 3
[sleeping];prog+0x100 40
[sleeping];prog+0x200 2
[waiting for cpu];prog+0x200 7"
fold 0 --root none states.sigprof
prints "prog+0x100 46
prog+0x200 12"
fold 0 --format raw --root none --time 3-5 states.sigprof
prints "3.000000000 pid=4242 tid=4242 weight=1 end=complete state=sleeping labels=- prog+0x200
4.000000000 pid=4242 tid=4242 weight=7 end=complete state=waiting_for_cpu labels=- prog+0x200"

# The periods of a sample with a state are the last before its time, and so are rows.
fold 0 --root state --time 1.8-1.95 states.sigprof
prints "[sleeping];prog+0x100 15"
fold 0 --root state --time 1.95- states.sigprof
prints "[running];prog+0x100 5
[running];prog+0x200 3
[sleeping];prog+0x100 6
[sleeping];prog+0x200 2
[waiting for cpu];prog+0x200 7"
fold 0 --format raw --root none --time 1.8-1.95 states.sigprof
prints "1.940000000 pid=4242 tid=4242 weight=15 end=complete state=sleeping labels=- prog+0x100"
fold 0 --format firefox --root none --time 1.8-1.95 states.sigprof
tr -d ' \n' <out | grep -q '"weight":\[1\(,1\)\{14\}\]' ||
    fail "the 15 periods of a sleep are not 15 rows"

fold 0 --modules a.sigprof
prints 'prog;prog+0x100`prog;libx.so.1+0x300`libx.so.1 1
prog;prog+0x100`prog;prog+0x200`prog 3
prog;prog+0x100`prog;prog+0x300`prog;prog+0x200`prog 1'

fold 0 --time 1-2 a.sigprof
prints "prog;prog+0x100;prog+0x200 3"
fold 0 --time 2.5- a.sigprof
prints "prog;prog+0x100;prog+0x300;prog+0x200 1"
fold 0 --time -1.25 a.sigprof
prints "prog;prog+0x100;prog+0x200 1"
fold 4 --time 7-8 a.sigprof
prints ""
says 'no sample passed the filters'

fold 0 --thread '^work' a.sigprof
prints "prog;prog+0x100;libx.so.1+0x300 1
prog;prog+0x100;prog+0x300;prog+0x200 1"
fold 0 --focus 'libx' a.sigprof
prints "prog;prog+0x100;libx.so.1+0x300 1"
fold 0 --ignore '0x(2|9)00' a.sigprof
prints "prog;prog+0x100;libx.so.1+0x300 1"
fold 4 --focus 'nothing' a.sigprof
fold 0 --focus '^prog\+' a.sigprof
fold 4 --focus '^prog$' a.sigprof # the root frame is not a frame of the stack

fold 0 -f top a.sigprof
grep -Eq '^ +4 +80\.00 +4 +80\.00  prog\+0x200$' out || fail "top: self"
grep -Eq '^ +0 +0\.00 +5 +100\.00  prog\+0x100$' out || fail "top: total"

fold 0 -f raw a.sigprof
prints "1.000000000 pid=4242 tid=4242 weight=1 end=complete labels=- prog;prog+0x100;prog+0x200
1.500000000 pid=4242 tid=4242 weight=2 end=complete labels=request:login prog;prog+0x100;prog+0x200
2.000000000 pid=4242 tid=4243 weight=1 end=complete labels=user:alice,request:login prog;prog+0x100;libx.so.1+0x300
3.000000000 pid=4242 tid=4243 weight=1 end=complete labels=- prog;prog+0x100;prog+0x300;prog+0x200"
{ header; echo reset; echo 'sample 4242 1000 1 0 16 0x400100'; } | profile guessed.sigprof
fold 0 -f raw guessed.sigprof
prints '0.000001000 pid=4242 tid=4242 weight=1 end=complete steps=guessed labels=- prog;prog+0x100'
fold 0 -f raw --time 2- --thread work --ignore libx a.sigprof
[ "$(wc -l <out)" = 1 ] || fail "raw: filters"

# Two weights a stack: the base's, then the new one. What is in one only has a 0.
{
    header
    cat <<'END'
reset
sample 4242 1 7 0 0 0x400100 0x400200
sample 4242 2 3 0 0 0x400100 0x400900
sheet 1 dropped_full=4
end 9
END
} | profile base.sigprof
fold 0 --diff base.sigprof a.sigprof
prints "prog;[lost: ring full] 4 0
prog;prog+0x100;libx.so.1+0x300 0 1
prog;prog+0x100;prog+0x200 7 3
prog;prog+0x100;prog+0x300;prog+0x200 0 1
prog;prog+0x100;prog+0x900 3 0"
fold 0 --diff base.sigprof --weight cpu --focus 0x200 a.sigprof
prints "prog;prog+0x100;prog+0x200 70000 30000
prog;prog+0x100;prog+0x300;prog+0x200 0 10000"
fold 0 --diff a.sigprof a.sigprof
prints "prog;prog+0x100;libx.so.1+0x300 1 1
prog;prog+0x100;prog+0x200 3 3
prog;prog+0x100;prog+0x300;prog+0x200 1 1"

# Files, directories, standard input; a second file doubles the first.
fold 0 - <a.sigprof
cp out once
mkdir d
cp a.sigprof d/x.sigprof
another 2 <a.txt | profile d/x.sigprof.2
cp a.sigprof d/x.sigprof.old
fold 0 d
prints "prog;prog+0x100;libx.so.1+0x300 2
prog;prog+0x100;prog+0x200 6
prog;prog+0x100;prog+0x300;prog+0x200 2"
fold 0 -o b.folded a.sigprof
cmp -s once b.folded || fail "-o differs from stdout"
[ "$(ls)" = "$(ls | grep -v XXX)" ] && [ -z "$(ls b.folded.* 2>/dev/null)" ] ||
    fail "a temporary file was left"

fold 0 --help
while read -r option; do
    grep -q -e "$option" out || fail "--help lacks $option"
done <<END
--output
--format
--weight
--root
--by
--demangle
--modules
--annotate
--time
--thread
--focus
--ignore
--diff
--symfs
--debug-dir
--info
--stats
--strict
--version
END
fold 0 --version
grep -Eq '^sigprof-fold [0-9]+\.[0-9]+\.[0-9]+$' out || fail "--version"
finish
