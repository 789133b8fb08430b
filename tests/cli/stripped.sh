# SPDX-License-Identifier: BSD-2-Clause
# A program without symbols: frames of one function are one by its unwind
# information, and what is outside all of that stays its address.
. "$SOURCE/lib.sh"
for tool in "$CC" nm strip readelf; do
    command -v "$tool" >/dev/null || skip "no $tool"
done

function_of() {
    cat <<END
int $1(int x);
int $1(int x) { for (int i = 0; i < 9; i++) x = x * 3 + (x >> i); return x; }
END
}
function_of before >before.c
{ function_of bare; function_of bare_too; } >bare.c
function_of after >after.c
echo 'int before(int), bare(int), bare_too(int), after(int);
int main(int argc, char **argv)
{ (void)argv; return before(argc) + bare(argc) + bare_too(argc) + after(argc); }' >main.c
tables='-fno-exceptions -funwind-tables -fasynchronous-unwind-tables'
none='-fno-exceptions -fno-unwind-tables -fno-asynchronous-unwind-tables'
for name in before bare after main; do
    flags=$tables
    [ $name = bare ] && flags=$none
    # shellcheck disable=SC2086
    "$CC" -O1 $flags -c $name.c || fail "cannot compile $name.c"
done
"$CC" -pie -o p before.o bare.o after.o main.o || fail 'cannot link'
readelf -x .eh_frame_hdr p 2>&1 | grep -q 011b033b ||
    skip 'the linker makes no .eh_frame_hdr of the usual form'
strip -o stripped p

# at NAME N: link address of N bytes behind a function's start.
at() {
    nm p | awk -v name="$1" '$3 == name {print $1}' |
        { read -r start; printf '%x' $((0x$start + $2)); }
}
[ "$(readelf --debug-dump=frames p | grep -c "pc=0*$(at bare 0)\.\.")" = 0 ] ||
    fail 'there is unwind information where there should be none'
{
    header | sed "/^module 1/s,.*,module 1 0x555500000000 0x555500010000 0x555500000000 0 1 - $PWD/stripped,"
    echo reset
    for place in 'before 0' 'before 4' 'before 8' 'bare 0' 'bare 4' 'bare_too 8' \
        'after 0' 'after 8'; do
        # shellcheck disable=SC2086
        echo "sample 4242 1000 1 0 0 $(printf '0x%x' $((0x555500000000 + 0x$(at $place))))"
    done
    echo 'end 3000'
} | profile a.sigprof

wanted=$({
    echo "prog;stripped+0x$(at before 0) 3"
    echo "prog;stripped+0x$(at bare 0) 1"
    echo "prog;stripped+0x$(at bare 4) 1"
    echo "prog;stripped+0x$(at bare_too 8) 1"
    echo "prog;stripped+0x$(at after 0) 2"
} | sort)
fold 0 --cache none a.sigprof
prints "$wanted"
for round in found cached; do
    fold 0 --cache "$PWD/names" a.sigprof
    prints "$wanted"
done
finish
