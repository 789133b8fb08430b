# SPDX-License-Identifier: BSD-2-Clause
# A sample is named by what was mapped then; signal frames are exact.
. "$SOURCE/lib.sh"

{
    header
    cat <<'END'
module 3 0x800000 0x900000 0x800000 0 0 - /nowhere/a.so
reset
sample 4242 1000 1 0 0 0x800100
module 4 0x800000 0x880000 0x800000 3000 0 - /nowhere/b.so
sample 4242 2000 1 0 0 0x800100
sample 4242 3000 1 0 0 0x800100
unload 4 5000
sample 4242 4000 1 0 0 0x800100
sample 4242 5000 1 0 0 0x800100
sample 4242 500 1 0 0 0xa00100
module 5 0xa00000 0xb00000 0xa00000 4000 0 - /nowhere/late.so
module 6 0xc00000 0xd00000 0xbff000 0 0 - /nowhere/gone.so (deleted)
sample 4242 5500 1 0 0 0xc00000
sample 4242 5500 1 0 0 0xffffffff81000000
sample 4242 5500 1 0 0 0x400100 s 0x400200 0x400300
end 6000
END
} | profile a.sigprof
fold 0 a.sigprof
silent
prints "prog;[kernel] 1
prog;[unknown] 1
prog;a.so+0x100 2
prog;b.so+0x100 2
prog;gone.so+0x1000 1
prog;late.so+0x100 1
prog;prog+0x100;[signal];prog+0x300 1"
fold 0 --annotate a.sigprof
grep -q '^prog;\[kernel\]_\[k\] 1$' out || fail "--annotate"
fold 0 -f raw a.sigprof
grep -q '0\.000000500 .* prog;late\.so+0x100$' out || fail "raw: late module"

# Two processes with the same library at other addresses are one picture.
{
    header | another 2 | sed 's/4242/77/; s/0x7f00000/0x7e00000/g'
    cat <<'END'
reset
sample 77 1000 1 0 0 0x7e0000000300
end 6000
END
} | profile b.sigprof
{
    header
    cat <<'END'
reset
sample 4242 1000 1 0 0 0x7f0000000300
end 6000
END
} | profile c.sigprof
fold 0 b.sigprof c.sigprof
prints "prog;libx.so.1+0x300 2"
fold 0 --root process b.sigprof c.sigprof
prints "prog-4242;libx.so.1+0x300 1
prog-77;libx.so.1+0x300 1"
finish
