# SPDX-License-Identifier: BSD-2-Clause
"""What is mapped where: cases 1 to 10, and 40 to 43."""
import ctypes
import os
import re
import shutil
import struct
import zipfile

from lib import (BASE, Said, address_of, assemble, build_id, check, compile_c, fold, make,
                 module_line, need, need_library, profile_of, record, run, same, sample, scene, skip,
                 stacks, tail, tool)

CALLS = ["main", "play", "caller", "leaf"]

LIBRARY = """
__attribute__((noinline)) void %s(void (*callback)(void))
{
    callback();
    __asm__ volatile("");
}
void hot(void (*callback)(void))
{
    %s(callback);
    __asm__ volatile("");
}
"""


def named(binary, *words, **more):
    """Its calls, as recorded and named; play() may be inlined into main()."""
    found = stacks(record("./" + binary, *(words or ["calls"]), **more))
    same(len(found), 1, "stacks of %s: %s" % (binary, found))
    names = [name for name in found[0].split(";") if name in CALLS + ["remap"]]
    return [name for name in names if name != "play"]


def case_01():
    scene("pie", "-pie", "-fPIE")
    first, second = (stacks(record("./pie", "calls", out=name + ".sigprof"))
                     for name in ("one", "two"))
    check(first and tail(first[0], 2) == ["caller", "leaf"], "names: %s" % first)
    same(first, second, "the second run")
    first, second = (stacks(name + ".sigprof", "--by", "address")
                     for name in ("one", "two"))
    check(first and "+0x" in first[0], "addresses: %s" % first)
    same(first, second, "addresses in the file")
    said = [Said("--info", name + ".sigprof").out for name in ("one", "two")]
    with open("/proc/sys/kernel/randomize_va_space", encoding="utf-8") as setting:
        if setting.read().strip() != "0":
            lows = [re.findall(r"0x[0-9a-f]+", text) for text in said]
            check(lows[0] and lows[0] != lows[1], "both at one address")
    same(len(fold("--cache", "none", "--focus", "^leaf$", "one.sigprof",
                  "two.sigprof")), len(fold("--cache", "none", "--focus",
                                            "^leaf$", "one.sigprof")),
         "lines of both together")


def text_bias(binary):
    """Address less offset of the segment with the code."""
    for line in run(["readelf", "-lW", binary]).splitlines():
        word = line.split()
        if word[:1] == ["LOAD"] and "E" in "".join(word[6:-1]):
            return int(word[2], 16) - int(word[1], 16)
    raise SystemExit(binary + " has no code")


def case_02():
    scene("fixed", "-no-pie")
    same(named("fixed"), ["main", "caller", "leaf"], "no PIE")
    scene("high", "-no-pie", "-Wl,-Ttext-segment=0x7000000")
    same(named("high"), ["main", "caller", "leaf"], "a text segment elsewhere")
    for linker in "lld", "gold":
        if not tool("ld." + linker):
            if linker == "lld":
                skip("no lld")
            continue
        scene(linker, "-fuse-ld=" + linker, "-pie", "-fPIE")
        check(linker == "gold" or text_bias(linker) != 0,
              linker + ": address and offset are the same")
        same(named(linker), ["main", "caller", "leaf"], linker)
    scene("huge", "-pie", "-fPIE", "-Wl,-z,max-page-size=0x200000",
          "-Wl,-z,separate-code")
    same(named("huge"), ["main", "caller", "leaf"], "aligned for huge pages")


def case_03():
    scene("static", "-static-pie", "-fPIE", "-I", os.environ["INCLUDE"],
          "-Wl,-u,sigprof_version", os.environ["ARCHIVE"], "-ldl", "-lm")
    check("INTERP" not in run(["readelf", "-lW", "static"]), "it has an interpreter")
    same(named("static", linked=True), ["main", "caller", "leaf"], "static PIE")


def vdso():
    """The image in this process, which is the command's too: its bytes."""
    need_library()
    with open("/proc/self/maps", encoding="utf-8") as maps:
        for line in maps:
            if line.rstrip().endswith("[vdso]"):
                low, high = (int(x, 16) for x in line.split()[0].split("-"))
                return ctypes.string_at(low, high - low)
    return skip("no vDSO")


def case_04():
    with open("image", "wb") as out:
        out.write(vdso())
    functions = {}
    for line in run(["readelf", "--dyn-syms", "-W", "image"]).splitlines():
        word = line.split()
        if len(word) >= 8 and word[3] == "FUNC" and int(word[2], 0):
            functions.setdefault(int(word[1], 16), []).append(word[7].split("@")[0])
    check(functions, "no function")
    for identity, wanted in ((build_id("image"), True), ("ab" * 20, False)):
        make(["module 1 0x%x 0x%x 0x%x 0 2 %s [vdso]" %
              (BASE, BASE + 0x4000, BASE, identity), "reset"] +
             [sample(BASE + at) for at in sorted(functions)] + ["end 2000"])
        said = Said("--cache", "none", "edge.sigprof")
        names = {line.split(";")[1].rsplit(" ", 1)[0] for line in said.lines}
        if wanted:
            check(all(any(name in names for name in aliases)
                      for aliases in functions.values()), "names: %s" % names)
        else:
            same(names, {"[vdso]+0x%x" % at for at in functions}, "of another kernel")
        same(said.status, 0, "status")


def case_05():
    scene("gone", "-pie", "-fPIE", "-Wl,--build-id=sha1")
    shutil.copy("gone", "kept")
    record("./gone", "unlink")
    # A decoy where nobody may look: the name as the kernel writes it.
    shutil.copy("kept", "gone (deleted)")
    said = Said("--cache", "none", "--focus", "gone", "p.sigprof")
    check(any(";gone+0x" in line for line in said.lines), "offsets: %s" % said.lines)
    check("(deleted)" not in said.out, "shown with the suffix")
    check(not any("leaf" in line for line in said.lines), "the decoy was opened")
    folder = "debug/.build-id/" + build_id("kept")[:2]
    os.makedirs(folder)
    run(["objcopy", "--only-keep-debug", "kept",
         "%s/%s.debug" % (folder, build_id("kept")[2:])])
    found = Said("--cache", "none", "--debug-dir", os.path.abspath("debug"),
                 "--focus", "^leaf$", "p.sigprof").lines
    check(found and ";caller;leaf;" in found[0], "by its build-id: %s" % found)
    # And where the recording itself has the suffix.
    make([module_line("kept").replace("/kept", "/gone (deleted)"), "reset",
          sample(BASE + address_of("kept", "leaf")), "end 2000"])
    said = Said("--cache", "none", "edge.sigprof")
    check(said.lines[0].startswith("p;gone+0x"), "recorded so: %s" % said.lines)


def case_06():
    scene("tool", "-pie", "-fPIE", "-Wl,--build-id=sha1")
    old = build_id("tool")
    record("./tool", "calls")
    scene("tool", "-pie", "-fPIE", "-Wl,--build-id=sha1", "-DUPGRADED", "-O2", "-g")
    new = build_id("tool")
    check(old != new, "one build-id of two builds")
    said = Said("--cache", "none", "p.sigprof")
    same(said.status, 0, "status")
    check(any(";tool+0x" in line for line in said.lines) and ";leaf;" not in said.out,
          "names of another build: %s" % said.lines)
    lines = said.err.splitlines()
    check(len(lines) == 1 and old in lines[0] and new in lines[0] and
          " frames stay tool+0x" in lines[0], "said: " + said.err)
    same(Said("--cache", "none", "--strict", "p.sigprof").status, 3, "--strict")


def case_07():
    scene("plain", "-pie", "-fPIE", "-Wl,--build-id=none")
    same(named("plain"), ["main", "caller", "leaf"], "no build-id")
    os.utime("plain")  # touched behind the recording: it may be another build
    said = Said("--cache", "none", "--focus", "^leaf$", "p.sigprof")
    check(";caller;leaf;" in said.out, "names: %s" % said.lines)
    check("/plain: not verified: " in said.err, "not said: %r" % said.err)
    same(len(said.err.splitlines()), 1, "lines said")
    same(Said("--cache", "none", "--strict", "p.sigprof").status, 3, "--strict")
    # Another file that was put in its place, however old it says it is.
    scene("plain", "-pie", "-fPIE", "-Wl,--build-id=none")
    named("plain")
    shutil.copy("plain", "other")
    os.utime("other", (1, 1))
    os.replace("other", "plain")
    said = Said("--cache", "none", "p.sigprof")
    check("/plain: not verified: " in said.err, "replaced: %r" % said.err)


def case_08():
    scene("inside", "-pie", "-fPIE", "-Wl,--build-id=sha1")
    record("./inside", "calls")
    root = "root" + os.getcwd()
    os.makedirs(root)
    # Another file system has another device and inode: the build-id decides.
    shutil.copy("inside", root + "/inside")
    os.remove("inside")
    shutil.copy(shutil.which("true"), "inside")  # the host's, of that name
    said = Said("--cache", "none", "p.sigprof")
    check(";leaf;" not in said.out, "the host's file was believed")
    for other in "/lib", "/lib64", "/usr":
        if not os.path.exists("root" + other):
            os.symlink(other, "root" + other)
    found = Said("--cache", "none", "--symfs", os.path.abspath("root"), "--focus",
                 "^leaf$", "p.sigprof")
    check(";caller;leaf;" in found.out, "--symfs: %s" % found.lines)


def case_09():
    scene("loader", "-pie", "-fPIE", "-rdynamic")
    paths = []
    for name in "first", "second":
        compile_c("lib%s.so" % name, LIBRARY % (2 * (name,)), "-shared", "-fPIC",
                  "-fno-optimize-sibling-calls", "-Wl,--build-id=sha1")
        paths.append(os.path.abspath("lib%s.so" % name))
    found = stacks(record("./loader", "libraries", *paths))
    same([tail(stack, 3) for stack in found],
         [["hot", "first", "leaf"], ["hot", "second", "leaf"]],
         "each while it was there")
    # At one address for certain, as times say.
    lines = [module_line(paths[0], 1, time=0), "unload 1 3000",
             module_line(paths[1], 2, time=3000), "reset"]
    for at, name in (1000, 0), (3000, 1):
        lines.append(sample(BASE + address_of(paths[name], "hot"), time=at))
    same(address_of(paths[0], "hot"), address_of(paths[1], "hot"), "addresses")
    first = address_of(paths[0], "first")
    same(first, address_of(paths[1], "second"), "addresses")
    lines += [sample(BASE + first, time=time) for time in (2999, 3000, 2000)]
    same(fold("--cache", "none", make(lines + ["end 9000"])),
         ["p;first 2", "p;hot 2", "p;second 1"], "named by the time")


def case_10():
    scene("remapped", "-pie", "-fPIE")
    same(named("remapped", "remap"), ["main", "remap", "caller", "leaf"],
         "text in anonymous pages")
    # Pieces of one file, said one by one, are one module.
    binary = compile_c("pieces", "int main(void) { return 0; }")
    main = address_of("pieces", "main")
    page = main & ~0xfff
    lines = ["module %d 0x%x 0x%x 0x%x 0 1 %s %s" %
             (number, BASE + low, BASE + high, BASE, build_id(binary),
              os.path.abspath(binary))
             for number, low, high in ((1, 0, page), (2, page, page + 0x1000),
                                       (3, page + 0x1000, page + 0x9000))]
    same(fold("--cache", "none", make(lines + ["reset", sample(BASE + main),
                                               "end 2000"])), ["p;main 1"], "a piece")


def case_41():
    assemble("libinner.so", """
    .text
    .globl inside
    .type inside, @function
inside:
    nop
    ret
    .size inside, . - inside
""", "-g")
    at = address_of("libinner.so", "inside")
    with zipfile.ZipFile("app.zip", "w") as archive:
        archive.writestr("assets/text", "x" * 5000)
        archive.write("libinner.so", "lib/x86_64/libinner.so", zipfile.ZIP_STORED)
        archive.write("libinner.so", "packed.so", zipfile.ZIP_DEFLATED)
    for path, wanted in (("app.zip!/lib/x86_64/libinner.so", "inside"),
                         ("app.zip!/no/such.so", "such.so+0x%x" % at),
                         ("app.zip!/packed.so", "packed.so+0x%x" % at)):
        profile = make(["module 1 0x%x 0x%x 0x%x 0 0 - %s/%s" %
                        (BASE, BASE + 0x10000, BASE, os.getcwd(), path), "reset",
                        sample(BASE + at), "end 2000"])
        same(Said("--cache", "none", profile).lines, ["p;%s 1" % wanted], path)
    # A hostile archive: any of its offsets can be anything.
    with open("app.zip", "rb") as archive:
        sound = archive.read()
    end = sound.rindex(b"PK\x05\x06")
    for where in list(range(end, len(sound))) + \
            list(range(struct.unpack_from("<I", sound, end + 16)[0], end)):
        damaged = bytearray(sound)
        damaged[where] = 0xff
        if where % 7 == 0:
            with open("app.zip", "wb") as archive:
                archive.write(damaged)
            said = Said("--cache", "none", make(
                ["module 1 0x%x 0x%x 0x%x 0 0 - %s/app.zip!/lib/x86_64/libinner.so"
                 % (BASE, BASE + 0x10000, BASE, os.getcwd()), "reset",
                 sample(BASE + at), "end 2000"]))
            check(said.status == 0 and len(said.lines) == 1,
                  "byte %d: status %d" % (where, said.status))


def case_42():
    binary = compile_c("user", "int main(void) { return 0; }")
    stack = [address_of("user", "main")]
    lines = [module_line(binary), "reset",
             sample(BASE + stack[0] + 1, 0xffffffff81000000),
             sample(BASE + stack[0] + 1, 0xffffffffc0123456), "end 2000"]
    same(fold("--cache", "none", make(lines)), ["p;main;[kernel] 2"], "one frame")
    same(fold("--cache", "none", "--annotate", "edge.sigprof"),
         ["p;main;[kernel]_[k] 2"], "--annotate")


def case_43():
    binary = compile_c("wild", "int main(void) { return 0; }")
    need("gcc")
    pcs = [0x10, 0x7fffffff0000] + [0x100000 + 4096 * i for i in range(100)]
    profile_of(binary, [])
    make([module_line(binary), "reset"] + [sample(pc) for pc in pcs] + ["end 2000"])
    same(fold("--cache", "none", "edge.sigprof"), ["p;[unknown] %d" % len(pcs)],
         "one box")
    found = fold("--cache", "none", "--by", "address", "edge.sigprof")
    same(set(found), {"p;[unknown 0x%x] 1" % pc for pc in pcs}, "--by address")
    # Below 16 there are no addresses in the format: a NULL call is as low as can be.
    make([module_line(binary), "reset", sample(0), sample(1), "end 2000"])
    same(fold("--cache", "none", "edge.sigprof"), ["p;[unknown] 2"], "0 and 1")
