# SPDX-License-Identifier: BSD-2-Clause
"""Programs that people use read what sigprof-fold writes, and find our totals."""

import base64
import json
import os
import re
import shutil
import signal
import subprocess

import chromium
from lib import (FOLD, NPM, PERIOD_NS, check, command, fold, folded_total, main, make, mixed,
                 need, need_npm, real_profile, same, skip, top)


def mixed_profile(folder):
    path = f"{folder}/a.sigprof"
    make(mixed(), path)
    return path


# ---- go tool pprof ----

def pprof(go, *words):
    environment = dict(os.environ, HOME=os.getcwd(), PPROF_TMPDIR=os.getcwd(), NO_COLOR="1")
    return command(go, "tool", "pprof", "-symbolize=none", *words, env=environment).decode()


def pprof_rows(text):
    """name -> (flat, cum) of a -top listing."""
    rows = {}
    for line in text.splitlines():
        found = re.match(r" *(\d+) +[\d.]+% +[\d.]+% +(\d+) +[\d.]+%  (.*?)( \(inline\))?$", line)
        if found:
            flat, total = int(found[1]), int(found[2])
            rows[found[3]] = (flat, total)
    return rows


def test_pprof(folder):
    go = need("go", "golang-go")
    profile = mixed_profile(folder)
    os.chdir(folder)
    fold("-o", "a.pb.gz", profile)
    total = folded_total(fold(profile))
    raw = pprof(go, "-raw", "a.pb.gz")
    values = re.findall(r"^ +(\d+) +(\d+): [\d ]+$", raw, re.M)
    same(sum(int(v[0]) for v in values), total, "pprof's samples")
    same(sum(int(v[1]) for v in values), total * PERIOD_NS, "pprof's nanoseconds")
    check("M=" in raw and "c0ffee" in raw and "/nowhere/prog" in raw, "mapping and build-id")
    listing = pprof(go, "-top", "-nodecount=100000", "-nodefraction=0", "-edgefraction=0", "a.pb.gz")
    check(f"Total samples = {total}" in listing or f"of {total} total" in listing,
          "pprof's total: " + listing[:400])
    ours = {name: rows for name, rows in top(profile, "--root", "none").items() if rows[1]}
    # pprof cuts names at what looks like a C++ signature; ours have none.
    same(pprof_rows(listing), ours, "functions")
    tags = pprof(go, "-tags", "a.pb.gz")
    for word in (" request:", " thread:", " tid:", " pid:", " process:", "login", "work er"):
        check(word in tags, f"tag {word}")
    worker = folded_total(fold("--thread", "^work er$", profile))
    focus = pprof(go, "-top", "-tagfocus=thread=work er", "a.pb.gz")
    check(f" {worker}, " in focus or f"nodes accounting for {worker}," in focus,
          f"thread's total {worker}: " + focus[:400])
    listed_source(go, folder)


def listed_source(go, folder):
    """Lines and inlined functions, down to the source."""
    profile = real_profile(folder)
    fold("-o", "real.pb.gz", profile)
    text = pprof(go, "-list", "inlined_leaf|middle", "real.pb.gz")
    hot = [line for line in text.splitlines() if "the hot line" in line]
    check(hot and re.match(r" +\d+ ", hot[0]), "the hot line: " + text[:1500])
    same(sum(int(v) for v in re.findall(r"^ +(\d+) +\d+: [\d ]+$", pprof(go, "-raw", "real.pb.gz"), re.M)),
         folded_total(fold(profile)), "real total")


# ---- npm: pprof-format ----

READ_PPROF = """
const {Profile} = require(process.argv[1]);
const p = Profile.decode(require('zlib').gunzipSync(require('fs').readFileSync(process.argv[2])));
const text = i => p.stringTable.strings[Number(i)];
const totals = [0n, 0n], keys = new Set();
for (const sample of p.sample) {
  sample.value.forEach((value, i) => { totals[i] += BigInt(value); });
  for (const label of sample.label) keys.add(text(label.key));
}
console.log(JSON.stringify({
  totals: totals.map(String), keys: [...keys].sort(), locations: p.location.length,
  types: p.sampleType.map(type => text(type.type) + '/' + text(type.unit)),
  comments: p.comment.map(text), period: String(p.period)}));
"""


def test_pprof_format(folder):
    node, package = need("node", "nodejs"), need_npm("pprof-format")
    profile = mixed_profile(folder)
    fold("-o", f"{folder}/a.pb.gz", profile)
    said = json.loads(command(node, "-e", READ_PPROF, package, f"{folder}/a.pb.gz"))
    total = folded_total(fold(profile))
    same(said["totals"], [str(total), str(total * PERIOD_NS)], "totals")
    same(said["types"], ["samples/count", "cpu/nanoseconds"], "sample types")
    same(said["keys"], ["pid", "process", "request", "thread", "tid", "user"], "label keys")
    same(said["comments"], ['prog --fast a "b" \\c;d'], "comment")
    same(said["period"], str(PERIOD_NS), "period")


# ---- speedscope, in a browser ----

def stacks_of(profile, frames):
    """name;name;… -> weight, of a speedscope profile."""
    stacks = {}
    for sample, weight in zip(profile["samples"], profile["weights"]):
        key = ";".join(frames[frame]["name"] for frame in sample)
        stacks[key] = stacks.get(key, 0) + weight
    return stacks


def ours(profile, *words):
    stacks = {}
    for line in fold("--root", "none", *words, profile).decode().splitlines():
        name, weight = line.rsplit(" ", 1)
        stacks[name] = int(weight) * PERIOD_NS
    return stacks


def test_speedscope(folder):
    package = need_npm("speedscope")
    browser = chromium.find() or skip("no chromium (Debian: chromium)")
    profile = mixed_profile(folder)
    path = f"{folder}/a.speedscope.json"
    fold("-o", path, profile)
    with open(path, encoding="utf-8") as opened:
        document = json.load(opened)
    found = {}
    for thread in document["profiles"]:
        same(thread["endValue"], sum(thread["weights"]), "endValue")
        for stack, weight in stacks_of(thread, document["shared"]["frames"]).items():
            found[stack] = found.get(stack, 0) + weight
    same(found, ours(profile), "stacks")
    script = f"{folder}/load.js"
    with open(script, "w") as out, open(path, "rb") as opened:
        out.write('speedscope.loadFileFromBase64("a.speedscope.json", "%s")'
                  % base64.b64encode(opened.read()).decode())
    with chromium.Browser(browser, ["--allow-file-access-from-files"]) as page:
        page.size(1280, 800)
        page.call("Page.addScriptToEvaluateOnNewDocument", source=
                  "window.saved = [];"
                  "const made = URL.createObjectURL;"
                  "URL.createObjectURL = blob => { saved.push(blob); return made.call(URL, blob); };")
        page.call("Page.setDownloadBehavior", behavior="deny")
        page.open(f"file://{package}/dist/release/index.html#localProfilePath={script}")
        page.wait("document.title.includes('prog --fast')")
        check(not page.run("document.body.innerText.includes('Something went wrong')"), "it went wrong")
        exported = export(page)
    imported = {}
    for thread in exported["profiles"]:
        same(thread["type"] in ("sampled", "evented"), True, "exported type")
        imported[thread["name"]] = thread["endValue"] - thread["startValue"]
    wanted = {thread["name"]: thread["endValue"] for thread in document["profiles"]}
    same(imported, wanted, "threads after its import")
    names = {frame["name"] for frame in exported["shared"]["frames"]}
    same(names, {frame["name"] for frame in document["shared"]["frames"]}, "frames after its import")


def export(page):
    """Presses speedscope's Export and reads what it would have saved."""
    page.run("[...document.querySelectorAll('div')].reverse()"
             ".find(at => /Export/.test(at.innerText) && at.children.length < 2).click()")
    page.wait("saved.length > 0")
    return json.loads(page.run("saved[0].text()"))


# ---- The Firefox profiler's own command ----

def load_firefox(cli, path, environment):
    """It gives its daemon half a second, which is little on a busy machine: as often as
    it takes, each time in a session of its own."""
    for attempt in range(100):
        environment["PROFILER_CLI_SESSION_DIR"] = f"{path}.sessions{attempt}"
        done = subprocess.run([*cli, "load", path], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, env=environment)
        late = re.search(r"did not become ready within.*as pid (\d+)", done.stderr, re.S)
        if done.returncode == 0 or not late:
            break
        print("its daemon was late")
        try:
            os.kill(int(late[1]), signal.SIGKILL)
        except ProcessLookupError:
            pass
    check(done.returncode == 0, done.stderr)


def test_firefox(folder):
    node, package = need("node", "nodejs"), need_npm("@firefox-devtools/profiler-cli")
    profile = mixed_profile(folder)
    fold("-o", f"{folder}/a.firefox.json", profile)
    environment = dict(os.environ, PROFILER_CLI_NO_SYMBOLICATE="1",
                       PROFILER_CLI_LOAD_TIMEOUT_MS="600000")

    def ask(*words):
        return command(node, f"{package}/dist/profiler-cli.js", *words, env=environment)

    load_firefox([node, f"{package}/dist/profiler-cli.js"], f"{folder}/a.firefox.json",
                 environment)
    try:
        functions = {}
        total = 0
        for thread in json.loads(ask("thread", "list", "--json"))["threads"]:
            handle = thread["threadHandle"]
            ask("thread", "select", handle)
            total += json.loads(ask("thread", "samples", "--include-idle", "--json"))["categoryBreakdown"]["totalSamples"]
            for row in json.loads(ask("thread", "functions", "--include-idle", "--json"))["functions"]:
                sums = functions.setdefault(row["name"], [0, 0])
                sums[0] += row["selfSamples"]
                sums[1] += row["totalSamples"]
    finally:
        ask("stop", "--all")
    same(total, folded_total(fold(profile)), "total")
    wanted = {name: list(row) for name, row in top(profile, "--root", "none").items()}
    same(functions, wanted, "functions")


# ---- flamegraph.pl ----

def test_flamegraph(folder):
    script = shutil.which("flamegraph.pl") or "/usr/share/perl5/Devel/NYTProf/flamegraph.pl"
    if not os.path.exists(script):
        skip("no flamegraph.pl (Debian: libdevel-nytprof-perl)")
    perl = need("perl", "perl")
    profile = mixed_profile(folder)
    fold("-o", f"{folder}/diff.folded", "--diff", profile, "--time", "2-", profile)
    two = [line.rsplit(b" ", 2)[1:] for line in open(f"{folder}/diff.folded", "rb").read().splitlines()]
    part = folded_total(fold("--time", "2-", profile))
    same([sum(int(pair[i]) for pair in two) for i in (0, 1)], [part, part], "both columns")
    picture = command(perl, script, f"{folder}/diff.folded").decode()
    check(f"all ({part:,} samples" in picture or f"all ({part} samples" in picture, "the picture's total")


# ---- difffolded.pl, and who else reads folded lines ----

def column(line):
    """A line as difffolded.pl reads it: the stack, and the number behind a blank."""
    stack, count = re.match(r"(.*)\s+?(\d+(?:\.\d*)?)$", line).groups()
    return stack, int(count)


def test_difffolded(folder):
    """Two profiles folded one by one, put together as difffolded.pl does, are what
    --diff writes; by the script itself too, where it is installed."""
    base, new = mixed_profile(folder), f"{folder}/new.sigprof"
    make(mixed().replace("info comm prog", "info comm lambda 3"), new)
    for pair in ((base, new), (base, real_profile(folder)), (new, new)):
        counts = {}
        for at, profile in enumerate(pair):
            fold("-o", f"{folder}/{at}.folded", profile)
            for line in open(f"{folder}/{at}.folded", encoding="utf-8", newline="\n"):
                stack, count = column(line.rstrip("\n"))
                counts.setdefault(stack, [0, 0])[at] += count
                # inferno takes a number in front of the last for another column.
                check(not re.search(r" [\d.]+$", stack), f"two columns: {line!r}")
        wanted = sorted(f"{stack} {a} {b}" for stack, (a, b) in counts.items())
        got = fold("--diff", pair[0], pair[1]).decode().splitlines()
        same(sorted(got), wanted, "both together")
        script = shutil.which("difffolded.pl")
        if script:
            said = command("perl", script, f"{folder}/0.folded", f"{folder}/1.folded")
            same(sorted(said.decode().splitlines()), wanted, "difffolded.pl")
        else:
            print("difffolded.pl is not installed: its rule alone")


def test_equal_bytes(folder):
    profile = mixed_profile(folder)
    for suffix in ("folded", "pb.gz", "speedscope.json", "firefox.json", "html", "heatmap.html"):
        made = []
        for name in ("one", "two"):
            fold("-o", f"{folder}/{name}.{suffix}", profile)
            with open(f"{folder}/{name}.{suffix}", "rb") as opened:
                made.append(opened.read())
        check(made[0] == made[1], f"{suffix}: different bytes")
        check(len(made[0]) > 1000, f"{suffix}: only {len(made[0])} bytes")
    same(os.path.basename(FOLD)[:12], "sigprof-fold", "the command")


main({"pprof": test_pprof, "pprof-format": test_pprof_format, "speedscope": test_speedscope,
      "firefox": test_firefox, "flamegraph": test_flamegraph, "difffolded": test_difffolded, "equal-bytes": test_equal_bytes})
