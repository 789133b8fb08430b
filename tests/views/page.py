# SPDX-License-Identifier: BSD-2-Clause
"""The page of html and heatmap in a real browser, used as a person would: by pointer
and keys, judged by what it says."""

import re

import chromium
from lib import check, fold, folded_total, header, main, make, mixed, same, skip

WIDTH, HEIGHT = 1280, 800


def browser():
    return chromium.Browser(chromium.find() or skip("no chromium (Debian: chromium)"))


class Page:
    """What is on the page, by the ids of its elements."""

    def __init__(self, driver, path, width=WIDTH, height=HEIGHT, **more):
        self.driver = driver
        driver.size(width, height, **more)
        driver.requests.clear()
        driver.open("file://" + path)
        driver.wait("document.body.dataset.state === 'open'")
        driver.settle()
        self.row = float(driver.run("parseFloat(getComputedStyle(document.documentElement)"
                                    ".getPropertyValue('--row'))"))

    def text(self, element):
        return self.driver.run(f"document.getElementById('{element}').innerText").strip()

    def shown(self, element):
        return self.driver.run(f"document.getElementById('{element}').getClientRects().length > 0")

    def box(self, element):
        return self.driver.run(f"(({{x, y, width, height}}) => [x, y, width, height])"
                               f"(document.getElementById('{element}').getBoundingClientRect())")

    def point(self, level, part):
        """A place in the flame graph's row, part of the way to the right."""
        x, y, width, _ = self.box("flame")
        return x + width * part, y + self.row * (level + 0.5)

    def under(self, level, part):
        self.driver.move(*self.point(level, part))
        self.driver.settle()
        return self.text("tip") if self.shown("tip") else ""

    def click(self, level, part):
        self.driver.click(*self.point(level, part))

    def details(self):
        return self.text("details")

    def search(self, pattern):
        self.driver.key("/")
        self.driver.type(pattern)

    def quiet(self):
        """Nothing was loaded, nothing went wrong."""
        same(self.driver.errors, [], "errors of the page")
        same([url[:60] for url in self.driver.requests if not url.startswith("file://")], [],
             "requests")
        same(len(self.driver.requests), 1, "files loaded")


def simple(folder):
    """main (10) -> left (6: 2 itself, 4 in deep), right (3), and 1 of itself."""
    path = f"{folder}/a.sigprof"
    make(header() + """thread 4242 0 0 prog
thread 4243 0 0 helper
reset
sample 4242 100000000 2 0 0 0x400100 0x400200
sample 4242 1200000000 4 0 0 0x400100 0x400200 0x400400
sample 4242 2300000000 1 0 0 0x400100
sample 4243 3400000000 3 0 16 0x400100 0x7f0000000300
end 4000000000
""", path)
    return path


def test_graph(folder):
    profile = simple(folder)
    fold("-o", f"{folder}/a.html", profile)
    with browser() as driver:
        page = Page(driver, f"{folder}/a.html")
        same(page.text("title"), "prog", "title")
        check("10 periods in" in page.text("facts"), "facts: " + page.text("facts"))
        check('prog --fast a "b" \\c;d' in page.text("facts"), "command: " + page.text("facts"))
        check(re.fullmatch(r"25\.00 % of the samples have a guessed step in their stack, .*GUESSES.*", page.text("notes")),
              "notes: " + page.text("notes"))
        same(page.shown("heat"), False, "a heat map without times")
        # Children stand by name: libx.so.1+0x300, then prog+0x200; its own weight last.
        tip = page.under(3, 0.1)
        check(tip.startswith("libx.so.1+0x300\n3 periods · 30.00 % of all"), tip)
        check("/nowhere/libx.so.1 · native" in tip, tip)
        check(page.under(3, 0.6).startswith("prog+0x200\n6 periods"), page.under(3, 0.6))
        same(page.under(3, 0.97), "", "beside the boxes")
        page.click(3, 0.6)
        check("60.00 % of all · 100.00 % of the zoomed" in page.details(), page.details())
        check(page.under(4, 0.6).startswith("prog+0x400\n4 periods"), "zoomed: " + page.under(4, 0.6))
        check(page.under(2, 0.99).startswith("prog+0x100"), "above the zoomed")
        page.search("0x[24]00")
        same(page.text("matched"), "matched 100.00 %", "within the zoomed")
        driver.key("Escape")
        driver.key("Escape")
        same(page.text("matched"), "", "search taken back")
        check(page.under(3, 0.1).startswith("libx"), "zoom taken back")
        page.search("0X300|0x400")
        same(page.text("matched"), "matched 70.00 %", "searched")
        page.search("(")
        same(page.text("matched"), "not a regular expression", "a bad one")
        driver.key("Escape")
        driver.run("document.getElementById('reset').click()")
        same(page.text("matched"), "", "reset")
        threads(page, driver)
        short_names(driver, f"{folder}/a.html")
        flipped(page, driver)
        page.quiet()


def short_names(driver, path):
    """In a box that has no room for all of a name: what tells functions apart stays."""
    with open(path, encoding="utf-8") as page:
        functions = re.search(r"^function partsOf.*?(?=^let letterWidth)", page.read(), re.M | re.S)[0]
    for name, room, wanted in (
            ("plain_function", 14, "plain_function"),
            ("plain_function", 8, "plain_f…"),
            ("v8::internal::Heap::Collect(v8::Kind, int)", 42, "v8::internal::Heap::Collect(v8::Kind, int)"),
            ("v8::internal::Heap::Collect(v8::Kind, int)", 30, "v8::internal::Heap::Collect(v…"),
            ("v8::internal::Heap::Collect(v8::Kind, int)", 20, "…Heap::Collect(v8::…"),
            ("v8::internal::Heap::Collect(v8::Kind, int)", 12, "…Collect(v8…"),
            ("v8::internal::Heap::Collect(v8::Kind, int)", 5, "…Col…"),
            ("void std::vector<std::pair<int, a::b> >::push_back(int)", 16, "…push_back(int)"),
            ("a::operator<<(std::ostream&, b::c)", 18, "a::operator<<(std…"),
            ("<alloc::String as core::fmt::Write>::write_str", 12, "…write_str"),
            ("JS:*run file:///a.js:1:2", 10, "JS:*run f…")):
        same(driver.run(f"(() => {{ {functions}; return cut({name!r}, {room}) }})()"), wanted, f"{name} in {room}")


def threads(page, driver):
    names = driver.run("[...document.getElementById('thread').options].map(at => at.textContent)")
    same(names, ["All threads", "prog-4242: 70.00 %", "helper-4243: 30.00 %"], "threads")
    driver.key("t")
    driver.key("t")
    check(page.under(3, 0.9).startswith("libx.so.1+0x300\n3 periods · 100.00 % of all"),
          "one thread: " + page.under(3, 0.9))
    driver.key("0")


def flipped(page, driver):
    driver.run("document.getElementById('flip').click()")
    driver.settle()
    _, y, _, height = page.box("flame")
    driver.move(100, y + height - page.row / 2 - 2)
    driver.settle()
    check(page.text("tip").startswith("all"), "the root is at the foot: " + page.text("tip"))
    check("f=1" in driver.run("location.hash"), "kept in the address")


def test_keys(folder):
    fold("-o", f"{folder}/a.html", simple(folder))
    with browser() as driver:
        page = Page(driver, f"{folder}/a.html")
        for key, name in (("ArrowDown", "all"), ("ArrowDown", "prog\n"), ("ArrowDown", "prog+0x100"),
                          ("ArrowDown", "prog+0x200"), ("ArrowLeft", "libx.so.1+0x300"),
                          ("ArrowRight", "prog+0x200"), ("ArrowDown", "prog+0x400"),
                          ("ArrowUp", "prog+0x200")):
            driver.key(key)
            check(page.details().startswith(name), f"{key}: {page.details()}, not {name}")
        driver.key("Enter")
        check("100.00 % of the zoomed" in page.details(), "Enter zooms: " + page.details())
        driver.key("Backspace")
        check(page.details().startswith("prog+0x100"), "Backspace: " + page.details())
        driver.key("0")
        page.search("0x")
        driver.key("Enter")
        seen = [page.details().split("\n")[0]]
        for _ in range(3):
            driver.key("n")
            seen.append(page.details().split("\n")[0])
        same(seen, ["prog+0x100", "libx.so.1+0x300", "prog+0x200", "prog+0x400"], "n")
        driver.key("N")
        check(page.details().startswith("prog+0x200"), "N: " + page.details())
        driver.key("i")
        driver.key("ArrowUp")
        check(page.details().startswith("prog+0x400"), "up goes to the called: " + page.details())
        driver.key("?")
        same(page.shown("help"), True, "help")
        driver.key("Escape")
        same(page.shown("help"), False, "help closed")
        page.quiet()


def test_heat_map(folder):
    profile = simple(folder)
    fold("-o", f"{folder}/a.heatmap.html", profile)
    with browser() as driver:
        page = Page(driver, f"{folder}/a.heatmap.html")
        x, y, width, height = page.box("heat-canvas")
        cells = {}
        # Each cell of the first four seconds is asked for its count.
        driver.move(x + 100, y + 2)
        driver.run("document.getElementById('heat-canvas').focus()")
        rows = 50
        for column in range(4):
            left = column_x(driver, page, column)
            for row in range(rows):
                driver.move(left, y + (rows - row - 0.5) * cell_height(driver, rows))
                found = re.match(r"([\d.]+) s: (behind the end|([\d,]+) period)",
                                 page.text("heat-cell"))
                cells[float(found[1])] = int(found[3] or -1)
        behind = {time: cells.pop(time) for time in list(cells) if cells[time] < 0}
        same((min(behind), len(behind)), (3.42, 29), "cells behind the end")
        shade = [driver.run("[...document.getElementById('heat-canvas').getContext('2d')"
                            ".getImageData((%d - %d) * devicePixelRatio, %d, 1, 1).data].join()"
                            % (column_x(driver, page, column), x, 4)) for column in (2, 3)]
        check(shade[0] != shade[1], "the rest of the last second is not marked: %s" % shade)
        same({time: value for time, value in cells.items() if value},
             {0.1: 2, 1.2: 4, 2.3: 1, 3.4: 3}, "cells")
        ranges(driver, page, y, rows)
        page.quiet()


def cell_height(driver, rows):
    font = 12
    return max(1, round(min(12 * font, driver.run("innerHeight") / 4) / rows))


def column_x(driver, page, column):
    """The middle of a second's column, found by asking."""
    x, y, _, _ = page.box("heat-canvas")
    for offset in range(40, 400, 4):
        driver.move(x + offset, y + 5)
        if page.text("heat-cell").startswith(f"{column}."):
            return x + offset + 6
    check(False, f"second {column} is nowhere")
    return x


def ranges(driver, page, y, rows):
    height = rows * cell_height(driver, rows)
    first, third = column_x(driver, page, 1), column_x(driver, page, 2)
    driver.drag(first, y + height - 2, third, y + 1)
    check("shown 1.000–3.000 s" in page.text("heat-range"), page.text("heat-range"))
    check("5 periods · 100.00 % of all" in page.details(), "the range's: " + page.details())
    check(page.under(3, 0.4).startswith("prog+0x200\n4 periods · 80.00 % of all"), page.under(3, 0.4))
    last = column_x(driver, page, 3)
    driver.drag(last, y + height - 2, last, y + 1, shift=True)
    check("against 3.000–4.000 s" in page.text("heat-range"), page.text("heat-range"))
    check("new 80.00 % (4 periods), base 0.00 % (0 periods), change +80.00 %" in page.under(3, 0.4),
          "compared: " + page.under(3, 0.4))
    driver.key("Escape")
    same(page.text("heat-range"), "", "all times again")
    check("10 periods" in page.details(), page.details())
    # By keys alone: from the first second to the last.
    driver.run("document.getElementById('heat-canvas').focus()")
    for _ in range(4):
        driver.key("ArrowLeft")
    for _ in range(60):
        driver.key("ArrowDown")
    driver.key("Enter")
    driver.key("ArrowRight")
    driver.key("Enter")
    check("shown 0.000–1.020 s" in page.text("heat-range"), "keys: " + page.text("heat-range"))
    check("2 periods · 100.00 % of all" in page.details(), "keys: " + page.details())


def test_comparison(folder):
    profile = simple(folder)
    make(header(pid=77) + """reset
sample 77 100000000 5 0 0 0x400100 0x400200
sample 77 1200000000 10 0 0 0x400100 0x400900
sample 77 1300000000 5 0 0 0x400100
end 4000000000
""", f"{folder}/base.sigprof")
    fold("-o", f"{folder}/a.html", "--diff", f"{folder}/base.sigprof", profile)
    with browser() as driver:
        page = Page(driver, f"{folder}/a.html")
        same(page.text("title"), "prog against prog", "title")
        check("10 periods against 20 periods in" in page.text("facts"), page.text("facts"))
        check("only in the base: 50.00 % of it" in page.text("legend"), page.text("legend"))
        tip = page.under(3, 0.6)
        check("new 60.00 % (6 periods), base 25.00 % (5 periods), change +35.00 %, of self −5.00 %" in tip, tip)
        driver.key("w")
        tip = page.under(3, 0.4)
        check(tip.startswith("prog+0x900\n10 periods") and "change −50.00 %" in tip, "base: " + tip)
        driver.run("document.getElementById('scaled').click()")
        tip = page.under(3, 0.4)
        check("change −50.00 %" in tip, "amounts: " + tip)
        page.quiet()


def test_sizes(folder):
    make(mixed(), f"{folder}/a.sigprof")
    fold("-o", f"{folder}/a.heatmap.html", "--weight", "cpu", f"{folder}/a.sigprof")
    total = folded_total(fold("--weight", "cpu", f"{folder}/a.sigprof")) / 1e6
    with browser() as driver:
        for width, height, ratio, dark, touch in ((360, 640, 2, False, True), (1280, 800, 1, True, False),
                                                  (3840, 2160, 1, False, False)):
            page = Page(driver, f"{folder}/a.heatmap.html", width, height, ratio=ratio, dark=dark, touch=touch)
            check(f"{total:.3f} s in" in page.text("facts"), f"{width}: " + page.text("facts"))
            same(driver.run("document.scrollingElement.scrollWidth"), width, f"{width}: width")
            check(page.box("flame")[3] >= 150, f"{width}: the graph is {page.box('flame')[3]} px high")
            x, y, w, h = page.box("keys")
            check(0 <= x and x + w <= width and y + h <= height, f"{width}: a button is outside")
            light = driver.run("getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0] > 128")
            same(light, not dark, f"{width}: light page")
            check(drawn(driver), f"{width}: nothing is drawn")
            if touch:
                touched(page, driver)
            listed(page, driver, width)
            page.quiet()


def listed(page, driver, width):
    """The keys, in a window that is too low for them."""
    driver.size(width, 300)
    driver.key("?")
    top, bottom, first, close = driver.run(
        "[help.getBoundingClientRect().top, help.getBoundingClientRect().bottom,"
        " help.querySelector('td').getBoundingClientRect().top,"
        " help.querySelector('button').getBoundingClientRect().bottom]"
        .replace("help", "document.getElementById('help')"))
    check(0 <= top <= first and close <= bottom <= 300, f"{width}: keys: {top} {first} {close} {bottom}")
    driver.key("Escape")


def drawn(driver):
    """Are there colours in the graph?"""
    return driver.run("new Set(document.getElementById('flame-canvas').getContext('2d')"
                      ".getImageData(0, 0, 300, 200).data).size > 20")


def touched(page, driver):
    driver.tap(*page.point(1, 0.5))
    check(page.details().startswith("prog\n") and "zoomed" not in page.details(), "first tap: " + page.details())
    driver.tap(*page.point(1, 0.5))
    check("100.00 % of the zoomed" in page.details(), "second tap: " + page.details())


def test_nothing(folder):
    """A filter that leaves nothing: the page says so, and bears what a user then does."""
    profile = simple(folder)
    for name in ("a.html", "a.heatmap.html"):
        fold("-o", f"{folder}/{name}", "--focus", "nowhere", profile, status=4)
        with browser() as driver:
            page = Page(driver, f"{folder}/{name}")
            check("0 periods in" in page.text("facts"), f"{name}: facts: " + page.text("facts"))
            same(page.text("notes").split("\n"),
                 ["only stacks in which a frame matches nowhere (--focus)",
                  "there is nothing to be shown: no sample passed these filters"], f"{name}: notes")
            check(not page.under(1, 0.5).startswith("prog"), f"{name}: " + page.under(1, 0.5))
            page.click(1, 0.5)
            for key in ("ArrowDown", "ArrowDown", "Enter", "n", "i", "Backspace", "0"):
                driver.key(key)
            page.search("prog")
            same(page.text("matched"), "matched 0.00 %", f"{name}: searched")
            page.quiet()


def test_large(folder):
    """More frames than a page takes: what is left out is said, and adds up."""
    make(header() + "big 60000 2000000 40\n", f"{folder}/a.sigprof")
    fold("-o", f"{folder}/a.html", f"{folder}/a.sigprof")
    total = folded_total(fold(f"{folder}/a.sigprof"))
    same(total, 60000, "samples")
    with browser() as driver:
        page = Page(driver, f"{folder}/a.html")
        check("60,000 periods · 100.00 % of all" in page.details(), page.details())
        found = re.match(r"([\d,]+) frames below \d+ periods each are left out: ([\d.]+) %", page.text("notes"))
        check(found is not None, "notes: " + page.text("notes"))
        page.search("^.smaller frames.$")
        same(page.text("matched"), f"matched {found[2]} %", "what was left out")
        page.quiet()


main({"graph": test_graph, "keys": test_keys, "heat-map": test_heat_map,
      "comparison": test_comparison, "sizes": test_sizes, "nothing": test_nothing, "large": test_large})
