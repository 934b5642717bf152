"""Chromium without a window, driven over its DevTools protocol."""

import base64
import json
import subprocess
import threading
from contextlib import ExitStack
from urllib.request import urlopen

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from http_peer import wait_until

START_DEADLINE = 60
CALL_DEADLINE = 30


class Browser:
    """A running browser with a profile of its own."""

    def __init__(self, binary, profile):
        self._profile = profile
        self._log = open(profile / "log.txt", "wb")
        options = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
            "--hide-scrollbars",
            "--remote-debugging-port=0",
            f"--user-data-dir={profile}",
        ]
        self._process = subprocess.Popen([binary, *options, "about:blank"], stdout=self._log, stderr=self._log)
        port_file = profile / "DevToolsActivePort"
        wait_until(lambda: port_file.exists() and port_file.read_text().count("\n"), START_DEADLINE, "no browser")
        self._address = f"127.0.0.1:{port_file.read_text().splitlines()[0]}"
        with urlopen(f"http://{self._address}/json/version", timeout=CALL_DEADLINE) as answer:
            self._control = Connection(json.load(answer)["webSocketDebuggerUrl"])

    def open(self, url, width=1100, height=1400, dark=False, script=True):
        """A new tab with `url` loaded."""
        target = self._control.call("Target.createTarget", url="about:blank")["targetId"]
        tab = Tab(self._control, target, Connection(f"ws://{self._address}/devtools/page/{target}"))
        tab.prepare(width, height, dark, script)
        tab.go(url)
        return tab

    def stop(self):
        self._control.close()
        self._process.terminate()
        try:
            self._process.wait(CALL_DEADLINE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()


class Connection:
    """Calls over one socket, and the events that came over it."""

    def __init__(self, url):
        self._open = ExitStack()
        self._socket = self._open.enter_context(connect(url, max_size=None, open_timeout=CALL_DEADLINE))
        self._lock = threading.Lock()
        self._answers, self._events, self._last = {}, [], 0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        try:
            for text in self._socket:
                message = json.loads(text)
                with self._lock:
                    if "id" in message:
                        self._answers[message["id"]] = message
                    else:
                        self._events.append(message)
        except ConnectionClosed:
            pass  # A browser that ends says no more than that.

    def call(self, method, **parameters):
        with self._lock:
            self._last += 1
            number = self._last
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        answer = wait_until(lambda: self._answers.pop(number, None), CALL_DEADLINE, f"no answer to {method}")
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def events(self, *methods):
        """The parameters of the events so far, of these kinds."""
        with self._lock:
            return [event["params"] for event in self._events if event["method"] in methods]

    def close(self):
        self._open.close()
        self._reader.join(CALL_DEADLINE)


class Tab:
    """One page."""

    def __init__(self, control, target, connection):
        self._control, self._target, self._connection = control, target, connection
        self.allow_errors = False

    def call(self, method, **parameters):
        return self._connection.call(method, **parameters)

    def prepare(self, width, height, dark, script):
        for domain in ("Page", "Runtime", "Log", "Network", "DOM", "Accessibility"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setScriptExecutionDisabled", value=not script)
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ])
        self.resize(width, height)

    def resize(self, width, height):
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500
        )

    def go(self, url):
        before = len(self._connection.events("Page.loadEventFired"))
        self.call("Page.navigate", url=url)
        loaded = lambda: len(self._connection.events("Page.loadEventFired")) > before  # noqa: E731
        wait_until(loaded, CALL_DEADLINE, f"{url} is not loaded")

    def evaluate(self, expression):
        """The value of a script's expression."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def html(self):
        """The document as it is now; also where scripts are off."""
        root = self.call("DOM.getDocument", depth=0)["root"]["nodeId"]
        return self.call("DOM.getOuterHTML", nodeId=root)["outerHTML"]

    def text(self, selector):
        """What a person reads in the first element that matches; None if there is none."""
        return self.evaluate(f"document.querySelector({json.dumps(selector)})?.innerText ?? null")

    def texts(self, selector):
        return self.evaluate(f"[...document.querySelectorAll({json.dumps(selector)})].map((e) => e.innerText)")

    def press(self, key, code=0):
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code,
                **({"text": "\r"} if key == "Enter" and kind == "keyDown" else {}),
            )

    def screenshot(self, path):
        """A picture of the whole page."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)["data"]
        path.write_bytes(base64.b64decode(data))

    def accessible(self):
        """(role, name) of everything that assistive technology is told of."""
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        return [
            (node["role"]["value"], node.get("name", {}).get("value", ""))
            for node in nodes
            if not node.get("ignored") and "role" in node
        ]

    def requests(self):
        """The addresses that the page asked for."""
        return [event["request"]["url"] for event in self._connection.events("Network.requestWillBeSent")]

    def errors(self):
        """What the console shows as a warning or an error, violations of the policy included."""
        logged = [e["entry"] for e in self._connection.events("Log.entryAdded")]
        written = self._connection.events("Runtime.consoleAPICalled")
        return [
            *(entry["text"] for entry in logged if entry["level"] in ("warning", "error")),
            *(str(entry["args"]) for entry in written if entry["type"] in ("warning", "error", "assert")),
            *(str(event["exceptionDetails"]) for event in self._connection.events("Runtime.exceptionThrown")),
        ]

    def close(self):
        self._control.call("Target.closeTarget", targetId=self._target)
        self._connection.close()
