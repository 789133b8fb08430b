# SPDX-License-Identifier: BSD-2-Clause
"""Shares of samples against what the workload says that it spent."""
import math


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
