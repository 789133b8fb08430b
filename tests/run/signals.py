#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""sigprof-run on a terminal and by kill: each signal reaches the program once, a
stopped job stops and goes on as a whole. Argument: the command."""
import os
import pty
import re
import select
import signal
import sys
import tempfile
import time

RUN = sys.argv[1]
PATIENCE_S = 240  # how long to wait for what must come; never how long it may take

# A byte for each signal: pause() would sleep through one that comes just before it.
PROGRAM = """
import os, signal, sys
def got(number, frame):
    print('got', signal.Signals(number).name, flush=True)
    if number == signal.SIGTERM:
        sys.exit(9)
for number in (1, 2, 3, 10, 12, 15, 18, 28):
    signal.signal(number, got)
wake, woken = os.pipe()
os.set_blocking(woken, False)
signal.set_wakeup_fd(woken)
print('ready', flush=True)
while os.read(wake, 1):
    pass
"""


class Job:
    """sigprof-run in a process group of its own, in front of a new terminal."""

    def __init__(self):
        master, slave = pty.openpty()
        self.terminal, self.text = master, ""
        self.leader = os.fork()  # the shell's part: a session with a terminal
        if self.leader == 0:
            os.close(master)
            os.setsid()
            import fcntl
            import termios
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            self.be_shell(slave)
        os.close(slave)
        self.expect(r"job (\d+)\r\n")
        self.pid = int(self.found.group(1))
        self.expect("ready")

    def be_shell(self, slave):
        for fd in (0, 1, 2):
            os.dup2(slave, fd)
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        job = os.fork()
        if job == 0:
            os.setpgid(0, 0)
            os.tcsetpgrp(0, os.getpid())
            signal.signal(signal.SIGTTOU, signal.SIG_DFL)
            os.write(1, b"job %d\n" % os.getpid())
            os.execv(RUN, [RUN, "-o", "x.sigprof", sys.executable, "-c", PROGRAM])
        while True:
            _, status = os.waitpid(job, os.WUNTRACED)
            if os.WIFSTOPPED(status):
                os.write(1, b"stopped by %d\n" % os.WSTOPSIG(status))
            else:
                os.write(1, b"ended with %d\n" % status)
                os._exit(0)

    def read(self, seconds):
        if seconds > 0 and select.select([self.terminal], [], [], seconds)[0]:
            try:
                self.text += os.read(self.terminal, 4096).decode()
            except OSError:
                return False
            return True
        return False

    def expect(self, pattern):
        """Drops what comes before pattern and pattern itself."""
        end = time.monotonic() + PATIENCE_S
        while not (found := re.search(pattern, self.text)):
            if not self.read(end - time.monotonic()):
                sys.exit(f"FAIL: waited for {pattern!r}, got {self.text!r}")
        self.found, before = found, self.text[:found.start()]
        self.text = self.text[found.end():]
        return before


def main():
    job = Job()
    # Made by the terminal, for the group. A marker behind each shows a second copy.
    for key, name in ((b"\x03", "SIGINT"), (b"\x1c", "SIGQUIT")):
        os.write(job.terminal, key)
        job.expect(f"got {name}")
        os.kill(job.pid, signal.SIGUSR2)
        assert name not in job.expect("got SIGUSR2"), f"{name} arrived twice"
    # Sent to sigprof-run alone.
    for name in ("SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGWINCH"):
        os.kill(job.pid, getattr(signal, name))
        job.expect(f"got {name}")
    # Ctrl-Z, and fg.
    os.write(job.terminal, b"\x1a")
    job.expect("stopped by ")
    os.killpg(job.pid, signal.SIGCONT)
    job.expect("got SIGCONT")
    # kill -TSTP of sigprof-run, and kill -CONT of it alone.
    os.kill(job.pid, signal.SIGTSTP)
    job.expect("stopped by ")
    os.kill(job.pid, signal.SIGCONT)
    job.expect("got SIGCONT")
    os.kill(job.pid, signal.SIGTERM)
    job.expect("got SIGTERM")
    job.expect(r"ended with (\d+)")
    assert int(job.found.group(1)) == 9 << 8, job.found.group(0)
    os.waitpid(job.leader, 0)
    print("ok")


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    main()
