#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The profile against programs that account for themselves, under every clock.

usage: truth.py BUILD [--clock NAME]... [--hz HZ] [--long]

Runs workload-shares in each shape, on the idle machine and beside burners (one
nice'd for each CPU and one more), and prints one table: the largest error of a
function's share in percentage points, what the weights of its samples ([kernel]
too) are of the CPU time the kernel charged, and the same with what the balance
sheet counts as not sampled. Under `wall` the share is that of the running state,
and the time is elapsed times threads. `--long`: four times as long.
"""
import argparse
import os
import resource
import subprocess
import sys
import tempfile

SHAPES = [  # name, threads, seconds of each, mode
    ("1 thread", 1, 2.0, None),
    ("2 threads", 2, 1.5, None),
    ("8 threads", 8, 0.5, None),
    ("64 threads", 64, 0.08, None),
    ("1 ms of 10", 1, 0.5, "bursts"),
    ("1 ms, tick's phase", 1, 0.5, "phase"),
    ("1,000 of 5 ms", 1000, 0.005, "short"),
]


def fold(build, *arguments):
    return subprocess.run([build + "/src/fold/sigprof-fold", *arguments], check=True,
                          capture_output=True, text=True).stdout


def truth_of(path):
    """name -> nanoseconds, as the program itself says."""
    truth = {}
    for line in open(path):
        name, _low, _high, ns = line.split()
        truth[name] = int(ns)
    return truth


def shares_of(folded):
    shares = {}
    for line in folded.splitlines():
        stack, weight = line.rsplit(" ", 1)
        leaf = stack.rsplit(";", 1)[-1]
        if leaf.startswith("work_"):
            shares[leaf[5:]] = shares.get(leaf[5:], 0) + int(weight)
    return shares


def run(build, folder, clock, hz, shape, longer):
    name, threads, seconds, mode = shape
    out, truth = folder + "/truth.sigprof", folder + "/truth"
    command = [build + "/tests/workloads/workload-shares",
               str(threads * (longer if mode == "short" else 1)),
               str(seconds * (1 if mode == "short" else longer)), truth]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command + ([mode] if mode else []), check=True, stdout=subprocess.DEVNULL,
                   env=dict(os.environ, SIGPROF_HZ=str(hz), SIGPROF_CLOCK=clock, SIGPROF_OUT=out,
                            SIGPROF_RING="64M", LD_PRELOAD=build + "/src/libsigprof-preload.so"))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = sum(getattr(after, f) - getattr(before, f) for f in ("ru_utime", "ru_stime"))
    sheet = {line.split()[0]: float(line.split()[1])
             for line in fold(build, "--stats", out).splitlines()}
    roots = ["--root", "state"] if clock == "wall" else []
    folded = fold(build, *roots, out)
    if clock == "wall":
        folded = "\n".join(l for l in folded.splitlines() if l.startswith("[running]"))
    return truth_of(truth), shares_of(folded), sheet, cpu


def judge(truth, shares, sheet, cpu, clock):
    """Errors: of a share, of the sampled total, of all that is counted; percent."""
    process = truth.pop("process")
    whole, weights = sum(truth.values()), sum(shares.values())
    share = max(abs(shares.get(f, 0) / weights - ns / whole)
                for f, ns in truth.items()) if weights else 1
    due = sheet["due_seconds"] if clock == "wall" else cpu
    known = sheet["taken_seconds"] + sheet["overrun_seconds"] + sheet["unsampled_kernel_seconds"]
    counted = sum(value for key, value in sheet.items() if key.endswith("_seconds")
                  and not key.startswith(("due", "difference")))
    del process
    return 100 * share, 100 * (known / due - 1), 100 * (counted / due - 1), sheet["samples"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--clock", action="append")
    parser.add_argument("--hz", type=int, default=997)
    parser.add_argument("--long", action="store_true")
    options = parser.parse_args()
    build = os.path.abspath(options.build)
    clocks = options.clock or ["thread", "perf", "itimer", "wall"]
    print("| shape, load | clock | samples | share off by (points) | sampled total | counted total |")
    print("| --- | --- | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory(prefix="sigprof-truth-") as folder:
        for burners in 0, (os.cpu_count() or 1) + 1:
            load = [subprocess.Popen(["nice", "-n", "19", sys.executable, "-c", "while 1: pass"])
                    for _ in range(burners)]
            try:
                for shape in SHAPES:
                    for clock in clocks:
                        errors = judge(*run(build, folder, clock, options.hz, shape,
                                            4 if options.long else 1), clock)
                        print("| %s, %s | %s | %d | %.2f | %+.2f %% | %+.2f %% |" % (
                            shape[0], "loaded" if burners else "idle", clock, errors[3],
                            *errors[:3]), flush=True)
            finally:
                for burner in load:
                    burner.kill()
                    burner.wait()


main()
