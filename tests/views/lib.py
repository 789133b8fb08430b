# SPDX-License-Identifier: BSD-2-Clause
"""For the tests of views: profiles, the command, and what it says in plain text."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

FOLD = os.environ["FOLD"]
MAKE = os.environ["MAKE"]
RUN = os.environ["RUN"]
CC = os.environ["CC"]
NPM = os.environ["NPM"]
PERIOD_NS = 10000000

failures = 0


def check(condition, what):
    global failures
    if not condition:
        failures += 1
        print("FAIL:", what)


def same(got, wanted, what):
    check(got == wanted, f"{what}: {got!r}, not {wanted!r}")


def skip(reason):
    """A missing tool; a failure where nothing may be missing."""
    print("skipped:", reason)
    sys.exit(1 if os.environ.get("SIGPROF_REQUIRE_ALL", "0") not in ("", "0") else 77)


def need(tool, package):
    path = shutil.which(tool)
    if not path:
        skip(f"no {tool} (Debian: {package})")
    return path


def need_npm(package):
    path = os.path.join(NPM, package)
    if not os.path.isdir(path):
        skip(f"no npm package {package} in {NPM}; scripts/setup installs it")
    return path


def command(*words, status=0, **more):
    done = subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL,
                          capture_output=True, **more)
    if done.returncode != status:
        check(False, f"{words[:4]}: status {done.returncode}, not {status}: "
                     f"{done.stderr.decode(errors='replace')[-1500:]}")
    return done.stdout


def fold(*words, status=0):
    return command(FOLD, *words, status=status)


def make(text, path):
    done = subprocess.run([MAKE], input=text.encode(), stdout=open(path, "wb"))
    same(done.returncode, 0, "make-profile")


def header(start=1000, pid=4242, boot="b"):
    return f"""info version 0.1.0
info id 5eed00000000000000000000000{pid:05x}
info comm prog
info pid {pid}
info period_ns {PERIOD_NS}
info start_mono_ns {start}
info start_real_ns 1790000000000000000
info boot_id {boot}
info cmdline prog\\0--fast\\0a "b" \\\\c;d
module 1 0x400000 0x500000 0x400000 0 1 c0ffee /nowhere/prog
module 2 0x7f0000000000 0x7f0000100000 0x7f0000000000 0 0 - /nowhere/libx.so.1
module 3 0x1000000 0x1001000 0x1000000 0 0 - /x/<&"\\x01\\xff</script>;.so
"""


def mixed():
    """Threads, labels, names that break things, recursion, times, losses."""
    lines = ["thread 4242 0 0 prog", "thread 4243 0 0 work er", 'thread 4244 0 0 <"\\xff',
             "label 1 0 request login", "label 2 1 user al\\xffice", "reset"]
    time = 0
    for i in range(600):
        tid = 4242 + (i % 7 + i % 3) % 3
        weight = 1 + (i % 11 == 0) * 3
        tail = ["0x400200", "0x400300 0x400200", "0x7f0000000300", "0x1000010 0x400100",
                "0x400100 0x400100", "0x99000000"][i * i % 6]
        end = (0, 0, 0, 1, 2)[i % 5]
        lines.append(f"sample {tid} {time} {weight} {i % 3} {end} 0x400100 {tail} 0x40{i % 13:x}500")
        time += 7 * PERIOD_NS // 3
    lines += ["sheet 1 dropped_full=10 unsampled_paused_ns=50000000", f"end {time}"]
    return header() + "\n".join(lines) + "\n"


def folded_total(text):
    return sum(int(line.rsplit(b" ", 1)[1]) for line in text.splitlines())


def top(path, *words):
    """What -f top says: name -> (self, total)."""
    rows = {}
    for line in fold("-f", "top", *words, path).decode().splitlines()[1:]:
        found = re.match(r" *(\d+) +[\d.]+ +(\d+) +[\d.]+  (.*)", line)
        rows[found[3]] = (int(found[1]), int(found[2]))
    return rows


PROGRAM = r"""
#include <stdint.h>
#include <stdlib.h>
static volatile uint64_t sink;
static inline __attribute__((always_inline)) void inlined_leaf(uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        sink += i * i; /* the hot line */
}
__attribute__((noinline)) void middle(uint64_t n)
{
    inlined_leaf(n);
    sink++;
}
int main(void)
{
    for (int i = 0; i < 100; i++)
        middle(1000000);
    return 0;
}
"""


def real_profile(folder):
    """A profile of a real program with debug information."""
    with open(os.path.join(folder, "work.c"), "w") as out:
        out.write(PROGRAM)
    command(CC, "-O2", "-g", "-o", f"{folder}/work", f"{folder}/work.c")
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith("SIGPROF_")}
    command(RUN, "-F", 997, "-o", f"{folder}/work.sigprof", f"{folder}/work", env=environment)
    return f"{folder}/work.sigprof"


def main(tests):
    name = sys.argv[1]
    folder = tempfile.mkdtemp(prefix="sigprof-views.")
    try:
        tests[name](folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if failures else 0)
