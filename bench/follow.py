#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What --follow costs the program that it looks at: pgbench on a postgres that is
being profiled, with and without a follower, in interleaved pairs.

usage: follow.py BUILD [PAIRS [SECONDS]]       (default: 20 pairs of 5 seconds)

As root it becomes nobody for postgres's sake. Prints each pair's ratio of
transactions a second, their median, and a 95 % interval of the median by
bootstrap.
"""
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

BUILD = os.path.abspath(sys.argv[1])
PAIRS = int(sys.argv[2]) if len(sys.argv) > 2 else 20
SECONDS = int(sys.argv[3]) if len(sys.argv) > 3 else 5
CLIENTS = 2
BIN = max((root for root, _, files in os.walk("/usr/lib/postgresql")
           if "initdb" in files), default="")
if not BIN or not shutil.which("pgbench"):
    sys.exit("postgresql is not installed")

HERE = tempfile.mkdtemp(prefix="sigprof-bench-")
PRIVATE = "/dev/shm" if os.access("/dev/shm", os.W_OK) else HERE
TOOLS = HERE + "/tools"
os.mkdir(TOOLS)
for name in ("src/libsigprof.so.0", "src/libsigprof-preload.so",
             "src/fold/sigprof-fold"):
    shutil.copy(BUILD + "/" + name, TOOLS)
if os.geteuid() == 0:
    subprocess.run(["chown", "-R", "nobody", HERE], check=True)
    os.setuid(65534)
os.environ["HOME"] = HERE
os.environ["LD_LIBRARY_PATH"] = TOOLS
CONNECT = ["-h", HERE, "-p", "54321", "postgres"]


def quietly(words, **more):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, **more)


def start_postgres():
    quietly([BIN + "/initdb", "-D", HERE + "/data", "--no-sync", "-A", "trust"])
    environment = dict(os.environ, SIGPROF_HZ="99", SIGPROF_OUT=HERE,
                       LD_PRELOAD=TOOLS + "/libsigprof-preload.so")
    server = subprocess.Popen(
        [BIN + "/postgres", "-D", HERE + "/data", "-k", HERE, "-p", "54321",
         "-c", "listen_addresses=", "-c", "fsync=off"],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(300):
        if subprocess.run(["pg_isready", "-h", HERE, "-p", "54321"],
                          stdout=subprocess.DEVNULL).returncode == 0:
            break
        time.sleep(0.1)
    quietly(["pgbench", "-i", "-q", "-s", "2"] + CONNECT)
    return server


def backend():
    """The process id of a backend of pgbench's."""
    for _ in range(200):
        pid = subprocess.run(
            ["pgrep", "-n", "-f", "postgres: .* \\[local\\]"],
            capture_output=True, text=True).stdout.strip()
        if pid:
            return pid
        time.sleep(0.01)
    sys.exit("there is no backend")


def transactions(follow):
    """Transactions a second, by pgbench's own word. The follower looks at a backend
    that is at work, and is gone when that ends."""
    bench = subprocess.Popen(
        ["pgbench", "-S", "-c", str(CLIENTS), "-j", "1", "-T", str(SECONDS)] +
        CONNECT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    follower = None
    if follow:
        follower = subprocess.Popen(
            [TOOLS + "/sigprof-fold", "--follow", backend()],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    out = bench.communicate()[0]
    if follower:
        tables = follower.communicate(timeout=60)[0].count(" samples, ")
        if tables < SECONDS - 1:
            print("   (only %d tables)" % tables)
    return float(re.search(r"tps = ([0-9.]+)", out).group(1))


def interval(ratios):
    medians = sorted(statistics.median(random.choices(ratios, k=len(ratios)))
                     for _ in range(10000))
    return medians[250], medians[9749]


server = start_postgres()
try:
    transactions(False)
    ratios = []
    for i in range(PAIRS):
        order = [True, False] if random.random() < 0.5 else [False, True]
        tps = {}
        for follow in order:
            tps[follow] = transactions(follow)
        ratios.append(tps[True] / tps[False])
        print("%2d: %7.0f with, %7.0f without: %.3f" %
              (i + 1, tps[True], tps[False], ratios[-1]), flush=True)
    low, high = interval(ratios)
    print("median ratio %.3f, 95 %% interval %.3f to %.3f" %
          (statistics.median(ratios), low, high))
finally:
    server.terminate()
    server.wait()
    shutil.rmtree(HERE, ignore_errors=True)
