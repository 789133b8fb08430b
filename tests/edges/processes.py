# SPDX-License-Identifier: BSD-2-Clause
"""Threads and processes: cases 44 to 46."""
import os
import re

import peers
from lib import (BASE, Said, address_of, assemble, check, compile_c, fold, make, module_line, record,
                 same, sample, scene, stacks)


def case_44():
    binary = compile_c("named", "int main(void) { return 0; }")
    at = BASE + address_of("named", "main")
    lines = [module_line(binary), "thread 1 0 0 first", "thread 1 3000 0 se;cond 9",
             "thread 2 0 0 ", "thread 3 0 0 \\xff\\xfename", "thread 4 0 0 with a blank",
             "reset"]
    for tid, time in ((1, 1000), (1, 2999), (1, 3000), (1, 5000), (2, 1000), (3, 1000),
                      (4, 1000), (5, 1000)):
        lines.append(sample(at, tid=tid, time=time))
    make(lines + ["end 9000"])
    same(fold("--cache", "none", "--root", "thread", "edge.sigprof"),
         sorted(["first-1;main 2", "se:cond 9-1;main 2", "tid_2;main 1",
                 "\ufffd\ufffdname-3;main 1", "with a blank-4;main 1", "tid_5;main 1"],
                key=lambda line: line.encode()), "names at the sample's time")
    same(fold("--cache", "none", "--thread", "^first$", "edge.sigprof"), ["p;main 2"],
         "--thread")
    for view in "speedscope", "firefox", "pprof", "html":
        same(Said("--cache", "none", "-f", view, "edge.sigprof", binary=True).status, 0,
             view)


def header_of(path):
    return dict(line.split(None, 1) for line in Said("--info", path).out.splitlines()
                if re.match(r"(id|parent_id|pid|process_start|comm) ", line))


def case_45():
    scene("parent", "-pie", "-fPIE")
    scene("other", "-pie", "-fPIE")
    os.mkdir("out")
    record("./parent", "family", "./other", "calls", out="out")
    files = sorted("out/" + name for name in os.listdir("out"))
    same(len(files), 3, "recordings: %s" % files)
    headers = {path: header_of(path) for path in files}
    found = {path: stacks(path) for path in files}
    child = [p for p in files if "parent_id" in headers[p]]
    executed = [p for p in files if headers[p]["comm"] == "other"]
    first = [p for p in files if p not in child + executed]
    same((len(first), len(child), len(executed)), (1, 1, 1), "who is who: %s" % headers)
    # A child by its parent's id; what was executed, by the process that it still is.
    same(headers[child[0]]["parent_id"], headers[first[0]]["id"], "joined")
    check(headers[child[0]]["pid"] != headers[first[0]]["pid"], "the child's pid")
    for key in "pid", "process_start":
        same(headers[executed[0]][key], headers[first[0]][key], "executed: " + key)
    check(all(s.startswith("parent;") and ";recurse;leaf;" in s
              for s in found[child[0]]) and found[child[0]], "the child: %s" % found)
    check(found[executed[0]] and all(s.startswith("other;")
                                     for s in found[executed[0]]), "exec: %s" % found)
    check(all(s.startswith("parent;") and "recurse" not in s
              for s in found[first[0]]) and found[first[0]], "the first: %s" % found)
    # One recording whose comm changes: that of the sample's time.
    binary = compile_c("renamed", "int main(void) { return 0; }")
    at = BASE + address_of("renamed", "main")
    make([module_line(binary), "reset", sample(at), "info comm before", sample(at),
          "info comm after", sample(at), sample(at), "end 9000"])
    same(fold("--cache", "none", "edge.sigprof"),
         ["after;main 2", "before;main 1", "p;main 1"], "comm")


def case_46():
    """The class comes from the module."""
    assemble("small.so", """
    .text
    .globl small
    .type small, @function
small:
    nop
    ret
    .size small, . - small
""", "--32", "-g")
    start = address_of("small.so", "small")
    same(peers.ask_us("small.so", [start + 1]),
         [[("small", os.path.abspath("small.so.s"), 7)]], "name and line")
    low = 0xf7000000
    make(["module 1 0x%x 0x%x 0x%x 0 0 - %s" %
          (low, low + 0x10000, low, os.path.abspath("small.so")), "reset",
          sample(low + start), sample(0xffffe430), "end 2000"])
    same(fold("--cache", "none", "edge.sigprof"), ["p;[unknown] 1", "p;small 1"],
         "no address of 32 bits is the kernel's")
