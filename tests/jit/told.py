#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Virtual machines that write what profilers ask for, as they are packaged: their
functions have names in the profile, when their files are gone.

usage: told.py LIBRARY FOLD GUESTS KIND [WORKLOAD]

LIBRARY is the preload object; for node it is libsigprof.so, since the other would ask
V8 itself.

KIND is node-map, node-dump, php-map, php-dump or java-map, which is written as the
machine exits: a guest says what CPU time it gave to each of three functions (that in
Java: as it should be), and the shares of the samples, pooled over the runs, have to
agree (judge.py). Or killed: node ends by SIGKILL; flight: so
does one under a flight recorder, which never looked at its map. Or stale: a map that an
older process of the same pid left, or that is a link, is not believed. Or many: there is
a bound, and what is left out is said.
"""
import glob
import os
import shutil
import signal
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import judge

NAMES = ("hot_a", "hot_b", "hot_c")
PHP = ["php", "-n", "-d", "zend_extension=opcache", "-d", "opcache.enable_cli=1",
       "-d", "opcache.file_update_protection=0", "-d", "opcache.jit_buffer_size=16M",
       "-d", "opcache.jit=function", "-d"]
NODE = ["node", "--no-logfile-per-isolate", "--max-inlined-bytecode-size=0"]
COMMANDS = {
    "node-map": [*NODE, "--perf-basic-prof", "split.js", "600"],
    "node-dump": [*NODE, "--perf-prof", "split.js", "600"],
    "php-map": [*PHP, "opcache.jit_debug=0x10", "split.php", "600"],
    "php-dump": [*PHP, "opcache.jit_debug=0x20", "split.php", "600"],
    "java-map": ["java", "-XX:+UnlockDiagnosticVMOptions", "-XX:+DumpPerfMapAtExit",
                 "-XX:CompileCommand=quiet", "-XX:CompileCommand=dontinline,Split.hot_*",
                 "-cp", ".", "Split", "1.5"],
    "killed": [*NODE, "--perf-basic-prof", "split.js", "0"],
    "flight": [*NODE, "--perf-basic-prof", "split.js", "0"],
}


class Setup:
    def __init__(self, library, fold, guests, folder):
        self.fold = fold
        self.folder = folder
        self.guests = []
        self.profile = os.path.join(folder, "profile.sigprof")
        self.environment = dict(os.environ, LD_PRELOAD=library, SIGPROF_HZ="199",
                                SIGPROF_CLOCK="thread", SIGPROF_OUT=self.profile)
        for path in glob.glob(os.path.join(guests, "*")) + \
                glob.glob(os.path.join(guests, "../../vm/Split.java")):
            shutil.copy(path, folder)

    def start(self, command, **more):
        if os.path.exists(self.profile):
            os.unlink(self.profile)
        self.guests.append(subprocess.Popen(command, env=self.environment, cwd=self.folder,
                                            text=True, stdout=subprocess.PIPE,
                                            stderr=subprocess.PIPE, **more))
        return self.guests[-1]

    def clean_up(self):
        """However the check ended."""
        for guest in self.guests:
            if guest.poll() is None:
                guest.kill()
                guest.communicate()
            self.remove_files(guest.pid)

    def files_of(self, pid):
        return [path for path in (f"/tmp/perf-{pid}.map", f"/tmp/jit-{pid}.dump",
                                  os.path.join(self.folder, f"jit-{pid}.dump"))
                if os.path.lexists(path)]

    def remove_files(self, pid):
        for path in self.files_of(pid):
            os.unlink(path)

    def leaves(self, *options):
        """(name, samples) of the innermost frame of each stack."""
        folded = subprocess.run([self.fold, *options, self.profile], check=True,
                                capture_output=True, text=True).stdout
        for line in folded.splitlines():
            stack, weight = line.rsplit(" ", 1)
            yield stack.split(";")[-1], int(weight)


def run(setup, command):
    guest = setup.start(command)
    stdout, stderr = guest.communicate()
    wrote = setup.files_of(guest.pid)
    setup.remove_files(guest.pid)
    assert guest.returncode == 0 and stderr == "", (guest.returncode, stderr)
    assert wrote, "the machine wrote no file"
    if judge.is_starved(setup.fold, setup.profile):
        return None
    truth = {name: int(ns) for name, ns in (line.split() for line in stdout.splitlines()
                                            if line != "done")}
    return truth or dict(hot_a=50, hot_b=30, hot_c=20), setup.leaves("--strict")


def worst_of(setup, command, runs):
    """The largest |z| of three functions."""
    truth = dict.fromkeys(NAMES, 0)
    seen = dict.fromkeys(NAMES, 0)
    for _ in range(runs):
        spent, leaves = judge.until_sampled(lambda: run(setup, command))
        for name in NAMES:
            truth[name] += spent[name]
        for leaf, weight in leaves:
            for name in NAMES:
                seen[name] += weight if name in leaf else 0
    total = sum(seen.values())
    assert total > 200, f"{total} samples of {NAMES}"
    worst = judge.worst_z(truth, seen, total)
    print(f"{total} samples")
    return worst


def check_killed(setup, flight):
    """After the rounds of a second and a half, whatever the machine is busy with."""
    if flight:
        setup.environment["SIGPROF_MODE"] = "flight"
    guest = setup.start(COMMANDS["killed"])
    for _ in range(75):
        guest.stdout.readline()
    guest.send_signal(signal.SIGKILL)
    guest.communicate()
    assert guest.returncode == -signal.SIGKILL, guest.returncode
    if not flight:
        setup.remove_files(guest.pid)
    leaves = list(setup.leaves())
    setup.remove_files(guest.pid)
    total = sum(weight for _, weight in leaves)
    for name in NAMES:
        share = sum(weight for leaf, weight in leaves if name in leaf) / total
        print(f"{name}: {100 * share:.1f} % of {total} samples")
        assert share > 0.02 # of 20 % at least, less what else node does


def check_stale(setup, workload):
    """The pid is known before the program runs, as it is after."""
    def plant(by_link):
        path = f"/tmp/perf-{os.getpid()}.map"
        with open(os.path.join(setup.folder, "planted"), "w") as file:
            file.write("".join(f"{i << 31:x} 7fffffff planted\n" for i in range(1, 65536)))
        if by_link:
            os.symlink(os.path.join(setup.folder, "planted"), path)
        else:
            shutil.copy(os.path.join(setup.folder, "planted"), path)
            os.utime(path, (10 ** 9, 10 ** 9))

    for by_link in (False, True):
        guest = setup.start([workload, "fp", "300"], preexec_fn=lambda: plant(by_link))
        _, stderr = guest.communicate()
        assert guest.returncode == 0 and stderr == "", stderr
        assert setup.files_of(guest.pid), "nothing was planted"
        leaves = list(setup.leaves("--strict"))
        setup.remove_files(guest.pid)
        assert not any("planted" in leaf for leaf, _ in leaves), leaves
        assert any("hot_a" in leaf for leaf, _ in leaves), leaves


def check_many(setup, workload):
    """Functions of 64 bytes each, more of them than the recorder keeps."""
    count, kept = 140000, 131072

    def plant():
        with open(f"/tmp/perf-{os.getpid()}.map", "w") as file:
            file.write("".join(f"{(1 << 40) + 64 * i:x} 40 f{i}\n" for i in range(count)))

    guest = setup.start([workload, "fp", "300"], preexec_fn=plant)
    guest.communicate()
    setup.remove_files(guest.pid)
    folded = subprocess.run([setup.fold, "--strict", setup.profile], capture_output=True,
                            text=True)
    assert folded.returncode == 3 and "hot_a" in folded.stdout, folded
    assert f": {count - kept} entries of /tmp/perf-{guest.pid}.map were left out" \
        in folded.stderr, folded.stderr


def check(setup, kind, *workload):
    if kind in ("killed", "flight"):
        check_killed(setup, kind == "flight")
    elif kind == "many":
        check_many(setup, *workload)
    elif kind == "stale":
        check_stale(setup, *workload)
    else:
        if kind == "java-map":
            subprocess.run(["javac", "Split.java"], cwd=setup.folder, check=True)
        judge.check_shares(lambda runs: worst_of(setup, COMMANDS[kind], runs))


def main():
    library, fold, guests, kind, *workload = sys.argv[1:]
    program = COMMANDS.get(kind, ["true"])[0]
    program = "javac" if program == "java" else program
    if not shutil.which(program):
        print(f"{program} is not installed")
        sys.exit(1 if os.environ.get("SIGPROF_REQUIRE_ALL") == "1" else 77)
    with tempfile.TemporaryDirectory() as folder:
        setup = Setup(library, fold, guests, folder)
        try:
            check(setup, kind, *workload)
        finally:
            setup.clean_up()


main()
