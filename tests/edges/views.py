# SPDX-License-Identifier: BSD-2-Clause
"""What pictures and other tools' formats make of odd numbers: cases 50 to 52."""
import base64
import gzip
import json
import re
import zlib

from lib import (BASE, PERIOD_NS, Said, address_of, check, compile_c, fold, make, module_line, same,
                 sample)

BINARY = []
ADDRESS = []
FORMATS = ("folded", "top", "raw", "pprof", "speedscope", "firefox", "html", "heatmap")


def lines(*samples, period=None):
    if not BINARY:
        BINARY.append(compile_c("one", "int main(void) { return 0; }"))
        ADDRESS.append(BASE + address_of("one", "main"))
    more = ["info period_ns %d" % period] if period else []
    return more + [module_line(BINARY[0]), "reset", *samples]


def at():
    if not ADDRESS:
        lines()
    return ADDRESS[0]


def varint(data, place):
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place


def fields(data):
    """(number, value) of a protocol buffer's message."""
    place = 0
    while place < len(data):
        key, place = varint(data, place)
        if key & 7 == 2:
            size, place = varint(data, place)
            yield key >> 3, data[place:place + size]
            place += size
        else:
            value, place = varint(data, place)
            yield key >> 3, value


def pprof_values(data):
    """Sums of the samples' values."""
    sums = []
    for number, body in fields(gzip.decompress(data)):
        if number != 2:
            continue
        for part, values in fields(body):
            place, list_ = 0, []
            while part == 2 and place < len(values):
                value, place = varint(values, place)
                list_.append(value)
            sums = [a + b for a, b in zip(sums or [0] * len(list_), list_)] \
                if list_ else sums
    return sums


def page_of(html):
    """The head of the page's data, and the numbers behind it."""
    packed = re.search(rb'id="profile"[^>]*>([^<]*)<', html).group(1)
    data = zlib.decompress(base64.b64decode(packed))
    size = int.from_bytes(data[:4], "little")
    return json.loads(data[4:4 + size]), data[4 + size:]


def case_50():
    make(lines("end 2000"), "none.sigprof")
    make(lines(sample(at()), "end 2000"), "one.sigprof")
    for view in ("html", "heatmap"):
        for options, wanted in (
                (("none.sigprof",), ["there is nothing to be shown: the profile has no sample"]),
                (("--focus", 'z"</z', "one.sigprof"),
                 ['only stacks in which a frame matches z"</z (--focus)',
                  "there is nothing to be shown: no sample passed these filters"]),
                (("--ignore", "z", "--thread", ".", "--time", "0-9", "one.sigprof"),
                 ["only this time of the run, in seconds: 0-9 (--time)",
                  "only threads whose name matches . (--thread)",
                  "no stacks in which a frame matches z (--ignore)"]),
                (("one.sigprof",), [])):
            page = Said("--cache", "none", "-f", view, *options, binary=True)
            same(page_of(page.out)[0]["notes"], wanted, "notes: %s" % (options,))
    huge = 2 ** 53 + 1
    make(lines(sample(at(), weight=huge), sample(at(), weight=10 ** 9), "end 2000"),
         "huge.sigprof")
    for view in FORMATS:
        said = Said("--cache", "none", "-f", view, "none.sigprof", binary=True)
        same(said.status, 4, "no sample: %s" % view)
        check("no sample in the profile" in said.err, "said: %r" % said.err)
        one = Said("--cache", "none", "-f", view, "one.sigprof", binary=True)
        same((one.status, one.err), (0, ""), "one sample: %s" % view)
        if view in ("speedscope", "firefox"):
            json.loads(said.out)
            json.loads(one.out)
        elif view in ("html", "heatmap"):
            same([page_of(page.out)[0]["rows"] for page in (said, one)], [0, 1], view)
        elif view == "pprof":
            same([pprof_values(page.out) for page in (said, one)],
                 [[], [1, PERIOD_NS]], view)
        many = Said("--cache", "none", "-f", view, "huge.sigprof", binary=True)
        same(many.status, 0, view)
        exact = view in ("folded", "top", "raw", "pprof")
        same("2^53" in many.err, not exact, "%s: %r" % (view, many.err))
        if view == "folded":
            same(many.out, b"p;main %d\n" % (huge + 10 ** 9), view)
        elif view == "pprof":
            same(pprof_values(many.out)[0], huge + 10 ** 9, view)
        elif view in ("speedscope", "firefox"):
            json.loads(many.out)
    same(Said("--cache", "none", "-f", "html", "one.sigprof").err, "", "one more time")
    # A billion of ten milliseconds are too many nanoseconds, but not samples.
    make(lines(sample(at(), weight=10 ** 9), "end 2000"), "billion.sigprof")
    for view, said in (("speedscope", True), ("firefox", False), ("html", False)):
        same("2^53" in Said("--cache", "none", "-f", view, "billion.sigprof",
                            binary=True).err, said, "a billion: %s" % view)
    too_many_for_a_map()


def too_many_for_a_map():
    """More than 4,194,304 samples: a page without times that has all of them."""
    for count, timed in ((4194304, True), (4194305, False)):
        make(["big %d 50 6" % count, "end 1"], "big.sigprof")
        said = Said("--cache", "none", "-f", "heatmap", "big.sigprof", binary=True)
        same(said.status, 0, "%d samples" % count)
        same("%d samples are more than can be shown by time (4194304)" % count in
             said.err, not timed, "%d: %r" % (count, said.err))
        head, data = page_of(said.out)
        same(head["timed"], timed, "%d: by time" % count)
        if not timed:
            same(sum(all_numbers(data)[-1:-2 * head["rows"]:-2]), count, "weights")
            check(len(said.out) < 200000, "%d bytes" % len(said.out))


def case_51():
    # Two drains' worth: thread 2's block is older, and within it times go back.
    make(lines(*[sample(at(), tid=1, time=t) for t in (50_000_000, 60_000_000)],
               *[sample(at(), tid=2, time=t) for t in (30_000_000, 10_000_000)],
               sample(at(), tid=1, time=20_000_000), "end 90000000"), "mixed.sigprof")
    speedscope = json.loads(Said("--cache", "none", "-f", "speedscope",
                                 "mixed.sigprof").out)
    same(sorted(sum(p["weights"]) for p in speedscope["profiles"]),
         [2 * PERIOD_NS, 3 * PERIOD_NS], "weights of both threads")
    firefox = json.loads(Said("--cache", "none", "-f", "firefox", "mixed.sigprof").out)
    times = [thread["samples"]["time"] for thread in firefox["threads"]]
    same(sorted(len(list_) for list_ in times), [2, 3], "samples of both threads")
    for list_ in times:
        same(list_, sorted(list_), "in the order of time")
    same(fold("--cache", "none", "--time", "0.015-0.055", "mixed.sigprof"), ["p;main 3"],
         "--time goes by each sample's own")
    # The wall clock was set back between two recordings: theirs is not asked.
    for name, mono, real in (("a", 1_000_000_000, 1_790_000_000_000_000_000),
                             ("b", 3_000_000_000, 1_780_000_000_000_000_000)):
        make(["info start_mono_ns %d" % mono, "info start_real_ns %d" % real,
              "info id 5eed00000000000000000000000000%02x" % mono.bit_length()] +
             [line for line in lines(sample(at(), time=500_000_000), "end 900000000")],
             name + ".sigprof")
    # The program is older than both, whatever that clock says.
    for limits, wanted in (("0-1", 1), ("2-3", 1), ("0-3", 2), ("1-2", 0)):
        said = Said("--cache", "none", "--time", limits, "a.sigprof", "b.sigprof")
        same(sum(int(line.split()[-1]) for line in said.lines), wanted, limits)


def all_numbers(data):
    """Nodes come first; their number of fields is the page's business. From the end
    the rows of the last thread are three numbers each, or two without a time."""
    numbers, value, shift = [], 0, 0
    for byte in data:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            numbers.append(value)
            value = shift = 0
    return numbers


def rows_of(data, head):
    """time in microseconds of each row of the page, and its weight."""
    body = all_numbers(data)[-3 * head["rows"]:]
    time, found = 0, []
    for row in range(head["rows"]):
        time += body[3 * row]
        found.append((time, body[3 * row + 2]))
    return found


def cells_of(hz, seconds=4):
    """The heat map of a clock that ticks evenly, as the page counts it."""
    period = round(1e9 / hz)
    make(lines(*[sample(at(), time=round(n * 1e9 / hz)) for n in range(hz * seconds)],
               "end %d" % (seconds * 10 ** 9), period=period))
    head, data = page_of(Said("--cache", "none", "-f", "heatmap", "edge.sigprof",
                              binary=True).out)
    rows = head["heatRows"]
    cells = {}
    for time, weight in rows_of(data, head):
        cell = time // 10 ** 6, time % 10 ** 6 * rows // 10 ** 6
        cells[cell] = cells.get(cell, 0) + weight
    same(sum(cells.values()), hz * seconds, "%d Hz: samples" % hz)
    same(max(cell[0] for cell in cells), seconds - 1, "%d Hz: columns" % hz)
    return rows, cells


def case_52():
    rows, cells = cells_of(99)
    same(99 % rows, 0, "rows at 99 Hz: %d" % rows)
    check(rows >= 25, "too few rows: %d" % rows)
    # Times are whole microseconds: a tick at a row's edge can fall to the one before.
    counts = sorted(cells.values())
    check(len(cells) == 4 * rows and counts[0] >= 99 // rows - 1 and
          counts[-1] <= 99 // rows + 1, "uneven: %s" % counts)
    check(sum(count == 99 // rows for count in counts) >= 0.9 * len(counts),
          "aliasing: %s" % counts)
    for hz in 50, 100, 200, 250, 1000:
        rows, cells = cells_of(hz, 2)
        same(hz % rows, 0, "rows at %d Hz: %d" % (hz, rows))
        same({count for count in cells.values()} - {hz // rows - 1, hz // rows,
                                                    hz // rows + 1}, set(), "%d Hz" % hz)
