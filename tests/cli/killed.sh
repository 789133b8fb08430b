# SPDX-License-Identifier: BSD-2-Clause
# A profile without an end: its ring is asked, its tail is read and kept.
. "$SOURCE/lib.sh"
FOLD=$FOLD_FAKE_SALVAGE
{
    header
    echo "info ring $PWD/ring"
    echo reset
    echo 'sample 4242 1000 1 0 0 0x400100'
} | profile a.sigprof
# Block 1 of the recording, without the file header.
{ echo gap; echo 'info salvaged yes'; echo reset; echo 'sample 4242 2000 2 0 0 0x400200'
  echo 'sample 4242 3000 3 0 0 0x400300'; } | "$MAKE" | tail -c +17 >ring

whole="prog;prog+0x100 1
prog;prog+0x200 2
prog;prog+0x300 3"
cp a.sigprof first.sigprof
cp ring ring.copy
fold 0 first.sigprof
says 'first\.sigprof: the process was cut off; 2 samples came from its ring'
prints "$whole"
[ ! -e ring ] || fail "the ring is still there"
# The file has them now.
fold 0 first.sigprof
prints "$whole"
says 'what was in its ring has been added'
# Through a pipe: read, but not kept.
cp ring.copy ring
fold 0 - <a.sigprof
prints "$whole"
[ -e ring ] || fail "the ring was taken"

# Raw reads the tail a second time; an unwritable profile still folds.
cp ring.copy ring
cp a.sigprof second.sigprof
fold 0 -f raw second.sigprof
[ "$(wc -l <out)" = 3 ] || fail "raw: three samples"
cp ring.copy ring
cp a.sigprof third.sigprof
fold 3 --strict third.sigprof
cp ring.copy ring
cp a.sigprof fourth.sigprof
fold 0 --stats fourth.sigprof
grep -Eq '^cut_killed +1$' out || fail "--stats: cut_killed"
grep -Eq '^salvaged_samples +2$' out || fail "--stats: salvaged"
# The manual has a word for each of its lines; accounts go by the word in front.
for name in $(sed -E 's/^([a-z]+)(_[a-z]+)*_(periods|seconds|percent)? .*/\1/; s/ .*//' out); do
    grep -Eq "^\.BR? .*\b$name(_percent)?\b" "$MANUAL" || fail "the manual does not define $name"
done

echo ALIVE >ring
fold 0 a.sigprof
says 'still running'
prints "prog;prog+0x100 1"
finish
