# SPDX-License-Identifier: BSD-2-Clause
"""Which symbol an address gets: cases 11 to 18. Each binary is the work of a
compiler, an assembler and a linker."""
import json
import os

import peers
from lib import (BASE, address_of, assemble, check, compile_c, fold, fold_stacks, make, module_line,
                 names_at, need, run, same, sample, write)

PLAIN = """
#include <stdlib.h>
__attribute__((noinline)) int outer(int x) { return rand() + x; }
int main(void) { return outer(1) + abs(rand()); }
"""


def case_11():
    """.plt, .plt.sec and .plt.got: each stub as objdump names it."""
    need("objdump")
    for number, options in enumerate((["-fcf-protection=none"],
                                      ["-fcf-protection=full"],
                                      ["-Wl,-z,now", "-fcf-protection=full"],
                                      ["-Wl,-z,now", "-fcf-protection=none"])):
        binary = compile_c("plt%d" % number,
                           PLAIN + "int (*volatile keep)(void) = rand;\n", *options)
        stubs = [line.split() for line in run(["objdump", "-d", binary]).splitlines()
                 if line.endswith("@plt>:")]
        check(stubs, "%s has no stubs" % options)
        for address, name in stubs:
            same(names_at(binary, int(address, 16))[0][0], name[1:-2], str(options))
        lazy = [line for line in run(["readelf", "-SW", binary]).splitlines()
                if " .plt " in line]
        if "now" not in str(options) and lazy:
            start = int(lazy[0].split(".plt")[1].split()[1], 16)
            same(names_at(binary, start)[0][0], "[plt]", "the header stub")


def case_12():
    """The resolver's symbol, the implementation's own name, the stub."""
    binary = compile_c("ifunc", """
static int fast(int x) { return x + 1; }
static int (*choose(void))(int) { return fast; }
int chosen(int x) __attribute__((ifunc("choose")));
int main(void) { return chosen(2); }
""", "-static", "-no-pie")
    same(names_at(binary, address_of(binary, "fast")), [["fast"]],
         "the implementation")
    same(names_at(binary, address_of(binary, "choose")), [["chosen"]],
         "the resolver")
    plt = [line.split() for line in run(["readelf", "-SW", binary]).split("\n")
           if " .plt " in line]
    start = int(plt[0][plt[0].index(".plt") + 2], 16)
    size = int(plt[0][plt[0].index(".plt") + 4], 16)
    found = [names_at(binary, start + at)[0][0] for at in range(0, size, 8)]
    check("chosen@plt" in found, "the stub of an IFUNC: %s" % found)
    check(all(name and name.endswith("@plt") for name in found),
          "stubs of a static program: %s" % found)


ASSEMBLY = """
    .text
    .globl bare
    .type bare, @function
bare:
    nop
    nop
.Linside:
    nop
    .globl covered
    .type covered, @function
covered:
    nop
marker:
    nop
    ret
    .size covered, . - covered
    nop
    .globl late
    .type late, @function
late:
    nop
    nop
    .section .text.other, "ax", @progbits
    .globl elsewhere
    .type elsewhere, @function
elsewhere:
    ret
    .size elsewhere, . - elsewhere
"""


def case_13():
    assemble("sizeless.so", ASSEMBLY)
    bare, covered, late = (address_of("sizeless.so", name)
                           for name in ("bare", "covered", "late"))
    same(names_at("sizeless.so", bare, bare + 2), [["bare"], ["bare"]],
         "to the next symbol")
    same(names_at("sizeless.so", covered, covered + 2), [["covered"], ["covered"]],
         "a sized one covers it")
    same(names_at("sizeless.so", late + 1), [["late"]], "to the section's end")
    other = address_of("sizeless.so", "elsewhere")
    check(other > late, "the sections' order")
    if other > late + 2:
        same(names_at("sizeless.so", late + 2), [[None]], "behind the section")


def case_14():
    assemble("labels.so", """
    .text
    .globl loose
loose:
    nop
    nop
$x:
    nop
.Lhidden:
    nop
    .globl sized
    .type sized, @function
sized:
    nop
    .globl entry
entry:
    nop
    ret
    .size sized, . - sized
""")
    run(["objcopy", "--add-symbol", "__bss_start=.text:3,global", "labels.so"])
    loose, sized = (address_of("labels.so", name) for name in ("loose", "sized"))
    text = run(["nm", "labels.so"])
    check("$x" in text and "entry" in text and "__bss_start" in text,
          "the labels are there: " + text)
    same(names_at("labels.so", *range(loose, sized)), [["loose"]] * (sized - loose),
         "only where nothing sized covers it; no mapping symbols")
    same(names_at("labels.so", address_of("labels.so", "entry")), [["sized"]],
         "a label in a function")


def case_15():
    lines = ["    .text"]
    for name, binding in (("__under", "globl"), ("much_longer", "globl"),
                          ("nameB", "globl"), ("nameA", "globl"), ("wk", "weak"),
                          ("l", "local")):
        lines += ["    .%s %s" % (binding, name), "    .type %s, @function" % name,
                  "%s:" % name]
    lines += ["    nop", "    ret"]
    for name in ("__under", "much_longer", "nameB", "nameA", "wk", "l"):
        lines.append("    .size %s, . - %s" % (name, name))
    winners = ["nameA", "nameB", "much_longer", "__under", "wk", "l"]
    assemble("aliases.so", "\n".join(lines) + "\n")
    at = address_of("aliases.so", "l")
    for number, winner in enumerate(winners):
        same(names_at("aliases.so", at, at + 1), [[winner]] * 2,
             "of %s" % winners[number:])
        # The linker keeps them in .dynsym too: there the next ones win.
        kept = [line for line in lines
                if not any(name in line.replace(",", " ").replace(":", " ").split()
                           for name in winners[:number + 1])]
        if number + 1 < len(winners):
            assemble("aliases.so", "\n".join(kept) + "\n")


def case_16():
    """Two static functions of one name: one frame, or two by line."""
    for number in "1", "2":
        write("same%s.c" % number, """
static __attribute__((noinline)) int init(int x) { return x * %s + 7; }
int (*volatile use%s)(int) = init;
""" % (number, number))
    write("same.c", "int main(void) { return 0; }\n")
    need("gcc")
    run(["gcc", "-O1", "-g", "same.c", "same1.c", "same2.c", "-o", "same"])
    inits = [s for s, _, name in peers.symbols("same") if name == "init"]
    same(len(inits), 2, "functions")
    stacks = [[at + 1] for at in inits]
    same(fold_stacks("same", stacks), ["p;init 2"], "one frame")
    same([line.split()[1].split(":")[0] for line
          in fold_stacks("same", stacks, "--by", "line")],
         ["same1.c", "same2.c"], "two by line")
    fold("--cache", "none", "-o", "a.speedscope.json", "edge.sigprof")
    with open("a.speedscope.json", encoding="utf-8") as opened:
        frames = json.load(opened)["shared"]["frames"]
    check({os.path.basename(frame.get("file", "")) for frame in frames
           if frame["name"] == "init"}, "files: %s" % frames)
    fold("--cache", "none", "-f", "raw", "edge.sigprof")


def case_17():
    assemble("gaps.so", """
    .text
    .globl one
    .type one, @function
one:
    ret
    .size one, . - one
    .fill 15, 1, 0xcc
    .globl two
    .type two, @function
two:
    ret
    .size two, . - two
    .fill 7, 1, 0xcc
    .section .text.apart, "ax", @progbits
    .globl three
    .type three, @function
    .fill 9, 1, 0xcc
three:
    ret
    .size three, . - three
""")
    one, two = address_of("gaps.so", "one"), address_of("gaps.so", "two")
    same(two - one, 16, "the gap")
    same(names_at("gaps.so", one, one + 1, one + 15, two, two + 1),
         [["one"], [None], [None], ["two"], [None]], "between")
    same(fold_stacks("gaps.so", [[one + 8]]), ["p;gaps.so+0x%x 1" % (one + 8)],
         "shown as an offset")
    same(names_at("gaps.so", address_of("gaps.so", "three") - 1), [[None]],
         "not across a section")


CLONES = """
#include <stdio.h>
#include <stdlib.h>
__attribute__((noinline, cold)) void complain(int x)
{
    fprintf(stderr, "%d\\n", x);
}
static __attribute__((noinline)) int cloned(int x, int mode)
{
    return x * mode + 1;
}
static __attribute__((noinline)) int by_reference(const int *x, int *unused)
{
    (void)unused;
    return *x * 3;
}
__attribute__((noinline)) int hot(int x)
{
    if (x == 77) {
        complain(x);
        complain(x + 1);
        x = getenv("P") ? 4 : 5;
    }
    return x * 5;
}
int main(int c, char **v)
{
    (void)v;
    return cloned(c, 3) + cloned(c + 1, 3) + by_reference(&c, NULL) + hot(c);
}
"""


def case_18():
    binary = compile_c("clones", CLONES, optimize="-O2")
    found = [(s, n, name) for s, n, name in peers.symbols(binary) if "." in name]
    kinds = {name.split(".")[1] for _, _, name in found}
    check("cold" in kinds and ("constprop" in kinds or "isra" in kinds),
          "what gcc made: %s" % found)
    write("unit.c", "int from(int);\nstatic __attribute__((noinline)) int same(int x) "
          "{ return x + 3; }\nint main(int c, char **v) { (void)v; "
          "return same(c) + from(c); }\n")
    write("other.c", "static __attribute__((noinline)) int same(int x) "
          "{ return x * 3; }\nint from(int x) { return same(x) + same(x + 1); }\n")
    run(["gcc", "-O2", "-g", "-flto", "-fno-inline", "unit.c", "other.c", "-o", "lto"])
    found_lto = [(s, n, name) for s, n, name in peers.symbols("lto")
                 if "lto_priv" in name]
    check(found_lto, "no .lto_priv")
    need("clang", "ld.lld")
    for name in "unit", "other":
        run(["clang", "-O2", "-g", "-flto=thin", "-fno-inline", "-c", name + ".c", "-o",
             name + ".o"])
    run(["clang", "-flto=thin", "-fuse-ld=lld", "unit.o", "other.o", "-o", "thin"])
    promoted = [(s, n, name) for s, n, name in peers.symbols("thin")
                if ".llvm." in name]
    for file, symbols in (binary, found), ("lto", found_lto), ("thin", promoted):
        for start, _, name in symbols:
            same(fold_stacks(file, [[start]], "--no-inlines"),
                 ["p;%s 1" % name.split(".")[0]], name)
            same(fold_stacks(file, [[start]], "--no-inlines", "--demangle", "none"),
                 ["p;%s 1" % name], name + " --demangle none")
    cold = [s for s, _, name in found if name == "hot.cold"]
    check(cold, "hot has no cold part: %s" % found)
    make([module_line(binary), "reset", sample(BASE + cold[0]),
          sample(BASE + address_of(binary, "hot")), "end 2000"])
    same(fold("--cache", "none", "--no-inlines", "edge.sigprof"), ["p;hot 2"],
         "the cold part lands on its function")
