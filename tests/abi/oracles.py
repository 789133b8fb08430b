#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Compares layouts.tsv with what others say of the same systems: the Go runtime,
Free Pascal's run-time library, Rust's libc crate, D's druntime. Their sources are read
where Debian's packages put them; nothing of them is kept here.

usage: oracles.py layouts.tsv go|rust|fpc|d

An entry of the last column is ORACLE:EXPRESSION, or ORACLE:EXPRESSION!VALUE where the
oracle is known to be wrong, and says VALUE. The test fails when any says something else,
and when a known error is mended: then the exception is to go."""

import glob
import os
import re
import subprocess
import sys
import tempfile

WORD = {"x86_64": 8, "i386": 4, "aarch64": 8, "sparcv9": 8}


class Layouts:
    """Sizes and offsets of structures, by the rules of C."""

    def __init__(self, cpu):
        self.word = WORD[cpu]
        self.aliases = {}
        self.structs = {}  # name: (kind, alignment, [(field, type)])
        self.constants = {}

    def scalar(self, type):
        match = re.fullmatch(r"(?:_*u?int|[iuf]|float)(8|16|32|64|128)(?:_t)?", type)
        if match:
            size = int(match[1]) // 8
            return size, min(size, 4 if self.word == 4 else 16)
        sizes = {"byte": 1, "c_char": 1, "c_short": 2, "c_ushort": 2, "c_int": 4, "c_uint": 4,
                 "c_ulonglong": 8, "c_uchar": 1, "c_longlong": 8, "pid_t": 4, "uid_t": 4, "gid_t": 4, "sighandler_t": self.word,
                 "uintptr": self.word, "c_long": self.word, "c_ulong": self.word,
                 "size_t": self.word, "usize": self.word, "isize": self.word}
        if type in sizes:
            return sizes[type], sizes[type]
        if type.startswith("*") or type in ("unsafe.Pointer",) or "Option<" in type:
            return self.word, self.word
        return None

    def array(self, type):
        match = re.fullmatch(r"\[([^;\]]+)\](.+)", type)  # Go
        if match:
            return int(match[1], 0), match[2]
        match = re.fullmatch(r"\[(.+);\s*([\w :+-]+)\]", type)  # Rust
        return (sum(map(self.count, match[2].replace("-", "+-").split("+"))), match[1]) if match else None

    def count(self, word):
        word = word.strip()
        if word.startswith("-"):
            return -self.count(word[1:])
        word = word.removeprefix("::")
        return self.constants[word] if word in self.constants else int(word, 0)

    def resolve(self, type):
        type = type.strip().removeprefix("::")
        while type in self.aliases and type not in self.structs:
            type = self.aliases[type].strip().removeprefix("::")
        return type

    def size(self, type):
        type = self.resolve(type)
        if type in self.structs:
            kind, alignment, fields = self.structs[type]
            end = 0
            for _, offset, field_type in self.place(type):
                size, align = self.size(field_type)
                end = max(end, offset + size)
                alignment = max(alignment, align)
            return (end + alignment - 1) // alignment * alignment, alignment
        array = self.array(type)
        if array:
            size, align = self.size(array[1])
            return array[0] * size, align
        scalar = self.scalar(type)
        if not scalar:
            raise KeyError("type " + type)
        return scalar

    def place(self, type):
        kind, _, fields = self.structs[type]
        at = 0
        for name, field_type in fields:
            size, align = self.size(field_type)
            at = (at + align - 1) // align * align if kind == "struct" else 0
            yield name, at, field_type
            at += size

    def value(self, expression):
        """struct, struct.field.field[index], or the name of a constant."""
        if expression in self.constants:
            return self.constants[expression]
        struct, *path = expression.split(".")
        if not path:
            return self.size(struct)[0]
        at, type = 0, self.resolve(struct)
        for part in path:
            name, _, index = part.rstrip("]").partition("[")
            if type.startswith("*"):  # what is behind it begins anew
                at, type = 0, self.resolve(type.lstrip("*").removeprefix("mut "))
            field = next(f for f in self.place(type) if f[0] == name)
            at, type = at + field[1], self.resolve(field[2])
            if index:
                element = self.array(type)[1]
                index = self.constants[index] if index in self.constants else int(index)
                at, type = at + index * self.size(element)[0], self.resolve(element)
        return at


def number(text):
    try:
        return int(text.replace("_", ""), 0)
    except ValueError:
        return None


GO_FILES = {"illumos": "defs1_solaris_%s", "netbsd": "defs1_netbsd_%s"}
GO_CPU = {"x86_64": "amd64", "i386": "386", "aarch64": "arm64"}


def read_go(system, cpu):
    name = GO_FILES.get(system, "defs_" + system + "_%s") % GO_CPU[cpu]
    [path] = glob.glob("/usr/share/go-1.*/src/runtime/" + name + ".go")[:1]
    layouts = Layouts(cpu)
    text = re.sub(r"//.*", "", open(path).read())
    for match in re.finditer(r"^type (\w+) struct \{\n(.*?)^\}", text, re.M | re.S):
        fields = [tuple(line.split(None, 1)) for line in match[2].splitlines() if line.strip()]
        layouts.structs[match[1]] = ("struct", 1, [(f[0], f[1].strip()) for f in fields])
    for match in re.finditer(r"^\s*(_\w+)\s*=\s*(0x[0-9a-f]+|\d+)\s*$", text, re.M):
        layouts.constants[match[1]] = int(match[2], 0)
    return layouts


RUST_FILES = {
    "illumos-x86_64": "solarish/mod solarish/x86_64",
    "freebsd-x86_64": "mod bsd/mod bsd/freebsdlike/mod bsd/freebsdlike/freebsd/mod bsd/freebsdlike/freebsd/x86_64/mod "
                      "bsd/freebsdlike/freebsd/x86_64/align bsd/freebsdlike/freebsd/freebsd13/mod "
                      "bsd/freebsdlike/freebsd/freebsd13/x86_64 bsd/freebsdlike/freebsd/freebsd13/b64",
    "freebsd-aarch64": "mod bsd/mod bsd/freebsdlike/mod bsd/freebsdlike/freebsd/mod bsd/freebsdlike/freebsd/aarch64 "
                       "bsd/freebsdlike/freebsd/freebsd13/mod bsd/freebsdlike/freebsd/freebsd13/b64",
    "dragonfly-x86_64": "mod bsd/mod bsd/freebsdlike/mod bsd/freebsdlike/dragonfly/errno bsd/freebsdlike/dragonfly/mod",
    "netbsd-x86_64": "mod bsd/mod bsd/netbsdlike/mod bsd/netbsdlike/netbsd/mod bsd/netbsdlike/netbsd/x86_64",
    "netbsd-aarch64": "mod bsd/mod bsd/netbsdlike/mod bsd/netbsdlike/netbsd/mod bsd/netbsdlike/netbsd/aarch64",
    "openbsd-x86_64": "mod bsd/mod bsd/netbsdlike/mod bsd/netbsdlike/openbsd/mod bsd/netbsdlike/openbsd/x86_64",
    "openbsd-aarch64": "mod bsd/mod bsd/netbsdlike/mod bsd/netbsdlike/openbsd/mod bsd/netbsdlike/openbsd/aarch64",
    "darwin-x86_64": "bsd/mod bsd/apple/mod bsd/apple/b64/mod bsd/apple/b64/x86_64/mod",
    "darwin-aarch64": "bsd/mod bsd/apple/mod bsd/apple/b64/mod bsd/apple/b64/aarch64/mod bsd/apple/b64/aarch64/align",
}


def read_rust(system, cpu):
    [base] = glob.glob("/usr/share/cargo/registry/libc-*/src/unix")[:1]
    layouts = Layouts(cpu)
    text = "".join(open("%s/%s.rs" % (base, f)).read() + "\n"
                   for f in RUST_FILES[system + "-" + cpu].split())
    text = re.sub(r"//.*", "", text)
    for match in re.finditer(r"((?:^ *#\[[^\n]*\]\n)*)^ *pub (struct|union) (\w+) *\{\n(.*?)^ *\}",
                             text, re.M | re.S):
        align = re.search(r"align\((\d+)\)", match[1])
        body = re.sub(r"#\[[^\n]*\]\n", "", match[4])
        fields = re.findall(r"(?:pub )?(\w+)\s*:\s*((?:\[.*?\]|[^,\n])+?)\s*,?\s*$", body, re.M)
        fields = list({name: (name, type) for name, type in reversed(fields)}.values())[::-1]  # of two kinds of one, the first
        layouts.structs[match[3]] = (match[2], int(align[1]) if align else 1, fields)
    for match in re.finditer(r"pub type (\w+) = ([^;]+);", text):
        layouts.aliases[match[1]] = match[2]
    for match in re.finditer(r"pub const (\w+)\s*:[^=]+=\s*([^;]+);", text):
        value = number(match[2].strip())
        if value is not None:
            layouts.constants[match[1]] = value
    return layouts


class Pascal:
    """Constants only; of the records its own tests use few."""

    FILES = {"illumos-x86_64": "solaris/x86_64/sighndh.inc", "illumos-i386": "solaris/i386/sighndh.inc",
             "illumos-sparcv9": "solaris/sparc/sighnd.inc"}

    def __init__(self, system, cpu):
        [path] = glob.glob("/usr/share/fpcsrc/3.*/rtl/" + self.FILES[system + "-" + cpu])[:1]
        text = open(path).read()
        text = re.sub(r"\(\*.*?\*\)", "", text, flags=re.S)
        # One file for two CPUs: what is left is this one's.
        for ours, theirs in re.findall(r"\{\$ifdef x86_64 ?\}(.*?)\{\$else[^}]*\}(.*?)\{\$endif[^}]*\}", text, re.S):
            text = text.replace(theirs if cpu == "x86_64" else ours, "", 1)
        self.constants = {}
        for name, value in re.findall(r"^\s*(\w+)\s*=\s*(\w+);", text, re.M):
            self.constants[name] = self.constants.get(value, number(value))

    def value(self, expression):
        return self.constants[expression]


class D:
    """Asks the compiler; no library of the target is needed."""

    def __init__(self, system, cpu):
        triple = {"illumos": "pc-solaris2.11", "freebsd": "unknown-freebsd12", "netbsd": "unknown-netbsd",
                  "openbsd": "unknown-openbsd", "dragonfly": "unknown-dragonflybsd",
                  "darwin": "apple-macosx11"}[system]
        self.triple = cpu + "-" + triple

    def value(self, expression):
        path = expression.split(".")
        if expression.isupper():
            code = "core.sys.solaris.sys.elf." + expression
        elif len(path) == 1:
            code = path[0] + ".sizeof"
        else:
            code = path[0] + "." + path[1] + ".offsetof"
        with tempfile.NamedTemporaryFile("w", suffix=".d") as source:
            source.write("import core.sys.posix.ucontext, core.sys.posix.signal;\nstatic import core.sys.solaris.sys.elf;\npragma(msg, cast(long)%s);\n" % code)
            source.flush()
            result = subprocess.run(["ldc2", "-mtriple=" + self.triple, "-c", "-o-", source.name],
                                    capture_output=True, text=True)
        if result.returncode:
            raise RuntimeError(result.stderr)
        return int(result.stderr.strip().rstrip("L"))


READERS = {"go": read_go, "rust": read_rust, "fpc": Pascal, "d": D}
NEEDS = {"go": "/usr/share/go-1.*/src/runtime/defs1_solaris_amd64.go",
         "rust": "/usr/share/cargo/registry/libc-*/src/unix/solarish/x86_64.rs",
         "fpc": "/usr/share/fpcsrc/3.*/rtl/solaris/i386/sighndh.inc", "d": "/usr/bin/ldc2"}


def rows(path):
    for line in open(path):
        if line.strip() and not line.startswith("#"):
            yield line.rstrip("\n").split("\t")


def main():
    path, oracle = sys.argv[1:]
    if not glob.glob(NEEDS[oracle]):
        print("no " + NEEDS[oracle])
        return 1 if os.environ.get("SIGPROF_REQUIRE_ALL") == "1" else 77
    readers, agree, known, wrong = {}, 0, 0, 0
    for system, cpu, kind, item, value, column, sources in rows(path):
        for source in sources.split():
            name, _, expression = source.partition(":")
            if name != oracle:
                continue
            if (system, cpu) not in readers:
                readers[system, cpu] = READERS[oracle](system, cpu)
            expression, excepted, expected = expression.partition("!")
            try:
                said = readers[system, cpu].value(expression)
            except (KeyError, StopIteration) as error:
                said = "nothing (%s)" % error
            if said == int(expected or value):
                agree += not excepted
                known += bool(excepted)
            else:
                wrong += 1
                print("%s %s: %s is %s here, %s says %s" % (system, cpu, item, value, source, said))
    print("%s: %d agree, %d known errors, %d others" % (oracle, agree, known, wrong))
    return 1 if wrong or not agree else 0


sys.exit(main())
