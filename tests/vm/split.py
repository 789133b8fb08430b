#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Guest functions hot_a, hot_b and hot_c, under driver, share the CPU time 50:30:20 by
the guest's own clock: so have the samples to, pooled over three runs (|z| at most 4).
Exit status and output are those without us.

usage: split.py CASE
RUN and FOLD in the environment are the commands.
"""
import collections
import math
import os
import sys

import lib

HERE = os.path.dirname(os.path.abspath(__file__))
TRUTH = {"hot_a": 0.5, "hot_b": 0.3, "hot_c": 0.2}
RUNS = 3
Z_MAX = 4
SECONDS = "4" if lib.LONG else "0.5"


class Case:
    """command: before the script. named: how much of the CPU time that the script
    gives to the three has to be in samples that name one."""

    def __init__(self, script, command, options=(), said="", named=0.9, after=()):
        self.script = script
        self.command = command
        self.options = options
        self.said = said
        self.named = named
        self.after = after


CASES = {
    "node": Case("split.js", ["node"]),
    "node-interpreted": Case("split.js", ["node", "--no-opt", "--no-sparkplug"]),
    "node-baseline": Case("split.js", ["node", "--no-opt", "--always-sparkplug"]),
    "node-worker": Case("split.js", ["node"], after=["worker"]),
}


def hot_of(stack):
    for name in reversed(stack):
        if name in TRUTH:
            return name
    return None


def main():
    case = CASES[sys.argv[1]]
    command = [lib.need(case.command[0]), *case.command[1:],
               os.path.join(HERE, case.script), SECONDS, *case.after]
    seen = collections.Counter()
    total = under = 0
    plain = lib.run_plain(command)
    for _ in range(RUNS):
        profile = lib.Profile(command, case.options)
        profile.check_untouched(plain, case.said)
        profile.check_sheet()
        for stack, weight in profile.stacks.items():
            total += weight
            seen[hot_of(stack)] += weight
            under += weight if hot_of(stack) and "driver" in stack else 0
    named = total - seen[None]
    wanted = RUNS * float(SECONDS) * lib.HZ
    print(f"{named} of {total} samples are named, of {wanted:.0f} in driver; {under} "
          "are under it")
    assert case.named * wanted <= named <= 1.1 * wanted, named
    assert under >= 0.98 * named, under
    for name, want in TRUTH.items():
        got = seen[name] / named
        z = (got - want) / math.sqrt(want * (1 - want) / named)
        print(f"{name}: {100 * got:.1f} % of {100 * want:.0f} %, z {z:+.2f}")
        assert abs(z) <= Z_MAX


main()
