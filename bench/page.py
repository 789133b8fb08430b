#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The page of 100,000 distinct stacks in a real Chromium: how long it keeps a user
waiting. Printed, for each thing that a person does, are the longest task of the
page's thread (Chromium tells of those of 50 ms and more; 0: none) and the time
until what was asked for is drawn, the median and the largest of the rounds.

usage: page.py BUILD [ROUNDS]
"""
import os
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../tests/views"))
import chromium  # noqa: E402

STACKS = 100000
WATCH = ("window.longest = 0; new PerformanceObserver(list => { for (const task of "
         "list.getEntries()) longest = Math.max(longest, task.duration); })"
         ".observe({entryTypes: ['longtask']});")


def make_page(build, folder):
    profile, page = folder + "/a.sigprof", folder + "/a.html"
    header = ("info version 0.1.0\ninfo comm prog\ninfo pid 1\ninfo period_ns 10000000\n"
              "info start_mono_ns 1000\ninfo boot_id b\n"
              "module 1 0x400000 0x500000 0x400000 0 1 - /nowhere/prog\n")
    with open(profile, "wb") as out:
        subprocess.run([build + "/tests/cli/make-profile"], stdout=out, check=True,
                       input=f"{header}big {STACKS} {STACKS} 30\n".encode())
    subprocess.run([build + "/src/fold/sigprof-fold", "-o", page, profile], check=True,
                   stderr=subprocess.DEVNULL)
    return page


def zoom(driver, level):
    x, y, width, row = driver.run(
        "(box => [box.x, box.y, box.width, parseFloat(getComputedStyle("
        "document.documentElement).getPropertyValue('--row'))])"
        "(document.getElementById('flame').getBoundingClientRect())")
    driver.click(x + width * 0.4, y + row * (level + 0.5))


def search(driver):
    driver.key("/")
    driver.type("prog.0x1")
    driver.settle()


def reset(driver):
    driver.key("Escape")
    driver.key("Escape")
    driver.settle()


def round_of(driver, page):
    done = {}

    def timed(name, act):
        driver.run("longest = 0") if done else None
        begin = time.monotonic()
        act()
        done[name] = ((time.monotonic() - begin) * 1000, 0)
        time.sleep(0.1)  # the observer tells later
        done[name] = (done[name][0], driver.run("longest"))

    def open_page():
        driver.open("file://" + page)
        driver.wait("document.body.dataset.state === 'open'")
        driver.settle()

    timed("open", open_page)
    for level in (2, 5, 10):
        timed(f"zoom to level {level}", lambda: zoom(driver, level))
    timed("search", lambda: search(driver))
    timed("reset", lambda: reset(driver))
    return done


def main():
    build, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as folder:
        page = make_page(build, folder)
        print("%d stacks, a page of %.1f MB" % (STACKS, os.path.getsize(page) / 1e6))
        with chromium.Browser(chromium.find()) as driver:
            driver.size(1280, 800)
            driver.call("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
            all_rounds = [round_of(driver, page) for _ in range(rounds)]
    print("| what | longest task, ms | ... largest | drawn after, ms | ... largest |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name in all_rounds[0]:
        drawn = [done[name][0] for done in all_rounds]
        tasks = [done[name][1] for done in all_rounds]
        print("| %s | %.0f | %.0f | %.0f | %.0f |" % (
            name, statistics.median(tasks), max(tasks), statistics.median(drawn), max(drawn)))


main()
