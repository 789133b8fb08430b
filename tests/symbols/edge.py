# SPDX-License-Identifier: BSD-2-Clause
"""Odd cases of naming, each in a function that says which. The numbers are those
of the list the command was designed by; what is not here is in tests/unit/sym_test.c
(13 to 15, 17, 19 to 21, 23, 24), tests/cli/symbols.sh (5, 6, 7, 18, 25, 26, 47),
tests/cli/modules.sh (9) and tests/symbols/corpus.py (30, 31, 49).

edge.py: in an empty folder; FOLD, MAKE and SYMBOLIZE in the environment.
"""
import os
import random
import subprocess
import sys

import peers
from peers import run, tool

FOLD, MAKE = os.environ["FOLD"], os.environ["MAKE"]
BASE = 0x555500000000
failures = []


def check(condition, what):
    if not condition:
        failures.append(what)
        print("FAIL: " + what)


def write(name, text):
    with open(name, "w") as out:
        out.write(text)
    return name


def compile_c(out, text, *options, compiler="gcc"):
    suffix = ".cc" if compiler == "g++" else ".c"
    write(out + suffix, text)
    run([compiler, "-O1", "-g", *options, out + suffix, "-o", out])
    return out


def address_of(binary, name):
    for start, _, symbol in peers.symbols(binary):
        if symbol == name:
            return start
    raise SystemExit("%s has no %s" % (binary, name))


def names_at(binary, *addresses, options=()):
    return [[name for name, _, _ in answer]
            for answer in peers.ask_us(binary, list(addresses), options)]


def fold(binary, stacks, *options):
    """Stacks of addresses, innermost last, to folded lines."""
    high = BASE + 0x10000000
    lines = ["info id 5eed0000000000000000000000000000", "info comm p",
             "info period_ns 10000000",
             "module 1 0x%x 0x%x 0x%x 0 1 - %s" %
             (BASE, high, BASE, os.path.abspath(binary)), "reset"]
    for stack in stacks:
        lines.append("sample 1 1000 1 0 0 " +
                     " ".join("0x%x" % (BASE + a) for a in stack))
    with open("edge.sigprof", "wb") as out:
        subprocess.run([MAKE], stdout=out, check=True,
                       input="\n".join(lines + ["end 2000", ""]).encode())
    return run([FOLD, "--cache", "none", *options,
                "edge.sigprof"]).splitlines()


PLAIN = """
#include <stdlib.h>
__attribute__((noinline)) int outer(int x) { return rand() + x; }
int main(void) { return outer(1) + abs(rand()); }
"""


def case_02_text_elsewhere():
    """No PIE, and a segment whose address is not its offset."""
    binary = compile_c("nopie", PLAIN, "-no-pie",
                       "-Wl,-Ttext-segment=0x7000000")
    check(names_at(binary, address_of(binary, "outer")) == [["outer"]],
          "02: no PIE")


def case_03_static_pie():
    binary = compile_c("staticpie", PLAIN, "-static-pie", "-fPIE")
    check(names_at(binary, address_of(binary, "outer")) == [["outer"]],
          "03: static PIE")


def case_11_plt():
    """.plt, .plt.sec and .plt.got: each stub as objdump names it."""
    for number, options in enumerate((["-fcf-protection=none"],
                                      ["-fcf-protection=full"],
                                      ["-Wl,-z,now", "-fcf-protection=full"],
                                      ["-Wl,-z,now", "-fcf-protection=none"])):
        binary = compile_c("plt%d" % number,
                           PLAIN + "int (*volatile keep)(void) = rand;\n",
                           *options)
        text = run(["objdump", "-d", binary])
        stubs = [line.split() for line in text.splitlines()
                 if line.endswith("@plt>:")]
        check(stubs, "11: %s has no stubs" % options)
        for address, name in stubs:
            wanted = name[1:-2]
            got = names_at(binary, int(address, 16))[0][0]
            check(got == wanted, "11: %s: %s, not %s" % (options, got, wanted))


def case_12_ifunc():
    """The resolver's symbol, the implementation's own name, the stub."""
    binary = compile_c("ifunc", """
static int fast(int x) { return x + 1; }
static int (*choose(void))(int) { return fast; }
int chosen(int x) __attribute__((ifunc("choose")));
int main(void) { return chosen(2); }
""", "-static", "-no-pie")
    check(names_at(binary, address_of(binary, "fast")) == [["fast"]],
          "12: the implementation")
    check(names_at(binary, address_of(binary, "choose")) == [["chosen"]],
          "12: the resolver")
    plt = [line.split() for line in run(["readelf", "-SW", binary]).split("\n")
           if " .plt " in line]
    start = int(plt[0][plt[0].index(".plt") + 2], 16)
    size = int(plt[0][plt[0].index(".plt") + 4], 16)
    found = [names_at(binary, start + at)[0][0]
             for at in range(0, size, 8)]
    check(any(name == "chosen@plt" for name in found),
          "12: the stub of an IFUNC: %s" % found)
    check(all(name and name.endswith("@plt") for name in found),
          "12: stubs of a static program: %s" % found)


def case_16_same_local_names():
    """Two static functions of one name: one frame, or two by address."""
    for number in "1", "2":
        write("same%s.c" % number, """
static __attribute__((noinline)) int init(int x) { return x * %s + 7; }
int (*volatile use%s)(int) = init;
""" % (number, number))
    write("same.c", "int main(void) { return 0; }\n")
    run(["gcc", "-O1", "-g", "same.c", "same1.c", "same2.c", "-o", "same"])
    inits = [s for s, _, name in peers.symbols("same") if name == "init"]
    check(len(inits) == 2, "16: two functions")
    stacks = [[at + 1] for at in inits]
    check(fold("same", stacks) == ["p;init 2"], "16: one frame")
    lines = fold("same", stacks, "--by", "line")
    check(len(lines) == 2 and lines != fold("same", stacks),
          "16: two by line: %s" % lines)


def case_22_two_classes_get():
    """Inlined functions of one name in two classes are two frames, whether or
    not the compiler gave them linkage names."""
    binary = compile_c("two", """
namespace {
template <int N> struct First { int v; int get(int x) const {
    volatile int y = x; return v * N + y; } };
struct Second { int v; int get(int x) const {
    volatile int y = x; return v + 2 * y; } };
}
extern "C" __attribute__((noinline)) int outer(int x)
{
    First<3> a = {x};
    Second b = {x};
    return a.get(x) * b.get(x + 1);
}
int main(int c, char **) { return outer(c); }
""", compiler="g++")
    start = address_of(binary, "outer")
    size = [n for s, n, name in peers.symbols(binary) if name == "outer"][0]
    lines = fold(binary, [[start + at] for at in range(size)])
    inner = {line.rsplit(" ", 1)[0].split(";")[2] for line in lines
             if line.count(";") == 2}
    check(len(inner) == 2 and all("get" in name for name in inner) and
          any("First" in name for name in inner) and
          any("Second" in name for name in inner), "22: %s" % lines)


INLINED = """
static inline __attribute__((always_inline)) int leaf(volatile int *x)
{
    return *x + 1;
}
static inline __attribute__((always_inline)) int middle(volatile int *x)
{
    return leaf(x) * 3;
}
__attribute__((noinline)) int outer(volatile int *x)
{
    return middle(x) - 5;
}
int main(void) { volatile int x = 1; return outer(&x); }
"""


def case_29_inline_order():
    """The outermost first; each with the line that calls the next."""
    for compiler in "gcc", "clang":
        if not tool(compiler):
            continue
        binary = compile_c("order-" + compiler, INLINED, compiler=compiler)
        start = address_of(binary, "outer")
        lines = fold(binary, [[start]], "--by", "line")
        name = "order-%s.c" % compiler
        check(lines == ["p;outer %s:12;middle %s:8;leaf %s:4 1" %
                        (name, name, name)], "29: %s" % lines)
        check(fold(binary, [[start]], "--annotate") ==
              ["p;outer;middle_[i];leaf_[i] 1"], "29: --annotate")
        check(fold(binary, [[start]], "--no-inlines") == ["p;outer 1"],
              "29: --no-inlines")
        check(fold(binary, [[start]], "--no-inlines", "--by", "line") ==
              ["p;outer %s:12 1" % name], "29: --no-inlines --by line")
        check(fold(binary, [[start]], "--by", "address") ==
              ["p;outer+0x0;middle;leaf 1"], "29: --by address")


def case_30_dropped_code():
    """What the linker dropped has ranges at 0 or all ones: they name nothing."""
    binary = compile_c("dropped", INLINED + """
int never(volatile int *x) { return middle(x) + 9; }
""", "-ffunction-sections", "-Wl,--gc-sections")
    for address in 0, 1, 4, 16, 2 ** 64 - 2:
        check(names_at(binary, address) == [[None]],
              "30: 0x%x is named" % address)


def case_46_32_bit():
    """The class comes from the module."""
    write("small.s", """
    .text
    .globl small
    .type small, @function
small:
    nop
    ret
    .size small, . - small
""")
    run(["as", "--32", "-g", "small.s", "-o", "small.o"])
    run(["ld", "-m", "elf_i386", "-shared", "small.o", "-o", "small.so"])
    start = address_of("small.so", "small")
    answer = peers.ask_us("small.so", [start + 1])[0]
    check(answer == [("small", os.path.abspath("small.s"), 7)],
          "46: %s" % answer)


def case_47_odd_debug_files():
    """Where a debug file should be there is a folder, a FIFO, a program of
    another build, nothing: symbols of the program itself stay."""
    binary = compile_c("odd", PLAIN, "-Wl,--build-id=sha1")
    identity = [line.split()[-1] for line
                in run(["readelf", "-n", binary]).splitlines()
                if "Build ID:" in line][0]
    run(["objcopy", "--strip-debug", binary, "odd-stripped"])
    folder = "odd.d/.build-id/" + identity[:2]
    path = "%s/%s.debug" % (folder, identity[2:])
    os.makedirs(folder)
    start = address_of(binary, "outer")
    makers = (lambda: os.mkdir(path), lambda: os.rmdir(path),
              lambda: os.mkfifo(path), lambda: os.remove(path),
              lambda: os.symlink("/dev/zero", path), lambda: os.remove(path),
              lambda: os.symlink(os.path.abspath("order-gcc"), path),
              lambda: os.remove(path), lambda: write(path, "no debug file"))
    for make in makers:
        make()
        check(names_at("odd-stripped", start,
                       options=["-d", os.path.abspath("odd.d")]) ==
              [["outer"]], "47: an odd debug file")


def sections_of(binary):
    found = {}
    for line in run(["readelf", "-SW", binary]).splitlines():
        word = line.replace("[ ", "[").split()
        if len(word) > 5 and word[1].startswith(".debug_"):
            found[word[1]] = int(word[4], 16), int(word[5], 16)
    return found


def case_48_corrupt_dwarf():
    """Any damage to debug information costs lines, never names or the run."""
    binary = compile_c("sound", INLINED)
    start = address_of(binary, "outer")
    with open(binary, "rb") as sound:
        bytes_ = sound.read()
    sections = sections_of(binary)
    check(".debug_info" in sections, "48: no debug information")
    chance = random.Random(48)
    for name in sorted(sections):
        offset, size = sections[name]
        for _ in range(12):
            damaged = bytearray(bytes_)
            for _ in range(chance.choice([1, 4, 64])):
                damaged[offset + chance.randrange(size)] = \
                    chance.choice([0, 0xff, chance.randrange(256)])
            with open("damaged", "wb") as out:
                out.write(damaged)
            answer = names_at("damaged", start)[0]
            check(answer and answer[-1] == "outer",
                  "48: %s damaged: %s" % (name, answer))


if not (tool("gcc") and tool("g++") and tool("objcopy") and tool("as")):
    print("skipped: no gcc, g++ or binutils")
    sys.exit(77)
for name, function in sorted(globals().items()):
    if name.startswith("case_"):
        before = len(failures)
        function()
        print("%s %s" % ("ok  " if len(failures) == before else "FAIL", name))
sys.exit(1 if failures else 0)
