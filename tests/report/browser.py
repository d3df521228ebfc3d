"""A headless Chromium over a pipe: no port, no dependency.

Two pipes carry its DevTools protocol: JSON, each message ended by a NUL byte. Chromium reads from descriptor 3 and writes to 4.
"""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PATIENCE = 300.0
"""Seconds until a browser is killed, whatever it does: it hangs, for it takes ten of them where nothing else runs."""

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions", "--hide-scrollbars", "--remote-debugging-pipe",
)  # fmt: skip
LAUNCH = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execv(sys.argv[3], sys.argv[3:])"
)

FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))"
"""Milliseconds from the start of the navigation until what the scripts drew is on the screen."""


class Page:
    """The one tab: commands, and what happened meanwhile."""

    def __init__(self, to, answers) -> None:
        self._to, self._answers = to, answers
        self._number = 0
        self._session: str | None = None
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.loads = 0

    def command(self, method: str, **parameters: object) -> dict:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._to.write(json.dumps(message).encode() + b"\0")
        self._to.flush()
        while True:
            received = self._next()
            if received.get("id") == self._number:
                assert "error" not in received, received
                return received["result"]

    def _next(self) -> dict:
        text = bytearray()
        while (byte := self._answers.read(1)) != b"\0":
            assert byte, "the browser ended"
            text += byte
        received = json.loads(text)
        self._note(received.get("method"), received.get("params"))
        return received

    def _note(self, method: str | None, of: dict) -> None:
        match method:
            case "Network.requestWillBeSent":
                self.requests.append(of["request"]["url"])
            case "Runtime.exceptionThrown":
                details = of["exceptionDetails"]
                self.errors.append(details.get("exception", {}).get("description", details["text"]))
            case "Runtime.consoleAPICalled" if of["type"] in {"error", "warning"}:
                self.errors.append(str(of["args"]))
            case "Log.entryAdded" if of["entry"]["level"] in {"error", "warning"}:
                self.errors.append(of["entry"]["text"])
            case "Page.loadEventFired":
                self.loads += 1

    def attach(self) -> None:
        target = self.command("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.command("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.command(f"{domain}.enable")

    def size(self, width: int, height: int, *, scale: float = 1.0, mobile: bool = False) -> None:
        self.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=mobile
        )

    def media(self, kind: str = "screen", **features: str) -> None:
        listed = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.command("Emulation.setEmulatedMedia", media=kind, features=listed)

    def open(self, path: Path) -> float:
        """Open a file and give the milliseconds until it was drawn."""
        self.requests.clear()
        self.errors.clear()
        loads = self.loads
        self.command("Page.navigate", url=path.as_uri())
        while self.loads == loads:
            self._next()
        return self.evaluate(FRAMES)

    def evaluate(self, expression: str):
        answer = self.command("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def key(self, key: str, *, text: str = "") -> None:
        for kind in ("keyDown", "keyUp"):
            self.command("Input.dispatchKeyEvent", type=kind, key=key, text=text if kind == "keyDown" else "")

    def mouse(self, kind: str, x: float, y: float) -> None:
        self.command("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)


@contextmanager
def browser() -> Iterator[Page]:
    """Run a browser for the block; skips where there is none."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip(f"needs a Chromium on the PATH, under one of the names {', '.join(NAMES)}")
    profile = tempfile.mkdtemp(prefix="tradedesk-report-")
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    # Out of the way of 3 and 4, which the launcher puts in their place.
    ends = [fcntl.fcntl(each, fcntl.F_DUPFD, 10) for each in (theirs_in, theirs_out)]
    command = [sys.executable, "-c", LAUNCH, *map(str, ends), program, *OPTIONS, f"--user-data-dir={profile}"]
    process = subprocess.Popen(command, pass_fds=ends, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for each in (theirs_in, theirs_out, *ends):
        os.close(each)
    watchdog = threading.Timer(PATIENCE, process.kill)
    watchdog.start()
    try:
        with open(ours_out, "wb") as to, open(ours_in, "rb") as answers:  # noqa: PTH123 - descriptors
            page = Page(to, answers)
            page.attach()
            yield page
    finally:
        watchdog.cancel()
        process.kill()
        process.wait()
        shutil.rmtree(profile, ignore_errors=True)
