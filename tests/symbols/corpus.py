# SPDX-License-Identifier: BSD-2-Clause
"""Function, inlined functions, file and line of random addresses in many kinds
of binaries, all built here, against the peers (see peers.py); and for those that
only keep their debug information elsewhere or otherwise, against our own answers
for the binary they were made from, which must be the same. Where the build has
libdwarf, the second reader has to answer as ours does, too.

corpus.py SOURCES PROJECT: in an empty folder. 2,000 addresses of each binary,
20,000 with SIGPROF_TEST_LONG=1, 100 with SIGPROF_TEST_BRIEF=1 (under an emulator).
"""
import os
import shutil
import sys

import peers
from peers import run, tool

SOURCES, PROJECT = sys.argv[1], sys.argv[2]
LONG = os.environ.get("SIGPROF_TEST_LONG") == "1"
REQUIRE_ALL = os.environ.get("SIGPROF_REQUIRE_ALL") == "1"
SECOND = os.environ.get("SIGPROF_WITH_LIBDWARF") == "1"
BRIEF = os.environ.get("SIGPROF_TEST_BRIEF") == "1"
COUNT = 100 if BRIEF else 20000 if LONG else 2000
MOST_DISAGREEMENTS_SHOWN = 5

failures = []
left_out = []


def need(what, *names):
    path = tool(*names)
    if not path:
        left_out.append("%s: no %s" % (what, names[0]))
    return path


def source(name):
    return os.path.join(SOURCES, name)


def check_peers(name, binary, asked, count=COUNT):
    addresses = peers.pick(binary, count, name)
    ours = peers.ask_us(binary, addresses)
    answers = [ask(binary, addresses) for ask in asked]
    causes, unexplained = peers.compare(binary, addresses, ours, *answers)
    agreed = sum(n for cause, n in causes.items() if " equal" in cause)
    print("%-16s %s" % (name, ", ".join("%s %d" % c
                                        for c in sorted(causes.items()))))
    if not agreed:
        failures.append("%s: no two peers ever agreed with us" % name)
    if unexplained:
        failures.append("%s: %d unexplained" % (name, len(unexplained)))
    for address, us, theirs in unexplained[:MOST_DISAGREEMENTS_SHOWN]:
        print("  0x%x ours %s" % (address, us))
        for answer in theirs:
            print("  %s peer %s" % (" " * len("%x" % address), answer))
    if SECOND:
        check_second(name, binary, addresses, answers[0])


def check_second(name, binary, addresses, llvm):
    """Our reader alone, and libdwarf alone."""
    ours = peers.ask_us(binary, addresses, ["-r", "ours"])
    theirs = peers.ask_us(binary, addresses, ["-r", "libdwarf"])
    causes, unexplained = peers.compare_second(addresses, ours, theirs, llvm)
    print("%-16s libdwarf: %s" % ("", ", ".join("%s %d" % c for c
                                                in sorted(causes.items()))))
    if unexplained or not causes["equal"]:
        failures.append("%s: libdwarf: %d unexplained" % (name,
                                                          len(unexplained)))
    for address, us, second in unexplained[:MOST_DISAGREEMENTS_SHOWN]:
        print("  0x%x ours     %s" % (address, us))
        print("  %s libdwarf %s" % (" " * len("%x" % address), second))


def check_same(name, plain, binary, options=(), names_only=False):
    addresses = peers.pick(plain, COUNT, name)
    wanted = peers.ask_us(plain, addresses)
    ours = peers.ask_us(binary, addresses, options)
    if names_only:
        wanted = [[answer[-1][0]] for answer in wanted]
        ours = [[answer[-1][0]] for answer in ours]
    different = [(a, x, y) for a, x, y in zip(addresses, ours, wanted)
                 if x != y]
    deep = sum(1 for answer in wanted if len(answer) > 1)
    print("%-16s %d as in %s (%d with inlined functions), %d not" %
          (name, len(addresses) - len(different), os.path.basename(plain), deep,
           len(different)))
    if different or not (deep or names_only):
        failures.append("%s: %d differ" % (name, len(different)))
    for address, x, y in different[:MOST_DISAGREEMENTS_SHOWN]:
        print("  0x%x ours %s\n  here was %s" % (address, x, y))


# ---- Building ---------------------------------------------------------------

def compile_cxx(out, compiler, *options):
    run([compiler, "-O2", "-std=c++17", "-Wl,--build-id=sha1", *options,
         source("corpus.cc"), "-o", out])
    return out


def compile_c(out, compiler, *options):
    """Sources of our own: real C of many units."""
    names = ["elf", "dwarf-scan", "dwarf-form", "dwarf-line", "dwarf-name",
             "dwarf-abbrev"]
    run([compiler, "-O2", "-std=gnu11", "-D_GNU_SOURCE", "-fPIC", "-shared",
         "-Wl,--build-id=sha1", "-w", *options,
         *["%s/src/sym/%s.c" % (PROJECT, name) for name in names], "-o", out])
    return out


# eu-addr2line takes a hundred times as long as the others, and finds units by
# .debug_aranges only: none of clang's.
MOST = [peers.ask_llvm, peers.ask_binutils]
ALL = MOST + [peers.ask_eu]
SLOW = ALL if LONG and not BRIEF else MOST
ONCE = MOST if BRIEF else ALL


def against_peers():
    gcc, gxx = need("gcc", "gcc"), need("g++", "g++")
    clang, clangxx = need("clang", "clang"), need("clang++", "clang++")
    for version in ("2", "3", "4", "5") if LONG else ("4", "5"):
        if gcc:
            check_peers("c-gcc-" + version,
                        compile_c("c-gcc-" + version, gcc,
                                  "-gdwarf-" + version),
                        ONCE if version == "5" else SLOW)
        if clang:
            check_peers("c-clang-" + version,
                        compile_c("c-clang-" + version, clang,
                                  "-gdwarf-" + version), MOST)
    for version in "4", "5":
        if gxx:
            check_peers("c++-gcc-" + version,
                        compile_cxx("c++-gcc-" + version, gxx,
                                    "-gdwarf-" + version), SLOW)
        if clangxx:
            check_peers("c++-clang-" + version,
                        compile_cxx("c++-clang-" + version, clangxx,
                                    "-gdwarf-" + version), MOST)
    if gcc:
        check_peers("c-gcc-lto", compile_c("c-gcc-lto", gcc, "-g", "-flto"),
                    SLOW)
        check_peers("c-gcc-sections",
                    compile_c("c-gcc-sections", gcc, "-g",
                              "-ffunction-sections", "-Wl,--gc-sections"), SLOW)
        run([gcc, "-g", "-shared", "-nostdlib", source("corpus.s"), "-o",
             "asm"])
        check_peers("asm", "asm", ALL, 200)
    if need("rust", "rustc"):
        run(["rustc", "-g", "-O", source("corpus.rs"), "-o", "rust"])
        check_peers("rust", "rust", MOST)
    for compiler, options in (("ldc2", ["-g", "-O2"]), ("gdc", ["-g", "-O2"])):
        if need("D of " + compiler, compiler):
            out = "d-" + compiler
            run([compiler, *options, source("corpus.d"),
                 "-of=" + out if compiler == "ldc2" else "-o" + out])
            check_peers(out, out, MOST)


# ---- What our reader declines -----------------------------------------------

DECLINED = """
 .section .debug_line
lines:
 .text
 .globl declined
 .type declined, @function
declined:
 .file 1 "declined.s"
 .loc 1 7
 nop
 .loc 1 8
 nop
end:
 .size declined, . - declined
 .section .debug_abbrev
 .uleb128 1, 0x11 # a unit: name, folder, low_pc, high_pc, stmt_list
 .byte 1
 .uleb128 0x03, 0x08, 0x1b, 0x08, 0x11, 0x01, 0x12, 0x07, 0x10, 0x17
 %s # and flags of a vendor's
 .uleb128 0, 0
 .uleb128 2, 0x2e # a function: name, low_pc, high_pc
 .byte 0
 .uleb128 0x03, 0x08, 0x11, 0x01, 0x12, 0x07, 0, 0
 .byte 0
 .section .debug_info
 .long info_end - info
info:
 .short 4
 .long .debug_abbrev
 .byte 8
 .uleb128 1
 .asciz "declined.s"
 .asciz "/folder"
 .quad declined, end - declined
 .long lines
 .uleb128 2
 .asciz "declined"
 .quad declined, end - declined
 .byte 0
info_end:
"""


def declined():
    """A sound unit with more attributes than ours takes: libdwarf answers."""
    with open("declined.s", "w") as out:
        out.write(DECLINED % "\n".join(" .uleb128 0x%x, 0x19" % (0x2200 + i)
                                       for i in range(1100)))
    run(["gcc", "-shared", "-nostdlib", "declined.s", "-o", "declined"])
    start = [s for s, _, name in peers.symbols("declined")
             if name == "declined"][0]
    nothing = [[("declined", None, 0)]] * 2
    told = [[("declined", "/folder/declined.s", line)] for line in (7, 8)]
    for options, wanted in (["-r", "ours"], nothing), ([], told):
        got = peers.ask_us("declined", [start, start + 1], options)
        print("declined %-12s %s" % (" ".join(options), got))
        if got != wanted:
            failures.append("declined %s: %s" % (options, got))


# ---- Debug information that is elsewhere, or otherwise ----------------------

def build_id(binary):
    for line in run(["readelf", "-n", binary]).splitlines():
        if "Build ID:" in line:
            return line.split()[-1]
    raise SystemExit(binary + " has no build-id")


def otherwise(plain, plain_c):
    """The same code, with other forms of debug information. (The peers see no
    inlined functions where there are type units, or 64-bit offsets.)"""
    check_same("types", plain,
               compile_cxx("types", "g++", "-gdwarf-5",
                           "-fdebug-types-section"))
    if os.path.exists(plain_c):
        check_same("dwarf64", plain_c,
                   compile_c("dwarf64", "gcc", "-gdwarf-5", "-gdwarf64"))


def compressed(plain):
    for kind in "zlib", "zlib-gnu", "zstd":
        out = "compressed-" + kind
        try:
            run(["objcopy", "--compress-debug-sections=" + kind, plain, out])
        except SystemExit:
            left_out.append(out + ": objcopy cannot")
            continue
        check_same(out, plain, out)


def separate(plain):
    os.makedirs("linked/.debug")
    run(["objcopy", "--only-keep-debug", plain, "linked/.debug/p.debug"])
    run(["objcopy", "--strip-all", "--remove-section=.note.gnu.build-id",
         "--add-gnu-debuglink=linked/.debug/p.debug", plain, "linked/p"])
    check_same("debuglink", plain, "linked/p")
    identity = build_id(plain)
    folder = "by-id/.build-id/" + identity[:2]
    os.makedirs(folder)
    run(["objcopy", "--only-keep-debug", plain,
         "%s/%s.debug" % (folder, identity[2:])])
    run(["strip", "-o", "stripped", plain])
    check_same("build-id", plain, "stripped", ["-d", os.path.abspath("by-id")])
    os.makedirs("root" + os.getcwd())
    shutil.copy("stripped", "root" + os.getcwd() + "/moved")
    os.makedirs("root/usr/lib/debug")
    shutil.copytree("by-id/.build-id", "root/usr/lib/debug/.build-id")
    check_same("symfs", plain, "moved", ["-s", os.path.abspath("root")])


def inner_symbols(plain):
    if not need("debugdata", "xz"):
        return
    run(["objcopy", "--only-keep-debug", plain, "mini"])
    for name in "info", "abbrev", "line", "str", "line_str", "rnglists", \
            "loclists", "aranges", "ranges", "loc":
        run(["objcopy", "--remove-section", ".debug_" + name, "mini"])
    run(["xz", "-f", "mini"])
    run(["strip", "-o", "mini-stripped", plain])
    run(["objcopy", "--add-section", ".gnu_debugdata=mini.xz",
         "mini-stripped"])
    check_same("debugdata", plain, "mini-stripped", names_only=True)


def supplements(plain):
    if not need("dwz", "dwz"):
        return
    shutil.copy(plain, "dwz-1")
    run(["dwz", "dwz-1"])
    check_same("dwz", plain, "dwz-1")
    shutil.copy(plain, "dwz-2")
    shutil.copy(plain, "dwz-3")
    run(["dwz", "-m", "dwz-common", "dwz-2", "dwz-3"])
    if ".gnu_debugaltlink" not in run(["readelf", "-SW", "dwz-2"]):
        failures.append("dwz made no supplement")
    check_same("dwz -m", plain, "dwz-2")


def split(compiler, name, version, plain):
    out = "split-%s-%s" % (name, version)
    os.mkdir(out + ".d")
    here = os.getcwd()
    os.chdir(out + ".d")
    binary = compile_c("p", compiler, "-gdwarf-" + version, "-gsplit-dwarf")
    os.chdir(here)
    binary = out + ".d/p"
    check_same(out, plain, binary)
    # binutils' dwp knows version 4 only; llvm-dwp 14 never ends on gcc's 5.
    if version == "5" and name == "gcc":
        return
    packer = need(out + ".dwp", *(["llvm-dwp", "llvm-dwp-14"]
                                  if version == "5" else ["dwp"]))
    if not packer:
        return
    objects = [name for name in os.listdir(out + ".d")
               if name.endswith(".dwo")]
    run([packer, "-o", binary + ".dwp",
         *[out + ".d/" + name for name in objects]])
    for dwo in objects:
        os.remove(out + ".d/" + dwo)
    check_same(out + ".dwp", plain, binary)


def against_ourselves():
    plain = "c++-gcc-5"
    if os.path.exists(plain):
        otherwise(plain, "c-gcc-5")
        compressed(plain)
        separate(plain)
        inner_symbols(plain)
        supplements(plain)
    for compiler, name in ("gcc", "gcc"), ("clang", "clang"):
        for version in "4", "5":
            plain = "c-%s-%s" % (name, version)
            if os.path.exists(plain):
                split(compiler, name, version, plain)


if not (peers.LLVM and peers.EU and peers.BINUTILS):
    print("skipped: no llvm-symbolizer, eu-addr2line or addr2line")
    sys.exit(1 if REQUIRE_ALL else 77)
against_peers()
if SECOND:
    declined()
else:
    left_out.append("libdwarf: the build has none")
against_ourselves()
for cause, why in list(peers.EXCEPTIONS.items()) + \
        list(peers.SECOND_EXCEPTIONS.items()):
    print("exception '%s': %s" % (cause, why))
for what in left_out:
    print("left out: " + what)
for failure in failures:
    print("FAIL: " + failure)
sys.exit(1 if failures or (left_out and REQUIRE_ALL) else 0)
