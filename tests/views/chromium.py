# SPDX-License-Identifier: BSD-2-Clause
"""A real Chromium without a window, driven by its own protocol over two pipes:
no port is opened and nothing but Python is needed."""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

LIMIT_S = 240  # for one answer, on a machine that is busy with other things


class Failed(Exception):
    pass


def find():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(name)
        if path:
            return path
    return None


class Browser:
    """One page. Use as a context; `errors` and `requests` list what the page did
    that it should not."""

    def __init__(self, path, flags=()):
        self.folder = tempfile.mkdtemp(prefix="sigprof-chromium.")
        to_browser, self.write_end = os.pipe()
        self.read_end, from_browser = os.pipe()
        arguments = [path, "--headless=new", "--no-sandbox", "--disable-gpu",
                     "--no-first-run", "--disable-extensions", "--mute-audio",
                     "--disable-background-networking", "--disable-dev-shm-usage",
                     "--hide-scrollbars", "--force-color-profile=srgb",
                     "--user-data-dir=" + self.folder, "--remote-debugging-pipe",
                     *flags, "about:blank"]
        # The protocol is spoken on descriptors 3 and 4.
        self.process = subprocess.Popen(
            ["sh", "-c", f'exec 3<&{to_browser} 4>&{from_browser} "$@"', "sh", *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, pass_fds=(to_browser, from_browser))
        os.close(to_browser)
        os.close(from_browser)
        self.buffer = b""
        self.number = 0
        self.errors = []
        self.requests = []
        self.events = []
        self.session = None
        pages = self.call("Target.getTargets")["targetInfos"]
        page = next(page for page in pages if page["type"] == "page")
        self.session = self.call("Target.attachToTarget",
                                 targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(domain + ".enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.session = None
            self.call("Browser.close")
            self.process.wait(10)
        except (Failed, OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        os.close(self.write_end)
        os.close(self.read_end)
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- The protocol ----

    def receive(self, until):
        while b"\0" not in self.buffer:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.read_end], [], [], left)[0]:
                return None
            data = os.read(self.read_end, 1 << 20)
            if not data:
                raise Failed("the browser is gone")
            self.buffer += data
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def note(self, event):
        self.events.append(event["method"])
        details = event.get("params", {})
        if event["method"] == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(details["exceptionDetails"])[:600])
        elif event["method"] == "Runtime.consoleAPICalled" and details["type"] == "error":
            self.errors.append(json.dumps(details["args"])[:600])
        elif event["method"] == "Log.entryAdded" and details["entry"]["level"] == "error":
            self.errors.append(details["entry"]["text"])
        elif event["method"] == "Network.requestWillBeSent":
            self.requests.append(details["request"]["url"][:200])

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write_end, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + LIMIT_S
        while True:
            answer = self.receive(until)
            if answer is None:
                raise Failed(f"no answer to {method} in {LIMIT_S} s")
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise Failed(f"{method}: {answer['error']}")
                return answer.get("result", {})
            if "method" in answer:
                self.note(answer)

    # ---- What a person does ----

    def size(self, width, height, ratio=1, dark=False, touch=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=ratio, mobile=touch)
        self.call("Emulation.setTouchEmulationEnabled", enabled=touch)
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def open(self, url):
        self.events.clear()
        self.call("Page.navigate", url=url)
        until = time.monotonic() + LIMIT_S
        while "Page.loadEventFired" not in self.events:
            event = self.receive(until)
            if event is None:
                raise Failed(url + ": not loaded")
            if "method" in event:
                self.note(event)

    def run(self, script):
        """The value of an expression in the page; promises are waited for."""
        answer = self.call("Runtime.evaluate", expression=script,
                           returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise Failed(f"{script}: {json.dumps(answer['exceptionDetails'])[:600]}")
        return answer["result"].get("value")

    def wait(self, script):
        """Until an expression is true."""
        until = time.monotonic() + LIMIT_S
        while not self.run(script):
            if time.monotonic() > until:
                raise Failed("never true: " + script)
            time.sleep(0.02)

    def settle(self):
        """Until what was asked for is drawn."""
        self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
                 ".then(() => 0)")

    def mouse(self, kind, x, y, **more):
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def move(self, x, y):
        self.mouse("mouseMoved", x, y)

    def click(self, x, y):
        self.move(x, y)
        self.mouse("mousePressed", x, y, button="left", clickCount=1)
        self.mouse("mouseReleased", x, y, button="left", clickCount=1)
        self.settle()

    def drag(self, x, y, to_x, to_y, shift=False):
        keys = 8 if shift else 0
        self.mouse("mouseMoved", x, y, modifiers=keys)
        self.mouse("mousePressed", x, y, button="left", clickCount=1, modifiers=keys)
        self.mouse("mouseMoved", to_x, to_y, button="left", modifiers=keys)
        self.mouse("mouseReleased", to_x, to_y, button="left", clickCount=1, modifiers=keys)
        self.settle()

    def tap(self, x, y):
        self.call("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
        self.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
        self.settle()

    CODES = {"Enter": 13, "Escape": 27, "Backspace": 8, "ArrowLeft": 37, "ArrowUp": 38,
             "ArrowRight": 39, "ArrowDown": 40, "Tab": 9}

    def key(self, name, shift=False):
        event = {"key": name, "modifiers": 8 if shift else 0}
        if name in self.CODES:
            event.update(code=name, windowsVirtualKeyCode=self.CODES[name])
            if name == "Enter":
                event["text"] = "\r"
        else:
            event["text"] = name
        self.call("Input.dispatchKeyEvent", type="keyDown", **event)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=name)
        self.settle()

    def type(self, text):
        self.call("Input.insertText", text=text)
        self.settle()

    def picture(self, path):
        self.settle()
        data = self.call("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as out:
            out.write(base64.b64decode(data))
