#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The register cells of systems that cannot be booted here.

usage: cells.py layouts.tsv SOURCE compile SYSTEM CPU
       cells.py layouts.tsv SOURCE run SYSTEM CPU
       cells.py layouts.tsv SOURCE backend SYSTEM CPU
       cells.py layouts.tsv SOURCE mistake SYSTEM CPU FROM=TO…
       cells.py layouts.tsv SOURCE headers SYSTEM CPU COMPILER OPTION…

compile: the cell, and an assertion for each row of layouts.tsv, for that system's own
target and against tests/abi/SYSTEM/include. run: the cell's object in a Linux program
that raises real signals (stand-in.c). backend: src/os/SYSTEM*.c for that system's
target; of it, what the handler calls, executed (backend-SYSTEM.c). mistake: the same of a cell that has other words
in it, which has to be found out. headers: on a machine of that system, by its own
headers. 77: a tool is missing."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

TARGETS = {"illumos": "pc-solaris2.11", "freebsd": "unknown-freebsd", "netbsd": "unknown-netbsd",
           "openbsd": "unknown-openbsd", "dragonfly": "unknown-dragonfly", "darwin": "apple-macosx11"}
HERE = os.path.dirname(os.path.abspath(__file__))
LAUNCHER = os.environ.get("LAUNCHER", "").split()  # the build's: ccache, or none


def skip(reason):
    print(reason)
    sys.exit(1 if os.environ.get("SIGPROF_REQUIRE_ALL") == "1" else 77)


def read_rows(path, system, cpu):
    rows = [line.rstrip("\n").split("\t") for line in open(path) if line.strip() and line[0] != "#"]
    return [row[2:6] for row in rows if row[:2] == [system, cpu]]


def target_of(system, cpu):
    if cpu == "sparcv9":
        return "sparcv9-sun-solaris2.11"
    return cpu + "-" + TARGETS[system]


BSDS = ("freebsd", "netbsd", "openbsd", "dragonfly")


def includes_of(system):
    """Its own declarations, those of the BSDs, and those that all have."""
    return ["-I%s/%s/include" % (HERE, name) for name in (system, *["bsd"] * (system in BSDS), "common")]


def elf_target_of(system, cpu):
    """For objects that are linked here: an ELF object, whatever system's."""
    return LINUX[cpu][0] if system == "darwin" else target_of(system, cpu)


def compile_cell(source, system, cpu, code, output, target, extra=()):
    """With that system's declarations only: the compiler's own headers, and ours."""
    command = [*LAUNCHER, "clang", "-target", target, "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Wshadow", "-Werror",
               "-ffreestanding", "-nostdlibinc", "-fPIC", *extra, "-I" + source + "/src",
               *includes_of(system), '-DSIGPROF_REGS="os/regs/%s-%s.h"' % (system, cpu),
               "-c", code, "-o", output]
    return subprocess.run(command).returncode


HEADERS = ("dirent dlfcn errno fcntl link pthread semaphore sys/file sys/mman sys/resource sys/stat sys/sysctl sys/time "
           "time unistd ").split()
OWN_HEADERS = {"freebsd": "sys/proc sys/syscall sys/user", "netbsd": "lwp sys/exec sys/idtype sys/syscall",
               "openbsd": "sys/exec sys/proc sys/select sys/vmmeter", "dragonfly": "sys/kinfo sys/lwp sys/syscall"}


def assertions(system, cpu, rows):
    yield "#include <stdint.h>\n#include \"os/regs.h\"\n#include <signal.h>\n"
    if any(item.startswith("prmap_t") for _, item, _, _ in rows):
        yield "#include <errno.h>\n#include <fcntl.h>\n#include <procfs.h>\n#include <sys/mman.h>\n"
        yield "#include <dirent.h>\n#include <dlfcn.h>\n#include <link.h>\n#include <pthread.h>\n#include <semaphore.h>\n"
        yield "#include <sys/file.h>\n#include <sys/stat.h>\n#include <unistd.h>\n"
        yield "#include <sys/msacct.h>\n#include <sys/random.h>\n#include <sys/resource.h>\n#include <sys/time.h>\n"
    if any(item.startswith("struct kinfo_proc") for _, item, _, _ in rows):
        for name in HEADERS + OWN_HEADERS[system].split():
            yield "#include <%s.h>\n" % name
    if any(item.startswith("struct sigframe") for _, item, _, _ in rows):
        own = system in ("freebsd", "dragonfly") and cpu != "aarch64"
        yield "#include <machine/%s.h>\n" % ("sigframe" if own else "frame")
    if any(item.startswith("struct mach_header_64") for _, item, _, _ in rows):
        for name in ("dirent", "dlfcn", "errno", "fcntl", "libproc", "mach-o/dyld", "mach-o/loader", "mach/mach",
                     "pthread", "semaphore", "sys/file", "sys/mman", "sys/resource", "sys/stat", "sys/sysctl",
                     "sys/time", "time", "unistd"):
            yield "#include <%s.h>\n" % name
    for kind, item, value, _ in rows:
        if kind == "offset":
            type, _, field = re.fullmatch(r"((?:struct )?\w+)(\.)(.*)", item).groups()
            item = "(long)offsetof(%s, %s)" % (type, field)
        elif kind == "size":
            item = "(long)sizeof(%s)" % item
        yield '_Static_assert(%s == %s, "layouts.tsv");\n' % (item, value)


def do_compile(source, rows, system, cpu, folder):
    path = folder + "/layouts.c"
    with open(path, "w") as file:
        file.writelines(assertions(system, cpu, rows))
    target = target_of(system, cpu)
    failed = compile_cell(source, system, cpu, path, folder + "/layouts.o", target)
    failed |= compile_cell(source, system, cpu, HERE + "/cell.c", folder + "/cell.o", target)
    print("%d numbers of %s hold" % (len(rows), target) if not failed else "they do not hold")
    return failed


def do_headers(source, rows, system, cpu, folder, compiler):
    path = folder + "/layouts.c"
    with open(path, "w") as file:
        file.writelines(assertions(system, cpu, rows))
    command = [*compiler, "-std=gnu11", "-I" + source + "/src", '-DSIGPROF_REGS="os/regs/%s-%s.h"' % (system, cpu),
               "-c", path, "-o", folder + "/layouts.o"]
    failed = subprocess.run(command).returncode
    print("%d numbers hold" % len(rows) if not failed else "they do not all hold")
    return failed


def places(rows, system):
    at = {int(column): int(value) for _, _, value, column in rows if column != "-"}
    yield "#define PLACES {%s}\n" % ", ".join(str(at.get(column, "ON_STACK")) for column in range(max(at) + 1))
    facts = {item: int(value) for _, item, value, _ in rows}
    if system == "darwin":
        yield "#define POINTER_AT %d\n" % facts["ucontext_t.uc_mcontext"]
    if system == "illumos" and "ESP" in facts:
        yield "#define ZERO_AT %d\n" % (facts["ucontext_t.uc_mcontext"] + 4 * facts["ESP"])


def facts(rows):
    for _, item, value, _ in rows:
        yield "#define ABI_%s (%s)\n" % (re.sub(r"\W+", "_", item).strip("_") if item[0] != "_" else item, value)


LINUX = {"x86_64": ("x86_64-linux-gnu", ["gcc"], []), "i386": ("i386-linux-gnu", ["gcc", "-m32", "-isystem", "/usr/include/x86_64-linux-gnu", "-Wno-psabi"], []),
         "aarch64": ("aarch64-linux-gnu", ["aarch64-linux-gnu-gcc"], ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"]),
         "sparcv9": ("sparc64-linux-gnu", ["sparc64-linux-gnu-gcc"], ["qemu-sparc64", "-L", "/usr/sparc64-linux-gnu"])}


def build(source, rows, system, cpu, folder, changes):
    _, compiler, runner = LINUX[cpu]
    if not shutil.which(compiler[0]) or (runner and not shutil.which(runner[0])):
        skip("no %s here" % " or ".join(compiler[:1] + runner[:1]))
    name = "os/regs/%s-%s.h" % (system, cpu)
    text = open(source + "/src/" + name).read()
    for change in changes:
        before, _, after = change.partition("=")
        text, count = re.subn(r"\b%s\b(?=[ ,}])" % before, after, text)
        if not count:
            sys.exit("there is no %s in %s" % (before, name))
    os.makedirs(folder + "/" + os.path.dirname(name))
    open(folder + "/" + name, "w").write(text)
    extra = ["-I" + folder]
    if any("KDIREG" in change for change in changes):
        extra += ["-include", "sys/kdi_regs.h"]
    if cpu == "i386":
        extra += ["-fno-pic"]
    if compile_cell(source, system, cpu, HERE + "/cell.c", folder + "/cell.o",
                    elf_target_of(system, cpu), extra):
        sys.exit("the cell does not compile")
    with open(folder + "/places.h", "w") as file:
        file.writelines(places(rows, system))
    link = compiler + ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-I" + folder, "-I" + source + "/src",
                       '-DSIGPROF_REGS="os/regs/linux-%s.h"' % cpu, '-DSIGPROF_ARCH="arch/%s.h"' % cpu,
                       HERE + "/stand-in.c", folder + "/cell.o",
                       "-no-pie", "-o", folder + "/stand-in"]
    if subprocess.run(link).returncode:
        sys.exit("the stand-in does not link")
    return runner + [folder + "/stand-in"]


def do_backend(source, rows, system, cpu, folder):
    _, compiler, _ = LINUX[cpu]
    defines = ["-D__EXTENSIONS__", "-D_LARGEFILE64_SOURCE", "-D_REENTRANT", '-DSIGPROF_CPU="%s"' % cpu]
    if cpu == "i386":
        defines += ["-fno-pic"]
    for name in (system, system + "-signal", "no-thread-timer", "no-event", "no-linux-calls", "loader-counts",
                 "private-map"):
        if compile_cell(source, system, cpu, "%s/src/os/%s.c" % (source, name), "%s/%s.o" % (folder, name),
                        target_of(system, cpu), defines):
            return 1
    with open(folder + "/facts.h", "w") as file:
        file.writelines(facts(rows))
    link = compiler + ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-I" + folder, "-I" + source + "/src",
                       "%s/backend-%s.c" % (HERE, system), "%s/%s-signal.o" % (folder, system), "-no-pie",
                       "-o", folder + "/backend"]
    if subprocess.run(link).returncode:
        sys.exit("the stand-in does not link")
    return subprocess.run([folder + "/backend"]).returncode


def main():
    layouts, source, what, system, cpu, *changes = sys.argv[1:]
    rows = read_rows(layouts, system, cpu)
    if not rows:
        sys.exit("nothing is known of %s %s" % (system, cpu))
    if what == "headers":
        with tempfile.TemporaryDirectory() as folder:
            return do_headers(source, rows, system, cpu, folder, changes)
    if not shutil.which("clang"):
        skip("no clang here")
    with tempfile.TemporaryDirectory() as folder:
        if what == "compile":
            return do_compile(source, rows, system, cpu, folder)
        if what == "backend":
            return do_backend(source, rows, system, cpu, folder)
        status = subprocess.run(build(source, rows, system, cpu, folder, changes)).returncode
    if what == "run":
        return status
    # A crash would find it out as well, but it is not what is asked for.
    return 0 if status == 1 else 1


if __name__ == "__main__":
    sys.exit(main())
