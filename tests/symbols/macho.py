# SPDX-License-Identifier: BSD-2-Clause
"""Names, inlined functions and lines in Mach-O files, as macOS has them: made here,
by clang and lld, for CPUs and a system that need not be this machine's.

macho.py SOURCES PROJECT: in an empty folder. What llvm-symbolizer says of each
instruction, ours says, with the debug information in its bundle; and the same from a
universal file, from a folder of bundles, and in a profile, by UUID.
"""
import os
import re
import struct
import subprocess
import sys

import peers
from peers import run, tool

SOURCES = sys.argv[1]
REQUIRE_ALL = os.environ.get("SIGPROF_REQUIRE_ALL") == "1"
CPUS = {"x86_64": 1, "arm64": 4}  # bytes from one address asked about to the next
FUNCTION_STARTS = 0x26
UUID = 0x1b
BASE = 0x7f0000000000

failures = []


def check(what, got, wanted):
    same = got == wanted
    print("%-40s %s" % (what, "%d right" % len(wanted) if same else "WRONG"))
    if same and wanted:
        return
    failures.append(what)
    for ours, theirs in [pair for pair in zip(got, wanted)
                         if pair[0] != pair[1]][:5]:
        print("  got %s\n  not %s" % (ours, theirs))


def build(cpu, name):
    run(["clang", "-target", cpu + "-apple-macosx13", "-O2", "-g", "-nostdlibinc",
         "-fno-exceptions", "-fno-rtti", "-c", SOURCES + "/macho.cc", "-o", "one.o"])
    run([LINKER, "-dylib", "-arch", cpu, "-platform_version", "macos", "13", "13",
         "-undefined", "dynamic_lookup", "-o", name, "one.o"])
    run([DSYMUTIL, name])
    return name


class File:
    """A thin file that can be changed."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = bytearray(file.read())

    def command(self, wanted):
        at = 32
        for _ in range(struct.unpack_from("<I", self.bytes, 16)[0]):
            number, size = struct.unpack_from("<II", self.bytes, at)
            if number == wanted:
                return at
            at += size
        raise SystemExit("no command 0x%x" % wanted)

    def uuid(self):
        return self.bytes[self.command(UUID) + 8:][:16].hex()

    def write(self, path):
        with open(path, "wb") as file:
            file.write(self.bytes)
        return path

    def starts(self, addresses):
        """Functions start at these, and nowhere else."""
        at = self.command(FUNCTION_STARTS)
        offset, size = struct.unpack_from("<II", self.bytes, at + 8)
        out, before = bytearray(), 0
        for address in addresses:
            distance, before = address - before, address
            while distance > 0x7f:
                out.append(distance & 0x7f | 0x80)
                distance >>= 7
            out.append(distance)
        if not out:
            struct.pack_into("<I", self.bytes, at + 12, 0)
        self.bytes[offset:offset + size] = out.ljust(size, b"\0")


def symbols(binary):
    """From each name, without the linker's underscore, to where it starts."""
    found = {}
    for line in run([NM, binary]).splitlines():
        word = line.split(None, 2)
        if len(word) == 3 and word[1] in "tT":
            found[re.sub("^_", "", word[2])] = int(word[0], 16)
    return found


def text_of(binary):
    for line in run([OBJDUMP, "--section-headers", binary]).splitlines():
        word = line.split()
        if len(word) > 3 and word[1] == "__text":
            return int(word[3], 16), int(word[3], 16) + int(word[2], 16)
    raise SystemExit(binary + " has no code")


def simple(answers):
    """Names of inlined functions are told from others of their name by us."""
    return [[(name.rsplit("::", 1)[-1] if i + 1 < len(answer) else name, path, line)
             for i, (name, path, line) in enumerate(answer)] for answer in answers]


def names(binary, addresses, options=()):
    return [answer[-1][0] for answer in peers.ask_us(binary, addresses, options)]


def stubs(binary):
    """(address, name@plt) of each."""
    out, wanted = [], False
    for line in run([OBJDUMP, "--macho", "--indirect-symbols", binary]).splitlines():
        word = line.split()
        if line.startswith("Indirect symbols"):
            wanted = "__stubs" in line
        elif wanted and word[0].startswith("0x"):
            out.append((int(word[0], 16), re.sub("^_", "", word[2]) + "@plt"))
    return out


def one_cpu(cpu, step):
    binary = build(cpu, "lib." + cpu)
    addresses = list(range(*text_of(binary), step))
    ours = peers.ask_us(binary, addresses)
    theirs = simple(peers.ask_llvm(binary, addresses))
    check(cpu, simple(ours), theirs)
    if sum(len(answer) > 2 for answer in theirs) < 20:
        failures.append(cpu + ": hardly a function is inlined")

    found = symbols(binary)
    os.makedirs("bundles", exist_ok=True)
    os.rename(binary + ".dSYM", "bundles/%s.dSYM" % binary)
    check(cpu + ", symbols alone", names(binary, sorted(found.values())),
          sorted(found, key=found.get))
    check(cpu + ", bundles in a folder",
          peers.ask_us(binary, addresses, ["-d", os.path.abspath("bundles")]), ours)
    imports = stubs(binary)
    check(cpu + ", stubs", names(binary, [at for at, _ in imports]),
          [name for _, name in imports])

    # Apple's linker does not count a label (.alt_entry) among the functions; a file
    # may have no list.
    inside = [found["label_inside"], found["label_inside"] + 8]
    file = File(binary)
    file.starts(sorted(at for name, at in found.items() if name != "label_inside"))
    check(cpu + ", a label", names(file.write("label." + cpu), inside),
          ["with_label"] * 2)
    file.starts([])
    check(cpu + ", no list of functions", names(file.write("none." + cpu), inside),
          ["label_inside"] * 2)
    return binary, addresses, ours


def profile(path, identity, addresses):
    """What the command makes of samples in a module of that path and UUID."""
    lines = ["info version 0.1.0", "info id 5eed0000000000000000000000000000",
             "info comm p", "info pid 4242", "info period_ns 10000000",
             "info start_mono_ns 1000", "info boot_id b",
             "module 1 0x%x 0x%x 0x%x 0 1 %s %s" % (
                 BASE, BASE + 0x100000, BASE, identity, os.path.abspath(path)),
             "reset"]
    lines += ["sample 4242 1000 1 0 0 0x%x" % (BASE + at) for at in addresses]
    with open("p.sigprof", "wb") as file:
        subprocess.run([os.environ["MAKE"]], stdout=file, check=True,
                       input="\n".join(lines + ["end 2000", ""]).encode())
    done = subprocess.run([os.environ["FOLD"], "--cache", "none", "--no-inlines", "p.sigprof"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return done.stdout, done.stderr


def universal(made):
    run([LIPO, "-create", *[binary for binary, _, _ in made], "-output", "lib"])
    for binary, addresses, ours in made:
        identity = File(binary).uuid()
        os.rename("bundles/%s.dSYM" % binary, "lib.dSYM")
        os.rename("lib.dSYM/Contents/Resources/DWARF/" + binary,
                  "lib.dSYM/Contents/Resources/DWARF/lib")
        check("universal, " + binary, peers.ask_us("lib", addresses, ["-b", identity]), ours)
        os.rename("lib.dSYM", "bundles/%s.dSYM" % binary)
        found = symbols(binary)
        out, _ = profile("lib", identity, [found["weak_one"], found["with_label"]])
        check("profile, " + binary, sorted(out.splitlines()), ["p;weak_one 1", "p;with_label 1"])
    out, complaint = profile("lib", "00" * 16, [found["weak_one"]])
    check("profile of another build", out.splitlines(), ["p;lib+0x%x 1" % found["weak_one"]])
    if "00" * 16 not in complaint:
        failures.append("nothing is said of another build: " + complaint)


NM, OBJDUMP = tool("llvm-nm"), tool("llvm-objdump")
LIPO = tool("llvm-lipo", "llvm-lipo-14")
DSYMUTIL = tool("dsymutil", "dsymutil-14")
LINKER = tool("ld64.lld", "ld64.lld-14")
if not (NM and OBJDUMP and LIPO and DSYMUTIL and LINKER and peers.LLVM and tool("clang")):
    print("skipped: no clang, ld64.lld, or one of LLVM's tools")
    sys.exit(1 if REQUIRE_ALL else 77)
universal([one_cpu(cpu, step) for cpu, step in CPUS.items()])
for failure in failures:
    print("FAIL: " + failure)
sys.exit(1 if failures else 0)
