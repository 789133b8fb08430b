# SPDX-License-Identifier: BSD-2-Clause
"""What whole.py's programs do, by the word they are called with (SYSTEM/ways.c, bsd/ways.c, SYSTEM/preloaded.c), and what
their profiles have to say of it."""

import glob
import os
import signal
import struct
import subprocess
import sys

import cells


def run(command, **more):
    result = subprocess.run(command, **more)
    if result.returncode:
        sys.exit("failed (%d): %s" % (result.returncode, " ".join(command)))
    return result


HZ = 199
RUNNER = []  # an emulator, for another CPU


def profile(binary, arguments, out, clock="auto", **more):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SIGPROF")}
    environment.update(SIGPROF_HZ=str(HZ), SIGPROF_OUT=out, SIGPROF_VERBOSE="1",
                       SIGPROF_CLOCK=clock)
    return run([*RUNNER, binary, *arguments], env=environment, timeout=300, **more)


def folded(fold, *arguments):
    text = subprocess.check_output([fold, *arguments], text=True)
    return [(line.rsplit(" ", 1)[0].split(";"), int(line.rsplit(" ", 1)[1])) for line in text.splitlines()]


def stats_of(fold, path):
    return dict(line.split() for line in subprocess.check_output([fold, "--stats", path], text=True).splitlines())


def weight_of(lines, *frames):
    """Of all stacks in which these frames stand in this order, with others between or not."""
    found = 0
    for stack, weight in lines:
        at = 0
        for frame in stack:
            at += at < len(frames) and frame == frames[at]
        found += weight * (at == len(frames))
    return found


def go(there, fold, folder, way, **more):
    """What the program said, and its profile."""
    out = "%s/%s.sigprof" % (folder, way)
    said = profile(there, [way], out, stdout=subprocess.PIPE, text=True, **more).stdout
    said = dict(line.split() for line in said.splitlines())
    return said, out


def holds(what, good, *numbers):
    print("%s %s: %s" % ("ok" if good else "NOT SO", what, " ".join(str(number) for number in numbers)))
    return good


def check_states(there, fold, folder):
    said, out = go(there, fold, folder, "states")
    plain, states = folded(fold, out), folded(fold, "--root", "state", out)
    threads = folded(fold, "--root", "thread", out)
    work = weight_of(plain, "work_here")
    asleep = weight_of(states, "[sleeping]", "sleep_here")
    # That system never does. Here a thread can fall asleep just when it was seen to run.
    yield holds("no call is interrupted", int(said["interrupted_calls"]) <= 2, said)
    # The lock is asked for and given on a CPU.
    locking = weight_of(plain, "lock_here")
    yield holds("time on a CPU is what counts", work > 0.5 * 0.3 * HZ and locking <= 2, work, locking)
    yield holds("and is user and system time", weight_of(states, "[user]", "work_here") +
                weight_of(states, "[system]", "work_here") == work > weight_of(states, "[user]", "work_here"), work)
    yield holds("sleep is told by state", 0.8 * HZ < asleep, asleep)
    waits = weight_of(states, "[waiting for lock]", "lock_here")
    yield holds("and so is waiting for a lock", 0.15 * HZ < waits, waits)
    names = sorted({stack[0] for stack, _ in threads})
    yield holds("threads have their names", {"sleeper", "locker"} < {name.rsplit("-", 1)[0] for name in names}, names)
    yield holds("and the first is number 1", any(name.endswith("-1") for name in names), names)


def check_handlers(there, fold, folder):
    _, out = go(there, fold, folder, "handlers")
    lines = folded(fold, out)
    inside = weight_of(lines, "work_in_handler")
    # Not by way of what plays that kernel, from which handlers are called here.
    lines = [(stack, weight) for stack, weight in lines if "arrive" not in stack]
    whole = weight_of(lines, "main", "go", "handlers", "interrupted_here", "handler", "work_in_handler")
    yield holds("walks cross a handler's frame", inside > 0.3 * HZ and whole == inside, whole, "of", inside)


def check_deferred(there, fold, folder):
    said, out = go(there, fold, folder, "deferred")
    lines = folded(fold, out)
    marked = weight_of(lines, "leave_region", "exit_critical", "[deferred signal]")
    named = sum(weight for stack, weight in lines
                if "take_deferred_signal" in stack or stack[-1] == "check_deferred_signal")
    yield holds("ticks were deferred", int(said["deferred"]) > 0.1 * HZ, said)
    yield holds("and are known for it", marked > 0.1 * HZ and named < 3, marked, named)


def check_fork(there, fold, folder):
    said, out = go(there, fold, folder, "fork")
    for name in out, "%s.%s" % (out, said["child"]):
        work = weight_of(folded(fold, name), "work_here")
        yield holds("both are sampled", work > 0.1 * 0.3 * HZ, work)


def check_exec(there, fold, folder):
    """A timer that runs on CPU time outlives exec, and kills a program that does not expect its signal. Where there is
    none a directed signal may come in the midst of an exec: then that kills it, seldom."""
    said, _ = go(there, fold, folder, "paused")
    yield holds("a program that is executed lives, if sampling is paused", said["exit_status"] == "0", said)
    said, out = go(there, fold, folder, "exec")
    if "polled" not in subprocess.check_output([fold, "--info", out], text=True):
        yield holds("if not, the timer kills it", said["killed_by"] == str(int(signal.SIGPROF)), said)


# Who guesses at frames takes the decoy's address for a return address.
THROUGH = """typedef void worker(unsigned);
static __attribute__((noinline)) void *here(void) { return __builtin_return_address(0); }
static __attribute__((noinline)) void *decoy(void) { void *at = here(); __asm__ volatile(""); return at; }
static __attribute__((noinline)) void inner(worker *work, unsigned ms)
{
    void *volatile pile[64];
    for (int i = 0; i < 64; i++) pile[i] = decoy();
    work(ms);
    __asm__ volatile("" : : "r"(pile) : "memory");
}
void through(worker *work, unsigned ms) { inner(work, ms); __asm__ volatile(""); }
"""


def hide_symbols(path):
    """Makes .symtab what illumos' linker calls .SUNW_ldynsym."""
    data = bytearray(open(path, "rb").read())
    wide = data[4] == 2
    start, = struct.unpack_from("<Q" if wide else "<I", data, 40 if wide else 32)
    size, count = struct.unpack_from("<HH", data, 58 if wide else 46)
    types = [start + i * size + 4 for i in range(count)]
    found = [at for at in types if struct.unpack_from("<I", data, at)[0] == 2]
    struct.pack_into("<I", data, found[0], 0x6ffffff3)
    open(path, "wb").write(data)


def check_unload(there, fold, folder):
    """No crash at any moment of a look; and the tables of an object that stays are whole: stacks go through it."""
    compiler = cells.LINUX["i386" if open(there, "rb").read(5)[4] == 1 else "x86_64"][1]
    run([*compiler, "-O2", "-fomit-frame-pointer", "-fPIC", "-shared", "-x", "c", "-", "-o", folder + "/through.so"],
        input=THROUGH, text=True)
    hide_symbols(folder + "/through.so")
    said, out = go(there, fold, folder, "unload", cwd=folder)
    lines = folded(fold, out)
    whole, work = (weight_of(lines, *frames, "work_here") for frames in (["main", "unload", "through", "inner"], []))
    yield holds("an object goes at any moment of a look", int(said["gone"]) > 10, said)
    yield holds("and one that stays is walked through", work > 0.5 * 0.3 * HZ and whole == work, whole, "of", work)
    yield holds("by its tables", weight_of(lines, "decoy", "work_here") == 0, weight_of(lines, "decoy"))


def check_leave(there, fold, folder):
    _, out = go(there, fold, folder, "leave")
    work = weight_of(folded(fold, out), "use_cpu")
    yield holds("the process ends with its last thread", work > 0.5 * 0.7 * HZ, work)


HANDLED = [check_handlers, check_fork]
NOT_EMULATED = check_fork, check_exec  # qemu-user's child aborts where there were threads
WAYS = {"illumos": [check_states, *HANDLED, check_deferred, check_leave, check_unload], "freebsd": [*HANDLED, check_exec, check_deferred],
        **{system: [*HANDLED, check_exec] for system in ("netbsd", "openbsd", "dragonfly")}}


def check_birth(there, fold, folder):
    counts = []
    for way in "born", "unborn":
        said, out = go(there, fold, folder, way)
        counts.append(int(stats_of(fold, out)["threads"]))
    yield holds("threads are known from birth", counts[0] >= int(said["made"]) + 1, counts, said)
    yield holds("which is due to the preload object", counts[1] < counts[0], counts)


def check_programs(there, fold, folder):
    for way in "exec", "spawn", "vfork":
        said, out = go(there, fold, folder, way)
        names = sorted(glob.glob(out + "*"))
        lines = [folded(fold, name) for name in names]
        before, behind = ([weight_of(one, "main", work) for one in lines] for work in ("work_before", "work_after"))
        yield holds(way + ": both programs are sampled, each in its file",
                    len(names) == 2 and max(before) > 0.5 * 0.3 * HZ < max(behind) and
                    all(min(pair) == 0 for pair in zip(before, behind)), names, before, behind)
        yield holds("the next one preloads the same, and has what it was given",
                    os.path.basename(said["preloads"]) == os.path.basename(there) and said["kept"] == "1", said)
        whole = [float(stats_of(fold, name)["difference_percent"]) for name in names]
        yield holds("and both accounts are whole", max(map(abs, whole)) < 0.5, whole)


def check_forkall(there, fold, folder):
    """Nobody calls our handlers for fork, and no thread of ours is copied."""
    said, out = go(there, fold, folder, "forkall")
    childs = "%s.%s" % (out, said["child"])
    names = sorted(glob.glob(out + "*"))
    work = {name: [weight_of(folded(fold, name), "main", work) for work in ("work_before", "work_after")] for name in names}
    of_child = work.pop(childs, [0, 0])
    before, behind = (sum(column) for column in zip(*work.values()))
    yield holds("forkall: the parent is sampled before and after", len(work) == 2 and behind == 0 and
                min(pair[0] for pair in work.values()) > 0.5 * 0.3 * HZ, work)
    yield holds("and the child, in a file of its own", of_child[0] == 0 and of_child[1] > 0.5 * 0.3 * HZ, of_child)
    stats = [stats_of(fold, name) for name in names]
    accounts = [(float(each["difference_percent"]), float(each["due_seconds"])) for each in stats]
    yield holds("and all accounts are whole", all(abs(percent) < 0.5 and 0.3 < due < 1 for percent, due in accounts), accounts)


def check_timer(there, fold, folder):
    said, out = go(there, fold, folder, "timer")
    lines = folded(fold, out)
    before, behind = (weight_of(lines, work) for work in ("work_before", "work_after"))
    yield holds("the program has its own ITIMER_PROF", int(said["own_ticks"]) >= 3, said)
    yield holds("and ours is back when that is off", before <= 2 and behind > 0.5 * 0.3 * HZ, before, behind)


def check_ignore(there, fold, folder):
    said, out = go(there, fold, folder, "ignore")
    work = weight_of(folded(fold, out), "work_before")
    yield holds("a program that ignores SIGPROF is told so, and sampled",
                said == {"ignored": "1", "blocked": "0"} and work > 0.5 * 0.3 * HZ, said, work)


def check_environment(there, fold, folder):
    said = profile(there, ["environment"], folder + "/environment.sigprof", stdout=subprocess.PIPE, text=True).stdout
    said = said.replace(there, "OURS").replace("_32", "_64").splitlines()
    yield holds("what others preload is kept, and what is for the other width", said ==
                ["LD_PRELOAD=libumem.so", "LD_PRELOAD_64=OURS libumem.so", "both", "LD_PRELOAD=libumem.so",
                 "LD_PRELOAD_64=other.so", "LD_PRELOAD_64=OURS other.so"], said)


PRELOADED = check_birth, check_programs, check_forkall, check_timer, check_ignore, check_environment


def check_ways(checks, fold, there, folder):
    return 0 if all([good for check in checks for good in check(there, fold, folder)]) else 1
