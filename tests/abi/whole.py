#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The whole library of another system, executed on Linux.

usage: whole.py layouts.tsv SOURCE SYSTEM CPU FOLD [LIBRARY]
       whole.py SOURCE SYSTEM CPU

All sources of the library are compiled for SYSTEM
against tests/abi/SYSTEM/include, and linked with SYSTEM's stand-in: every name that they
import and that is not in SAME gets the system's name in front, so that a call nobody
plays does not link. Programs that are compiled for Linux are then profiled by it:
tests/workloads/shares.c, of whose functions the shares are those that it knows itself, and
those that LIBRARY, which is for Linux, finds (z tests); SYSTEM/ways.c, of the BSDs bsd/ways.c;
and SYSTEM/preloaded.c, which is linked with the preload object too: its definitions are
there_NAME to the program, and to the library, as on that system, what it calls by NAME.
With three arguments, the sources are compiled, and that is all.
77: a tool is missing."""

import concurrent.futures
import math
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

import cells
from ways import NOT_EMULATED, PRELOADED, RUNNER, WAYS, check_ways, folded, holds, profile, run, stats_of

HERE = os.path.dirname(os.path.abspath(__file__))

# The same name, meaning and layout on both systems.
SAME = set("""memchr memcmp memcpy memmove memset strcat strchr strcmp strcpy strcspn strdup strerror strlen
strncat strncmp strncpy strnlen strpbrk strrchr strspn strstr strtol strtoll strtoul strtoull atoi bsearch qsort snprintf
sscanf calloc malloc realloc free getenv environ
dlopen realpath rename unlink munmap access close read write pread pwrite lseek getcwd getpid getppid getuid geteuid getgid getegid ftruncate
sched_yield gethostname nanosleep posix_fallocate sem_init sem_post sem_wait flock arc4random_buf getrandom
pthread_atfork pthread_key_create pthread_setspecific sigprof__preload_mark __divdi3 __udivdi3 __umoddi3 __moddi3
_GLOBAL_OFFSET_TABLE_ __tls_get_addr ___tls_get_addr""".split())

PARTS = "threads.c", "sets.c", "flags.c"
SYSTEMS = {"illumos": {"defines": ["__EXTENSIONS__", "_LARGEFILE64_SOURCE", "_REENTRANT"],
                       "played": "posix_fallocate",
                       "parts": ["illumos/kernel.c", "illumos/libc.c", "illumos/proc.c", "illumos/programs.c", *PARTS]},
           **{system: {"defines": [], "polls": system in ("netbsd", "dragonfly"), "played": "pread pwrite ftruncate sem_init sem_post sem_wait flock nanosleep",
                        "link": ["-Wl,-z,separate-code"],
                       "same": "strftime pthread_self opendir closedir",
                       "parts": ["bsd/actions.c", "bsd/signals.c", "bsd/frames.c", "bsd/calls.c", "bsd/files.c", "bsd/told.c",
                                 system + "/sigcode.c", system + "/kernel.c", *PARTS,
                                 *(["bsd/freebsd-descent.c"] if system in ("freebsd", "dragonfly") else [])]} for system in cells.BSDS},
           "darwin": {"defines": [], "played": "dlopen sem_init sem_post sem_wait",
                      "same": "localtime_r strftime pthread_self pthread_getspecific opendir closedir arc4random",
                      "parts": ["bsd/actions.c", "bsd/files.c", "darwin/system.c", "darwin/mach.c", "darwin/images.c", *PARTS],
                      # That system's compilers keep frame pointers, and write no tables for such code.
                      "link": ["-Wl,--wrap=pthread_create", "-fno-omit-frame-pointer",
                               "-fno-asynchronous-unwind-tables"]}}
FLAGS = {"x86_64": [], "i386": ["-march=i686"], "aarch64": ["-mno-outline-atomics"], "sparcv9": []}


def sources_of(source, system, *names, cpu=None):
    """What src/CMakeLists.txt builds of these lists."""
    text = open(source + "/src/CMakeLists.txt").read()
    lists = dict(re.findall(r"^set\((\w+)\s+([^)]*)\)", text, re.M))
    for part in re.findall(r'^if\(SIGPROF_CPU STREQUAL "%s"\)(.*?)^endif' % cpu, text, re.M | re.S):
        for name, more in re.findall(r"list\(APPEND (\w+)\s+([^)]*)\)", part):
            lists[name] += " " + more
    lists["UNWIND_SOURCE"] = "unwind/no-libunwind.c"

    def expand(text):
        text = text.replace("${SIGPROF_OS}", system)
        for name in text.replace("${SIGPROF_FORMAT}", "macho" if system == "darwin" else "elf").split():
            match = re.fullmatch(r"\$\{(\w+)\}", name)
            yield from expand(lists.get(match[1], "")) if match else [name]

    return [found for name in names for found in expand(lists[name])]


LIBRARY = ("SIGNAL_SOURCES", "LIBRARY_SOURCES")


def compile_all(names, folder, compile_one):
    """compile_one(name, object) returns 0 or not; as many at once as there are CPUs."""
    os.makedirs(folder, exist_ok=True)
    objects = ["%s/%s.o" % (folder, name.replace("/", "-")) for name in names]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        if any(pool.map(compile_one, names, objects)):
            sys.exit("it does not compile")
    return objects


def compile_sources(names, source, system, cpu, folder):
    extra = FLAGS[cpu] + ["-fasynchronous-unwind-tables", "-I" + source + "/include",
                          '-DSIGPROF_CPU="%s"' % cpu, '-DSIGPROF_ARCH="arch/%s.h"' % cpu]
    extra += ["-D" + define for define in SYSTEMS[system]["defines"]]
    extra += ["-fno-stack-protector"] * (system == "openbsd")  # of that system's C library

    def compile_one(name, output):
        return cells.compile_cell(source, system, cpu, source + "/src/" + name, output,
                                  cells.elf_target_of(system, cpu), extra)

    return compile_all(names, folder + "/" + system, compile_one)


def tools_of(cpu):
    return "aarch64-linux-gnu-" if cpu == "aarch64" else ""


def check_own_variables(source, cpu, library):
    """Thread-local variables that a compiler emulates have room in a row of src/os/own-tls-signal.c: in any order of
    their first uses."""
    row = int(re.search(r"#define ROW_BYTES (\d+)u", open(source + "/src/os/own-tls-signal.c").read())[1])
    run([tools_of(cpu) + "objcopy", "-O", "binary", "-j", ".data", "--set-section-flags", ".data=alloc,load,contents", library,
         library + ".data"])
    data = open(library + ".data", "rb").read()
    word = "<II" if cpu == "i386" else "<QQ"
    names = [line.split() for line in subprocess.check_output(["nm", library], text=True).splitlines()]
    found = [struct.unpack_from(word, data, int(name[0], 16)) for name in names if name[-1].startswith("__emutls_v.")]
    most = sum(size + align - 1 for size, align in found)
    print("%d thread-local variables, %d bytes at the most of %d" % (len(found), most, row))
    if len(found) < 5 or most > row:
        sys.exit("own-tls-signal.c has no room for them")


def defined_by(objects):
    lines = subprocess.check_output(["nm", "-A", "-g", "--defined-only", *objects], text=True).splitlines()
    return sorted({line.split()[-1] for line in lines} - {line.split()[-1] for line in lines if "sigprof__" in line})


def rename_imports(system, objects, library, interposed=()):
    tools = tools_of("aarch64" if library.endswith("-aarch64.o") else "")
    run([tools + "ld", "-r", *(["-m", "elf_i386"] if "i386" in library else []), "-o", library, *objects])
    names = subprocess.check_output(["nm", "-u", library], text=True).split()
    same = SAME - set(SYSTEMS[system].get("played", "").split()) | set(SYSTEMS[system].get("same", "").split())
    foreign = sorted(name for name in names if len(name) > 1 and name not in same)
    run([tools + "objcopy", *("--redefine-sym=%s=%s_%s" % (name, system, name) for name in foreign),
         *("--redefine-sym=%s=there_%s" % (name, name) for name in interposed), library])
    return foreign


def build(source, rows, system, cpu, folder):
    """Returns what links a program with the library."""
    library, preloaded = ("%s/%s-%s.o" % (folder, name, cpu) for name in ("library", "preloaded"))
    objects = compile_sources(sources_of(source, system, *LIBRARY), source, system, cpu, folder)
    foreign = rename_imports(system, objects, library)
    if os.path.exists("%s/%s/preloaded.c" % (HERE, system)):
        more = compile_sources(sources_of(source, system, "PRELOAD_SOURCES") + ["preload/%s.c" % system],
                               source, system, cpu, folder)
        rename_imports(system, objects + more, preloaded, defined_by(more))
    if system == "openbsd":
        check_own_variables(source, cpu, library)
    with open(folder + "/facts.h", "w") as file:
        file.writelines(cells.facts(rows))
    with open(folder + "/places.h", "w") as file:
        file.writelines(cells.places(rows, system))
    _, compiler, _ = cells.LINUX[cpu]
    parts = ["%s/%s" % (HERE, name) for name in SYSTEMS[system]["parts"]]
    print("%d names of the library are played" % len(foreign))

    def link(program, output, library=library):
        run(compiler + ["-std=gnu11", "-O2", "-g1", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror",
                        "-fno-stack-protector", "-U_FORTIFY_SOURCE", "-I" + folder, "-I" + source + "/src",
                        "-I%s/%s" % (HERE, system), '-DSIGPROF_REGS="os/regs/linux-%s.h"' % cpu, *parts, program,
                        library, "-pthread", "-lm", "-no-pie", *SYSTEMS[system].get("link", []), "-o", output])
        return output

    return link, preloaded


def build_here(program, library, folder):
    """The same program with the library for Linux, as this build has made it."""
    run(["gcc", "-O2", "-D_GNU_SOURCE", program, "-Wl,-u,sigprof_version", library, "-pthread", "-ldl", "-lm", "-no-pie",
         "-o", folder + "/here"])
    return folder + "/here"


def shares_of(lines):
    """Periods by function that works, and all of them."""
    found = {}
    for frames, weight in lines:
        for frame in frames:
            match = re.fullmatch(r"work_([a-j])", frame)
            if match:
                found[match[1]] = found.get(match[1], 0) + weight
    return found


def z_values(one, n, other, m):
    """Of each share, in standard errors, for n and m signals (m: 0, the shares are known)."""
    for name in sorted(set(one) | set(other)):
        p, q = (found.get(name, 0) / max(sum(found.values()), 1) for found in (one, other))
        both = (p * n + q * m) / (n + m) if m else q
        yield name, p, q, (p - q) / math.sqrt(max(both * (1 - both), 1e-9) * (1 / n + (1 / m if m else 0)))


def read_truth(path):
    rows = [line.split() for line in open(path)]
    return {row[0]: int(row[3]) for row in rows}


LIMIT = 5  # standard errors


def check_shares(fold, there, here, folder):
    """Twice as long before it fails: some 1 of 10,000 are beyond the limit by chance."""
    return compare_shares(fold, there, here, folder, "1.5") and compare_shares(fold, there, here, folder, "3")


def compare_shares(fold, there, here, folder, seconds):
    arguments = ["2", seconds, folder + "/truth"]
    profile(there, arguments, folder + "/there.sigprof")
    truth = read_truth(folder + "/truth")
    used_ns = truth.pop("process")
    one, stats = shares_of(folded(fold, folder + "/there.sigprof")), stats_of(fold, folder + "/there.sigprof")
    worst, taken, others = 0, int(stats["taken_periods"]), [("truth", truth, 0)]
    if here:
        out = folder + "/here.sigprof"
        profile(here, ["2", str(float(seconds) / 2), folder + "/truth"], out, clock="thread")
        others.append(("Linux", shares_of(folded(fold, out)), int(stats_of(fold, out)["taken_periods"])))
    for what, against, many in others:
        for name, p, q, z in z_values(one, taken, against, many):
            print("%s: work_%s %5.1f%%, by %s %5.1f%%, z %+.1f" % (what, name, 100 * p, what, 100 * q, z))
            worst = max(worst, abs(z))
    print("due %s s, difference %s %%" % (stats["due_seconds"], stats["difference_percent"]))
    due = float(stats["due_seconds"])
    good = [worst < LIMIT, taken > 200, abs(due - used_ns / 1e9) < 0.2 + 0.1 * due,
            abs(float(stats["difference_percent"])) < 0.5]
    print("z, samples, CPU time, balance:", good)
    return 0 if all(good) else 1


def check_thread_of_timer(fold, there, system, folder):
    """The stand-in raises a timer's signal in a thread that did not run, where that system does: so by the clock
    `itimer` no worker is sampled, and `auto` is another clock, and says why."""
    out = folder + "/wrong.sigprof"
    profile(there, ["2", "0.25", folder + "/truth"], out, clock="itimer")
    found = shares_of(folded(fold, out))
    info = subprocess.check_output([fold, "--info", folder + "/there.sigprof"], text=True)
    clocks = re.findall(r"(?m)^\s*(clock\w*)\s+(.*)$", info)
    return 0 if all([holds("a timer's ticks come to the wrong thread", sum(found.values()) <= 2, found),
                     holds("so CPU time is polled", ("clock", "polled") in clocks, clocks),
                     holds("and the profile says why", "clock_note" in dict(clocks))]) else 1


def only_compile(source, system, cpu):
    if not shutil.which("clang"):
        cells.skip("no clang here")
    names = sources_of(source, system, *LIBRARY, cpu=cpu)
    with tempfile.TemporaryDirectory() as folder:
        compile_sources(names, source, system, cpu, folder)
    print("%d sources compile for %s" % (len(names), cells.target_of(system, cpu)))
    return 0


def main():
    if len(sys.argv) == 4:
        return only_compile(*sys.argv[1:])
    layouts, source, system, cpu, fold, *library = sys.argv[1:]
    shares = source + "/tests/workloads/shares.c"
    ways, preloaded = ("%s/%s/%s.c" % (HERE, "bsd" if system in cells.BSDS else system, name)
                       for name in ("ways", "preloaded"))
    _, compiler, RUNNER[:] = cells.LINUX[cpu]
    for tool in ("clang", "objcopy", compiler[0], *RUNNER[:1]):
        if not shutil.which(tool):
            cells.skip("no %s here" % tool)
    with tempfile.TemporaryDirectory() as folder:
        folder = os.environ.get("WHOLE_FOLDER", folder)
        link, with_preload = build(source, cells.read_rows(layouts, system, cpu), system, cpu, folder)
        failed = 0
        if os.path.exists(ways):
            checks = [check for check in WAYS[system] if not (RUNNER and check in NOT_EMULATED)]
            failed = check_ways(checks, fold, link(ways, folder + "/ways"), folder)
        if os.path.exists(preloaded):
            failed |= check_ways(PRELOADED, fold, link(preloaded, folder + "/preloaded", with_preload), folder)
        here = library and build_here(shares, library[0], folder)
        there = link(shares, folder + "/there")
        failed |= check_shares(fold, there, here, folder)
        if SYSTEMS[system].get("polls"):
            failed |= check_thread_of_timer(fold, there, system, folder)
        return failed


if __name__ == "__main__":
    sys.exit(main())
