# SPDX-License-Identifier: BSD-2-Clause
# The real flamegraph.pl draws what we fold, with nothing ignored.
. "$SOURCE/lib.sh"
script=
for at in /usr/share/perl5/Devel/NYTProf/flamegraph.pl \
    "$(command -v flamegraph.pl 2>/dev/null)"; do
    [ -n "$at" ] && [ -f "$at" ] && script=$at && break
done
[ -n "$script" ] || skip "no flamegraph.pl (Debian: libdevel-nytprof-perl)"
{
    header | sed 's/^info comm prog$/info comm lambda 3/'
    echo 'module 10 0x1000000 0x1001000 0x1000000 0 0 - /x/<&"\x01\xff>.so'
    echo reset
    i=0
    while [ $i -lt 200 ]; do
        printf 'sample 4242 %d 3 0 %d 0x400100 0x4002%02x 0x1000%03x\n' \
            $i $((i % 5)) $((i % 17)) $((i % 23))
        i=$((i + 1))
    done
    echo 'sheet 1 dropped_full=10'
    echo 'end 300'
} | profile a.sigprof
fold 0 -o a.folded a.sigprof
total=$(awk '{sum += $NF} END {print sum}' a.folded)
[ "$total" = 610 ] || fail "total $total"
perl "$script" a.folded >a.svg 2>err || fail "flamegraph.pl"
silent
grep -q "all (610 samples" a.svg || fail "the picture's total"
if command -v xmllint >/dev/null; then
    xmllint --noout --nonet a.svg 2>err || {
        # This copy of the script points to its DTD; nothing else is wrong.
        fail "the picture is not XML"
        cat err
    }
fi
finish
