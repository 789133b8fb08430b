# SPDX-License-Identifier: BSD-2-Clause
"""How names look: cases 19 to 24, and 39."""
import gzip
import json
import os
import subprocess

import peers
from lib import (FOLD, Said, address_of, assemble, check, compile_c, fold, fold_stacks, names_at,
                 need, run, same, skip, tool, write)

RUST = """
pub mod space {
    pub struct Thing(pub u64);
    pub trait Work { fn work(&self, n: u64) -> u64; }
    impl Work for Thing {
        #[inline(never)]
        fn work(&self, n: u64) -> u64 { std::hint::black_box(self.0) * n }
    }
    #[inline(never)]
    pub fn generic<T: Work>(t: &T) -> u64 { t.work(std::hint::black_box(3)) + 1 }
}
fn main() {
    let t = space::Thing(std::env::args().count() as u64);
    println!("{}", space::generic(&t));
}
"""


def mangled(binary, *parts):
    """Address and symbol of the function with all of these in its name."""
    for start, _, name in peers.symbols(binary):
        if all(part in name for part in parts):
            return start, name
    raise SystemExit("%s has no %s" % (binary, parts))


def shown(binary, address):
    lines = fold_stacks(binary, [[address]], "--no-inlines")
    return lines[0].split(";", 1)[1].rsplit(" ", 1)[0]


def symbol_of(name):
    """An object with one function of this name, from an assembler."""
    assemble("named.so", """
    .text
    .globl "%s"
    .type "%s", @function
"%s":
    nop
    ret
    .size "%s", . - "%s"
""" % (5 * (name,)))
    lines = run(["readelf", "-sW", "named.so"]).splitlines()
    start = [int(line.split()[1], 16) for line in lines if " FUNC " in line]
    return shown("named.so", start[0])


def rust(scheme):
    need("rustc")
    write("rust.rs", RUST)
    words = ["rustc", "-g", "-O", "rust.rs", "-o", "rust"]
    done = subprocess.run(words + ["-C", "symbol-mangling-version=" + scheme],
                          capture_output=True, text=True)
    if done.returncode != 0:
        done = subprocess.run(words + ["-C", "symbol-mangling-version=" + scheme,
                                       "-Z", "unstable-options"], capture_output=True,
                              text=True, env=dict(os.environ, RUSTC_BOOTSTRAP="1"))
    same(done.returncode, 0, done.stderr[-500:])


def case_19():
    rust("legacy")
    start, name = mangled("rust", "_ZN", "5space7generic17h")
    same(shown("rust", start), "rust::space::generic", name)
    start, name = mangled("rust", "_ZN", "$LT$", "Work$GT$4work17h")
    same(shown("rust", start), "<rust::space::Thing as rust::space::Work>::work", name)
    same(symbol_of("_ZN58_$LT$alloc..string..String$u20$as$u20$core..fmt..Write$GT$"
                   "9write_str17h0123456789abcdefE"),
         "<alloc::string::String as core::fmt::Write>::write_str", "$LT$ and $u20$")


def case_20():
    rust("v0")
    start, name = mangled("rust", "_RI", "5space7generic")
    same(shown("rust", start),
         "rust::space::generic::<rust::space::Thing>", name)
    start, name = mangled("rust", "_RNv", "5Thing", "4work")
    same(shown("rust", start), "<rust::space::Thing as rust::space::Work>::work", name)
    same(symbol_of("_RNvCs1234_7mycrate3foo"), "mycrate::foo", "no crate hash")


CXX = """
#include <vector>
#include <ostream>
namespace space {
struct Key { int v; };
__attribute__((noinline)) bool operator<(const Key &a, const Key &b)
{ return a.v < b.v; }
__attribute__((noinline)) Key operator>>(const Key &a, int n) { return {a.v >> n}; }
template <class T> struct Box {
    T v;
    __attribute__((noinline)) T operator()(T x) const { return v + x; }
    __attribute__((noinline)) operator bool() const { return v != 0; }
};
}
template <class F> __attribute__((noinline)) int apply(F f) { return f(3); }
int main(int c, char **)
{
    space::Key a{c}, b{c + 1};
    space::Box<long> box{c};
    int n = apply([c](int x) __attribute__((noinline)) { return x + c; });
    return (a < b) + (a >> 1).v + (int)box(c) + (bool)box + n;
}
"""


def case_21():
    binary = compile_c("cxx", CXX, compiler="g++")
    wanted = {
        "space::operator<(space::Key const&, space::Key const&)": "lt",
        "space::operator>>(space::Key const&, int)": "rs",
        "space::Box<long>::operator()(long) const": "clE",
        "space::Box<long>::operator bool() const": "cvb",
    }
    found = {shown(binary, start) for start, _, name in peers.symbols(binary)
             if name.startswith("_Z")}
    for name in wanted:
        check(name in found, "%s is not in %s" % (name, sorted(found)))
    lambdas = [name for name in found if "{lambda(int)#1}" in name]
    check(any(name.endswith("::operator()(int) const") for name in lambdas),
          "a lambda: %s" % lambdas)
    check(all(name.count("(") == name.count(")") and ";" not in name
              for name in found), "balanced: %s" % sorted(found))
    for name in found:
        check(name.count("{") == name.count("}"), name)


def case_22():
    """Inlined functions of one name in two classes are two frames, whether or
    not the compiler gave them linkage names."""
    for compiler in "g++", "clang++":
        binary = compile_c("two-" + compiler, """
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
""", compiler=compiler)
        start, size = [(s, n) for s, n, name in peers.symbols(binary)
                       if name == "outer"][0]
        lines = fold_stacks(binary, [[start + at] for at in range(size)])
        inner = {line.rsplit(" ", 1)[0].split(";")[2] for line in lines
                 if line.count(";") == 2}
        check(len(inner) == 2 and all("get" in name for name in inner) and
              any("First" in name for name in inner) and
              any("Second" in name for name in inner), "%s: %s" % (compiler, lines))


def case_23():
    """A hundred thousand letters; templates in templates; and a doubling name."""
    check(len(symbol_of("a" * 100000)) <= 65536, "a long name is cut")
    same(symbol_of("b" * 60000), "b" * 60000, "one that is not too long")
    deep = "1aI" * 2000 + "1bv" + "E" * 2000
    check(len(symbol_of("_Z1fI" + deep + "EvT_")) <= 65536 + 8, "deep templates")
    # Each parameter is a pair of the one before: 2 to the 30th names.
    doubling = "_Z1f1aIiiE" + "".join("S_IS%c_S%c_E" % (2 * (digit,))
                                      for digit in "0123456789ABCDEFGHIJKLMNOPQRSTUV")
    said = symbol_of(doubling)
    check(said.startswith("f(a<int, int>, a<a<int, int>, a<int, int> >, a<a<"),
          "a doubling name: " + said[:80])
    same(len(said), 65536, "it is cut")
    pointers = "_Z1f" + "P" * 7990 + "i"
    check(symbol_of(pointers), "pointers")
    node = tool("node")
    if not node:
        return
    named = [(len(name), start) for start, _, name in peers.symbols(node)
             if name.startswith("_Z")]
    if named:
        length, start = max(named)
        check(len(shown(node, start)) > length // 4, "node's longest name")


def case_24():
    for raw, wanted in (("bad\udcffname", "bad\ufffdname"), ("cut\udcc3", "cut\ufffd"),
                        ("good\u00e9", "good\u00e9")):
        same(symbol_of(raw), wanted, "the name")
        for view in "speedscope", "firefox", "html", "pprof", "top", "raw", "folded":
            said = Said("--cache", "none", "-f", view, "edge.sigprof", binary=True)
            same(said.status, 0, view)
            if view in ("speedscope", "firefox"):
                json.loads(said.out.decode("utf-8"))
                check(wanted.encode() in said.out, "%s of %s" % (view, wanted))
            elif view == "pprof":
                check(wanted.encode() in gzip.decompress(said.out),
                      "%s of %s" % (view, wanted))
            elif view != "html":
                check(wanted in said.out.decode("utf-8"), "%s of %s" % (view, wanted))
