#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Machines that tell nobody the names of their functions: output and status are those
without us, all CPU time is accounted for, and of what there is in C the names are
right.

usage: silent.py MACHINE
"""
import os
import sys

import lib

HERE = os.path.dirname(os.path.abspath(__file__))
COUNT = {"luajit": 600, "ruby": 80, "guile": 25}
CASES = {
    "luajit": ["luajit", "silent.lua"],
    "ruby": ["ruby", "silent.rb"],
    "guile": ["guile", "--no-auto-compile", "silent.scm"],
}


def judge(machine, longer):
    command = [*CASES[machine], str(longer * COUNT[machine])]
    command[0] = lib.need(command[0])
    command[-2] = os.path.join(HERE, command[-2])
    plain = lib.run_plain(command)
    profile = lib.Profile(command)
    assert plain.returncode == 3 and plain.stdout.strip().isdigit(), plain
    profile.check_untouched(plain)
    profile.check_sheet()
    total = sum(profile.stacks.values())
    rooted = profile.weight(lambda stack: "_start" in stack)
    print(f"{rooted} of {total} samples from _start")
    lib.likely(total > 50, total)
    lib.likely(machine != "ruby" or rooted > 0.9 * total, rooted)


lib.more_than_chance(lambda longer: judge(sys.argv[1], longer))
