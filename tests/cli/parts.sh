# SPDX-License-Identifier: BSD-2-Clause
# A part of a recording by itself: that others are beside it is said, and counts
# as incomplete; and not where they are named too, or are not its parts.
. "$SOURCE/lib.sh"

# part NAME NUMBER ADDRESS [ID]
part() {
    {
        header | sed "s/^info id .*/info id ${4:-5eed0000000000000000000000000000}/"
        printf 'info part %d\nreset\nsample 4242 1000 1 0 0 %s\nend 1\n' "$2" "$3"
    } | profile "$1"
}

part r.sigprof 1 0x400100
part r.sigprof.2 2 0x400200
part r.sigprof.3 3 0x400300
part r.sigprof.4 1 0x400400 5eed0000000000000000000000000001 # another process's
fold 0 r.sigprof
says 'r\.sigprof: this is part 1 .* part 2, r\.sigprof\.2, is not in the result'
prints 'prog;prog+0x100 1'
fold 3 --strict r.sigprof
fold 3 --strict r.sigprof.2
says 'part 2 .* part 1, r\.sigprof, '
says 'part 2 .* part 3, r\.sigprof\.3, '
fold 3 --strict r.sigprof.3
says 'part 3 .* part 2, r\.sigprof\.2, '
grep -q 'part 4' err && fail "a part of another recording is taken for its own"
fold 0 --strict r.sigprof r.sigprof.2 r.sigprof.3
silent
fold 0 --strict ./r.sigprof.3 r.sigprof ./r.sigprof.2
silent
fold 0 --strict r.sigprof.4
silent

# A recording that is named twice counts once: by its name, another path, a link or a
# copy. One that was copied while it was written gives way to the whole one.
cp r.sigprof.4 copy.sigprof
ln -s r.sigprof.4 link.sigprof
{ header | another 1; printf 'info part 1\nreset\nblock\n'
  echo 'sample 4242 1000 1 0 0 0x400400'; echo 'end 1'; } | profile whole.sigprof
head -c $(($(wc -c <whole.sigprof) - 3)) whole.sigprof >less.sigprof
for again in r.sigprof.4 ./r.sigprof.4 "$PWD/r.sigprof.4" link.sigprof copy.sigprof; do
    fold 0 --strict r.sigprof.4 "$again"
    says "^sigprof-fold: $again: the same recording as r\.sigprof\.4, which is counted once"
    prints 'prog;prog+0x400 1'
done
for order in 'whole.sigprof less.sigprof' 'less.sigprof whole.sigprof'; do
    fold 0 --strict $order
    says '^sigprof-fold: less\.sigprof: the same recording as whole\.sigprof, '
    prints 'prog;prog+0x400 1'
done
fold 0 --strict r.sigprof.4 - <r.sigprof.4
says '^sigprof-fold: -: the same recording as '
fold 0 --diff r.sigprof.4 r.sigprof.4 # on either side it counts
silent
prints 'prog;prog+0x400 1 1'
rm copy.sigprof link.sigprof less.sigprof whole.sigprof
mkdir folder
mv r.sigprof* folder
fold 0 --strict folder
silent
cp folder/r.sigprof.2 moved.sigprof
fold 0 --strict moved.sigprof
silent
"$FOLD" --strict - <folder/r.sigprof >out 2>err || fail "standard input: $?"
silent
finish
