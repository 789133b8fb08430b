# SPDX-License-Identifier: BSD-2-Clause
"""Asks our reader and its peers about addresses of a binary, and compares.

The peers are llvm-symbolizer, eu-addr2line and binutils' addr2line. What two of
them say of an address, we must say, unless a named exception tells why not.
Names and lines are compared one by
one, since a peer may be right about one and wrong about the other. Where no two
agree (binutils 2.40 sees no inlined function in clang's DWARF 5, elfutils none
where there is LTO), ours must be what one of them says. libdwarf, which the
command itself asks what our reader declines, has to say the same as ours in all.
"""
import collections
import os
import random
import re
import shutil
import subprocess

SYMBOLIZE = os.environ["SYMBOLIZE"]


def tool(*names):
    for name in names:
        path = shutil.which(name)
        if path:
            return path
    return None


LLVM = tool("llvm-symbolizer", "llvm-symbolizer-19", "llvm-symbolizer-14")
EU = tool("eu-addr2line")
BINUTILS = tool("addr2line")


def run(command, text=None, check=True):
    done = subprocess.run(command, input=text, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, errors="replace")
    if check and done.returncode != 0:
        raise SystemExit("%s: exit %d: %s" % (command, done.returncode,
                                              done.stderr[-800:]))
    return done.stdout


def symbols(binary):
    """(start, size, name) of the functions."""
    out = []
    for line in run(["nm", "-S", "--defined-only", binary]).splitlines():
        word = line.split(None, 3)
        if len(word) == 4 and word[2] in "tTwWi" and int(word[1], 16):
            out.append((int(word[0], 16), int(word[1], 16), word[3]))
    return out


def pick(binary, count, seed):
    """Random bytes of functions, each as likely as any other."""
    chance = random.Random(seed)
    functions = sorted(set((s, n) for s, n, _ in symbols(binary)))
    starts = [s for s, _ in functions]
    sizes = [n for _, n in functions]
    picked = chance.choices(range(len(starts)), weights=sizes, k=count)
    return [starts[i] + chance.randrange(sizes[i]) for i in picked]


def split_line(text):
    """'FILE:LINE:COLUMN (…)' to a path and a number."""
    text = re.sub(r" \(discriminator \d+\)$", "", text)
    match = re.match(r"(.*?):(\d+|\?)(:\d+)?$", text)
    if not match:
        return None, 0
    path = match.group(1)
    line = 0 if match.group(2) == "?" else int(match.group(2))
    if path in ("??", "?", ""):
        return None, 0
    # A path may begin with two slashes, which normpath leaves there.
    return os.path.normpath(path).replace("//", "/"), line


def frames(lines):
    out = []
    for at in range(0, len(lines) - 1, 2):
        name = re.sub(r" inlined at .*", "", lines[at])
        path, line = split_line(lines[at + 1])
        out.append((None if name in ("??", "?") else name, path, line))
    return out


def ask_us(binary, addresses, options=()):
    text = run([SYMBOLIZE, *options, os.path.abspath(binary)],
               "".join("%x\n" % a for a in addresses))
    answers = []
    for block in text.split("\n\n")[:-1]:
        answer = []
        for line in block.strip("\n").split("\n")[1:]:
            name, path, number = line.split("\t")
            answer.append((None if name == "?" else name,
                           None if path == "?" else os.path.normpath(path),
                           int(number)))
        answers.append(answer)
    assert len(answers) == len(addresses), (len(answers), len(addresses))
    return answers


def ask_llvm(binary, addresses):
    text = run([LLVM, "--obj=" + binary, "--no-demangle", "--inlining"],
               "".join("0x%x\n" % a for a in addresses))
    blocks = text.split("\n\n")[:-1]
    assert len(blocks) == len(addresses)
    return [frames(block.strip("\n").split("\n")) for block in blocks]


def ask_eu(binary, addresses):
    text = run([EU, "-a", "-i", "-f", "-e", binary],
               "".join("0x%x\n" % a for a in addresses),
               check=False)  # 1: some address is nowhere
    answers = []
    for block in re.split(r"(?m)^0x[0-9a-f]{16}\n", text)[1:]:
        answers.append(frames(block.strip("\n").split("\n")))
    assert len(answers) == len(addresses)
    return answers


def ask_binutils(binary, addresses):
    text = run([BINUTILS, "-a", "-i", "-f", "-e", binary],
               "".join("0x%x\n" % a for a in addresses))
    answers = []
    for block in re.split(r"(?m)^0x[0-9a-f]{16}\n", text)[1:]:
        answers.append(frames(block.strip("\n").split("\n")))
    assert len(answers) == len(addresses)
    return answers


CLONE = re.compile(r"\.(cold|part|constprop|isra|lto_priv|llvm|localalias)"
                   r"(\.\d+)?$")


def plain(name):
    while name and CLONE.search(name):
        name = CLONE.sub("", name)
    return name


class Symbols:
    """The symbol table: which names are of one function, what is where."""

    def __init__(self, binary):
        self.of = collections.defaultdict(set)
        self.at = collections.defaultdict(set)
        self.all = symbols(binary)
        self.files = {line.split()[-1] for line
                      in run(["readelf", "-sW", binary]).splitlines()
                      if " FILE " in line}
        for start, _, name in self.all:
            self.at[start].add(plain(name.split("@")[0]))
        for names in self.at.values():
            for name in names:
                self.of[name] |= names

    def same(self, a, b):
        return a in self.of[b] or b in self.of[a]

    def covers(self, name, address):
        return any(start <= address < start + size and plain(other) == name
                   for start, size, other in self.all)


# Why a name of ours may be another than that of two peers.
EXCEPTIONS = {
    "qualified": "the compiler gave an inlined function no linkage name; ours "
                 "says what it is declared in, so that the get of two classes "
                 "stay apart",
    "alias": "several symbols at one address; ours is global before weak "
             "before local, fewer underscores, shorter",
    "symbol": "the function has a symbol but no linkage name in its DWARF "
              "(a clone, mostly); ours is the symbol's",
    "file symbol": "no debug information; the peers give the name of the "
                   "object file's FILE symbol, ours is none",
}


SECOND_EXCEPTIONS = {
    "register": "libdwarf 20210528 begins the sequences of a DWARF 5 line "
                "program with file 0; the standard's table says 1, as "
                "llvm-symbolizer and ours read it",
}


def compare_second(addresses, ours, theirs, llvm):
    """Counts by cause, and those differences that have none."""
    causes = collections.Counter()
    unexplained = []
    for address, us, second, peer in zip(addresses, ours, theirs, llvm):
        name, path, line = us[0]
        if us == second:
            causes["equal"] += 1
        elif us[1:] == second[1:] and (name, line) == second[0][::2] and \
                path and second[0][1] and peer and peer[0][1:] == (path, line):
            causes["register"] += 1
        else:
            causes["DIFFERENT"] += 1
            unexplained.append((address, us, second))
    return causes, unexplained


def compare_name(ours, theirs, table, address, outermost):
    """None: equal; else why it is not."""
    ours, theirs = plain(ours), plain(theirs)
    if ours == theirs:
        return None
    if ours and theirs and ours.endswith(("::" + theirs, "." + theirs)):
        return "qualified"
    if ours and theirs and table.same(ours, theirs):
        return "alias"
    if outermost and table.covers(ours, address):
        return "symbol"
    return "DIFFERENT"


def two_of(answers, equal=lambda a, b: a == b):
    """What two of the peers say; None: no two agree."""
    for i, first in enumerate(answers):
        for second in answers[i + 1:]:
            if equal(first, second):
                return first
    return None


class Verdicts:
    """Of one binary: counts by cause, and what has none."""

    def __init__(self, binary):
        self.table = Symbols(binary)
        self.causes = collections.Counter()
        self.unexplained = []

    def count(self, what, why, case):
        self.causes["%s %s" % (what, why or "equal")] += 1
        if why in ("DIFFERENT", "AS NO PEER'S"):
            self.unexplained.append(case)

    def name(self, ours, theirs, case, outermost):
        agreed = two_of([plain(name) for name in theirs])
        if agreed is not None:
            why = compare_name(ours, agreed, self.table, case[0], outermost)
        elif any(compare_name(ours, name, self.table, case[0], outermost) !=
                 "DIFFERENT" for name in theirs):
            why = "as one peer's"
        else:
            why = "AS NO PEER'S"
        self.count("name", why, case)

    def line(self, ours, theirs, case):
        agreed = two_of(theirs)
        if ours == agreed:
            why = None
        elif ours[0] is None and agreed and agreed[1] == 0 and \
                agreed[0] in self.table.files:
            why = "file symbol"
        elif agreed is not None:
            why = "DIFFERENT"
        else:
            why = "as one peer's" if ours in theirs else "AS NO PEER'S"
        self.count("line", why, case)


def compare(binary, addresses, ours, *peers):
    """Counts by cause, and those differences that have none."""
    verdicts = Verdicts(binary)
    for address, us, *theirs in zip(addresses, ours, *peers):
        case = (address, us, theirs)
        # Who does not know a file that ours does has not found the unit: no
        # opinion.
        if us[-1][1]:
            theirs = [t for t in theirs if t and t[-1][1]] or theirs
        depth = two_of([len(t) for t in theirs])
        if depth is None:
            verdicts.count("depth", "as one peer's" if len(us) in
                           [len(t) for t in theirs] else "AS NO PEER'S", case)
        elif depth != len(us):
            verdicts.count("depth", "DIFFERENT", case)
        theirs = [t for t in theirs if len(t) == len(us)]
        for i in range(len(us) if theirs else 0):
            verdicts.name(us[i][0], [t[i][0] for t in theirs], case,
                          i == len(us) - 1)
            verdicts.line(us[i][1:], [t[i][1:] for t in theirs], case)
    return verdicts.causes, verdicts.unexplained
