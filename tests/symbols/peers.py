# SPDX-License-Identifier: BSD-2-Clause
"""Asks our reader and its peers about addresses of a binary, and compares.

The peers are llvm-symbolizer, eu-addr2line and binutils' addr2line. What two of
them say of an address, we must say, unless a named exception tells why not;
where no two agree, that is counted only. Names and lines are compared one by
one, since a peer may be right about one and wrong about the other.
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
    return os.path.normpath(path), line


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


class Aliases:
    """Whether two names are of one function."""

    def __init__(self, binary):
        self.of = collections.defaultdict(set)
        starts = collections.defaultdict(set)
        for start, _, name in symbols(binary):
            starts[start].add(plain(name.split("@")[0]))
        for names in starts.values():
            for name in names:
                self.of[name] |= names

    def same(self, a, b):
        return a in self.of[b] or b in self.of[a]


def compare_name(ours, theirs, aliases):
    """None: equal; else why it is not."""
    ours, theirs = plain(ours), plain(theirs)
    if ours == theirs:
        return None
    if ours and theirs and ours.endswith("::" + theirs):
        return "qualified"  # gcc gave no linkage name: ours says of which class
    if ours and theirs and aliases.same(ours, theirs):
        return "alias"  # one address, several symbols
    return "DIFFERENT"


def two_of(answers, equal=lambda a, b: a == b):
    """What two of the peers say; None: no two agree."""
    for i, first in enumerate(answers):
        for second in answers[i + 1:]:
            if equal(first, second):
                return first
    return None


def compare(binary, addresses, ours, *peers):
    """Counts by cause, and those differences that have none."""
    aliases = Aliases(binary)
    causes = collections.Counter()
    unexplained = []
    for address, us, *theirs in zip(addresses, ours, *peers):
        depth = two_of([len(t) for t in theirs])
        if depth is None:
            causes["no two peers agree: depth"] += 1
            continue
        if len(us) != depth:
            causes["DEPTH"] += 1
            unexplained.append((address, us, theirs))
            continue
        theirs = [t for t in theirs if len(t) == depth]
        for i in range(depth):
            name = two_of([plain(t[i][0]) for t in theirs])
            if name is None:
                causes["no two peers agree: name"] += 1
            else:
                why = compare_name(us[i][0], name, aliases)
                causes["name " + (why or "equal")] += 1
                if why == "DIFFERENT":
                    unexplained.append((address, us, theirs))
            line = two_of([t[i][1:] for t in theirs])
            if line is None:
                causes["no two peers agree: line"] += 1
            elif us[i][1:] == line:
                causes["line equal"] += 1
            else:
                causes["LINE"] += 1
                unexplained.append((address, us, theirs))
    return causes, unexplained
