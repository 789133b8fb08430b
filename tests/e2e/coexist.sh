# SPDX-License-Identifier: BSD-2-Clause
# Programs that use SIGPROF or ITIMER_PROF themselves get the same output and the
# same status as without us. usage: coexist.sh sort|php|qemu|python|perl
. "$(dirname "$0")/lib.sh"

case $1 in
sort)
    need sort
    # Temporary files, several threads: sort cleans up after a list of signals
    # that has SIGPROF in it.
    awk 'BEGIN { srand(1); for (i = 0; i < 300000; i++) print int(rand() * 1e9), i }' >big
    same "sort" sort -S 2M --parallel=4 -T "$here" big
    same "sort -n" sort -n -k1,1 --parallel=2 big
    ;;
php)
    need php
    OWN_TIMER=1
    # The script's time limit is ITIMER_PROF and SIGPROF: it must still end it.
    same "php, a limit that is reached" php -n -d display_errors=1 -d html_errors=0 -r '
        set_time_limit(1); $i = 0; while (true) { $i++; }'
    [ "$(cat ours.status)" = 255 ] || fail "the limit did not end it"
    grep -q "Maximum execution time of 1 second" ours.out ours.err || fail "another end"
    same "php, a limit that is not reached" php -n -r '
        set_time_limit(30); $s = 0; for ($i = 0; $i < 8000000; $i++) $s = ($s * 31 + $i) % 1000003;
        echo $s, "\n";'
    same "php, limits set again and again" php -n -r '
        $s = 0; for ($j = 0; $j < 400; $j++) { set_time_limit(20);
        for ($i = 0; $i < 20000; $i++) $s = ($s * 31 + $i) % 1000003; } echo $s, "\n";'
    ;;
qemu)
    need qemu-x86_64
    # The emulator leaves by a bare exit_group: the rest is in the ring. The guest
    # runs without the preload object inside; its signals are the emulator's.
    same "qemu-x86_64 and a loop" qemu-x86_64 -U LD_PRELOAD,SIGPROF_HZ "$GUEST" loop
    OWN_TIMER=1
    same "qemu-x86_64 and a guest with a SIGPROF timer" \
        qemu-x86_64 -U LD_PRELOAD,SIGPROF_HZ "$GUEST" timer
    ;;
python)
    python=/usr/bin/python3
    OWN_TIMER=1
    [ -x $python ] || skip "/usr/bin/python3 is not on this machine"
    cat >ticks.py <<'END'
import signal
ticks = 0
def tick(number, frame):
    global ticks
    ticks += 1
assert signal.getsignal(signal.SIGPROF) == signal.SIG_DFL
signal.signal(signal.SIGPROF, tick)
signal.setitimer(signal.ITIMER_PROF, 0.01, 0.01)
value = 0
while ticks < 25:
    value = (value * 31 + 7) % 1000003
signal.setitimer(signal.ITIMER_PROF, 0, 0)
assert signal.getsignal(signal.SIGPROF) is tick
for i in range(3000000):
    value = (value * 31 + 7) % 1000003
assert ticks in (25, 26), ticks
signal.signal(signal.SIGPROF, signal.SIG_IGN)
signal.raise_signal(signal.SIGPROF)
print("25 ticks, and no more when the timer is off")
END
    same "python3 with a timer of its own" $python ticks.py
    # A tick of ours is never handed to it.
    cat >rate.py <<'END'
import signal, time
ticks = 0
def tick(number, frame):
    global ticks
    ticks += 1
signal.signal(signal.SIGPROF, tick)
signal.setitimer(signal.ITIMER_PROF, 1000, 1000)
start = time.process_time()
while time.process_time() < start + 0.5:
    pass
print("ticks of its own so far:", ticks)
END
    same "python3 counts its own ticks only" $python rate.py
    # The default action: it asked to be killed by its own timer.
    same "python3 dies of its own timer" $python -c '
import signal
signal.setitimer(signal.ITIMER_PROF, 0.3)
while True: pass'
    [ "$(cat ours.status)" = 155 ] || fail "status $(cat ours.status), want 128 + SIGPROF"
    same "python3 dies of its own timer that repeats" $python -c '
import signal
signal.setitimer(signal.ITIMER_PROF, 0.1, 0.1)
while True: pass'
    [ "$(cat ours.status)" = 155 ] || fail "status $(cat ours.status), want 128 + SIGPROF"
    ;;
perl)
    need perl
    OWN_TIMER=1
    perl -MTime::HiRes -e 1 2>/dev/null || skip "perl has no Time::HiRes"
    same "perl with \$SIG{PROF}" perl -e '
        use Time::HiRes qw(setitimer ITIMER_PROF);
        my $ticks = 0; $SIG{PROF} = sub { $ticks++ };
        setitimer(ITIMER_PROF, 0.01, 0.01);
        my $v = 0; while ($ticks < 20) { $v = ($v * 31 + 7) % 1000003 }
        setitimer(ITIMER_PROF, 0, 0);
        my $before = $ticks; kill PROF => $$; print "one more: ", $ticks - $before, "\n";
        $SIG{PROF} = "IGNORE"; kill PROF => $$; print "ignored\n";
        for (1 .. 2000000) { $v = ($v * 31 + 7) % 1000003 }
        $SIG{PROF} = "DEFAULT"; print "20 ticks\n";'
    ;;
*)
    fail "what is $1?"
    ;;
esac
