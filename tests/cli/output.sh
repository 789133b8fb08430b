# SPDX-License-Identifier: BSD-2-Clause
# What -o writes to: a file beside that is renamed, what a link leads to, what is
# no file; modes stay.
. "$SOURCE/lib.sh"
{
    header
    echo reset
    echo 'sample 1 2000 1 0 0 0x400100'
    echo 'end 3000'
} | profile a.sigprof
fold 0 a.sigprof
line=$(cat out)
[ -n "$line" ] || fail 'no stack'

# holds FILE: it has the folded stacks, and nothing is left beside it.
holds() {
    [ "$(cat "$1")" = "$line" ] || fail "$1 holds '$(cat "$1")'"
    for rest in "$1".?*; do
        [ ! -e "$rest" ] || fail "left behind: $rest"
    done
}
is_link() {
    [ -h "$1" ] || fail "$1 is no link any more"
}
inode() {
    ls -i "$1" | awk '{print $1}'
}

mkdir far
echo old >far/real.txt
before=$(inode far/real.txt)
ln -s far/real.txt l.txt
ln -s l.txt m.txt
fold 0 -o m.txt a.sigprof
is_link l.txt
is_link m.txt
holds far/real.txt
holds l.txt
[ "$(inode far/real.txt)" != "$before" ] || fail 'written in place'

ln -s far/new.txt n.txt
fold 0 -o n.txt a.sigprof
is_link n.txt
holds far/new.txt

# As /dev/stdout does, a link to what is open already: by that descriptor, so that
# what others write there stays.
if [ -e /proc/self/fd/1 ]; then
    ln -s /proc/self/fd/1 o
    {
        echo first
        "$FOLD" -o o a.sigprof
        echo last
    } >shared 2>err
    [ "$(cat shared)" = "first$nl$line${nl}last" ] ||
        fail "a link to standard output: $(cat shared)"
    is_link o
    echo first >appended
    "$FOLD" -o o a.sigprof >>appended 2>err
    [ "$(cat appended)" = "first$nl$line" ] || fail ">>: $(cat appended)"
    ln -s /proc/self/fd/5 five
    "$FOLD" -o five a.sigprof 5>fifth 2>err
    holds fifth
    [ "$("$FOLD" -o o a.sigprof 2>err)" = "$line" ] || fail 'a link to a pipe'
fi

mkfifo fifo
cat fifo >through &
fold 0 -o fifo a.sigprof
wait
[ -p fifo ] || fail 'a FIFO was replaced'
holds through

echo old >private.txt
chmod 600 private.txt
ln -s private.txt p.txt
fold 0 -o p.txt a.sigprof
holds private.txt
[ "$(ls -l private.txt | cut -c1-10)" = -rw------- ] || fail 'the mode is lost'
echo old >group.txt
chmod 664 group.txt
(umask 077 && "$FOLD" -o group.txt a.sigprof 2>err)
[ "$(ls -l group.txt | cut -c1-10)" = -rw-rw-r-- ] || fail 'a mode by the umask'
(umask 027 && "$FOLD" -o fresh.txt a.sigprof 2>err)
[ "$(ls -l fresh.txt | cut -c1-10)" = -rw-r----- ] || fail 'a new file and the umask'

ln -s loop.txt loop.txt
fold 1 -o loop.txt a.sigprof
says 'loop.txt: cannot write: '
is_link loop.txt

# Without a sample, what is there stays; what is not, or is empty, is written.
{ header; echo 'end 1'; } | profile none.sigprof
for name in old.txt old.html old.pb.gz; do
    echo old >"$name"
    fold 4 -o "$name" none.sigprof
    says "^sigprof-fold: $name is left as it was\$"
    says 'no sample in the profile'
    [ "$(cat "$name")" = old ] || fail "$name is replaced by nothing"
    for rest in "$name".?*; do
        [ ! -e "$rest" ] || fail "left behind: $rest"
    done
done
fold 4 -o old.txt --focus nothing a.sigprof
says 'no sample passed the filters'
says 'old.txt is left as it was'
: >empty.html
for name in empty.html new.html; do
    fold 4 -o "$name" none.sigprof
    [ -s "$name" ] || fail "$name was not written"
    ! grep -q 'left as it was' err || fail "$name: $(cat err)"
done
fold 0 -o old.txt a.sigprof
holds old.txt
finish
