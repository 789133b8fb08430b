#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Names of 10,000 addresses with inlined functions and lines, sigprof-fold
beside addr2line, eu-addr2line and llvm-symbolizer, interleaved in one run.

usage: fold.py BUILD [--rounds N] [--addresses N] [--profile PROFILE]
               BINARY[=SYMBOLS]...

BINARY is a program or library; SYMBOLS the file that nm lists its functions from,
where that is another (its debug file). Two sets of addresses of each: `uniform`,
any byte of any function; `hot`, bytes of 200 random functions. With a PROFILE one
set in place of them: the distinct addresses that this recording has in the
binary, leaves and callers, at most N. Ours is the whole command, with a profile that has one sample at each address:
`cold` without an index and without writing one, `first` while it writes one,
`warm` with it.

Times are CPU seconds, user and system; the medians of the rounds, in each of
which everybody takes a turn in random order. A peer that takes more than
15 s has one turn.
"""
import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import tempfile

LIMIT_S = 15
BASE = 0x100000000000


def run(command, text, environment=None):
    """(CPU seconds, peak MB) of a command that reads text."""
    with tempfile.TemporaryFile("w+") as words:
        words.write(text)
        words.seek(0)
        child = subprocess.Popen(command, stdin=words,
                                 stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL, env=environment)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = status
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def functions(binary):
    out = subprocess.run(["nm", "-S", "--defined-only", binary],
                         stdout=subprocess.PIPE, text=True, errors="replace")
    found = set()
    for line in out.stdout.splitlines():
        word = line.split(None, 3)
        if len(word) == 4 and word[2] in "tTwWi" and int(word[1], 16):
            found.add((int(word[0], 16), int(word[1], 16)))
    return sorted(found)


def pick(found, count, hot):
    chance = random.Random(7)
    if hot:
        found = chance.sample(found, min(200, len(found)))
    picked = chance.choices(found, weights=[size for _, size in found],
                            k=count)
    return [start + chance.randrange(size) for start, size in picked]


def recorded(build, profile, binary, count):
    """Distinct addresses of the binary in a recording; the Firefox profiler's
    format has them, those of callers one lower."""
    text = subprocess.run([build + "/src/fold/sigprof-fold", "-f", "firefox",
                           "--no-inlines", profile], check=True,
                          stdout=subprocess.PIPE).stdout
    profile = json.loads(text)
    shared = profile["shared"]
    frames, functions = shared["frameTable"], shared["funcTable"]
    found = set()
    for address, function in zip(frames["address"], frames["func"]):
        resource = functions["resource"][function]
        if resource < 0 or address < 0:
            continue
        lib = profile["libs"][shared["resourceTable"]["lib"][resource]]
        if os.path.realpath(lib["path"]) == binary:
            found.add(address)
    return random.Random(7).sample(sorted(found), min(count, len(found)))


def build_id(binary):
    out = subprocess.run(["readelf", "-n", binary], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, text=True)
    for line in out.stdout.splitlines():
        if "Build ID:" in line:
            return line.split()[-1]
    return "-"


def make_profile(build, binary, addresses, path):
    high = BASE + (max(addresses) | 0xffff) + 1
    lines = ["info id 5eed0000000000000000000000000000", "info comm p",
             "info period_ns 10000000",
             "module 1 0x%x 0x%x 0x%x 0 1 %s %s" % (BASE, high, BASE,
                                                    build_id(binary), binary),
             "reset"]
    lines += ["sample 1 1000 1 0 0 0x%x" % (BASE + a) for a in addresses]
    lines.append("end 2000")
    with open(path, "wb") as out:
        subprocess.run([build + "/tests/cli/make-profile"], check=True,
                       input="\n".join(lines + [""]).encode(), stdout=out)


def contenders(build, binary, profile, folder):
    """name -> (command, does it need its index away first)"""
    fold = [build + "/src/fold/sigprof-fold", "--by", "line", profile,
            "--cache"]
    found = {"ours cold": (fold + ["none"], False),
             "ours first": (fold + [folder + "/first"], True),
             "ours warm": (fold + [folder + "/warm"], False)}
    for tool, options in (("llvm-symbolizer", ["--obj=" + binary]),
                          ("addr2line", ["-aifC", "-e", binary]),
                          ("eu-addr2line", ["-aifC", "-e", binary])):
        if shutil.which(tool):
            found[tool] = ([tool] + options, False)
    return found


def measure(build, binary, addresses, rounds):
    folder = tempfile.mkdtemp(prefix="sigprof-bench-")
    profile = folder + "/p.sigprof"
    text = "".join("0x%x\n" % a for a in addresses)
    make_profile(build, binary, addresses, profile)
    found = contenders(build, binary, profile, folder)
    times = {name: [] for name in found}
    peaks = {name: 0 for name in found}
    slow = set()
    run(found["ours warm"][0], text)
    for _ in range(rounds):
        for name in random.sample(sorted(found), len(found)):
            if name in slow:
                continue
            command, fresh = found[name]
            if fresh:
                shutil.rmtree(folder + "/first", ignore_errors=True)
            seconds, peak = run(command, text)
            times[name].append(seconds)
            peaks[name] = max(peaks[name], peak)
            if seconds > LIMIT_S:
                slow.add(name)
    shutil.rmtree(folder)
    return {name: statistics.median(t) for name, t in times.items()}, peaks


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--addresses", type=int, default=10000)
    parser.add_argument("--profile")
    parser.add_argument("binaries", nargs="+")
    arguments = parser.parse_args()
    build = os.path.abspath(arguments.build)
    for name in arguments.binaries:
        binary, _, symbols = name.partition("=")
        binary = os.path.realpath(binary)
        if arguments.profile:
            sets = {"recorded": recorded(build, arguments.profile, binary,
                                         arguments.addresses)}
        else:
            found = functions(symbols or binary)
            sets = {name: pick(found, arguments.addresses, name == "hot")
                    for name in ("uniform", "hot")}
        for name, addresses in sets.items():
            times, peaks = measure(build, binary, addresses, arguments.rounds)
            best = min(t for n, t in times.items() if not n.startswith("ours"))
            print("\n%s, %.0f MB, %d addresses, %s: ratio to the fastest peer" %
                  (os.path.basename(binary), os.path.getsize(binary) / 1e6,
                   len(addresses), name))
            for who in sorted(times, key=times.get):
                print("  %-16s %8.3f s  %7.3f  %6.0f MB" %
                      (who, times[who], times[who] / best, peaks[who]))


main()
