# SPDX-License-Identifier: BSD-2-Clause
"""A program in a VM, run by sigprof-run, and its folded stacks."""
import collections
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

HZ = 499
LONG = bool(os.environ.get("SIGPROF_TEST_LONG"))
REQUIRE_ALL = os.environ.get("SIGPROF_REQUIRE_ALL") == "1"
for name in [name for name in os.environ if name.startswith("SIGPROF_")]:
    del os.environ[name]  # the tests', of which sigprof-run says that it does not know them


def need(program):
    """The program's path; else the end: a skip, or a failure where none may be."""
    path = shutil.which(program)
    if not path:
        print(f"skipped: there is no {program}")
        sys.exit(1 if REQUIRE_ALL else 77)
    return path


def run_plain(command, environment=None):
    return subprocess.run(command, capture_output=True, text=True, check=False,
                          env=dict(os.environ, **(environment or {})), timeout=600)


class Unlikely(Exception):
    """What few samples may say by chance."""


def likely(condition, *values):
    if not condition:
        raise Unlikely(*values)


def more_than_chance(judge):
    """Until judge(longer) finds a run, which is so many times as long, likely. A sample
    may stand for several periods, for more of them on a busy machine, so that what is
    rare can be many of few; what is wrong is wrong in a long run, too."""
    for longer in (1, 2, 4, 8, 16):
        try:
            judge(longer)
            return
        except Unlikely as reason:
            print("again, longer:", reason)
    sys.exit("it is so in long runs, too")


class Profile:
    """What a run said, and the stacks of its samples, with their weights: of the
    process that was started. A command may be a script (erl is) that executes the
    machine: if the shell was sampled, it has a profile of its own, and the machine
    the next name."""

    def __init__(self, command, options=(), environment=None):
        env = dict(os.environ, **(environment or {}))
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "profile.sigprof")
            self.run = subprocess.run(
                [os.environ["RUN"], "-F", str(HZ), "-o", out, *options, "--", *command],
                capture_output=True, text=True, env=env, check=False, timeout=600)
            self.pid = self.pid_of(out)
            files = [file for file in glob.glob(out + "*")
                     if self.pid_of(file) == self.pid]
            folded = self.fold(*files)
            self.sheet = dict(line.split() for line in self.fold(
                "--stats", *files).splitlines() if len(line.split()) == 2)
        self.stacks = collections.Counter()
        for line in folded.splitlines():
            stack, weight = line.rsplit(" ", 1)
            self.stacks[tuple(stack.split(";"))] += int(weight)

    @staticmethod
    def fold(*arguments):
        return subprocess.run([os.environ["FOLD"], *arguments], check=True,
                              capture_output=True, text=True).stdout

    @staticmethod
    def pid_of(file):
        """None: it has just gone, or begun. Some children end later."""
        run = subprocess.run([os.environ["FOLD"], "--info", file], check=False,
                             capture_output=True, text=True)
        found = re.search(r"^pid (\d+)", run.stdout, re.M)
        return found and found.group(1)

    def own(self):
        return float(self.sheet["own_periods"])

    def check_untouched(self, plain, said=""):
        """The status and output are those of a run without us; stderr has nothing
        of ours but what was announced, the pattern said."""
        assert self.run.returncode == plain.returncode, self.run
        assert self.run.stdout == plain.stdout, self.run
        assert re.fullmatch(said + re.escape(plain.stderr), self.run.stderr), self.run

    def check_sheet(self):
        """What the folded stacks weigh, and our own thread, is what was due."""
        due = float(self.sheet["due_periods"])
        total = sum(self.stacks.values()) + self.own()
        assert abs(total - due) <= 0.02 * due + 3, (total, due)

    def weight(self, which):
        return sum(weight for stack, weight in self.stacks.items() if which(stack))
