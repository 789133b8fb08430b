# SPDX-License-Identifier: BSD-2-Clause
"""Three functions spin 50:30:20, each by start -> middle -> a function of C -> it,
and the CPU time of each is printed in nanoseconds. hot_c runs in a thread, hot_b in a
generator."""
import threading
import time

import sigprof_python

SPENT = {"hot_a": 0, "hot_b": 0, "hot_c": 0}


def hot_a(seconds):
    start_ns = time.thread_time_ns()
    while time.thread_time_ns() - start_ns < seconds * 1e9:
        for _ in range(2000):
            pass
    SPENT["hot_a"] += time.thread_time_ns() - start_ns


def hot_b(seconds):
    start_ns = time.thread_time_ns()
    while time.thread_time_ns() - start_ns < seconds * 1e9:
        for _ in range(2000):
            pass
    SPENT["hot_b"] += time.thread_time_ns() - start_ns
    yield


def hot_c(seconds):
    start_ns = time.thread_time_ns()
    while time.thread_time_ns() - start_ns < seconds * 1e9:
        for _ in range(2000):
            pass
    SPENT["hot_c"] += time.thread_time_ns() - start_ns


def middle(hot, seconds):
    if hot is hot_c:
        thread = threading.Thread(target=hot, args=(seconds,))
        thread.start()
        thread.join()
    elif hot is hot_b:
        list(hot(seconds))
    else:
        list(map(hot, [seconds]))


def start():
    for _ in range(10):
        middle(hot_a, 0.015)
        middle(hot_b, 0.009)
        middle(hot_c, 0.006)


threading.setprofile(sigprof_python.enter)
start()
for name, spent in SPENT.items():
    print(name, spent)
