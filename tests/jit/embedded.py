#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Functions of Lua and Python, by the walks of examples/: their shares are true, and
they stand in one stack with the C functions between them.

usage: embedded.py FOLD lua LUA SCRIPT
       embedded.py FOLD python PRELOAD PYTHON FOLDER-OF-MODULE SCRIPT

The script says what CPU time it gave to each of three functions; the shares of the
samples, pooled over the runs, have to agree (judge.py).
"""
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from judge import check_shares, is_starved, until_sampled, worst_z

NAMES = ("hot_a", "hot_b", "hot_c")

# Of a function's stacks, in this order.
CHAINS = {
    "lua": {
        "hot_a": ["main chunk", "start", "middle", "str_gsub", "hot_a"],
        "hot_b": ["main chunk", "start", "middle", "str_gsub", "hot_b"],
        "hot_c": ["main chunk", "start", "middle", "lua_resume", "hot_c"],
    },
    "python": {
        "hot_a": ["<module>", "start", "middle", "hot_a"],
        "hot_b": ["<module>", "start", "middle", "hot_b"],
        "hot_c": ["Thread._bootstrap", "Thread._bootstrap_inner", "Thread.run", "hot_c"],
    },
}
LOOPS = {"lua": "luaV_execute", "python": "_PyEval_EvalFrameDefault"}


def command(kind, arguments, profile):
    environment = dict(os.environ)
    if kind == "lua":
        lua, script = arguments
        return [lua, profile, script], environment
    preload, python, folder, script = arguments
    environment.update(LD_PRELOAD=preload, PYTHONPATH=folder, SIGPROF_HZ="199",
                       SIGPROF_CLOCK="thread", SIGPROF_OUT=profile)
    environment.pop("PYTHONHOME", None)
    return [python, script], environment


def run(fold, kind, arguments, profile):
    argv, environment = command(kind, arguments, profile)
    said = subprocess.run(argv, env=environment, check=True, capture_output=True,
                          text=True)
    assert said.stderr == "", said.stderr
    truth = {}
    for line in said.stdout.splitlines():
        if line.startswith("hot_"):
            truth[line.split()[0]] = int(line.split()[1])
    if is_starved(fold, profile):
        return None
    lines = subprocess.run([fold, "--by", "line", profile], check=True,
                           capture_output=True, text=True).stdout
    script = os.path.basename(arguments[-1])
    assert f";hot_a {script}:" in lines and f"middle {script}:" in lines, lines
    return truth, subprocess.run([fold, profile], check=True, capture_output=True,
                                 text=True).stdout


def is_in_order(chain, frames):
    rest = iter(frames)
    return all(frame in rest for frame in chain)


def count(kind, folded, seen):
    """Returns the weight of samples in which an activation had no frame yet."""
    early = 0
    for line in folded.splitlines():
        stack, weight = line.rsplit(" ", 1)
        frames = stack.split(";")
        for name in NAMES:
            if name in frames:
                assert is_in_order(CHAINS[kind][name], frames), line
                seen[name] += int(weight)
                early += int(weight) * (LOOPS[kind] in frames)
    return early


def worst_of(runs):
    """The largest |z| of three functions."""
    fold, kind, *arguments = sys.argv[1:]
    truth = dict.fromkeys(NAMES, 0)
    seen = dict.fromkeys(NAMES, 0)
    early = 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(runs):
            profile = os.path.join(folder, f"{number}.sigprof")
            spent, folded = until_sampled(lambda: run(fold, kind, arguments, profile))
            for name in NAMES:
                truth[name] += spent[name]
            early += count(kind, folded, seen)
    total = sum(seen.values())
    assert total > 60, f"{total} samples"
    worst = worst_z(truth, seen, total)
    print(f"{total} samples, {early} with a loop that had no frame yet")
    assert early <= total / 10
    return worst


check_shares(worst_of)
