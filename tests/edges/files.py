# SPDX-License-Identifier: BSD-2-Clause
"""Files that are not what they should be, and debug information of all kinds:
cases 47 to 49."""
import os
import random
import subprocess

import peers
from frames import INLINED
from lib import (FOLD, address_of, build_id, check, compile_c, names_at, need, need_library, profile_of, run,
                 same, tool, write)

# Cuts a file as soon as it has been mapped.
CUTTER = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
void *mmap(void *at, size_t size, int prot, int flags, int fd, off_t from)
{
    void *(*real)(void *, size_t, int, int, int, off_t) = dlsym(RTLD_NEXT, "mmap");
    void *got = real(at, size, prot, flags, fd, from);
    char link[64], path[4096] = "";

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (fd >= 0 && readlink(link, path, sizeof path - 1) > 0 &&
        strcmp(path, getenv("CUT")) == 0 && truncate(path, atol(getenv("CUT_TO"))) == 0)
        fputs("cut\\n", stderr);
    return got;
}
void *mmap64(void *at, size_t size, int prot, int flags, int fd, off_t from)
    __attribute__((alias("mmap")));
"""


def case_47():
    """Where a debug file should be there is a folder, a FIFO, a device, a program of
    another build, nothing; or it becomes shorter: symbols of the program stay."""
    compile_c("other", INLINED)
    binary = compile_c("odd", INLINED, "-Wl,--build-id=sha1")
    identity = build_id(binary)
    run(["objcopy", "--strip-debug", binary, "odd-stripped"])
    folder = "odd.d/.build-id/" + identity[:2]
    path = "%s/%s.debug" % (folder, identity[2:])
    os.makedirs(folder)
    start = address_of(binary, "outer")
    makers = (lambda: os.mkdir(path), lambda: os.rmdir(path),
              lambda: os.mkfifo(path), lambda: os.remove(path),
              lambda: os.symlink("/dev/zero", path), lambda: os.remove(path),
              lambda: os.symlink(os.path.abspath("other"), path),
              lambda: os.remove(path), lambda: write(path, "no debug file"))
    for make in makers:
        make()
        same(names_at("odd-stripped", start,
                      options=["-d", os.path.abspath("odd.d")]),
             [["outer"]], "an odd debug file")
    os.remove(path)
    need_library()
    write("cutter.c", CUTTER)
    run(["gcc", "-shared", "-fPIC", "-o", "cutter.so", "cutter.c", "-ldl"])
    profile = profile_of("odd-stripped", [[start]])
    for keep in 0, 1, 4096:
        run(["objcopy", "--only-keep-debug", binary, path])
        size = os.path.getsize(path)
        done = subprocess.run(
            [FOLD, "--cache", "none", "--no-inlines", "--debug-dir",
             os.path.abspath("odd.d"), profile], capture_output=True, text=True,
            env=dict(os.environ, LD_PRELOAD=os.path.abspath("cutter.so"),
                     CUT=os.path.abspath(path), CUT_TO=str(keep)))
        check("cut" in done.stderr and os.path.getsize(path) == keep < size,
              "it was not cut")
        same((done.returncode, done.stdout), (0, "p;outer 1\n"),
             "cut to %d while it is read" % keep)


def sections_of(binary):
    found = {}
    for line in run(["readelf", "-SW", binary]).splitlines():
        word = line.replace("[ ", "[").split()
        if len(word) > 5 and word[1].startswith(".debug_"):
            found[word[1]] = int(word[4], 16), int(word[5], 16)
    return found


def case_48():
    """Damage to debug information costs lines, never names; damage to the rest costs
    names, never the run."""
    binary = compile_c("sound", INLINED)
    start = address_of(binary, "outer")
    with open(binary, "rb") as sound:
        bytes_ = sound.read()
    sections = sections_of(binary)
    check(".debug_info" in sections, "no debug information")
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
            check(answer and answer[-1] == "outer", "%s damaged: %s" % (name, answer))
    profile = profile_of("damaged", [[start]], identity="-")
    for number in range(60):
        damaged = bytearray(bytes_)
        if number % 3:
            for _ in range(16):
                damaged[chance.randrange(4, 64)] = chance.randrange(256)
        else:
            damaged = damaged[:chance.randrange(len(damaged))]
        with open("damaged", "wb") as out:
            out.write(damaged)
        done = subprocess.run([FOLD, "--cache", "none", profile], capture_output=True,
                              text=True, timeout=300)
        check(done.returncode == 0 and done.stdout.count("\n") == 1 and
              done.stdout.endswith(" 1\n"), "damage %d: %d %r" %
              (number, done.returncode, done.stdout))


def chain(binary):
    start = address_of(binary, "outer")
    return [(peers.plain(name), os.path.basename(file or ""), line)
            for name, file, line in peers.ask_us(binary, [start])[0]]


def two_files():
    """Neither is the unit's own: so which file a call is in has to be read."""
    lower, upper = INLINED.split("__attribute__((noinline)) int outer")
    write("lower.h", lower)
    write("upper.h", "__attribute__((noinline)) int outer" + upper)
    return '#include "lower.h"\n#include "upper.h"\n'


def case_49():
    need("gcc", "clang", "objcopy")
    forms = {"gcc-%d" % version: ("gcc", "-gdwarf-%d" % version)
             for version in (2, 3, 4, 5)}
    forms.update({"clang-%d" % version: ("clang", "-gdwarf-%d" % version)
                  for version in (2, 3, 4, 5)})
    forms.update({"64-bit": ("gcc", "-gdwarf-5", "-gdwarf64"),
                  "64-bit-4": ("gcc", "-gdwarf-4", "-gdwarf64"),
                  "types": ("gcc", "-gdwarf-5", "-fdebug-types-section"),
                  "types-4": ("gcc", "-gdwarf-4", "-fdebug-types-section"),
                  "macros": ("gcc", "-g3"),
                  "macros-4": ("gcc", "-g3", "-gdwarf-4", "-gstrict-dwarf")})
    for name, (compiler, *options) in sorted(forms.items()):
        binary = compile_c(name, two_files(), *options, compiler=compiler)
        same(chain(binary), [("leaf", "lower.h", 4), ("middle", "lower.h", 8),
                             ("outer", "upper.h", 3)], name)
    # What the forms are there for: each is in one of them.
    text = "".join(run(["readelf", "--debug-dump=info,abbrev", name])
                   for name in ("gcc-5", "clang-5", "64-bit"))
    for form in "DW_FORM_implicit_const", "DW_FORM_strx", "DW_FORM_addrx", \
            "DW_FORM_line_strp":
        check(form in text, "no " + form)
    dump = tool("llvm-dwarfdump", "llvm-dwarfdump-14", "llvm-dwarfdump-19")
    if dump:
        check("md5_checksum" in run([dump, "--debug-line", "clang-5"]),
              "no MD5 in clang's lines")
    run(["objcopy", "--compress-debug-sections=zlib", "gcc-5", "packed"])
    same(chain("packed"), chain("gcc-5"), "compressed")
