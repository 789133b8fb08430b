#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""CPU time and peak memory of sigprof-fold on large profiles; beside it, per sample,
`perf script` with its own stackcollapse.py on a profile of perf's.

usage: fold-size.py BUILD [--rounds N] [--large]

Profiles are synthetic (tests/cli/make-profile): stacks of 30 frames that share
their beginnings as those of programs do, at addresses of sigprof-fold itself
without its DWARF, so names come from a symbol table. `--large` adds 10 million
samples of a million stacks in no order, and 100 million of 200,000 stacks, 20,000
of them at a time; these need 2 GB of disk, and minutes to be made.

Times are CPU seconds, user and system: the median, and the range, of the rounds,
in each of which every contender has its turn. perf's stacks are shallower (frame
pointers, of python3), which is in its favour.
"""
import argparse
import os
import random
import shutil
import statistics
import subprocess
import tempfile

CASES = [("50,000 new stacks", 50000, "50000 50000 30 1"),
         ("1 million samples, 50,000 stacks", 1000000, "1000000 50000 30")]
LARGE = [("10 million samples, 1 million stacks", 10000000,
          "10000000 1000000 30"),
         ("100 million samples, 200,000 stacks", 100000000,
          "100000000 200000 30 20000")]
WORK = ("def f(n):\n return n if n < 2 else f(n - 1) + f(n - 2)\n"
        "f(35)\n")


def run(command):
    """(CPU seconds, peak MB) of a shell's command line."""
    child = subprocess.Popen(["sh", "-c", command], stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit("%s: status %d" % (command, child.returncode))
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def build_id(binary):
    out = subprocess.run(["readelf", "-n", binary], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, text=True)
    for line in out.stdout.splitlines():
        if "Build ID:" in line:
            return line.split()[-1]
    return "-"


def make_profile(build, binary, words, path):
    lines = ["info id 5eed0000000000000000000000000000", "info comm p",
             "info period_ns 10000000",
             "module 1 0x400000 0x600000 0x400000 0 1 %s %s" %
             (build_id(binary), binary), "big " + words, "end 1", ""]
    with open(path, "wb") as out:
        subprocess.run([build + "/tests/cli/make-profile"], check=True,
                       input="\n".join(lines).encode(), stdout=out)


def perf_case(folder):
    """What perf needs for the same, or None."""
    script = "/usr/lib/perf-core/scripts/python/stackcollapse.py"
    data = folder + "/perf.data"
    if not shutil.which("perf") or not os.path.exists(script):
        return None
    done = subprocess.run(["perf", "record", "-q", "-e", "cpu-clock", "-F",
                           "20000", "-g", "-o", data, "python3", "-c", WORK],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    out = subprocess.run(["perf", "script", "-i", data, "-F", "ip,sym"],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                         text=True).stdout
    samples = sum(1 for part in out.split("\n\n") if part.strip())
    if done.returncode != 0 or samples < 1000:
        return None
    command = "exec perf script -i %s -s %s >/dev/null" % (data, script)
    return "perf script, stackcollapse.py", samples, command


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--large", action="store_true")
    arguments = parser.parse_args()
    build = os.path.abspath(arguments.build)
    folder = tempfile.mkdtemp(prefix="sigprof-bench-")
    fold = build + "/src/fold/sigprof-fold"
    binary = folder + "/symbols-only"
    subprocess.run(["strip", "-g", "-o", binary, fold], check=True)
    contenders = []
    for name, samples, words in CASES + (LARGE if arguments.large else []):
        path = "%s/%d.sigprof" % (folder, samples)
        make_profile(build, binary, words, path)
        contenders.append((name, samples,
                           "exec %s --cache none -f folded -o /dev/null %s" %
                           (fold, path)))
    contenders += [case for case in [perf_case(folder)] if case]
    seen = {name: [] for name, _, _ in contenders}
    for _ in range(arguments.rounds):
        for name, _, command in random.sample(contenders, len(contenders)):
            seen[name].append(run(command))
    print("%-38s %9s %17s %11s %8s" % ("", "CPU s", "(range)", "ns a sample",
                                       "peak MB"))
    for name, samples, _ in contenders:
        seconds = [s for s, _ in seen[name]]
        print("%-38s %9.3f (%6.3f to %6.3f) %11.0f %8.0f" %
              (name, statistics.median(seconds), min(seconds), max(seconds),
               statistics.median(seconds) / samples * 1e9,
               max(peak for _, peak in seen[name])))
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
