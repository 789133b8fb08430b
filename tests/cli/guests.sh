# SPDX-License-Identifier: BSD-2-Clause
# Frames of an interpreter's program: names, lines, kinds, and what is not known.
. "$SOURCE/lib.sh"

{
    header
    cat <<'END'
module 10 0x1000000 0x1001000 0x1000000 0 0 - /nowhere/vm
reset
function 7 10 /src/a;b.lua outer 3
sample 1 1000 2 0 0 0x1000100 g.7.12 0x1000200 g.8.21
sample 1 2000 3 0 0 0x1000100 g.7.13 0x1000200 g.8.0
function 8 20 - in;ner
late 1500000
sample 1 3000 1 0 0 0x1000100 g.0.5
late 500000
sample 1 4000 1 0 0 0x1000100 g.99.5
sample 1 5000 1 0 0 0x1000100 busy
function 7 99 - told twice
function 4000000000 1 - not used
end 6000
END
} | profile a.sigprof

# A name comes behind its samples, and only once; 0 and 99 are nobody's.
fold 0 a.sigprof
silent
prints "prog;vm+0x100;[unknown function] 2${nl}prog;vm+0x100;[vm busy] 1${nl}prog;vm+0x100;outer_3;vm+0x200;in:ner 5"
fold 0 --annotate --modules a.sigprof
grep -q ';outer 3`\[guest\]_\[g\];vm+0x200`vm;in:ner`\[guest\]_\[g\] 5$' out || fail "$(cat out)"
fold 0 --by line a.sigprof
prints "prog;vm+0x100;[unknown function] 2${nl}prog;vm+0x100;[vm busy] 1${nl}prog;vm+0x100;outer 3 a:b.lua:12;vm+0x200;in:ner 2${nl}prog;vm+0x100;outer 3 a:b.lua:13;vm+0x200;in:ner 3"

# How late samples are, where they are.
fold 0 -f raw a.sigprof
grep -c ' late=' out | grep -qx 2 || fail "$(cat out)"
grep -q '^0.000003000 .* end=complete late=1500000 labels=- ' out || fail "$(cat out)"
fold 0 --stats a.sigprof
for line in "late_samples 2" "late_mean_seconds 0.001000" "late_max_seconds 0.001500"; do
    tr -s ' ' <out | grep -qx "$line" || fail "no $line"
done

# Every format has a place for them, of no module.
for format in html heatmap pprof speedscope firefox top; do
    fold 0 -f $format a.sigprof
    [ -s out ] || fail "$format: empty"
done
fold 0 -f firefox a.sigprof
grep -o '"category":\[[0-9,]*\]' out | grep -q '[[,]3[],]' ||
    fail "firefox: no frame is of the fourth category, interpreter"
finish
