#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""node computing MD5 sums, without any option to node: one stack from _start by the
names of JavaScript's functions down to OpenSSL and malloc.

RUN and FOLD in the environment are the commands.
"""
import os
import re

import lib

HERE = os.path.dirname(os.path.abspath(__file__))
ALLOCATOR = re.compile(r"(malloc|free|calloc|realloc|cfree|_int_\w+|malloc_\w+|"
                       r"unlink_chunk.*|tcache_\w+|__libc_(malloc|free))$")
FAULTY = re.compile(r"\[unknown\]|\[truncated|\[no stack\]|\[damaged\]|.*\+0x")
CHAIN = ["_start", "node::Start(int, char**)", "Builtins_JSEntry",
         "(anonymous) md5.js:1", "main_loop"]


def goes_through(stack, names):
    rest = iter(stack)
    return all(name in rest for name in names)


def percent(part, whole):
    return f"{part} of {whole} samples, {100 * part / whole:.1f} %"


def judge(longer):
    count = str(longer * (1200000 if lib.LONG else 400000))
    command = [lib.need("node"), os.path.join(HERE, "md5.js"), count]
    profile = lib.Profile(command)
    profile.check_untouched(lib.run_plain(command))
    profile.check_sheet()
    total = sum(profile.stacks.values())
    lib.likely(total >= 200, total)

    faulty = profile.weight(lambda stack: any(map(FAULTY.match, stack)))
    print("unnamed or cut:", percent(faulty, total))
    lib.likely(faulty < 0.01 * total, faulty)

    # What the program does is under main_loop, by the whole chain.
    begun = profile.weight(lambda stack: "main_loop" in stack)
    whole = profile.weight(lambda stack: goes_through(stack, CHAIN))
    print("from _start through C++ and JavaScript:", percent(whole, begun))
    lib.likely(begun > 0.5 * total and whole >= 0.99 * begun, begun, whole)

    deep = profile.weight(
        lambda stack: goes_through(stack, CHAIN + ["EVP_DigestFinal_ex"]) and
        re.search("md5_block|MD5_", stack[-1]))
    print("down to OpenSSL's MD5:", percent(deep, total))
    lib.likely(deep > 0.02 * total, deep)

    leaves = profile.weight(
        lambda stack: stack[1] == "_start" and ALLOCATOR.match(stack[-1]))
    under = profile.weight(
        lambda stack: ALLOCATOR.match(stack[-1]) and goes_through(stack, CHAIN))
    print("malloc and free under the function that caused them:",
          percent(under, leaves))
    lib.likely(leaves > 0.05 * total and under >= 0.85 * leaves, leaves, under)


lib.more_than_chance(judge)
