#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every row of .ARM.exidx, as readelf -u prints it, against ours.

usage: ehabi_oracle.py READELF EHABI-ROWS FILE...; of the cross compiler's C
library beside the files, too. readelf prints what each instruction does; from that a
frame is made here, and compared with the one that ehabi-rows prints. Of entries with a
personality routine of their own it prints nothing: those are counted.
"""
import os
import re
import subprocess
import sys

NAMES = {"fp": 11, "ip": 12, "sp": 13, "lr": 14, "pc": 15}
LIBRARIES = ("libc.so.6", "ld-linux-armhf.so.3", "libgcc_s.so.1", "libstdc++.so.6")


def skip(why):
    print("skipped:", why)
    sys.exit(1 if os.environ.get("SIGPROF_REQUIRE_ALL") == "1" else 77)


def frame_of(instructions):
    """What the instructions, as readelf has them, come to, as ehabi-rows prints it."""
    base, sp, saved = 13, 0, {}
    for text in instructions:
        move = re.fullmatch(r"vsp = vsp ([+-]) (\d+)", text)
        copied = re.fullmatch(r"vsp = r(\d+)", text)
        popped = re.fullmatch(r"pop \{(.*)\}", text)
        if text == "finish":
            break
        if move:
            sp += int(move[1] + move[2])
        elif copied:
            if saved:
                return "bad"
            base, sp = int(copied[1]), 0
        elif popped:
            fstmx = False
            begin = sp
            for name in popped[1].split(", "):
                number = NAMES.get(name, None)
                if number is None and name[0] == "r":
                    number = int(name[1:])
                if number is None:
                    if name[0] not in "Dw":
                        return "unknown " + text
                    sp += 8
                    continue
                saved[number] = sp
                sp += 4
            if 13 in saved:
                sp = begin
        elif text == "Refuse to unwind":
            return "cantunwind"
        else:
            return "unknown " + text
    if 15 in saved:
        saved[14] = saved.pop(15)
    return " ".join(["r%d%+d" % (base, sp)] +
                    ["r%d@%d" % (number, saved[number] - sp) for number in sorted(saved)])


def rows_of_readelf(readelf, path):
    text = subprocess.run([readelf, "-u", path], env=dict(os.environ, LC_ALL="C"), text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    address, instructions = None, []
    for line in text.splitlines():
        title = re.match(r"(0x[0-9a-f]+)(?: <.*>)?: (.*)", line)
        # FSTMX, which stores a word more, has the same text as VPUSH: the byte tells.
        one = re.match(r"  ((?:0x[0-9a-f]{2} ?)+)\s+(.*)", line)
        if title:
            if address is not None:
                yield address, instructions
            address = int(title[1], 16)
            instructions = ["cantunwind"] if "cantunwind" in title[2] else []
        elif "Personality routine:" in line:
            instructions = None
        elif one and address is not None and instructions is not None:
            instructions.append(one[2].strip())
            first = int(one[1].split()[0], 16)
            if first == 0xb3 or 0xb8 <= first <= 0xbf:
                instructions.append("vsp = vsp + 4")
    if address is not None:
        yield address, instructions


def check(readelf, rows, path):
    command = os.environ.get("SIGPROF_TEST_EMULATOR", "").split() + [rows, path]
    ours = {}
    for line in subprocess.check_output(command, text=True).splitlines():
        address, frame = line.split(" ", 1)
        ours[int(address, 16)] = frame
    count = wrong = untold = 0
    for address, instructions in rows_of_readelf(readelf, path):
        count += 1
        if instructions is None:
            untold += 1
            wrong += ours.get(address) in (None, "bad", "cantunwind")
            continue
        wanted = "cantunwind" if instructions == ["cantunwind"] else frame_of(instructions)
        if ours.get(address) != wanted:
            wrong += 1
            if wrong <= 10:
                print("%s: %#x: readelf says %s, we say %s" % (path, address, wanted, ours.get(address)))
    if count != len(ours):
        print("%s: %d rows, of which readelf prints %d" % (path, len(ours), count))
        wrong += 1
    print("%s: %d rows, %d differ, %d are not told" % (path, count, wrong, untold))
    return count - untold, wrong


def main():
    readelf, rows, files = sys.argv[1], sys.argv[2], sys.argv[3:]
    emulator = os.environ.get("SIGPROF_TEST_EMULATOR", "").split()
    root = emulator[emulator.index("-L") + 1] if "-L" in emulator else ""
    for name in LIBRARIES:
        path = root + "/lib/" + name
        if os.path.exists(path):
            files.append(path)
    results = [check(readelf, rows, path) for path in files]
    if sum(count for count, _ in results) == 0:
        skip("readelf -u prints no row")
    sys.exit(any(wrong for _, wrong in results))


main()
