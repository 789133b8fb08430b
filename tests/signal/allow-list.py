#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The handler reaches nothing off the allow-list: shown by the built objects.

usage: allow-list.py LIST LIBSIGPROF.SO PRELOAD.SO OBJECT...

OBJECTs are those whose code runs inside the signal. What they import and do not
define among themselves must be in LIST, with a reason. The shared libraries must
bind every call before main, and have no thread-local storage that is allocated
at first use. What the list lets through by name in the library itself (small
readers of a flag) is followed too: those functions may call nothing. Calls are
told from other instructions on x86 only. $NM, $OBJDUMP, $READELF: that CPU's.
"""
import fnmatch
import os
import re
import subprocess
import sys


TABLES = ("_GLOBAL_OFFSET_TABLE_", ".TOC.")  # the linker's, of addresses
X86 = os.environ.get("CPU", "x86_64") in ("x86_64", "i386")


def lines(*command):
    command = (os.environ.get(command[0].upper(), command[0]),) + command[1:]
    return subprocess.run(command, check=True, capture_output=True,
                          text=True).stdout.splitlines()


def read_list(path):
    allowed, maybe, pointers, bad = {}, set(), set(), []
    for line in open(path):
        line = line.split("#")[0].strip()
        if not line:
            continue
        parts = line.split(None, 2)
        if len(parts) < 3 or parts[0] not in ("call", "data", "maybe",
                                                "pointer",
                                                "maybe-pointer"):
            bad.append(line)
        elif parts[0].endswith("pointer"):
            pointers.add(parts[1])
            if parts[0] == "maybe-pointer":
                maybe.add(parts[1])
        else:
            allowed[parts[1]] = parts[2]
            if parts[0] == "maybe":
                maybe.add(parts[1])
    return allowed, maybe, pointers, bad


def main():
    list_path, library, preload, *objects = sys.argv[1:]
    allowed, maybe, pointers, faults = read_list(list_path)
    faults = ["%s: a line without a reason: %s" % (list_path, f) for f in faults]
    if len(objects) < 5:
        sys.exit("no objects to look at")
    defined, wanted = set(), {}
    for path in objects:
        for line in lines("nm", path):
            if line.split() == ["U"]:  # SPARC's mark of a global register in use
                continue
            kind, name = line.split()[-2:]
            if kind in "Uwv":
                wanted.setdefault(name, path)
            else:
                defined.add(name)
    if "sigprof__handler" not in defined:
        sys.exit("sigprof__handler is not among the objects")
    imports = {n: p for n, p in wanted.items()
               if n not in defined and n not in TABLES}
    for name, path in sorted(imports.items()):
        known = [n for n in allowed if fnmatch.fnmatchcase(name, n)]
        if known:
            name = known[0]
            print("%-30s %s" % (name, allowed[name]))
        else:
            faults.append("%s imports %s, which is not on the allow-list"
                          % (path, name))
    for name in sorted(set(allowed) - set(imports) - maybe):
        faults.append("%s is on the list and nobody imports it" % name)

    used = set()
    for path in objects if X86 else []:
        if any(re.search(r"\tcallq?\s+\*", line)
               for line in lines("objdump", "-d", "--no-show-raw-insn", path)):
            used.add(re.sub(r"\.o$", "", path.split("/")[-1]))
    for name in sorted(used - pointers):
        faults.append("%s calls through a pointer" % name)
    for name in sorted(pointers - used - maybe if X86 else []):
        faults.append("%s is on the list and calls through no pointer" % name)

    for path in (library, preload):
        dynamic = "\n".join(lines("readelf", "-dW", path))
        if not re.search(r"BIND_NOW|Flags:.*\bNOW\b", dynamic):
            faults.append("%s binds lazily" % path)
        for line in lines("readelf", "-rW", path):
            if re.search(r"DTPMOD|DTPOFF|TLSDESC", line):
                faults.append("%s allocates thread-local storage: %s"
                              % (path, line.split()[-1]))
    # Weak or strong, a call to the lazy allocator of thread-local storage.
    for line in lines("nm", "-D", "--undefined-only", library):
        if "__tls_get_addr" in line:
            faults.append("%s imports __tls_get_addr" % library)

    # The library's own readers on the list: their code has no call.
    code = "\n".join(lines("objdump", "-d", "--no-show-raw-insn", library))
    for name in sorted(allowed):
        if not name.startswith("sigprof__") or name == "sigprof__foreign_tick":
            continue
        body = re.search(r"^[0-9a-f]+ <%s>:\n(.*?)(\n\n|\Z)" % name, code,
                         re.S | re.M)
        if not body:
            faults.append("%s: not found in %s" % (name, library))
        elif X86 and re.search(r"\tcall(?!.*get_pc_thunk)|"
                               r"\tjmp .*<(?!%s[+>])" % name, body.group(1)):
            faults.append("%s: makes a call" % name)

    for fault in faults:
        print(fault, file=sys.stderr)
    sys.exit(1 if faults else 0)


main()
