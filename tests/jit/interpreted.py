#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Frames of an interpreter's program, told by sigprof/jit.h: each sample has them at
their places among the native ones.

usage: interpreted.py PRELOAD FOLD WORKLOAD KIND [UNWIND]

The workload says what CPU time it gave to each of three guest functions; the shares
of the samples, pooled over the runs, have to agree (judge.py).
"""
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from judge import check_shares, is_starved, until_sampled, worst_z

NAMES = ("hot_a", "hot_b", "hot_c")

# From the first of them on, HOT being one of the three; where the guest program is
# all there is to see of the interpreter.
CHAIN = ["run", "start", "middle", "each", "HOT", "spin"]
CHAINS = {
    # The innermost frame has no room, but a place.
    "full": ["run", "start", "middle", "each", "[frames left out]", "spin"],
    # The loop's native frames stay, in front of what they run.
    "kept": ["run", "loop", "start", "middle", "each", "loop", "HOT", "spin"],
    # Nothing but native frames, and why.
    "busy": ["run", "loop", "each", "[vm busy]", "spin"],
}


def run(preload, fold, workload, kind, unwind, folder, number):
    profile = os.path.join(folder, f"{number}.sigprof")
    environment = dict(os.environ, LD_PRELOAD=preload, SIGPROF_HZ="199",
                       SIGPROF_CLOCK="thread", SIGPROF_OUT=profile,
                       SIGPROF_UNWIND=unwind)
    said = subprocess.run([workload, kind, "300"], env=environment, check=True,
                          capture_output=True, text=True)
    assert said.stderr == "", said.stderr
    truth = {name: int(ns) for name, ns in
             (line.split() for line in said.stdout.splitlines())}
    if is_starved(fold, profile):
        return None
    folded = subprocess.run([fold, "--strict", "--annotate", profile], check=True,
                            capture_output=True, text=True).stdout
    lines = subprocess.run([fold, "--by", "line", profile], check=True,
                           capture_output=True, text=True).stdout
    if kind == "shadow":
        assert ";middle program.src:77;" in lines, lines
    if kind not in ("full", "busy"):
        assert ";start program.src:1;" in lines, lines
        assert ";hot_a program.src:21;" in lines, lines
    return truth, folded


def chain_of(kind, name):
    guests = (name, "start", "middle")
    return [f"{frame}_[g]" if frame in guests else frame for frame in
            (name if frame == "HOT" else frame
             for frame in CHAINS.get(kind, CHAIN))]


def count(kind, folded, seen):
    """Every sample in spin has its chain; those elsewhere are the program's rest."""
    for line in folded.splitlines():
        stack, weight = line.rsplit(" ", 1)
        frames = stack.split(";")
        if "spin" not in frames:
            assert "[unknown function]" not in stack, line
            continue
        frames = frames[frames.index("run"):frames.index("spin") + 1]
        found = [name for name in NAMES if frames == chain_of(kind, name)]
        assert found, line
        seen[found[0]] += int(weight)


def worst_of(runs):
    """The largest |z| of three functions."""
    preload, fold, workload, kind = sys.argv[1:5]
    unwind = sys.argv[5] if len(sys.argv) > 5 else "cfi"
    truth = dict.fromkeys(NAMES, 0)
    seen = dict.fromkeys(NAMES, 0)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(runs):
            spent, folded = until_sampled(
                lambda: run(preload, fold, workload, kind, unwind, folder, number))
            for name in NAMES:
                truth[name] += spent[name]
            count(kind, folded, seen)
    total = sum(seen.values())
    assert total > 60, f"{total} samples"
    worst = 0 if kind in ("full", "busy") else worst_z(truth, seen, total)
    print(f"{total} samples")
    return worst


check_shares(worst_of)
