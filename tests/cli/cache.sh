# SPDX-License-Identifier: BSD-2-Clause
# The index of names: the same answers from it, nothing but the cache is
# written, and whatever is wrong with it, it is made anew.
. "$SOURCE/lib.sh"
for tool in "$CC" nm readelf; do
    command -v "$tool" >/dev/null || skip "no $tool"
done

cat >p.c <<'END'
#include <stdlib.h>
static inline __attribute__((always_inline)) int inner(int x)
{
    return abs(x) + rand();
}
__attribute__((noinline)) int outer(int x)
{
    return inner(x) + 1;
}
int main(void) { return outer(1); }
END
"$CC" -g -O1 -fPIE -pie -Wl,--build-id=sha1 -o p p.c || fail "cannot compile"
id=$(readelf -n p | awk '/Build ID/ {print $3}')
[ -n "$id" ] || skip "the linker gives no build-id"
outer=$(nm p | awk '$3 == "outer" {print $1}')
main=$(nm p | awk '$3 == "main" {print $1}')
make() {
    {
        echo "info id 5eed0000000000000000000000000000"
        echo "info comm p"
        echo "info period_ns 10000000"
        echo "module 1 0x555500000000 0x555500010000 0x555500000000 0 1 $id $PWD/p"
        echo reset
        for offset in $2; do
            echo "sample 1 1000 1 0 0 $(printf '0x%x' $((0x555500000000 + offset)))"
        done
        echo "end 2000"
    } | profile "$1"
}
make a.sigprof "$((0x$outer)) $((0x$outer + 6)) $((0x$outer + 9))"
make b.sigprof "$((0x$outer)) $((0x$outer + 6)) $((0x$outer + 9)) $((0x$main))"
rest=${id#??}
index="cache/${id%"$rest"}/$rest.index"

# Without, first, from the index, and with more than it knows.
for profile in a b; do
    fold 0 --cache none --by line $profile.sigprof
    silent
    mv out $profile.expected
    [ ! -e cache ] || [ $profile = b ] || fail "--cache none writes"
    for time in 1 2; do
        fold 0 --cache cache --by line $profile.sigprof
        silent
        prints "$(cat $profile.expected)"
        [ -s "$index" ] || fail "no index at $index"
    done
done
grep -q 'outer p.c:9;inner p.c:5' b.expected ||
    grep -q 'outer p.c:8;inner p.c:4' b.expected || {
    fail "no inlined frame"
    cat b.expected
}
[ -z "$(find cache -name '*.index.*')" ] || fail "a temporary file is left"

# It is asked: without the program's debug information, it still answers. The
# program is the same file, with the same time and size.
cp -p "$index" good
ls -l --time-style=full-iso "$index" >before
fold 0 --cache cache --by line b.sigprof
ls -l --time-style=full-iso "$index" >after
cmp -s before after || fail "what is known is written again"

# Damage of any kind: not believed, and made anew.
size=$(wc -c <good)
for damage in 0 9 17 40 70 $((size / 2)) $((size - 1)); do
    cp good "$index"
    printf '\377' | dd of="$index" bs=1 seek="$damage" conv=notrunc 2>dd.err
    fold 0 --cache cache --by line b.sigprof
    silent
    prints "$(cat b.expected)"
    cmp -s good "$index" || fail "an index damaged at $damage stays"
done
for cut in 0 10 63 100 $((size - 1)); do
    head -c "$cut" good >"$index"
    fold 0 --cache cache --by line b.sigprof
    silent
    prints "$(cat b.expected)"
    cmp -s good "$index" || fail "an index cut to $cut bytes stays"
done
rm -f "$index"
mkdir "$index"
fold 0 --cache cache --by line b.sigprof
prints "$(cat b.expected)"
rmdir "$index"

# Another file, even of the same build-id: the index is of the one before.
touch p
fold 0 --cache cache --by line b.sigprof
prints "$(cat b.expected)"
cmp -s good "$index" && fail "an index of another file is believed"

# Eight at once.
rm -rf cache
for i in 1 2 3 4 5 6 7 8; do
    "$FOLD" --cache cache --by line b.sigprof >"out$i" 2>"err$i" &
done
wait
for i in 1 2 3 4 5 6 7 8; do
    cmp -s "out$i" b.expected || fail "one of eight at once"
    [ ! -s "err$i" ] || fail "one of eight at once complains"
done
[ -z "$(find cache -name '*.index.*')" ] || fail "a temporary file is left"

# Places that are none: said when asked for, and no reason to stop.
: >file
fold 0 --cache file --by line b.sigprof
says "file: .*; names are not kept"
prints "$(cat b.expected)"
HOME=/nonexistent XDG_CACHE_HOME='' fold 0 --by line b.sigprof
silent
rm -rf cache-home
fold 0 --by line b.sigprof
[ -d cache-home/sigprof ] || [ ! -d cache-home ] || fail "the default place"
mkdir -p cache-home
fold 0 --by line b.sigprof
[ -d cache-home/sigprof ] || fail "the default place"
fold 2 --cache '' b.sigprof
says "cache: ''"
finish
