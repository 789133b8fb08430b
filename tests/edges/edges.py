# SPDX-License-Identifier: BSD-2-Clause
"""Runs one case: edges.py NUMBER-WORDS, as a line of cases.tsv names it."""
import importlib
import os
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
FILES = ("mapped", "symbols", "names", "frames", "processes", "jitted", "files",
         "views")


def rows():
    with open(os.path.join(HERE, "cases.tsv"), encoding="utf-8") as table:
        return [line.rstrip("\n").split("\t") for line in table
                if not line.startswith("#")]


def functions():
    """number -> what tests it; each number once."""
    found = {}
    for name in FILES:
        for key, value in vars(importlib.import_module(name)).items():
            if key.startswith("case_"):
                number = key.split("_")[1]
                assert number not in found, "two tests of case " + number
                found[number] = value
    return found


def main():
    import lib
    table = {"%s-%s" % (row[0], row[1]): row for row in rows()}
    number, _, promise = table[sys.argv[1]]
    folder = tempfile.mkdtemp(prefix="sigprof-edges.")
    os.chdir(folder)
    os.environ["XDG_CACHE_HOME"] = folder + "/cache"
    print("case %s: %s" % (sys.argv[1], promise))
    try:
        functions()[number]()
    finally:
        os.chdir("/")
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if lib.failures else 0)


main()
