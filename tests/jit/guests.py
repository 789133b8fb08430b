#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Frames of an interpreter's program where things end, sleep, or go fast.

usage: guests.py PRELOAD FOLD WORKLOAD killed|parts|asleep|storm

killed: names that a walk has made outlive a kill -9. parts: each file of a recording
has the names that its own samples need. asleep: by the wall clock, a sleeper has its
guest frames. storm: while four threads push and pop as fast as they can, no sample has
a frame that is not on the stack (SIGPROF_TEST_LONG=1: a minute of CPU time).
"""
import glob
import os
import signal
import subprocess
import sys
import tempfile
import time

CHAIN = "run;start;middle;each;"
CYCLE = ("hot_a", "hot_b", "hot_c")


def environment(preload, profile, **more):
    return dict(os.environ, LD_PRELOAD=preload, SIGPROF_OUT=profile, **more)


def fold(command, profile, *options):
    done = subprocess.run([command, *options, profile], capture_output=True, text=True)
    assert done.returncode in (0, 4), done.stderr # 4: no samples, which is so at first
    return done.stdout


def weight_of(folded, part):
    return sum(int(line.rsplit(" ", 1)[1]) for line in folded.splitlines()
               if part in line)


def killed(preload, command, workload, folder):
    profile = os.path.join(folder, "killed.sigprof")
    child = subprocess.Popen([workload, "met", "600000"], stdout=subprocess.DEVNULL,
                             env=environment(preload, profile, SIGPROF_HZ="99",
                                             SIGPROF_CLOCK="thread"))
    try:
        while True: # the test's time limit ends it
            time.sleep(0.2)
            assert child.poll() is None, "it ended by itself"
            if os.path.exists(profile) and os.path.getsize(profile) and \
                    weight_of(fold(command, profile), CHAIN + "hot_a;spin"):
                break
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    folded = fold(command, profile)
    assert weight_of(folded, CHAIN + "hot_a;spin"), folded
    assert "[unknown function]" not in folded, folded


def parts(preload, command, workload, folder):
    profile = os.path.join(folder, "part")
    subprocess.run([workload, "met", "1500"], check=True, stdout=subprocess.DEVNULL,
                   env=environment(preload, profile, SIGPROF_HZ="199",
                                   SIGPROF_CLOCK="thread", SIGPROF_ROTATE="1s"))
    found = glob.glob(profile + "*")
    assert len(found) > 1, found
    named = 0
    for path in found:
        folded = fold(command, path)
        assert "[unknown function]" not in folded, folded
        named += weight_of(folded, CHAIN + "hot_") > 0
    print(f"{named} of {len(found)} parts have samples of the guest")
    assert named > 0


def asleep(preload, command, workload, folder):
    profile = os.path.join(folder, "asleep.sigprof")
    subprocess.run([workload, "sleep", "1500"], check=True,
                   env=environment(preload, profile, SIGPROF_HZ="99",
                                   SIGPROF_CLOCK="wall"))
    folded = fold(command, profile, "--root", "state")
    asleep_in = weight_of(folded, CHAIN + "hot_a;")
    print(f"{asleep_in} of {weight_of(folded, '')} periods")
    assert asleep_in > 0.8 * weight_of(folded, "[sleeping]") > 0, folded


def check_storm(line):
    frames = line.rsplit(" ", 1)[0].split(";")
    if "falling_thread" not in frames:
        return 0
    frames = frames[frames.index("falling_thread") + 1:]
    guests = [frame for frame in frames if frame in CYCLE]
    want = [CYCLE[i % 3] for i in range(len(guests))]
    assert guests == want and frames[:len(guests)] == guests, line
    # Before its push and behind its pop, the innermost activation runs nothing.
    assert frames.count("fall") <= 1, line
    return int(line.rsplit(" ", 1)[1])


def storm(preload, command, workload, folder):
    profile = os.path.join(folder, "storm.sigprof")
    long = os.environ.get("SIGPROF_TEST_LONG") == "1"
    subprocess.run([workload, "storm", "15000" if long else "300"], check=True,
                   env=environment(preload, profile, SIGPROF_HZ="10000"))
    seen = sum(check_storm(line) for line in fold(command, profile).splitlines())
    print(f"{seen} periods")
    assert seen > 1000


def main():
    preload, command, workload, what = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        {"killed": killed, "parts": parts, "asleep": asleep,
         "storm": storm}[what](preload, command, workload, folder)


main()
