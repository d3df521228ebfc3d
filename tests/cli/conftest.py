"""A folder with candles, a strategy module and a portfolio file, and the command run inside this process."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tradedesk.cli import main

STRATEGIES = """\
import trio


class Steady:
    def __init__(self, instrument, level=1.0, *, active=True):
        self.instrument = instrument
        self.level, self.active = level, active

    def set_risk_per_trade(self, value):
        self.risk = value

    def is_regime_active(self):
        return self.active

    async def on_candle_close(self, event):
        pass


class Needy(Steady):
    def __init__(self, threshold):
        super().__init__("EURUSD")


class Stubborn(Steady):
    def __init__(self):
        super().__init__("USDJPY")


class Fussy(Steady):
    def __init__(self, instrument):
        raise ValueError("not today")


class Mute:
    def set_risk_per_trade(self, value): ...
    def is_regime_activ(self): ...
    def on_candle_close(self, event): ...


class Hasty(Steady):
    def on_candle_close(self, event):
        pass


class Crash(Steady):
    async def on_candle_close(self, event):
        if event.candle.close >= self.level:
            self.look_up(event.candle)

    def look_up(self, candle):
        raise LookupError(f"no level for {candle.close}")


class Interrupted(Steady):
    async def on_candle_close(self, event):
        raise KeyboardInterrupt


class Patient(Steady):
    async def on_candle_close(self, event):
        print("ready", flush=True)
        await trio.sleep_forever()


class Compiled(int):
    # inspect finds no signature, as with a class of an extension module
    def set_risk_per_trade(self, value): ...
    def is_regime_active(self): ...
    async def on_candle_close(self, event): ...


def factory():
    return Steady("EURUSD")


class Holder(Steady):
    def __init__(self, instrument, desk, size=1000.0, leaves_at=None, crashes_at=None):
        super().__init__(instrument)
        self.desk, self.size, self.leaves_at, self.crashes_at = desk, size, leaves_at, crashes_at
        self.candles, self.heard = 0, []
        if size < 0:
            raise ValueError(f"size is {size}")

    def on_fill(self, fill):
        self.heard.append(fill.number)

    async def on_candle_close(self, event):
        self.candles += 1
        if self.candles == self.crashes_at:
            raise LookupError(f"crashed with {len(self.heard)} fills heard")
        if self.candles == self.leaves_at:
            self.desk.close()
        elif self.candles == 1:
            self.desk.buy(self.size)


import signal


class Signalled(Steady):
    # its process is interrupted, once or more often, in its fifth candle
    def __init__(self, instrument, often=None):
        super().__init__(instrument)
        self.often = often if often is not None else 1 if instrument == "EURUSD" else 0
        self.candles = 0

    async def on_candle_close(self, event):
        self.candles += 1
        for _ in range(self.often if self.candles == 5 else 0):
            signal.raise_signal(signal.SIGINT)
"""

PORTFOLIO = """\
[portfolio]
budget = 12.0
default_risk_per_trade = 1

[[sleeve]]
instrument = "EURUSD"
period = "4HOUR"
file = "eurusd.csv"
strategy = "house_strategies:Steady"

[[sleeve]]
instrument = "GBPUSD"
period = "4HOUR"
file = "gbpusd.csv"
strategy = "house_strategies:Steady"
parameters = { level = 2.0 }
"""


BROKER = """\

[broker]
cash = 10_000.0
"""


class Ended(NamedTuple):
    code: int
    out: str
    err: str


def csv_text(rows: int, start: float = 1.0) -> str:
    """Four-hour candles, each a thousandth higher than the one before."""
    lines = ["timestamp,open,high,low,close"]
    for row in range(rows):
        price = round(start + row / 1000, 3)
        lines.append(f"{1_600_000_000 + row * 14_400},{price},{price},{price},{price}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder of the test; what it imports from there is forgotten afterwards."""
    (tmp_path / "eurusd.csv").write_text(csv_text(10))
    (tmp_path / "gbpusd.csv").write_text(csv_text(8, 1.5))
    (tmp_path / "house_strategies.py").write_text(STRATEGIES)
    (tmp_path / "portfolio.toml").write_text(PORTFOLIO)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(tmp_path) in (getattr(sys.modules[name], "__file__", None) or ""):
            del sys.modules[name]


@pytest.fixture
def tradedesk(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Ended]:
    monkeypatch.chdir(tmp_path)  # the demo writes a report into the current folder
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)

    def run(*tokens: str) -> Ended:
        code = main(tokens)
        return Ended(code, *capsys.readouterr())

    return run
