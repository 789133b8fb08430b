# SPDX-License-Identifier: BSD-2-Clause
"""Names that virtual machines write for code they made: cases 35 to 40."""
import os
import platform
import subprocess

from lib import HERE, Said, check, need, need_library, run, same, skip


def build():
    need("gcc")
    need_library()
    if platform.machine() != "x86_64":
        skip("its code is x86-64's")
    run(["gcc", "-O1", "-g", "-fno-omit-frame-pointer", "-I", HERE + "/..", HERE + "/jit.c",
         HERE + "/../workloads/told.c", "-o", "jit", "-pthread"])


def play(*steps, memory="anonymous"):
    """The names of the frame above leaf(), tick by tick in the order of time. The
    files of the process are gone by then."""
    path = record(*steps, memory=memory)
    if os.path.lexists(path):
        os.remove(path)
    return callers()


def record(*steps, memory="anonymous"):
    """Leaves p.sigprof, and the file of which the path is returned."""
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith("SIGPROF_")}
    environment.update(SIGPROF_HZ="1", SIGPROF_CLOCK="thread", SIGPROF_OUT="p.sigprof",
                       LD_PRELOAD=os.environ["PRELOAD"])
    if os.path.exists("p.sigprof"):
        os.remove("p.sigprof")
    done = subprocess.run(["./jit", memory, *steps], env=environment, capture_output=True,
                          text=True)
    same((done.returncode, done.stderr), (0, ""), "jit %s" % (steps,))
    return done.stdout.strip()


def callers(*options):
    """The order is that of the times, as raw tells them."""
    lines = sorted(Said("--cache", "none", "-f", "raw", *options, "p.sigprof").lines)
    found = []
    for line in lines:
        frames = line.split(" labels=")[1].split(";")
        leaf = [at for at, name in enumerate(frames) if name.split()[0] == "leaf"]
        if frames[-1].split()[0] == "syscall" and leaf:
            found.append(frames[leaf[0] - 1])
    return found


def case_35():
    build()
    same(play("map", "%0 12 a name; with 3 things", "run", "0"), ["a name: with 3 things"],
         "blanks and semicolons")
    same(play("map", "0x%0 0x12 prefixed", "run", "0"), ["prefixed"], "0x")
    same(play("map", "%0 12 older", "map", "%0 12 newer", "run", "0"), ["newer"],
         "of two lines the later")
    same(play("map", "%0 12 whole", "map", "%1 12 torn\\", "run", "0", "run", "1"),
         ["whole", "[unknown]"], "a line without its end")
    if os.geteuid() == 0:
        same(play("map", "%0 12 planted", "own", "65534", "run", "0"), ["[unknown]"],
             "another user's file")


def case_36():
    build()
    same(play("map", "%0 12 left over", "old", "run", "0"), ["[unknown]"],
         "a map that is older than the process")
    path = record("map", "%0 12 left over", "old", "run", "0")
    said = Said("--cache", "none", "p.sigprof")
    os.remove(path)
    check("%s: not used: it was last written before the process began" % path in said.err,
          "not said: %r" % said.err)
    same(play("map", "%0 12 its own", "run", "0"), ["its own"], "one that is not")


def case_37():
    build()
    same(play("dump", "code", "0", "first", "run", "0", "code", "0", "second", "run", "0"),
         ["first", "second"], "one after the other at one address")
    same(play("dump", "code", "0", "moves", "run", "0", "move", "run", "1", "code", "0",
              "stays", "run", "0"), ["moves", "moves", "stays"], "a move")
    same(play("dump", "code", "0", "whole", "torn", "run", "0"), ["whole"],
         "a torn end")
    found = callers("--by", "line")
    same(found, ["whole program.src:20"], "lines of the code that comes next")


def case_38():
    build()
    for order in (("map", "%0 12 by the map", "dump", "code", "0", "by the dump"),
                  ("dump", "code", "0", "by the dump", "map", "%0 12 by the map")):
        same(play(*order, "run", "0"), ["by the dump"], order[0] + " first")
    same(play("dump", "code", "0", "by the dump", "map", "%1 12 by the map", "run", "0",
              "run", "1"), ["by the dump", "by the map"], "each where it speaks alone")


def case_39():
    build()
    names = ["JS:~f /a.js:1:2", "JS:*f /a.js:1:2"]
    same(play("map", "%0 12 " + names[0], "map", "%1 12 " + names[1], "run", "0", "run",
              "1"), names, "kept")
    same(callers("--merge-tiers"), ["JS:f /a.js:1:2"] * 2, "--merge-tiers")
    for name, wanted in (("JS:^g /a.js:3", "JS:g /a.js:3"), ("JS:o+g /a.js:3",
                                                            "JS:g /a.js:3"),
                         ("JS:of /a.js:1", "JS:of /a.js:1"), ("JS:*", "JS:*"),
                         ("Builtin:*x", "Builtin:*x")):
        play("map", "%0 12 " + name, "run", "0")
        same(callers("--merge-tiers"), [wanted], name)


def case_40():
    build()
    for memory in "anonymous", "named", "memfd":
        same(play("map", "%0 12 by a map", "run", "0", memory=memory), ["by a map"], memory)
        same(play("dump", "code", "0", "by a dump", "run", "0", memory=memory),
             ["by a dump"], memory)
        same(play("run", "0", memory=memory), ["[unknown]"], memory + ", and no file")
