#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The handler's own call chain needs less than 1 KiB of stack, by its code.

usage: stack-static.py LIMIT LIBSIGPROF.SO

A function's frame is the largest distance from its CFA that its unwind tables
name, so it is what the code does and not what a compiler says; calls and tail
calls come from the instructions. The longest path from sigprof__handler, but for
the named exceptions, must be below LIMIT bytes. x86-64 only.
"""
import bisect
import re
import subprocess
import sys

ROOT = "sigprof__handler"
EXCEPTIONS = {"sigprof__foreign_tick"}
# What is reached through a pointer: the engine. (The other pointer, to
# _dl_find_object, is an exception; that there are no more is allow-list.py's.)
ENGINES = ("sigprof__unwind_cfi", "sigprof__unwind_fp")
# ... and the host's walk of its guest's frames, an exception.
CALLS_HOST = {"list_walk"}
# Outside the library, with the return address: clock_gettime's frame and the
# vDSO's below it, which has no more than a few saved registers.
OUTSIDE = {"clock_gettime": 192, "syscall": 16, "__errno_location": 8}


def lines(*command):
    return subprocess.run(command, check=True, capture_output=True,
                          text=True).stdout.splitlines()


class Code:
    def __init__(self, path):
        symbols = {}
        for line in lines("nm", path):
            address, kind, name = ([""] + line.split())[-3:]
            if kind in "tT" and address:
                symbols[int(address, 16)] = name
        self.starts = sorted(symbols)
        self.names = symbols
        self.frames = {}
        self.calls = {}
        self.read_frames(path)
        self.read_calls(path)

    def function(self, address):
        at = bisect.bisect_right(self.starts, address) - 1
        return self.starts[at] if at >= 0 else None

    def read_frames(self, path):
        function, column = None, -1
        for line in lines("readelf", "--debug-dump=frames-interp", path):
            start = re.search(r"FDE .*pc=([0-9a-f]+)\.\.", line)
            if start:
                function = self.function(int(start.group(1), 16))
            row = re.match(r"[0-9a-f]{16} (\S+)", line)
            if not row or function is None:
                continue
            cfa = re.match(r"rsp\+(\d+)$", row.group(1))
            if not cfa:
                self.frames[function] = None   # only if it is reached
            elif self.frames.get(function, 0) is not None:
                self.frames[function] = max(self.frames.get(function, 8),
                                            int(cfa.group(1)))

    def read_calls(self, path):
        current = None
        for line in lines("objdump", "-d", "--no-show-raw-insn", path):
            start = re.match(r"([0-9a-f]+) <[^>]+>:", line)
            if start:
                current = self.function(int(start.group(1), 16))
                self.calls.setdefault(current, set())
                continue
            parts = line.split("\t")
            if current is None or len(parts) < 2:
                continue
            if re.match(r"call\s+\*", parts[1]):
                self.calls[current].add("*")
                continue
            to = re.match(r"(call|j\w+)\s+([0-9a-f]+) <([^>+]+)", parts[1])
            if not to:
                continue
            if to.group(3).endswith("@plt"):
                self.calls[current].add(to.group(3)[:-4])
            else:
                target = self.function(int(to.group(2), 16))
                if target != current:
                    self.calls[current].add(target)

    def deepest(self, function, path):
        name = self.names[function]
        if name in EXCEPTIONS:
            return 0, [name + " (excepted)"]
        if function in path:
            sys.exit("recursion: " + " > ".join(
                self.names[f] for f in path + [function]))
        own = self.frames.get(function, 8)
        if own is None:
            sys.exit(name + " has a frame of no fixed size")
        best, chain = 0, []
        for callee in self.calls[function]:
            if callee == "*":
                engines = path and any(self.names[f] == ROOT
                                       for f in path + [function])
                engines = engines and name not in CALLS_HOST and not any(
                    self.names[f] in ENGINES for f in path + [function])
                tries = [self.deepest(f, path + [function])
                         for f in self.starts
                         if engines and self.names[f] in ENGINES]
            elif isinstance(callee, str):
                if callee not in OUTSIDE:
                    sys.exit("%s calls %s" % (name, callee))
                tries = [(OUTSIDE[callee], [callee])]
            else:
                tries = [self.deepest(callee, path + [function])]
            for need, below in tries:
                if need > best:
                    best, chain = need, below
        return own + best, ["%s (%d)" % (name, own)] + chain


def main():
    limit, code = int(sys.argv[1]), Code(sys.argv[2])
    roots = [f for f in code.starts if code.names[f] == ROOT]
    if len(roots) != 1:
        sys.exit(ROOT + " is not there")
    need, chain = code.deepest(roots[0], [])
    print("%d bytes: %s" % (need, " > ".join(chain)))
    if not any(ENGINES[0] in link for link in chain):
        sys.exit("the call graph does not reach the engine")
    if need >= limit:
        sys.exit("%d bytes, want less than %d" % (need, limit))


main()
