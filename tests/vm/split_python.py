# SPDX-License-Identifier: BSD-2-Clause
"""Three functions that share the CPU time 50:30:20, by the thread's own CPU clock."""
import random
import sys
import threading
import time


def hot_a(n):
    s = 0
    for i in range(n):
        s = (s * 31 + i) & 0xffffff
    return s


def hot_b(n):
    s = 0
    for i in range(n):
        s = (s * 31 + i) & 0xffffff
    return s


def hot_c(n):
    s = 0
    for i in range(n):
        s = (s * 31 + i) & 0xffffff
    return s


def driver(seconds):
    hot, share, used = [hot_a, hot_b, hot_c], [0.5, 0.3, 0.2], [0, 0, 0]
    before = time.thread_time()
    end = before + seconds
    while before < end:
        turn = min(range(3), key=lambda i: used[i] / share[i])
        hot[turn](random.randrange(5000, 40000))  # in step with no clock
        now = time.thread_time()
        used[turn] += now - before
        before = now


if sys.argv[2:] == ["thread"]:
    thread = threading.Thread(target=driver, args=[float(sys.argv[1])])
    thread.start()
    thread.join()
else:
    driver(float(sys.argv[1]))
print("done", sorted(name for name in sys.modules if "sigprof" in name))
