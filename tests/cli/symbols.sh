# SPDX-License-Identifier: BSD-2-Clause
# Names from real programs: symbol tables, PLT stubs, debug files in all the
# places they can be, build-ids that do not match, C++ names.
. "$SOURCE/lib.sh"
for tool in "$CC" nm objcopy strip readelf; do
    command -v "$tool" >/dev/null || skip "no $tool"
done

cat >p.c <<'END'
#include <stdlib.h>
static __attribute__((noinline)) int inner(int x) { return abs(x) + rand(); }
__attribute__((noinline)) int outer(int x) { return inner(x) + 1; }
__attribute__((noinline)) int clone_part(int x) __asm__("clone.part.0");
__attribute__((noinline)) int clone_part(int x) { return inner(x) - 1; }
__attribute__((noinline)) int cxx(int x)
    __asm__("_ZN5space6Things3getIiEET_RKSt6vectorIS2_SaIS2_EE.cold");
__attribute__((noinline)) int cxx(int x) { return inner(x) - 2; }
__attribute__((noinline)) int rust(int x)
    __asm__("_ZN4core3ptr13drop_in_place17h0123456789abcdefE");
__attribute__((noinline)) int rust(int x) { return inner(x) - 3; }
int main(void) { return outer(1) + clone_part(2) + cxx(3) + rust(4); }
END
"$CC" -O1 -fcf-protection=full -fPIE -pie -Wl,--build-id=sha1 -o p p.c 2>err ||
    "$CC" -O1 -fPIE -pie -Wl,--build-id=sha1 -o p p.c || fail "cannot compile"
id=$(readelf -n p | awk '/Build ID/ {print $3}')
[ -n "$id" ] || skip "the linker gives no build-id"

# symbol NAME: its address as hex; plus N added in the profile by the shell.
symbol() {
    nm p | awk -v name="$1" '$3 == name {print $1}'
}
at() {
    printf '0x%x' $((0x555500000000 + 0x$1 + $2))
}
inner=$(symbol inner)
outer=$(symbol outer)
part=$(symbol clone.part.0)
cxx=$(nm p | awk '/ZN5space/ {print $1}')
rust=$(nm p | awk '/ZN4core/ {print $1}')
# A stub: the .plt.sec or .plt entry, from objdump's own names.
stub=$(objdump -d -j .plt -j .plt.sec p 2>/dev/null |
    awk '/<rand@plt>:/ {print $1; exit}')

# make FILE PATH ID: a profile of the program at PATH.
make() {
    {
        echo "info id 5eed0000000000000000000000000000"
        echo "info comm p"
        echo "info period_ns 10000000"
        echo "module 1 0x555500000000 0x555500010000 0x555500000000 0 1 $3 $2"
        echo reset
        # A leaf at a function's first byte is that function; a return address
        # there belongs to the one before.
        echo "sample 1 1000 1 0 0 $(at "$outer" 4) $(at "$inner" 0)"
        echo "sample 1 1000 1 0 0 $(at "$part" 1)"
        echo "sample 1 1000 1 0 0 $(at "$cxx" 1)"
        echo "sample 1 1000 1 0 0 $(at "$rust" 1)"
        [ -z "$stub" ] || echo "sample 1 1000 1 0 0 $(at "$stub" 4)"
        echo "end 2000"
    } | profile "$1"
}
names="p;clone 1
p;core::ptr::drop_in_place 1
p;outer;inner 1"
[ -z "$stub" ] || names="$names
p;rand@plt 1"
names="$names
p;int space::Things::get<int>(std::vector<int, std::allocator<int> > const&) 1"
names=$(printf '%s\n' "$names" | sort)

make whole.sigprof "$PWD/p" "$id"
fold 0 whole.sigprof
silent
prints "$names"
fold 0 --demangle none whole.sigprof
grep -q '^p;clone\.part\.0 1$' out || fail "--demangle none keeps suffixes"
grep -q '^p;_ZN5space.*\.cold 1$' out || fail "--demangle none keeps C++"
fold 0 --by address whole.sigprof
grep -q '^p;outer+0x4;inner+0x0 1$' out || fail "--by address"

# Another build is there now: names are withheld, once said, with both ids.
other=$(echo "$id" | sed 's/^../ee/')
make other.sigprof "$PWD/p" "$other"
fold 0 other.sigprof
says "/p: build-id on disk is $id, the sampled file's was $other; [0-9]+ frames"
grep -q '^p;p+0x' out || fail "names are withheld"
[ "$(wc -l <err)" = 1 ] || fail "said once"
fold 3 --strict other.sigprof

# Deleted, or gone: offsets, quietly.
make deleted.sigprof "$PWD/nowhere/p (deleted)" "$id"
fold 0 deleted.sigprof
silent
grep -q '^p;p+0x' out || fail "a deleted file"

# Stripped, with the symbols in a debug file.
objcopy --only-keep-debug p p.debug
strip -o stripped/p p 2>/dev/null || { mkdir stripped; strip -o stripped/p p; }
make stripped.sigprof "$PWD/stripped/p" "$id"
fold 0 --debug-dir "$PWD/debug" stripped.sigprof
grep -q 'outer;inner' out && fail "stripped, but named"
rest=${id#??}
mkdir -p "debug/.build-id/${id%"$rest"}"
cp p.debug "debug/.build-id/${id%"$rest"}/$rest.debug"
fold 0 --debug-dir "$PWD/debug" stripped.sigprof
prints "$names"
# Another path, but found by its build-id; and a debug file of another build.
fold 0 --debug-dir "$PWD/debug" deleted.sigprof
grep -q '^p;outer;inner 1$' out || fail "a deleted file's debug file"
# By .gnu_debuglink: beside it, in .debug; with a wrong CRC, not.
objcopy --remove-section=.note.gnu.build-id p noid
objcopy --only-keep-debug noid noid.debug
mkdir -p linked/.debug
(cd linked && cp ../noid.debug . && strip -o p ../noid &&
    objcopy --add-gnu-debuglink=noid.debug p && mv noid.debug .debug)
make linked.sigprof "$PWD/linked/p" -
fold 0 linked.sigprof
prints "$names"
printf x >>linked/.debug/noid.debug
fold 0 linked.sigprof
grep -q 'outer;inner' out && fail "a wrong CRC is believed"
mv linked/.debug/noid.debug linked/noid.debug
cp noid.debug linked/noid.debug
fold 0 linked.sigprof
prints "$names"

# Another root.
mkdir -p "root$PWD"
cp p "root$PWD/q"
make q.sigprof "$PWD/q" "$id"
fold 0 --symfs "$PWD/root" q.sigprof
prints "$(printf '%s' "$names")"

# Things at the path that are no programs.
mkfifo fifo
for path in "$PWD/fifo" "$PWD" /dev/zero "$PWD/p.c" ''; do
    make odd.sigprof "$path" -
    fold 0 odd.sigprof
done
finish
