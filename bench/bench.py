#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""libsigprof against its peers and the floor, interleaved in one run.

usage: bench.py BUILD [cost] [startup] [overhead] [memory] [wall]   (default: all)

cost      nanoseconds for a raised SIGPROF at depth 10, 30, 100, hot and cold
startup   CPU of an empty program and of gcc's cc1, start and stop included
overhead  CPU of xz and sqlite3 at 99 and 1000 Hz
memory    RSS of node and of clang (libLLVM), and the first complete stack
wall      CPU and interrupted calls of the wall clock, with threads by the thousand

Every round runs each peer once, in random order; the tables hold medians, and
what `none` costs is taken off where it says so. Peers that are not on the machine
are left out and named.
"""
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time

BUILD = os.path.abspath(sys.argv[1])
WHAT = sys.argv[2:] or ["cost", "startup", "overhead", "memory", "wall"]
GPERF = "/usr/lib/x86_64-linux-gnu/libprofiler.so.0"
HERE = tempfile.mkdtemp(prefix="sigprof-bench-")
PRELOAD = BUILD + "/src/libsigprof-preload.so"
EMPTY = BUILD + "/bench/libempty-handler.so"


def peers(hz):
    """name -> (words before the command, variables)"""
    found = {
        "none": ([], {}),
        "empty": ([], {"LD_PRELOAD": EMPTY, "EMPTY_HZ": str(hz)}),
        "ours": ([], {"LD_PRELOAD": PRELOAD, "SIGPROF_HZ": str(hz),
                      "SIGPROF_OUT": HERE + "/ours.sigprof"}),
        "ours fp": ([], {"LD_PRELOAD": PRELOAD, "SIGPROF_HZ": str(hz),
                         "SIGPROF_UNWIND": "fp",
                         "SIGPROF_OUT": HERE + "/ours.sigprof"}),
    }
    if os.path.exists(GPERF):
        found["gperftools"] = ([], {"LD_PRELOAD": GPERF,
                                    "CPUPROFILE": HERE + "/gperf",
                                    "CPUPROFILE_FREQUENCY": str(hz)})
    if perf_works():
        found["perf"] = (["perf", "record", "-q", "-e", "cpu-clock", "-F",
                          str(hz), "-g", "-o", HERE + "/perf.data", "--"], {})
    return found


_perf = []


def perf_works():
    if not _perf:
        try:
            _perf.append(subprocess.run(
                ["perf", "record", "-q", "-e", "cpu-clock", "-g", "-o",
                 HERE + "/perf.data", "--", "true"],
                capture_output=True, timeout=30).returncode == 0)
        except (OSError, subprocess.TimeoutExpired):
            _perf.append(False)
    return _perf[0]


def cpu_of(words, variables, stdin=None):
    """CPU seconds of the command and its children, and its largest RSS in KiB."""
    null = open(os.devnull, "r+")
    process = subprocess.Popen(words, env=dict(os.environ, **variables),
                               stdin=open(stdin) if stdin else null,
                               stdout=null, stderr=null)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    if status != 0:
        sys.exit("%s: status %#x" % (" ".join(words), status))
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def medians(commands, rounds):
    """commands: name -> (words, variables, stdin); name -> (CPU, RSS)"""
    results = {name: [] for name in commands}
    for _ in range(rounds):
        names = list(commands)
        random.shuffle(names)
        for name in names:
            results[name].append(cpu_of(*commands[name]))
    return {name: tuple(statistics.median(column) for column in zip(*rows))
            for name, rows in results.items()}


def table(title, header, rows):
    print("\n### %s\n\n| %s |\n|%s" % (title, " | ".join(header),
                                       " --- |" * len(header)))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    sys.stdout.flush()


def cost():
    found = {name: peer for name, peer in peers(1).items()
             if name not in ("none", "perf")}
    rows = []
    for temperature, raises in (("hot", 3000), ("cold", 60)):
        for depth in (10, 30, 100):
            values = {name: [] for name in found}
            for _ in range(7):
                names = list(found)
                random.shuffle(names)
                for name in names:
                    out = subprocess.run(
                        [BUILD + "/bench/cost", str(depth), temperature,
                         str(raises)], env=dict(os.environ, **found[name][1]),
                        capture_output=True, text=True, check=True).stdout
                    values[name].append(int(out.split()[0]))
            middle = {n: statistics.median(v) for n, v in values.items()}
            rows.append(["%s, depth %d" % (temperature, depth)] +
                        ["%.0f (%.2f)" % (middle[n], middle[n] / middle["empty"])
                         for n in found])
    table("Cost of a raised SIGPROF, ns (ratio to the empty handler)",
          [""] + list(found), rows)


def startup():
    cc1 = subprocess.run(["gcc", "-print-prog-name=cc1"], capture_output=True,
                         text=True).stdout.strip()
    programs = {"int main(){}": [BUILD + "/bench/nothing"]}
    if os.path.exists(cc1):
        programs["cc1, an empty file"] = [cc1, "-quiet", os.devnull, "-o",
                                          os.devnull]
    rows = []
    for title, words in programs.items():
        found = peers(99)
        result = medians({name: (peer[0] + words, peer[1])
                          for name, peer in found.items()}, 41)
        cpu, rss = result["none"]
        rows.append([title] + ["%.2f ms, %+.1f MB" % (
            1e3 * (result[n][0] - cpu), (result[n][1] - rss) / 1024)
            for n in found if n != "none"])
    table("Start and stop: CPU and RSS beyond the program's own",
          [""] + [n for n in found if n != "none"], rows)


def overhead():
    data = HERE + "/data"
    with open(data, "wb") as out:
        seed = 1
        for i in range(400000):
            seed = (seed * 6364136223846793005 + 1442695040888963407) % 2 ** 64
            out.write(b"%d %x\n" % (i % 1000, seed >> 44))
    sql = HERE + "/query.sql"
    with open(sql, "w") as out:
        out.write("create table t(a, b); with recursive n(i) as (select 1 union "
                  "all select i + 1 from n where i < 250000) insert into t select "
                  "i * 7919 % 10007, i from n; select a, count(*), sum(b) from t "
                  "group by a order by 3 desc limit 3; select count(*) from t x "
                  "join t y on x.a = y.b;\n")
    programs = {"xz -3": (["xz", "-3", "-T1", "-c", data], None),
                "sqlite3": (["sqlite3", ":memory:"], sql)}
    rows = []
    for hz in (99, 1000):
        for title, (words, stdin) in programs.items():
            found = peers(hz)
            result = medians({name: (peer[0] + words, peer[1], stdin)
                              for name, peer in found.items()}, 5)
            none = result["none"][0]
            rows.append(["%s at %d Hz" % (title, hz), "%.2f s" % none] +
                        ["%.3f" % (result[n][0] / none)
                         for n in found if n != "none"])
    table("CPU of the program, ratio to none (start-up included; perf's own CPU "
          "too)", ["", "none"] + [n for n in found if n != "none"], rows)


def rss_of(words, variables):
    """Largest RSS of the command in MB: its own memory, pages of files."""
    null = open(os.devnull, "r+")
    process = subprocess.Popen(words, env=dict(os.environ, **variables),
                               stdin=null, stdout=null, stderr=null)
    largest = [0, 0]
    while process.poll() is None:
        fields = {}
        try:
            with open("/proc/%d/status" % process.pid) as status:
                for line in status:
                    name, _, value = line.partition(":")
                    fields[name] = value.split()
        except OSError:
            break
        for i, names in enumerate((("RssAnon", "RssShmem"), ("RssFile",))):
            size = sum(int(fields.get(name, [0])[0]) for name in names) / 1024
            largest[i] = max(largest[i], size)
        time.sleep(0.005)
    if process.wait() != 0:
        sys.exit("%s: status %#x" % (" ".join(words), process.returncode))
    return largest


def first_complete(path):
    """(ms from the start to the first complete stack, samples before it)"""
    raw = subprocess.run([BUILD + "/src/fold/sigprof-fold", "-f", "raw", path],
                         capture_output=True, text=True, check=True).stdout
    for before, line in enumerate(raw.splitlines()):
        if " end=complete " in line:
            return 1e3 * float(line.split()[0]), before
    return float("nan"), len(raw.splitlines())


def memory():
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                          "unwind-tree.c")
    programs = {
        "node": ["node", "-e", "let s = 0; for (let i = 0; i < 1e8; i++) "
                 "s += Math.sqrt(i)"],
        "clang (libLLVM)": ["clang", "-O2", "-DTREE_KIND=plain",
                            "-DTREE_BLOCK=a", "-c", source, "-o", os.devnull],
    }
    rows = []
    for title, words in programs.items():
        if subprocess.run(["which", words[0]], capture_output=True).returncode:
            print("%s is not on this machine" % words[0])
            continue
        found = {name: peer for name, peer in peers(999).items()
                 if name in ("none", "ours", "ours fp")}
        rss = {name: [] for name in found}
        firsts = []
        for _ in range(3):
            for name in random.sample(list(found), len(found)):
                out = tempfile.mkdtemp(dir=HERE)
                rss[name].append(rss_of(words, dict(found[name][1],
                                                    SIGPROF_OUT=out)))
                if name == "ours":  # clang's driver is a process, too
                    firsts += [first_complete(os.path.join(out, file))
                               for file in os.listdir(out)]
        firsts = [first for first in firsts if first[0] == first[0]]
        own, files = ({name: statistics.median(row[i] for row in rss[name])
                       for name in rss} for i in (0, 1))
        rows.append([title, "%.1f + %.1f MB" % (own["none"], files["none"])] +
                    ["%+.1f %+.1f MB" % (own[name] - own["none"],
                                         files[name] - files["none"])
                     for name in ("ours fp", "ours")] + [
                     "%.1f ms" % statistics.median(f[0] for f in firsts),
                     "%d" % (max(f[1] for f in firsts))])
    table("Largest RSS at 999 Hz (its own + pages of files), first complete stack",
          ["", "alone", "ours fp", "ours", "first complete stack after",
           "incomplete ones before it, at most"], rows)


def wall():
    rows = []
    for words in ("1000 2 0 10", "1000 2 200 5", "5000 2 0 5"):
        out = subprocess.run([BUILD + "/bench/wall"] + words.split(), cwd=HERE,
                             capture_output=True, text=True, check=True).stdout
        rows.append([cell.strip() for cell in out.strip().strip("|").split("|")])
    table("Wall clock at 99 Hz: calls interrupted in the first second and then, and "
          "our CPU", ["threads", "sleepers' calls", "waking ones' calls",
                      "CPU of ours"], rows)


def main():
    print("%s, Linux %s, %d CPUs, load %.1f" % (
        time.strftime("%Y-%m-%d"), os.uname().release, os.cpu_count(),
        os.getloadavg()[0]))
    for name in ("perf", "gperftools"):
        if name not in peers(99):
            print("%s is not on this machine" % name)
    for what in WHAT:
        {"cost": cost, "startup": startup, "overhead": overhead,
         "memory": memory, "wall": wall}[what]()
    subprocess.run(["rm", "-rf", HERE])


main()
