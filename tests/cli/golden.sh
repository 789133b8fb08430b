# SPDX-License-Identifier: BSD-2-Clause
# Files of every version ever shipped read as they always did, and damage to
# them costs what it must and no more.
. "$SOURCE/lib.sh"
golden=$SOURCE/../golden
for file in "$golden"/*.sigprof; do
    base=${file%.sigprof}
    fold 0 "$file"
    cmp -s out "$base.folded" || {
        fail "$file: folded"
        diff "$base.folded" out
    }
    fold 0 -f raw --root process --root thread "$file"
    cmp -s out "$base.raw" || {
        fail "$file: raw"
        diff "$base.raw" out
    }
    fold 0 --stats "$file"
    cmp -s out "$base.stats" || {
        fail "$file: stats"
        diff "$base.stats" out
    }
done
# The text a golden file was made from still makes the same bytes.
profile again.sigprof <"$golden/version1.txt"
cmp -s again.sigprof "$golden/version1.sigprof" || fail "make-profile differs"
"$DAMAGE" "$FOLD" "$golden/version1.sigprof" || fail "damage"
finish
