# SPDX-License-Identifier: BSD-2-Clause
# Every option with a bad value: status 2, a line that names option and value.
. "$SOURCE/lib.sh"
{ header; echo 'end 1'; } | profile a.sigprof

fold 2
says 'no profile named'
fold 2 --nonsense a.sigprof
fold 2 -f svg a.sigprof
says "format: 'svg' is not accepted; it can be folded, pprof, speedscope, firefox, html, heatmap, top or raw"
fold 2 --weight kilos a.sigprof
says "weight: 'kilos' .* samples or cpu"
fold 2 --root tree a.sigprof
says "root: 'tree' .* comm, process, thread, state, label:KEY or none"
fold 2 --root label: a.sigprof
says "root: 'label:'"
fold 2 --by module a.sigprof
says "by: 'module' .* function, line or address"
fold 2 --demangle some a.sigprof
says "demangle: 'some' .* full or none"
for time in '' 5 - a-b 5-4 5-5 1-2-3 1.2.3- 99999999999999999999-; do
    fold 2 --time "$time" a.sigprof
    says "time: '$time' is not accepted; .*A-B"
done
for option in thread focus ignore; do
    fold 2 --$option '(' a.sigprof
    says "$option: '\\(' is not accepted; "
done
for option in output format weight root by demangle time thread focus ignore \
    diff symfs debug-dir; do
    fold 2 --$option
done
fold 2 -o '' a.sigprof
says "output: ''"
for name in x.pb x.pprof x.bar x.folded.old d.d/x.svg x.svg x.json x.gz x.firefox.json.gz; do
    fold 2 -o $name a.sigprof
    says "output: '$name' is not accepted"
    [ ! -e $name ] || fail "$name was written"
done
mkdir d.d
for name in x .x x.txt x.folded d.d/x ./y; do
    fold 4 -o $name a.sigprof
    [ -e $name ] || fail "$name was not written"
done
for format in pprof speedscope firefox heatmap top raw; do
    fold 2 -f $format --diff a.sigprof a.sigprof
    says "diff: the format $format is not accepted; .* folded and html only"
done
fold 2 --diff a.sigprof -o d.pb.gz a.sigprof
says 'diff: the format pprof is not accepted; '
fold 2 --diff a.sigprof -o d.heatmap.html a.sigprof
says 'diff: the format heatmap is not accepted; '
# What would be left out without a word.
apart() {
    one=$1 other=$2
    shift 2
    fold 2 "$@"
    says "^sigprof-fold: $one and $other.* do not go together: "
    [ ! -s out ] || fail "$*: something was printed"
}
rm -f x.html s.html
apart --follow --output --follow a.sigprof -o x.html
apart --follow --format --follow a.sigprof --format html
apart --follow --stats --follow a.sigprof --stats
apart --follow --info --info --follow a.sigprof
apart --follow --diff --follow a.sigprof --diff a.sigprof
apart --follow --strict --follow a.sigprof --strict
apart --interval 'a profile without --follow' --interval 2 a.sigprof
apart --stats --format --stats --format top a.sigprof
apart --info --format --info -f folded a.sigprof
for name in s.html s.heatmap.html s.pb.gz s.folded; do
    apart --stats 'an --output' --stats -o $name a.sigprof
    [ ! -e $name ] || fail "$name was written"
done
for name in s s.txt s.stats; do
    fold 0 --stats -o $name a.sigprof
    grep -q '^due_periods' $name || fail "no balance sheet in $name"
done
fold 0 --follow a.sigprof --format top
fold 2 --modules=yes a.sigprof
fold 4 a.sigprof # a profile without a sample
says 'no sample in the profile'
fold 4 --symfs /nowhere --debug-dir /nowhere a.sigprof
says '^sigprof-fold: --debug-dir /nowhere: No such file'
fold 4 --debug-dir a.sigprof --debug-dir . a.sigprof
says '^sigprof-fold: --debug-dir a.sigprof: it is not a folder'
! grep -q 'debug-dir \.:' err || fail 'a folder that is there was said not to be'
finish
