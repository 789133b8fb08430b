#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Guest functions hot_a, hot_b and hot_c, under driver, share the CPU time 50:30:20 by
the guest's own clock: so have the samples to, pooled over three runs or, where
chance spoiled them, more (|z| at most 4). Exit status and output are those without us.

usage: split.py CASE
RUN and FOLD in the environment are the commands.
"""
import collections
import glob
import math
import os
import re
import subprocess
import sys
import tempfile

import lib

HERE = os.path.dirname(os.path.abspath(__file__))
TRUTH = {"hot_a": 0.5, "hot_b": 0.3, "hot_c": 0.2}
RUNS = 3
Z_MAX = 4
SECONDS = "4.0" if lib.LONG else "0.5"


class Case:
    """command: what is run, with {here} for this folder and {made} for one that build,
    if any, has filled. said: a pattern of what sigprof-run announces. named: how
    much of the CPU time that the script gives to the three has to be in samples that
    name one. chain: those are under driver, and root. environment: more of it."""

    def __init__(self, command, build=(), options=(), said="", named=0.9, chain=True,
                 root=None, environment=None):
        self.command = command
        self.build = build
        self.options = options
        self.said = said
        self.named = named
        self.chain = chain
        self.root = root
        self.environment = environment or {}


NODE = "{here}/split.js"
BITCODE = ["clang", "-O1", "-fomit-frame-pointer", "-emit-llvm", "-c", "{here}/split.c",
           "-o", "{made}/split.bc"]
CASES = {
    "node": Case(["node", NODE, SECONDS]),
    "node-interpreted": Case(["node", "--no-opt", "--no-sparkplug", NODE, SECONDS]),
    "node-baseline": Case(["node", "--no-opt", "--always-sparkplug", NODE, SECONDS]),
    "node-worker": Case(["node", NODE, SECONDS, "worker"]),
    "node-wasm": Case(["node", NODE, SECONDS, "wasm"]),
    # driver is interpreted.
    "java": Case(["java", "-Xbatch", "-cp", "{made}", "Split", SECONDS],
                 build=["javac", "-d", "{made}", "{here}/Split.java"],
                 said=r"sigprof-run: added: -agentpath:\S+ -XX:\+PreserveFramePointer\n",
                 named=0.8, chain=False),
    "erlang": Case(["erl", "-noshell", "-pa", "{made}", "-run", "split", "main", SECONDS],
                   build=["erlc", "-o", "{made}", "{here}/split.erl"],
                   said=r"sigprof-run: added: \+JPperf true\n"),
    "python": Case(["/usr/bin/python3.11", "{here}/split_python.py", SECONDS],
                   root="_start"),
    "python-thread": Case(["/usr/bin/python3.11", "{here}/split_python.py", SECONDS, "thread"],
                          root="start_thread"),
    # PHP's frames are not found: its registers have other things in them.
    "php": Case(["php", "-n", "-d", "zend_extension=opcache", "-d", "opcache.enable_cli=1",
                 "-d", "opcache.jit_buffer_size=32M", "-d", "opcache.jit=tracing",
                 "{here}/split.php", SECONDS],
                said=r"sigprof-run: added: -d opcache.jit_debug=16\n", chain=False),
    # Without frame pointers: the way on by __register_frame; names from a jitdump, or,
    # where none is written, from what GDB would be shown.
    "llvm": Case(["lli", "--jit-kind=mcjit", "{made}/split.bc", SECONDS], build=BITCODE,
                 environment={"JITDUMPDIR": "{made}"}, root="_start"),
    "llvm-gdb": Case(["lli", "--jit-kind=orc", "{made}/split.bc", SECONDS],
                     build=BITCODE, root="_start"),
}


def hot_of(stack):
    for name in reversed(stack):
        found = re.search(r"\bhot_[abc](?![a-z])", name)
        if found:
            return found.group()
    return None


def words(command, made):
    lib.need(command[0])
    return [word.format(here=HERE, made=made) for word in command]


def main():
    case = CASES[sys.argv[1]]
    with tempfile.TemporaryDirectory() as made:
        if case.build:
            subprocess.run(words(case.build, made), check=True)
        environment = {name: value.format(made=made)
                       for name, value in case.environment.items()}
        command = words(case.command, made)
        lib.more_than_chance(lambda longer: judge(case, command, environment, longer * RUNS))


def judge(case, command, environment, runs):
    """The shares of three functions in so many runs."""
    seen = collections.Counter()
    total = under = own = 0
    plain = lib.run_plain(command, environment)
    for _ in range(runs):
        profile = lib.Profile(command, case.options, environment)
        left = glob.glob(f"/tmp/*-{profile.pid}.*")
        assert not left, left
        profile.check_untouched(plain, case.said)
        profile.check_sheet()
        own += profile.own()
        for stack, weight in profile.stacks.items():
            total += weight
            seen[hot_of(stack)] += weight
            if (hot_of(stack) and any("driver" in frame for frame in stack) and
                    (not case.root or case.root in stack)):
                under += weight
    named = total - seen[None]
    wanted = runs * float(SECONDS) * lib.HZ
    print(f"{named} of {total} samples are named, of {wanted:.0f} in driver, less up to "
          f"{own:.0f} of our thread; {under} are under it")
    # Scripts that cannot ask for their thread's time take ours for theirs.
    lib.likely(case.named * (wanted - own) <= named <= 1.1 * wanted, named)
    lib.likely(not case.chain or under >= 0.98 * named, under)
    for name, want in TRUTH.items():
        got = seen[name] / named
        z = (got - want) / math.sqrt(want * (1 - want) / named)
        print(f"{name}: {100 * got:.1f} % of {100 * want:.0f} %, z {z:+.2f}")
        lib.likely(abs(z) <= Z_MAX, name)


main()
