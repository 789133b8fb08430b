#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Four threads register, move, replace and free code while four others run it, at the
highest rate: no complaint of a sanitizer, and samples in the code carry the name that it had just
then, which the thread's label tells. If changes were lost, they are counted, and
samples have no name rather than a wrong one.

usage: storm.py FOLD WORKLOAD SANITIZERS
"""
import os
import re
import subprocess
import sys
import tempfile


def main():
    fold, workload, sanitizers = sys.argv[1:]
    seconds = "5" if sanitizers else "2"
    if os.environ.get("SIGPROF_TEST_LONG"):
        seconds = "60"
    with tempfile.TemporaryDirectory() as folder:
        profile = os.path.join(folder, "storm.sigprof")
        environment = dict(os.environ, SIGPROF_HZ="10000", SIGPROF_OUT=profile,
                           SIGPROF_RING="64M")
        said = subprocess.run([workload, seconds], env=environment, text=True,
                              capture_output=True, check=False)
        assert said.returncode == 0 and said.stderr == "", said
        changes, runs = map(int, said.stdout.split())
        folded = subprocess.run([fold, "--root", "label:kind", profile], check=True,
                                capture_output=True, text=True).stdout
        sheet = dict(line.split() for line in subprocess.run(
            [fold, "--stats", profile], check=True, capture_output=True,
            text=True).stdout.splitlines() if len(line.split()) == 2)
    assert changes > 0 and runs > 0, said.stdout
    # The thread sanitizer delivers a signal late, with the stack of another moment.
    late = "thread" in sanitizers
    inside = wrong = unnamed = 0
    for line in folded.splitlines():
        stack, weight = line.rsplit(" ", 1)
        label, *frames = stack.split(";")
        if not frames:
            continue
        if "[unknown]" in frames or re.fullmatch(r"code_\d+", frames[-1]):
            inside += int(weight)
            if "[unknown]" in frames:
                unnamed += int(weight)
            elif label != frames[-1] or "run_code" not in frames:
                wrong += int(weight)
                if not late:
                    print(line)
    print(f"{changes} changes, {runs} runs, {inside} samples in the code, "
          f"{sheet['taken_periods']} in all")
    assert float(sheet["taken_periods"]) > 0, sheet
    lost = int(float(sheet["lost_events"]))
    print(f"{wrong} of another name, {unnamed} of none, {lost} changes lost")
    assert late or (inside > 0 and wrong == 0), wrong
    assert late or lost or not unnamed, unnamed


main()
