# SPDX-License-Identifier: BSD-2-Clause
"""For the cases: binaries made here, profiles of them, and what the command says.
Each case runs in an empty folder of its own."""
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "symbols"))

import peers  # noqa: E402
from peers import run, tool  # noqa: E402

FOLD, MAKE = os.environ["FOLD"], os.environ["MAKE"]
BASE = 0x555500000000
PERIOD_NS = 10000000
failures = []


def check(condition, what):
    if not condition:
        failures.append(what)
        print("FAIL: " + what)


def same(got, wanted, what):
    check(got == wanted, "%s: %r, not %r" % (what, got, wanted))


def skip(reason):
    """A missing tool; a failure where nothing may be missing."""
    print("skipped: " + reason)
    sys.exit(1 if failures or os.environ.get("SIGPROF_REQUIRE_ALL") == "1" else 77)


def need(*names):
    for name in names:
        if not tool(name):
            skip("no " + name)


def write(name, text):
    with open(name, "w", encoding="utf-8", errors="surrogateescape") as out:
        out.write(text)
    return name


def compile_c(out, text, *options, compiler="gcc", optimize="-O1"):
    need(compiler)
    suffix = ".cc" if compiler in ("g++", "clang++") else ".c"
    write(out + suffix, text)
    run([compiler, optimize, "-g", out + suffix, "-o", out, *options])
    return out


def assemble(out, text, *options):
    """A shared object of assembly only."""
    need("as", "ld")
    write(out + ".s", text)
    run(["as", *options, out + ".s", "-o", out + ".o"])
    machine = ["-m", "elf_i386"] if "--32" in options else []
    run(["ld", *machine, "-shared", out + ".o", "-o", out])
    return out


def address_of(binary, name):
    for line in run(["nm", binary]).splitlines():
        word = line.split(None, 2)
        if len(word) == 3 and word[2] == name:
            return int(word[0], 16)
    raise SystemExit("%s has no %s" % (binary, name))


def build_id(binary):
    for line in run(["readelf", "-n", binary]).splitlines():
        if "Build ID:" in line:
            return line.split()[-1]
    return "-"


def names_at(binary, *addresses, options=()):
    return [[name for name, _, _ in answer]
            for answer in peers.ask_us(binary, list(addresses), options)]


# ---- Profiles as a text says ------------------------------------------------

HEADER = ["info version 0.1.0", "info id 5eed0000000000000000000000000000",
          "info comm p", "info pid 4242", "info period_ns %d" % PERIOD_NS,
          "info start_mono_ns 1000", "info boot_id b"]


def make(lines, out="edge.sigprof", header=HEADER):
    with open(out, "wb") as file:
        subprocess.run([MAKE], stdout=file, check=True,
                       input="\n".join([*header, *lines, ""]).encode())
    return out


def module_line(binary, number=1, at=BASE, size=0x10000000, time=0, flags=0,
                identity=None):
    return "module %d 0x%x 0x%x 0x%x %d %d %s %s" % (
        number, at, at + size, at, time, flags,
        build_id(binary) if identity is None else identity,
        os.path.abspath(binary))


def sample(*pcs, tid=4242, time=1000, weight=1, label=0, end=0):
    """Addresses and marks, the root first."""
    return "sample %d %d %d %d %d %s" % (
        tid, time, weight, label, end,
        " ".join(pc if isinstance(pc, str) else "0x%x" % pc for pc in pcs))


def profile_of(binary, stacks, **module):
    """A profile of stacks of link addresses in one binary."""
    return make([module_line(binary, **module), "reset"] +
                [sample(*[BASE + a if isinstance(a, int) else a
                          for a in stack]) for stack in stacks] + ["end 2000"])


class Said:
    """What the command said: its lines, what it complained of, its status."""

    def __init__(self, *words, binary=False):
        done = subprocess.run([FOLD, *words], stdin=subprocess.DEVNULL,
                              capture_output=True)
        self.status = done.returncode
        self.out = done.stdout if binary else done.stdout.decode()
        self.lines = [] if binary else self.out.splitlines()
        self.err = done.stderr.decode(errors="replace")


def fold(*words):
    """Folded lines, of a run that has nothing to complain of."""
    said = Said(*words)
    same((said.status, said.err), (0, ""), "sigprof-fold " + " ".join(words))
    return said.lines


def fold_stacks(binary, stacks, *options):
    return fold("--cache", "none", *options, profile_of(binary, stacks))


# ---- Profiles as the library takes them -------------------------------------

def need_library():
    """What is compiled here is loaded into the command, or the library into it."""
    if os.environ["CROSS"] == "1":
        skip("the programs of the build are for another CPU than what is compiled here")


def scene(out="scene", *options, compiler="gcc"):
    """The program of scene.c. It raises ticks itself, by the library's timer."""
    need_library()
    need(compiler)
    run([compiler, "-O1", "-fno-optimize-sibling-calls", "-I", HERE + "/..",
         HERE + "/scene.c", "-o", out, "-pthread", "-ldl", *options])
    return out


def record(*words, linked=False, out="p.sigprof", **more):
    """Runs a program under the library; its ticks are those it raises."""
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith("SIGPROF_")}
    environment.update(SIGPROF_HZ="1", SIGPROF_CLOCK="thread", SIGPROF_OUT=out,
                       **more)
    if not linked:
        environment["LD_PRELOAD"] = os.environ["PRELOAD"]
    done = subprocess.run(words, env=environment, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)
    check(done.returncode == 0 and done.stderr == "",
          "%s: status %d, %s" % (words, done.returncode, done.stderr))
    return out


def stacks(profile, *options):
    """The stacks of the ticks raised, without their weight: at one hertz, a tick
    of the timer's own can be among them."""
    lines = [re.sub(r" \d+$", "", line)
             for line in fold("--cache", "none", *options, profile)]
    return sorted({line for line in lines
                   if re.search(r";syscall(\+0x[0-9a-f]+)?$", line)})


def tail(stack, count):
    """The innermost frames but the system call that raised the tick."""
    return stack.split(";")[-count - 1:-1]
