#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Real programs of this machine, with the profiler and without.

For each: the same exit status and output, at least 99 % of the samples complete
to the entry point, a balance sheet that closes, folded text that flamegraph.pl
draws without a complaint, and, where perf may be used, the same user-space top
functions as `perf record -e cpu-clock`.

usage: programs.py BUILD-FOLDER [NAME ...]
SIGPROF_TEST_LONG=1 runs everything longer; SIGPROF_REQUIRE_ALL=1 makes a missing
program a failure instead of a line that says so.
"""
import collections
import glob
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile

HZ = 997
LONG = bool(os.environ.get("SIGPROF_TEST_LONG"))
TIMES = 4 if LONG else 1
TOP = 10
Z_LIMIT = 4.5  # some thirty comparisons a run: 3 would fail once in ten runs
ATTEMPTS = 4   # a busy machine changes what a program waits for in its caches
SQL = """
create table t(a integer primary key, b text, c integer);
insert into t with recursive n(x) as
  (select 1 union all select x + 1 from n where x < {rows})
  select x, hex(x * 7919), x * 31 % 1009 from n;
create index i on t(b);
select c, count(*), max(b) from t group by c order by 2 desc, 1 limit 5;
select count(*) from t x join t y on x.c = y.a where x.b < y.b;
select sum(length(replace(b, '3', 'xyz'))) from t;
"""


def c_source(functions):
    """A file that keeps a compiler busy: loops, switches, structs."""
    out = ["#include <stdlib.h>", "struct s { int a, b; double c; char d[9]; };"]
    for i in range(functions):
        out.append(
            "double f%d(struct s *p, int n) { double r = 0; for (int i = 0; i < n; i++) {"
            " switch ((p[i].a + %d) %% 7) { case 0: r += p[i].c; break; case 1: p[i].b ^= %d;"
            " break; case 2: r *= 1.5; break; case 3: for (int j = 0; j < 9; j++) p[i].d[j] +="
            " (char)(j * %d); break; default: r -= p[i].a / (1.0 + p[i].b); } } return r %s; }"
            % (i, i, i * 37, i, "+ f%d(p, n / 2)" % (i - 1) if i else ""))
    return "\n".join(out)


class Case:
    def __init__(self, name, command, stdin=None, same=lambda text: text, needs=None):
        self.name = name
        self.command = command
        self.stdin = stdin
        self.same = same  # what of the output has to be equal
        self.needs = needs or command[0]


def without_numbers(text):
    return re.sub(rb"[0-9.]+k?", b"#", text)


def cases(folder):
    def write(name, text):
        path = os.path.join(folder, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    source = write("large.c", c_source(400 * TIMES))
    query = write("query.sql", SQL.format(rows=250000 * TIMES))
    big = os.path.join(folder, "big")
    with open(big, "wb") as out:
        size = 0
        for path in sorted(glob.glob("/usr/lib/x86_64-linux-gnu/lib[a-m]*.so.*")):
            if size > (8 << 20) * TIMES:
                break
            with open(path, "rb") as file:
                size += out.write(file.read())
    loop = 2500000 * TIMES
    seconds = str(TIMES)
    return [
        Case("sqlite3", ["sqlite3", ":memory:"], stdin=query),
        Case("xz", ["xz", "-6", "-T1", "-k", "-c", big]),
        Case("openssl", ["openssl", "speed", "-seconds", seconds, "-bytes", "8192",
                         "-evp", "aes-256-gcm"], same=without_numbers),
        Case("openssl-rsa", ["openssl", "speed", "-seconds", seconds, "rsa2048"],
             same=without_numbers),
        Case("python3", ["/usr/bin/python3", "-c",
                         "d={}\nfor i in range(%d): d[i%%997]=d.get(i%%997,0)+len(str(i))\n"
                         "print(sum(d.values()))" % loop]),
        Case("gcc", ["gcc", "-O2", "-S", "-o", "-", source]),
        Case("perl", ["perl", "-e",
                      "my %%h; $h{$_ %% 997} .= substr(\"$_\", 0, 2) for 1..%d; "
                      "my $n = 0; $n += length for values %%h; print \"$n\\n\"" % loop]),
    ]


class Failure(Exception):
    pass


def check(condition, message):
    if not condition:
        raise Failure(message)


def run(case, environment=None):
    stdin = open(case.stdin, "rb") if case.stdin else subprocess.DEVNULL
    done = subprocess.run(case.command, stdin=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env=environment)
    return done.returncode, done.stdout, done.stderr


def fold(build, *arguments):
    done = subprocess.run([os.path.join(build, "src/fold/sigprof-fold"), *arguments],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    check(done.returncode == 0, "sigprof-fold %s: %d %s"
          % (" ".join(arguments), done.returncode, done.stderr.decode()))
    return done.stdout.decode()


def sheet_of(build, files):
    return {key: float(value) for key, value in
            (line.split() for line in fold(build, "--stats", *files).splitlines()
             if len(line.split()) == 2)}


def libc_aliases():
    """Names of one address, to the first of them: either tool may choose any."""
    by_address = collections.defaultdict(list)
    for path in glob.glob("/lib/x86_64-linux-gnu/libc.so.6"):
        for line in subprocess.run(["nm", "-D", "--defined-only", path],
                                   stdout=subprocess.PIPE).stdout.decode().splitlines():
            fields = line.split()
            if len(fields) == 3:
                by_address[fields[0]].append(fields[2].split("@")[0])
    return {name: min(names) for names in by_address.values() for name in names}


ALIASES = libc_aliases()


def leaf_name(frame):
    """As both tools spell it: functions without a name count by module, without
    its version; no parameters; one of the C library's aliases."""
    module = re.match(r"(.*?\.so)[.0-9]*\+(0x[0-9a-f]+)?$", frame)
    if module:
        return module.group(1) + "+"
    name = re.sub(r"\+0x[0-9a-f]+$", "+", frame)
    name = re.sub(r"\(.*", "", name) or name
    name = name.replace("memmove_", "memcpy_")  # one function, two local names
    name = ALIASES.get(name.split("@")[0], name.split("@")[0])
    return re.sub(r"^_+(GI_+)?", "", name) or name


# What perf sees of a function of an interpreter's program.
LOOPS = {"python3": "PyEval_EvalFrameDefault"}


def our_leaves(annotated, loop):
    leaves = collections.Counter()
    for line in annotated.splitlines():
        stack, weight = line.rsplit(" ", 1)
        leaf = stack.rsplit(";", 1)[-1]
        name = loop if leaf.endswith("_[g]") else leaf_name(re.sub(r"_\[[a-z]\]$", "", leaf))
        leaves[name] += int(weight)
    return leaves


def perf_command(data):
    """Kernel time included, as our clock does that is asked for by name: it is charged to the function that
    was running, which the chain's first frame of the program's tells."""
    return ["perf", "record", "-q", "-e", "cpu-clock", "--call-graph", "fp", "-F", str(HZ),
            "-o", data, "--"]


def perf_leaves(folder, case):
    """Self samples by function of a run under perf, or None."""
    data = os.path.join(folder, "perf.data")
    stdin = open(case.stdin, "rb") if case.stdin else subprocess.DEVNULL
    done = subprocess.run([*perf_command(data), *case.command],
                          stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return leaves_of(data) if done.returncode == 0 else None


def leaves_of(data):
    text = subprocess.run(["perf", "script", "-i", data, "-F", "ip,sym,dso"],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode()
    leaves = collections.Counter()
    for chain in text.split("\n\n"):
        for line in chain.splitlines():
            match = re.match(r"\s*[0-9a-f]+ (.*) \((.*)\)$", line)
            if not match or re.search(r"\[(kernel|guest)|\.ko|^inlined$", match.group(2)):
                continue
            name, module = match.groups()
            if name == "[unknown]":
                name = os.path.basename(module) + "+"
            leaves[leaf_name(name)] += 1
            break
    return leaves


def disagreements(ours, samples, theirs):
    """Functions among either's top ten whose shares differ beyond chance: (name, is it
    more here?) and how much. A sample of ours may stand for several periods: chance
    goes by samples."""
    n, m = sum(ours.values()), sum(theirs.values())
    names = {name for name, _ in ours.most_common(TOP) + theirs.most_common(TOP)}
    bad = {}
    for name in sorted(names):
        p, q = ours[name] / n, theirs[name] / m
        pooled = (p * samples + q * m) / (samples + m)
        sigma = math.sqrt(pooled * (1 - pooled) * (1 / samples + 1 / m))
        if sigma and max(p, q) >= 0.01 and abs(p - q) / sigma > Z_LIMIT:
            bad[name, p > q] = ("%s: %.1f %% of %d here, %.1f %% of %d by perf"
                                % (name, 100 * p, samples, 100 * q, m))
    return bad


def find_flamegraph():
    found = glob.glob("/usr/share/perl5/Devel/NYTProf/flamegraph.pl") + \
        glob.glob("/usr/lib/*/perl5/*/Devel/NYTProf/flamegraph.pl")
    return found[0] if found else None


def draws(folded):
    script = find_flamegraph()
    check(script, "flamegraph.pl is not installed (libdevel-nytprof-perl)")
    done = subprocess.run(["perl", script], input=folded.encode(),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    check(done.returncode == 0 and b"Ignored" not in done.stderr and b"<svg" in done.stdout,
          "flamegraph.pl: %s" % done.stderr.decode())


def judge(build, out, loop=None):
    """The sheet and the leaves of the profiles in a folder."""
    files = glob.glob(os.path.join(out, "*"))
    check(files, "no profile")
    sheet = sheet_of(build, files)
    # Of what it had of the CPU; a timer ticks ten times less often than HZ on some kernels.
    check(sheet["samples"] >= min(50, sheet["due_periods"] / 20),
          "only %d samples" % sheet["samples"])
    check(abs(sheet["difference_percent"]) <= 2, "the sheet is off by %s %%"
          % sheet["difference_percent"])
    draws(fold(build, out))
    return sheet, our_leaves(fold(build, "--annotate", "--no-inlines", out), loop)


def check_complete(sheet):
    """Of few samples, one is a percent."""
    rest = sheet["samples"] * (1 - sheet["complete_percent"] / 100)
    check(rest <= max(5, 0.01 * sheet["samples"]), "%d stacks are not complete" % rest)


def measure(build, folder, case):
    out = tempfile.mkdtemp(prefix=case.name + ".", dir=folder)
    plain = run(case)
    environment = dict(os.environ, SIGPROF_HZ=str(HZ), SIGPROF_CLOCK="perf", SIGPROF_OUT=out,
                       LD_PRELOAD=os.path.join(build, "src/libsigprof-preload.so"))
    sampled = run(case, environment)
    check(plain[0] == sampled[0], "exit status %d became %d" % (plain[0], sampled[0]))
    check(case.same(plain[1]) == case.same(sampled[1]), "standard output differs")
    check(case.same(plain[2]) == case.same(sampled[2]),
          "standard error differs:\n%s" % sampled[2].decode())
    return judge(build, out, LOOPS.get(case.name))


def compare(build, folder, case):
    """The sheet, and functions that differ from perf's, always in the same way; None:
    perf cannot be used."""
    always = None
    for _ in range(ATTEMPTS):
        sheet, ours = measure(build, folder, case)
        theirs = perf_leaves(folder, case) if shutil.which("perf") else None
        if not theirs:
            return sheet, None
        bad = disagreements(ours, sheet["samples"], theirs)
        always = bad if always is None else \
            {key: text for key, text in bad.items() if key in always}
        if not always:
            break
        print("%-12s again: %s" % (case.name, "; ".join(always.values())), flush=True)
    return sheet, list(always.values())


# A server whose processes are forked, under a load that is the same each time.
SERVER = r"""
set -e
cd "$1"
initdb -D data --no-sync >/dev/null
env $2 postgres -D data -k "$1" -p 5997 -c listen_addresses= -c fsync=off >log 2>&1 &
server=$!
for i in $(seq 1000); do pg_isready -q -h "$1" -p 5997 && break; sleep 0.1; done
pgbench -h "$1" -p 5997 -i -s 1 postgres >/dev/null 2>&1
pgbench -h "$1" -p 5997 -c 4 -t $3 --random-seed=7 postgres 2>/dev/null | grep -E 'processed|failed'
psql -h "$1" -p 5997 -At -c 'select sum(abalance), count(*) from pgbench_accounts' postgres
pg_ctl -D data -m fast -w -t 300 stop >/dev/null
wait $server
echo "server: $?"
"""


def run_server(folder, variables):
    """What the load printed; by the user postgres if we are root."""
    binaries = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
    check(binaries, "postgresql is not installed")
    command = ["bash", "-c", SERVER, "server", folder, variables, str(2000 * TIMES)]
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
        command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=dict(os.environ, PATH=binaries[-1] + ":" + os.environ["PATH"]))
    return done.returncode, done.stdout, done.stderr


def measure_server(build, folder):
    plain, sampled = os.path.join(folder, "plain"), os.path.join(folder, "sampled")
    out = os.path.join(sampled, "out")
    for path in plain, sampled, out:
        os.mkdir(path)
    for path in glob.glob(os.path.join(build, "src/libsigprof*.so*")):
        shutil.copy(path, sampled)  # the build may be where that user cannot read
    os.chmod(out, 0o777)
    ours = run_server(sampled, "SIGPROF_HZ=%d SIGPROF_OUT=%s LD_PRELOAD=%s/libsigprof-preload.so"
                      % (HZ, out, sampled))
    theirs = run_server(plain, "NOTHING=1")
    check(theirs[0] == 0, "the server fails without us: %s" % theirs[2].decode())
    check(ours == theirs, "with us: %s\nwithout: %s" % (ours, theirs))
    return judge(build, out)


def report_server(build, folder):
    if not glob.glob("/usr/lib/postgresql/*/bin/postgres"):
        print("%-12s not installed" % "postgres")
        return bool(os.environ.get("SIGPROF_REQUIRE_ALL"))
    try:
        sheet, _ = measure_server(build, folder)
        print("%-12s %8d %10.2f %10.2f  not compared"
              % ("postgres", sheet["samples"], sheet["complete_percent"],
                 sheet["difference_percent"]), flush=True)
        check_complete(sheet)
    except Failure as failure:
        print("%-12s FAILED: %s" % ("postgres", failure), flush=True)
        return 1
    return 0


def main():
    build = os.path.abspath(sys.argv[1])
    only = sys.argv[2:]
    failures = 0
    print("%-12s %8s %10s %10s  %s" % ("program", "samples", "complete %", "sheet %", "top ten beside perf's"))
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        if not only or "postgres" in only:
            failures += report_server(build, folder)
        for case in cases(folder):
            if only and case.name not in only:
                continue
            if not shutil.which(case.needs):
                print("%-12s not installed" % case.name)
                failures += bool(os.environ.get("SIGPROF_REQUIRE_ALL"))
                continue
            try:
                sheet, bad = compare(build, folder, case)
                print("%-12s %8d %10.2f %10.2f  %s"
                      % (case.name, sheet["samples"], sheet["complete_percent"],
                         sheet["difference_percent"],
                         "perf cannot be used" if bad is None else "same" if not bad
                         else "; ".join(bad)), flush=True)
                check_complete(sheet)
                check(not bad, "other top functions than perf's")
            except Failure as failure:
                print("%-12s FAILED: %s" % (case.name, failure), flush=True)
                failures += 1
    return 1 if failures else 0


sys.exit(main())
