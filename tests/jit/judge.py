# SPDX-License-Identifier: BSD-2-Clause
"""Shares of samples against what the workload says that it spent."""
import math
import subprocess
import sys

Z_MAX = 4
RUNS = (3, 6, 12, 24, 48) # pooled


def check_shares(worst_of):
    """worst_of(runs) gives the largest |z| in so many runs, pooled. A sample may stand for
    several periods, of which z takes each for a draw: on a busy machine chance alone
    comes to 4 once in a hundred times, and not five times. A true difference grows."""
    for runs in RUNS:
        worst = worst_of(runs)
        if worst <= Z_MAX:
            return
        print(f"z {worst:.2f}: again, with more runs")
    sys.exit(f"shares differ by more than z {Z_MAX}, {len(RUNS)} times")


def is_starved(fold, profile):
    """Has the kernel given the process next to no ticks? That of a virtual machine can
    let a third of a second of CPU time pass so; a run like that tells nothing."""
    said = subprocess.run([fold, "--stats", profile], check=True, capture_output=True,
                          text=True).stdout
    stats = {name: float(value) for name, value in
             (line.split() for line in said.splitlines())}
    return stats["samples"] < stats["due_periods"] / 4


def until_sampled(run):
    """What the first run of ten gives that is not starved, of which run() gives None."""
    for _ in range(10):
        result = run()
        if result is not None:
            return result
        print("next to no ticks: again")
    sys.exit("ten processes in a row had next to no ticks")


def worst_z(truth, seen, total):
    """The largest |z| of the names in truth; each is printed."""
    worst = 0
    for name, spent in truth.items():
        want = spent / sum(truth.values())
        got = seen[name] / total
        z = (got - want) / math.sqrt(want * (1 - want) / total)
        print(f"{name}: {100 * got:.1f} % of {100 * want:.1f} %, z {z:+.2f}")
        worst = max(worst, abs(z))
    return worst
