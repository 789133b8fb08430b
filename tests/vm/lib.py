# SPDX-License-Identifier: BSD-2-Clause
"""A program in a VM, run by sigprof-run, and its folded stacks."""
import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile

HZ = 499
LONG = bool(os.environ.get("SIGPROF_TEST_LONG"))


def need(program):
    """The program's path; else the end: a skip, or a failure where none may be."""
    path = shutil.which(program)
    if not path:
        print(f"skipped: there is no {program}")
        sys.exit(1 if os.environ.get("SIGPROF_REQUIRE_ALL") == "1" else 77)
    return path


def run_plain(command, environment=None):
    return subprocess.run(command, capture_output=True, text=True, check=False,
                          env=dict(os.environ, **(environment or {})), timeout=600)


class Profile:
    """What a run said, and the stacks of its samples, with their weights."""

    def __init__(self, command, options=(), environment=None):
        env = dict(os.environ, **(environment or {}))
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "profile.sigprof")
            self.run = subprocess.run(
                [os.environ["RUN"], "-F", str(HZ), "-o", out, *options, "--", *command],
                capture_output=True, text=True, env=env, check=False, timeout=600)
            folded = self.fold(out)
            self.pid = re.search(r"^pid (\d+)", self.fold("--info", out), re.M).group(1)
            self.sheet = dict(line.split() for line in self.fold(
                "--stats", out).splitlines() if len(line.split()) == 2)
        self.stacks = collections.Counter()
        for line in folded.splitlines():
            stack, weight = line.rsplit(" ", 1)
            self.stacks[tuple(stack.split(";"))] += int(weight)

    @staticmethod
    def fold(*arguments):
        return subprocess.run([os.environ["FOLD"], *arguments], check=True,
                              capture_output=True, text=True).stdout

    def check_untouched(self, plain, said=""):
        """The status and output are those of a run without us; stderr has nothing
        of ours but what was announced, the pattern said."""
        assert self.run.returncode == plain.returncode, self.run
        assert self.run.stdout == plain.stdout, self.run
        assert re.fullmatch(said + re.escape(plain.stderr), self.run.stderr), self.run

    def check_sheet(self):
        """What the folded stacks weigh, and our own thread, is what was due."""
        due = float(self.sheet["due_periods"])
        total = sum(self.stacks.values()) + float(self.sheet["own_periods"])
        assert abs(total - due) <= 0.02 * due + 3, (total, due)

    def weight(self, which):
        return sum(weight for stack, weight in self.stacks.items() if which(stack))
