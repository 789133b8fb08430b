#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""node, where it is harder: a script that comes from no file has names; node takes
its own and the program's code caches as if we were not there.

RUN and FOLD in the environment are the commands.
"""
import os
import subprocess
import tempfile

import lib

SPIN = """
function spin(n) { let s = 0; for (let i = 0; i < n; i++) s = (s * 31 + i) | 0; return s; }
"""
RUN_SPIN = "console.log(spin(500000000)); process.exitCode = 3;"
CACHE = """
const vm = require('vm'), fs = require('fs'), file = process.argv[2];
const cachedData = fs.existsSync(file) ? fs.readFileSync(file) : undefined;
const script = new vm.Script('(function f(n) { return n * 2; })(4)', { cachedData });
console.log(script.runInThisContext(), script.cachedDataRejected);
console.log(require('v8').cachedDataVersionTag());
if (process.argv[3])
  fs.writeFileSync(file, script.createCachedData());
"""


def check_named(what, command):
    profile = lib.Profile(command)
    profile.check_untouched(lib.run_plain(command))
    assert profile.run.returncode == 3, profile.run
    total = sum(profile.stacks.values())
    named = profile.weight(lambda stack: "spin" in stack)
    unknown = profile.weight(lambda stack: "[unknown]" in stack)
    print(f"{what}: {named} of {total} samples in spin, {unknown} with an unknown frame")
    lib.likely(named > 0.5 * total and unknown <= 0.02 * total, what)


def check_cache(node, folder):
    script = os.path.join(folder, "cache.js")
    file = os.path.join(folder, "cache")
    with open(script, "w", encoding="ascii") as out:
        out.write(CACHE)
    subprocess.run([node, script, file, "write"], check=True, capture_output=True)
    command = [node, script, file]
    plain = lib.run_plain(command)
    assert plain.stdout.startswith("8 false\n"), plain
    lib.Profile(command).check_untouched(plain)
    lib.Profile([*command, "write"]).check_untouched(plain)
    assert lib.run_plain(command).stdout == plain.stdout  # what was written then is good
    print("code caches are taken and made")


def main():
    node = lib.need("node")
    version = subprocess.run([node, "-p", "process.versions.node"], check=True,
                             capture_output=True, text=True).stdout
    major = int(version.split(".")[0])
    with tempfile.TemporaryDirectory() as folder:
        check = lib.more_than_chance
        check(lambda _: check_named("--eval", [node, "-e", SPIN + RUN_SPIN]))
        if major >= 20:
            entry = os.path.join(folder, "entry.js")
            blob = os.path.join(folder, "blob")
            with open(entry, "w", encoding="ascii") as out:
                out.write(SPIN + "require('v8').startupSnapshot."
                          "setDeserializeMainFunction(() => {" + RUN_SPIN + "});")
            subprocess.run([node, "--snapshot-blob", blob, "--build-snapshot", entry],
                           check=True, capture_output=True)
            check(lambda _: check_named("a snapshot", [node, "--snapshot-blob", blob]))
        if major <= 22:
            check_cache(node, folder)
        else:
            print("code caches: left out, this V8 does not show its flags")


main()
