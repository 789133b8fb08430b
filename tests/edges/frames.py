# SPDX-License-Identifier: BSD-2-Clause
"""Stacks: where a frame's name is looked up, what was inlined, what is missing.
Cases 25 to 34."""
import os

import peers
from lib import (BASE, Said, address_of, check, compile_c, fold, fold_stacks, make, module_line,
                 names_at, need, record, run, same, sample, scene, stacks, tail, write)

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

NORETURN = """
#include <stdlib.h>
__attribute__((noinline, noreturn)) void die(int x) { exit(x); }
__attribute__((noinline)) int last(int x) { if (x > 9) return 1; die(x); }
__attribute__((noinline)) int next(int x) { return x + 2; }
int main(int c, char **v) { (void)v; return last(c) + next(c); }
"""


def call_end(binary, caller, callee):
    """The address behind the call of one function by another."""
    inside, at = False, None
    for line in run(["objdump", "-d", "--no-show-raw-insn", binary]).splitlines():
        if line.endswith(">:"):
            if at == "next":
                return int(line.split()[0], 16)
            inside = "<%s>:" % caller in line
        elif ":" in line and at == "next" and line.strip():
            return int(line.split(":")[0], 16)
        elif inside and "call" in line and "<%s>" % callee in line:
            at = "next"
    raise SystemExit("no call of %s in %s" % (callee, caller))


def case_25():
    # No padding between: what is behind the call is the next function.
    binary = compile_c("noreturn", NORETURN, "-falign-functions=1",
                       "-fno-reorder-functions", "-fno-toplevel-reorder")
    behind, after = call_end(binary, "last", "die"), address_of(binary, "next")
    same(behind, after, "the call is the last instruction")
    die = address_of(binary, "die")
    same(fold_stacks(binary, [[behind, die + 1]]), ["p;last;die 1"], "the caller")


def case_26():
    binary = compile_c("first", NORETURN, "-falign-functions=1",
                       "-fno-reorder-functions", "-fno-toplevel-reorder")
    for name in "die", "last", "next", "main":
        same(fold_stacks(binary, [[address_of(binary, name)]]), ["p;%s 1" % name],
             "first byte")


def case_27():
    scene("signalled", "-pie", "-fPIE")
    check("faulting" in run(["nm", "signalled"]), "no faulting()")
    at = run(["nm", "-n", "signalled"]).splitlines()
    names = [line.split()[-1] for line in at]
    same(names[names.index("faulting") - 1], "before", "what stands in front")
    found = stacks(record("./signalled", "fault"))
    same(len(found), 1, "stacks: %s" % found)
    frames = found[0].split(";")
    check("faulting" in frames and "before" not in frames, "exact: %s" % frames)
    behind = frames[frames.index("faulting") + 1:]
    check(behind[0] in ("[signal]", "__restore_rt"), "the trampoline: %s" % behind)
    same(behind[1:], ["on_fault", "leaf", "syscall"], "the handler")


def case_28():
    scene("plain", "-pie", "-fPIE")
    record("./plain", "recurse", "7")
    for line in fold("--cache", "none", "--modules", "p.sigprof"):
        check("libsigprof" not in line and "sigprof__" not in line, line)
    same([name for name in stacks("p.sigprof")[0].split(";")[-2:]],
         ["leaf", "syscall"], "innermost")
    scene("linked", "-pie", "-fPIE", "-Wl,-u,sigprof_version", os.environ["ARCHIVE"], "-ldl",
          "-lm")
    record("./linked", "recurse", "7", linked=True, out="l.sigprof")
    text = "\n".join(fold("--cache", "none", "l.sigprof"))
    check("sigprof_" not in text and text.count("recurse") == 7, text)


def case_29():
    for compiler in "gcc", "clang":
        binary = compile_c("order-" + compiler, INLINED, compiler=compiler)
        start = address_of(binary, "outer")
        lines = fold_stacks(binary, [[start]], "--by", "line")
        name = "order-%s.c" % compiler
        same(lines, ["p;outer %s:12;middle %s:8;leaf %s:4 1" % (name, name, name)],
             "each with the line that calls the next")
        same(fold_stacks(binary, [[start]], "--annotate"),
             ["p;outer;middle_[i];leaf_[i] 1"], "--annotate")
        same(fold_stacks(binary, [[start]], "--no-inlines"), ["p;outer 1"],
             "--no-inlines")
        same(fold_stacks(binary, [[start]], "--no-inlines", "--by", "line"),
             ["p;outer %s:12 1" % name], "--no-inlines --by line")
        same(fold_stacks(binary, [[start]], "--by", "address"),
             ["p;outer+0x0;middle;leaf 1"], "--by address")


SPLIT = """
#include <stdio.h>
#include <stdlib.h>
__attribute__((noinline, cold)) void complain(int x)
{
    fprintf(stderr, "%d\\n", x);
}
static inline __attribute__((always_inline)) int check(int x, int *out)
{
    if (x < 0) {
        complain(x);
        complain(x + 1);
        abort();
    }
    {
        int y = x * 3;
        {
            int z = y ^ x;
            *out += z * y;
        }
    }
    return *out;
}
__attribute__((noinline)) int outer(int x, int *out)
{
    return check(x, out) + check(x + 4, out);
}
int main(int c, char **v) { (void)v; return outer(c, &c); }
"""


def case_30():
    binary = compile_c("dropped", INLINED + """
int never(volatile int *x) { return middle(x) + 9; }
""", "-ffunction-sections", "-Wl,--gc-sections")
    for address in 0, 1, 4, 16, 2 ** 64 - 2:
        same(names_at(binary, address), [[None]], "dropped: 0x%x" % address)
    binary = compile_c("ranges", SPLIT, optimize="-O2")
    check("DW_AT_ranges" in run(["readelf", "--debug-dump=info", binary]),
          "no ranges")
    parts = [(s, n) for s, n, name in peers.symbols(binary)
             if name in ("outer", "outer.cold")]
    same(len(parts), 2, "hot and cold")
    wanted, got = 0, 0
    for start, size in parts:
        for address in range(start, start + size):
            peer = [name for name, _, _ in peers.ask_binutils(binary, [address])[0]] \
                if address in (start, start + size // 2, start + size - 1) else None
            if peer:
                wanted += len(peer) > 1
                ours = [peers.plain(name) for name in names_at(binary, address)[0]]
                same(ours, [peers.plain(name) for name in peer], "0x%x" % address)
                got += "check" in ours
    check(wanted and got, "nothing inlined was asked for")


def case_31():
    need("gcc", "addr2line", "llvm-symbolizer")
    write("a.c", """
int from_b(int);
int main(int c, char **v) { (void)v; volatile int x = c; return from_b(x); }
""")
    write("b.c", """
int from_c(int);
int from_b(int x) { int s = 0; for (int i = 0; i < x; i++) s += from_c(i); return s; }
""")
    write("c.c", "int from_c(int x) { volatile int y = x; return y * 3 + x; }\n")
    run(["gcc", "-O2", "-g", "-flto", "a.c", "b.c", "c.c", "-o", "lto"])
    start, size = [(s, n) for s, n, name in peers.symbols("lto") if name == "main"][0]
    addresses = list(range(start, start + size))
    ours = peers.ask_us("lto", addresses)
    binutils, llvm = (ask("lto", addresses) for ask
                      in (peers.ask_binutils, peers.ask_llvm))
    depth = 0
    for address, us, one, two in zip(addresses, ours, binutils, llvm):
        if len(one) == len(two):
            same([name for name, _, _ in us], [name for name, _, _ in one],
                 "0x%x" % address)
            depth = max(depth, len(us))
    same(depth, 3, "functions of three units in one")


def case_32():
    scene("tails", "-pie", "-fPIE")
    found = stacks(record("./tails", "tail"))
    same(len(found), 1, "stacks: %s" % found)
    names = found[0].split(";")
    same(names[-3:], ["tail_callee", "leaf", "syscall"], "who is there")
    check("tail_caller" not in names, "who has left: %s" % names)
    check(names[-4] in ("play", "main"), "who called: %s" % names)


def case_33():
    scene("deep", "-pie", "-fPIE")
    record("./deep", "recurse", "9")
    found = stacks("p.sigprof")
    same([stack.split(";").count("recurse") for stack in found], [9], "kept")
    once = stacks("p.sigprof", "--fold-recursion")
    same([stack.split(";").count("recurse") for stack in once], [1], "--fold-recursion")
    same(tail(once[0], 2), ["recurse", "leaf"], "the rest")
    binary = compile_c("two", """
__attribute__((noinline)) int odd(int x) { __asm__(""); return x - 1; }
__attribute__((noinline)) int even(int x) { __asm__(""); return odd(x) + 1; }
int main(int c, char **v) { (void)v; return even(c); }
""")
    odd, even = address_of(binary, "odd") + 1, address_of(binary, "even") + 1
    same(fold_stacks(binary, [[odd, even, odd, even], [odd, odd, even, even]],
                     "--fold-recursion"), ["p;odd;even 1", "p;odd;even;odd;even 1"],
         "direct repeats only")
    for view in "pprof", "speedscope", "firefox", "html", "top":
        same(Said("--cache", "none", "--fold-recursion", "-f", view, "p.sigprof",
                  binary=True).status, 0, view)
    rows = fold("--cache", "none", "-f", "top", "--fold-recursion", "edge.sigprof")
    check(any("odd" in row for row in rows), "top: %s" % rows)


def case_34():
    binary = compile_c("cut", INLINED)
    start = address_of(binary, "outer")
    lines = [module_line(binary), "reset"]
    reasons = {1: "depth", 2: "no rule", 3: "bad address", 4: "foreign stack"}
    for end in reasons:
        lines.append(sample(BASE + start, end=end))
    make(lines + ["end 2000"])
    found = fold("--cache", "none", "--no-inlines", "edge.sigprof")
    same(found, sorted("p;[truncated: %s];outer 1" % why for why in reasons.values()),
         "what the stack begins with")
    stats = Said("--stats", "edge.sigprof").out
    for why in reasons.values():
        check(any(line.split()[-1] == "1" and why.replace(" ", "_") in line
                  for line in stats.splitlines()), "--stats counts %s" % why)
    scene("deep", "-pie", "-fPIE")
    record("./deep", "recurse", "300", SIGPROF_DEPTH="16")
    gap = stacks("p.sigprof")
    check(len(gap) == 1 and "[frames left out]" in gap[0], "a deep one: %s" % gap)
    names = gap[0].split(";")
    check("main" in names and names[-2:] == ["leaf", "syscall"] and
          names.count("recurse") < 16, "both ends: %s" % names)
