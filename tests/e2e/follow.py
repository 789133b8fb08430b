#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""sigprof-fold --follow: of a file and of a process, to its end, in a pipe and on a
terminal. usage: follow.py SIGPROF-FOLD PRELOAD WORKLOAD-FORGE
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

FOLD, PRELOAD, FORGE = sys.argv[1:4]
EMULATOR = os.environ.get("SIGPROF_TEST_EMULATOR", "").split()
HERE = tempfile.mkdtemp(prefix="sigprof-follow-")
LIMIT_S = 240


def fail(text):
    sys.exit("failed: " + text)


def check(good, text):
    if not good:
        fail(text)


def profiled(path, threads, ticks, **more):
    """A program whose profile is path, for ever where ticks is 0. What is preloaded is
    not the emulator's."""
    environment = dict(os.environ, SIGPROF_HZ="1", SIGPROF_OUT=path, **more)
    command = [FORGE, threads, ticks, HERE + "/counts", "return"]
    if EMULATOR:
        command = EMULATOR + ["-E", "LD_PRELOAD=" + PRELOAD] + command
    else:
        environment["LD_PRELOAD"] = PRELOAD
    return subprocess.Popen(command, env=environment)


def start(name, **more):
    """A program that makes samples until it is killed, and its profile's name."""
    path = HERE + "/" + name
    program = profiled(path, "2", "0", **more)
    until = time.monotonic() + LIMIT_S
    while not os.path.exists(path) or os.path.getsize(path) < 4096:
        check(time.monotonic() < until, "no profile of " + name)
        time.sleep(0.01)
    return program, path


def read_tables(follower, count):
    """Lines up to the end of the count-th table."""
    lines = []
    while count and (line := follower.stdout.readline()):
        lines.append(line)
        count -= line == "\n"
    return lines


def counts(lines):
    return [int(m.group(1)) for line in lines
            if (m := re.search(r": (\d+) samples", line))]


def parts():
    return [HERE + "/" + name for name in os.listdir(HERE)
            if name.startswith("killed.sigprof")]


def wait_for_parts(count):
    until = time.monotonic() + LIMIT_S
    while len(parts()) < count:
        check(time.monotonic() < until, "no parts are made")
        time.sleep(0.01)


def kill(program):
    program.send_signal(signal.SIGKILL)
    program.wait()


def kill_unseen(program, follower):
    """While the follower has no CPU three more parts begin, the program is killed,
    and the next start sweeps its ring."""
    follower.send_signal(signal.SIGSTOP)
    wait_for_parts(len(parts()) + 3)
    kill(program)
    check(profiled(HERE + "/next.sigprof", "1", "1").wait(LIMIT_S) == 0,
          "the next program failed")
    follower.send_signal(signal.SIGCONT)


def follow_until_killed(target_of, **more):
    program, path = start("killed.sigprof", **more)
    follower = subprocess.Popen([FOLD, "--interval", "0.2", "--follow",
                                 target_of(program, path)],
                                stdout=subprocess.PIPE, text=True)
    lines = read_tables(follower, 3)
    until = time.monotonic() + LIMIT_S
    while counts(lines)[-1] == counts(lines)[0]: # the program waits for a CPU
        check(time.monotonic() < until, "tables do not grow")
        lines += read_tables(follower, 1)
    seen = counts(lines)
    check(seen == sorted(seen), "tables shrink: %s" % seen)
    check(any("dive" in line for line in lines), "the function is not named")
    check(program.poll() is None, "the program was stopped")
    if "SIGPROF_ROTATE" in more:
        kill_unseen(program, follower)
    else:
        kill(program)
    rest = follower.stdout.read()
    check(follower.wait(LIMIT_S) == 0, "exit status %d" % follower.returncode)
    check("it has ended" in rest, "nothing is said of the end")
    last = counts(rest.splitlines())[-1]
    files = parts()
    top = subprocess.run([FOLD, "--stats"] + files, capture_output=True,
                         text=True).stdout
    there = int(re.search(r"^samples +(\d+)", top, re.M).group(1))
    check(last == there, "the last table has %d samples of %d" % (last, there))
    for name in files:
        os.unlink(name)
    print("ok: %d tables, %d samples" % (len(seen) + 1, last))


def fits_last(seen, rows):
    """Is the last whole table on a screen of so many rows?"""
    tables = [part.split(b"\033[J")[0] for part in seen.split(b"\033[H")[1:-1]]
    return tables and tables[-1].count(b"\r\n") < rows


def on_terminal(how_to_end, status):
    program, path = start("screen.sigprof")
    leader, screen = pty.openpty()
    fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    before = termios.tcgetattr(screen)
    follower = subprocess.Popen([FOLD, "--interval", "0.2", "--follow", path],
                                stdin=screen, stdout=screen,
                                start_new_session=True)
    seen = b""
    until = time.monotonic() + LIMIT_S
    while seen.count(b"\033[H") < 3:
        check(time.monotonic() < until, "nothing is drawn")
        if select.select([leader], [], [], 0.1)[0]:
            seen += os.read(leader, 65536)
    for table in seen.split(b"\033[H")[1:3]:
        lines = table.split(b"\033[J")[0].split(b"\r\n")
        check(len(lines) <= 24, "%d lines" % len(lines))
        for line in lines:
            text = re.sub(rb"\033\[[0-9;?]*[a-zA-Z]", b"", line)
            check(len(text.decode()) <= 80, "a line is too long: %r" % line)
    fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 6, 40, 0, 0))
    follower.send_signal(signal.SIGWINCH)
    seen = b""
    while not fits_last(seen, 6): # tables from before can be on their way
        check(time.monotonic() < until, "it does not fit after a resize")
        if select.select([leader], [], [], 0.1)[0]:
            seen += os.read(leader, 65536)
    how_to_end(follower, leader)
    while follower.poll() is None:
        check(time.monotonic() < until, "it does not quit")
        if select.select([leader], [], [], 0.1)[0]:
            seen += os.read(leader, 65536)
    while select.select([leader], [], [], 0.1)[0]:
        seen += os.read(leader, 65536)
    check(follower.returncode == status, "status %d" % follower.returncode)
    check(seen.endswith(b"\033[?25h\033[?1049l"), "the screen is not given back")
    check(termios.tcgetattr(screen) == before, "the terminal is not as it was")
    check(program.poll() is None, "the program was stopped")
    program.kill()
    program.wait()
    os.unlink(path)
    print("ok: a terminal")


def waits():
    """An empty file may be a profile yet: that is waited for, and said once."""
    path = HERE + "/empty"
    with open(path, "wb"):
        pass
    follower = subprocess.Popen([FOLD, "--interval", "0.1", "--follow", path],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True)
    said = follower.stderr.readline()
    check("empty so far; waiting" in said, "an empty file: " + said)
    time.sleep(0.3) # turns in which it could be said again
    with open(path, "w", encoding="ascii") as text:
        text.write("no profile at all\n")
    rest = follower.communicate(timeout=LIMIT_S)
    check(follower.returncode == 1 and "not a sigprof profile" in rest[1] and
          "waiting" not in rest[1], "what came is no profile: %r" % (rest,))
    print("ok: an empty file")


def refusals():
    with open(HERE + "/short", "w", encoding="ascii") as text:
        text.write("hello\n")
    for target, says in (("999999999", "not being profiled"),
                         (HERE + "/none", "cannot read"),
                         (FORGE, "not a sigprof profile"),
                         (HERE + "/short", "not a sigprof profile"),
                         (HERE, "a folder"), ("/dev/null", "not a regular file")):
        done = subprocess.run([FOLD, "--follow", target], capture_output=True,
                              text=True, timeout=LIMIT_S)
        check(done.returncode == 1 and says in done.stderr,
              "%s: %d %s" % (target, done.returncode, done.stderr))
    done = subprocess.run([FOLD, "--follow", "1", "x"], capture_output=True)
    check(done.returncode == 2, "two targets")
    done = subprocess.run([FOLD, "--follow", "1", "--interval", "0"],
                          capture_output=True)
    check(done.returncode == 2, "an interval of 0")
    print("ok: refusals")


try:
    subprocess.run([FOLD, "--version"], capture_output=True, check=True)
except (OSError, subprocess.CalledProcessError):
    print("skipped: no sigprof-fold of this machine")
    sys.exit(77)
follow_until_killed(lambda program, path: path)
follow_until_killed(lambda program, path: os.path.relpath(path))
follow_until_killed(lambda program, path: str(program.pid))
follow_until_killed(lambda program, path: path, SIGPROF_ROTATE="256K")
on_terminal(lambda follower, leader: os.write(leader, b"q"), 0)
on_terminal(lambda follower, leader: follower.send_signal(signal.SIGINT), 0)
waits()
refusals()
subprocess.run(["rm", "-rf", HERE])
