# SPDX-License-Identifier: BSD-2-Clause
# Names that would break a folded line are made safe; lines are sorted.
. "$SOURCE/lib.sh"

{
    header | sed 's/^info comm prog$/info comm we;ird 12/'
    cat <<'END'
module 10 0x1000000 0x1001000 0x1000000 0 0 - /x/new\nline\r
module 11 0x1001000 0x1002000 0x1001000 0 0 - /x/bad\xff\xc3\x28utf8\xc3\xa9
module 12 0x1002000 0x1003000 0x1002000 0 0 - /x/nul\0
thread 1 0 0 lambda 3
thread 2 0 0 \xed\xa0\x80
reset
sample 1 1000 1 0 0 0x1000000
sample 1 1000 1 0 0 0x1001000
sample 2 1000 1 0 0 0x1002000
end 6000
END
} | profile a.sigprof
fold 0 --root comm --root thread a.sigprof
prints "$(printf 'we:ird_12;lambda 3-1;bad\357\277\275\357\277\275(utf8\303\251+0x0 1\nwe:ird_12;lambda 3-1;new?line\015+0x0 1\nwe:ird_12;\357\277\275\357\277\275\357\277\275-2;nul?+0x0 1' | tr '\015' 'r')"
sort -c out || fail "not sorted bytewise"
"$FOLD" a.sigprof >again1
"$FOLD" a.sigprof >again2
cmp -s again1 again2 || fail "two runs differ"

# Order of lines where one name begins another.
{
    header
    cat <<'END'
module 20 0x1000000 0x1001000 0x1000000 0 0 - /x/a
module 21 0x1001000 0x1002000 0x1000000 0 0 - /x/a b
reset
sample 1 1000 5 0 0 0x1000000
sample 1 1000 1 0 0 0x1000001 0x1000000
sample 1 1000 12 0 0 0x1001000
sample 1 1000 1 0 0 0x1001001 0x1000000
end 6000
END
} | profile b.sigprof
fold 0 --root none b.sigprof
sort -c out || fail "prefixes are not sorted bytewise"
[ "$(wc -l <out)" = 4 ] || fail "four stacks"
# What a program declares of its own file is that, not the file's symbol: V8 runs its
# builtins there and in a copy. Before it was declared, and beside it, the file is asked.
{
    header
    echo reset
    echo 'sample 4242 1000 1 0 0 0x400110'
    echo 'code 1 0x400100 0x40 2000 Builtins_Add'
    echo 'code 2 0x900100 0x40 2000 Builtins_Add'
    echo 'sample 4242 3000 2 0 0 0x400120'
    echo 'sample 4242 4000 4 0 0 0x900120'
    echo 'sample 4242 5000 8 0 0 0x400180'
} | profile declared.sigprof
fold 0 --modules declared.sigprof
prints 'prog;Builtins_Add`[jit] 6
prog;prog+0x110`prog 1
prog;prog+0x180`prog 8'
finish
