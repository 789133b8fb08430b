#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Code made at run time, declared by sigprof/jit.h: each sample carries the name that
its address had then, under the chain that called it.

usage: generated.py PRELOAD FOLD WORKLOAD KIND [map|dump|late]

The third way is what virtual machines write for profilers: perf-PID.map, a jitdump, or
one that is flushed when the process exits. The first two are removed before the
profile is folded: what they said is in it.

The workload says what CPU time it gave to each of three functions; the shares of the
samples, pooled over the runs, have to agree (judge.py).
"""
import glob
import gzip
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from judge import check_shares, is_starved, until_sampled, worst_z

MS = 300
NAMES = ("hot_a", "hot_b", "hot_c")


def remove_files(folder, pid):
    for path in glob.glob(os.path.join(folder, "*.dump")) + [f"/tmp/perf-{pid}.map"]:
        if os.path.exists(path):
            os.unlink(path)


def run(preload, fold, workload, kind, how, folder, number):
    profile = os.path.join(folder, f"{number}.sigprof")
    environment = dict(os.environ, LD_PRELOAD=preload, SIGPROF_HZ="199",
                       SIGPROF_CLOCK="thread", SIGPROF_OUT=profile)
    guest = subprocess.Popen([workload, kind, str(MS), *how], env=environment, text=True,
                             cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    stdout, stderr = guest.communicate()
    assert guest.returncode == 0 and stderr == "", stderr
    truth = {name: int(ns) for name, ns in
             (line.split() for line in stdout.splitlines())}
    if "late" not in how:
        remove_files(folder, guest.pid)
    if is_starved(fold, profile):
        remove_files(folder, guest.pid)
        return None
    folded = subprocess.run([fold, "--strict", profile], check=True,
                            capture_output=True, text=True).stdout
    lines = subprocess.run([fold, "--by", "line", profile], check=True,
                           capture_output=True, text=True).stdout
    assert "map" in how or "hot_a program.src:20" in lines, lines
    if number == 0:
        look_at_formats(fold, profile)
    remove_files(folder, guest.pid)
    return truth, folded


def look_at_formats(fold, profile):
    """Every format has a place for code that is of no module."""
    for form in ("html", "heatmap", "top", "pprof", "speedscope", "firefox", "raw"):
        said = subprocess.run([fold, "-f", form, profile], check=True,
                              capture_output=True).stdout
        if said[:2] == b"\x1f\x8b":
            said = gzip.decompress(said)
        if form not in ("html", "heatmap"): # what is in those is compressed
            assert b"hot_a" in said, form


def count(folded, seen):
    for line in folded.splitlines():
        stack, weight = line.rsplit(" ", 1)
        frames = stack.split(";")
        if frames[-1] in NAMES:
            assert frames[-2] == "outer" and frames[1] == "_start", line
            seen[frames[-1]] += int(weight)
        else:
            assert "[unknown]" not in frames, line


def worst_of(runs):
    """The largest |z| of three functions."""
    preload, fold, workload, kind, *how = sys.argv[1:]
    truth = dict.fromkeys(NAMES, 0)
    seen = dict.fromkeys(NAMES, 0)
    with tempfile.TemporaryDirectory() as folder:
        for number in range(runs):
            spent, folded = until_sampled(
                lambda: run(preload, fold, workload, kind, how, folder, number))
            for name in NAMES:
                truth[name] += spent[name]
            count(folded, seen)
    total = sum(seen.values())
    assert total > 100, f"{total} samples"
    worst = worst_z(truth, seen, total)
    print(f"{total} samples")
    return worst


check_shares(worst_of)
