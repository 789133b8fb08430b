# SPDX-License-Identifier: BSD-2-Clause
# Every kind of bad file has its sentence and its exit status.
. "$SOURCE/lib.sh"

{
    header
    echo reset
    echo 'sample 4242 1000 1 0 0 0x400100'
    echo block
    echo 'sample 4242 2000 1 0 0 0x400100'
    echo 'end 6000'
} >a.txt
profile a.sigprof <a.txt

fold 1 missing.sigprof
says 'missing\.sigprof: cannot read: No such file'
: >empty.sigprof
fold 1 empty.sigprof
says 'empty\.sigprof: empty'
fold 1 /bin/true
says '/bin/true: not a sigprof profile'
fold 1 a.txt
says 'a\.txt: not a sigprof profile'
tr -d '\r' <a.sigprof >text1.sigprof
fold 1 text1.sigprof
says 'text1\.sigprof: .*damaged, as by a transfer as text'
sed 's/$/\r/' a.sigprof >text2.sigprof
fold 1 text2.sigprof
says 'damaged, as by a transfer as text'
{ printf '\011'; tail -c +2 a.sigprof; } >text3.sigprof
fold 1 text3.sigprof
says 'damaged, as by a transfer as text'
{ printf '\303\211'; tail -c +2 a.sigprof; } >text4.sigprof
fold 1 text4.sigprof
says 'damaged, as by a transfer as text'
{ echo 'version 2 0'; cat a.txt; } | profile newer.sigprof
fold 1 newer.sigprof
says 'newer\.sigprof: format version 2; this sigprof-fold reads version 1'
{ echo 'version 1 3'; sed 's/^reset/unknown 77\nreset/' a.txt; } |
    profile minor.sigprof
fold 0 minor.sigprof
says 'format 1\.3 is newer .* 1 records were skipped'
[ "$(wc -l <out)" = 1 ] || fail "a newer minor version is read"

mkdir nothing
fold 1 nothing
says 'nothing: no profile'
# One that is missing, or something else, does not spoil the others, and does not go
# unnoticed; unless it was only found in a folder.
for bad in missing.sigprof a.txt newer.sigprof nothing; do
    fold 1 $bad a.sigprof
    [ "$(wc -l <out)" = 1 ] || fail "$bad spoils the others"
    fold 1 --strict a.sigprof $bad
done
fold 0 empty.sigprof a.sigprof
fold 3 --strict empty.sigprof a.sigprof
mkdir some
cp a.sigprof some/a.sigprof
cp a.txt some/text.sigprof
fold 0 some
fold 3 --strict some
fold 0 --strict a.sigprof

# Cut: without an end, in the middle of a block, before any block.
sed /^end/d a.txt | profile noend.sigprof
fold 0 noend.sigprof
says 'noend\.sigprof: cut: the file has no end'
fold 3 --strict noend.sigprof
head -c $(($(wc -c <a.sigprof) - 3)) a.sigprof >torn.sigprof
fold 0 torn.sigprof
says 'torn\.sigprof: cut: the last [0-9]+ bytes'
head -c 16 a.sigprof >head.sigprof
fold 1 head.sigprof
says 'no whole block'
head -c 9 a.sigprof >nine.sigprof
fold 1 nine.sigprof
says 'empty'

# A block is missing: its generation's stacks are unknown until the next RESET.
{
    sed /^end/d a.txt
    echo block
    echo gap
    echo 'sample 4242 3000 1 0 0 0x400200'
    echo block
    echo reset
    echo 'sample 4242 4000 1 0 0 0x400300'
    echo 'end 6000'
} | profile gap.sigprof
fold 0 gap.sigprof
says 'gap\.sigprof: damaged: 0 bytes between blocks, 1 blocks'
prints "prog;[damaged] 1
prog;prog+0x100 2
prog;prog+0x300 1"
{ cat a.sigprof; head -c 5000 /dev/urandom; } >tail.sigprof
fold 0 tail.sigprof
says 'the last 5000 bytes'

# The header's block is damaged, and the period with it: the rate that was granted, which
# is told again when the clock changes, even behind samples; or it is said that there is
# none.
rate_lost() {
    header | sed 's/^info period_ns .*/info period_ns 2004008/'
    echo block
    echo reset
    echo 'sample 4242 1000 1 0 0 0x400100'
    echo "$1"
    echo 'sample 4242 2000 4 0 0 0x400100'
    echo 'end 6000'
}
for at in 16 24 40 60; do
    rate_lost 'info hz_granted 499' | profile whole.sigprof
    fold 0 --weight cpu whole.sigprof
    [ "$(sed 's/.* //' out)" = 10020 ] || fail "5 periods at 499 Hz: $(cat out)"
    { head -c $at whole.sigprof; printf '\377'; tail -c +$((at + 2)) whole.sigprof; } >rate.sigprof
    fold 0 --weight cpu rate.sigprof
    says 'rate\.sigprof: its period is lost; .* granted, 499 Hz'
    [ "$(sed 's/.* //' out)" = 10020 ] || fail "without its period: $(cat out)"
    fold 0 rate.sigprof whole.sigprof
    ! grep 'different rates' err || fail "one rate is taken for two"
    rate_lost 'info note none' | profile whole.sigprof
    { head -c $at whole.sigprof; printf '\377'; tail -c +$((at + 2)) whole.sigprof; } >rate.sigprof
    fold 0 rate.sigprof
    says 'rate\.sigprof: its rate is lost and not known: 99 Hz is assumed'
done

if [ "$(id -u)" != 0 ]; then
    cp a.sigprof closed.sigprof
    chmod 0 closed.sigprof
    fold 1 closed.sigprof
    says 'closed\.sigprof: cannot read: Permission denied'
fi
mkdir dir.sigprof
fold 1 dir.sigprof
says 'no profile'

# Output that cannot be written.
fold 1 -o nowhere/out.folded a.sigprof
says 'nowhere/out\.folded: cannot write: No such file'
fold 1 -o nothing a.sigprof
says 'nothing: cannot write: Is a directory'
if [ -c /dev/full ]; then
    fold 1 -o /dev/full a.sigprof
    says '/dev/full: cannot write: No space left'
    "$FOLD" a.sigprof >/dev/full 2>err && fail "a full stdout goes unnoticed"
    says 'standard output: cannot write: No space left'
fi
# A failed run leaves an older result alone.
echo old >keep.folded
fold 1 -o keep.folded missing.sigprof
[ "$(cat keep.folded)" = old ] || fail "an older result was overwritten"
# A reader that goes away is no error to talk of.
"$FOLD" --stats a.sigprof 2>err | head -c 1 >/dev/null
silent
finish
