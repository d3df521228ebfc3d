"""Strategies, policies and runners that the tests share."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from inspect import isawaitable

import attrs
import pytest

from tradedesk.marketdata import CandleCloseEvent
from tradedesk.portfolio import EqualSplitRiskPolicy, PortfolioRunner

BUDGET = 12.0
DEFAULT = 1.0

MODES = ("plain", "direct", "actors")
"""Not entered; entered, in the caller's task; entered, as actors."""

every_mode = pytest.mark.parametrize("mode", MODES)
every_dispatch = pytest.mark.parametrize("mode", ("direct", "actors"))


class Boom(Exception):
    """What strategies in these tests fail with."""


def event(instrument, period="1MINUTE", candle=None):
    return CandleCloseEvent(instrument, period, candle)


def nothing(_: object = None) -> None:
    pass


def fail(_: object) -> None:
    raise Boom


@attrs.define(eq=False)
class Strategy:
    """Writes down its calls; what else it does at each of them is up to the test."""

    active: object = False
    at_candle: Callable[[CandleCloseEvent], object] = nothing
    at_risk: Callable[[float], object] = nothing
    at_report: Callable[["Strategy"], object] = nothing
    calls: list[object] = attrs.field(factory=list)

    def set_risk_per_trade(self, value: float) -> None:
        self.calls.append(("risk", value))
        self.at_risk(value)

    def is_regime_active(self):
        self.calls.append("report")
        self.at_report(self)
        return self.active

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        self.calls.append(("candle", event))
        result = self.at_candle(event)
        if isawaitable(result):
            await result

    @property
    def risks(self) -> list[float]:
        return [call[1] for call in self.calls if call[0] == "risk"]

    @property
    def candles(self) -> list[CandleCloseEvent]:
        return [call[1] for call in self.calls if call[0] == "candle"]


@attrs.define(eq=False)
class TwoPhases:
    """Writes down its calls, with the risk it was under."""

    active: object = False
    at_update: object = nothing
    at_evaluation: object = nothing
    at_risk: object = nothing
    calls: list[object] = attrs.field(factory=list)
    risk: float | None = None

    def set_risk_per_trade(self, value):
        self.risk = value
        self.calls.append(("risk", value))
        self.at_risk(value)

    def is_regime_active(self):
        self.calls.append("report")
        return self.active

    def update_state(self, event):
        self.calls.append(("update", event.period, self.risk))
        return self.at_update(event)

    def evaluate_signals(self):
        self.calls.append(("evaluate", self.risk))
        return self.at_evaluation()

    @property
    def parts(self):
        return [call for call in self.calls if call[0] in ("update", "evaluate")]


@attrs.define
class Says:
    """A policy that gives the answer, or raises it; what a callable returns is the answer."""

    answer: object
    portfolio_risk_budget: object = BUDGET

    def allocate(self, active_instruments):
        answer = self.answer(active_instruments) if callable(self.answer) else self.answer
        if isinstance(answer, BaseException):
            raise answer
        return answer


def equal(budget: float = BUDGET) -> EqualSplitRiskPolicy:
    return EqualSplitRiskPolicy(budget)


@asynccontextmanager
async def serving(
    mode: str, strategies: Mapping[str, object], policy: object = None, default: float = DEFAULT, **options: object
) -> AsyncIterator[PortfolioRunner]:
    """A runner that is served in one of `MODES`."""
    dispatch = "direct" if mode == "direct" else "actors"
    runner = PortfolioRunner(strategies, policy or equal(), default, dispatch=dispatch, **options)
    if mode == "plain":
        yield runner
    else:
        async with runner:
            yield runner


async def caught(call) -> BaseException | None:
    """What the awaited call raises."""
    try:
        await call
    except Exception as error:
        return error
    return None
