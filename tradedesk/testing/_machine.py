"""A portfolio as a state machine: Hypothesis makes up what happens to it, step by step, and who goes on."""

from collections.abc import Mapping
from contextlib import suppress
from typing import ClassVar

from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from actors.testing import Schedule
from actors.testing.hypothesis import schedules
from tradedesk.marketdata import Candle, CandleCloseEvent
from tradedesk.portfolio import Instrument, Quarantine
from tradedesk.testing._building import Options, Policy
from tradedesk.testing._hypothesis import st
from tradedesk.testing._invariants import PROMISES
from tradedesk.testing._live import LiveDesk
from tradedesk.testing._rules import Rule
from tradedesk.testing._scripts import PlannedCrash
from tradedesk.testing._watched import Entry


class DeskMachine(RuleBasedStateMachine):
    """Rules that feed candles, switch regimes, plant crashes, add, remove and readmit sleeves, and halt.

    Say in a subclass what the portfolio is made of, add rules of your own, and let Hypothesis run it::

        class MyDesk(DeskMachine):
            def strategies(self): return {Instrument("A"): Trend(), Instrument("B"): Range()}
            def policy(self): return EqualSplitRiskPolicy(100.0)

        TestMyDesk = MyDesk.TestCase

    After each step all that has happened is held to `keeps`. What a call raises fails the machine, but planted crashes.

    Attributes:
        desk: the portfolio, for rules of your own.
        keeps: the rules it is held to.
        options: of `LiveDesk`; failures are quarantined unless they say otherwise.
        period: of the candles that are fed.
    """

    keeps: ClassVar[tuple[Rule, ...]] = PROMISES
    options: ClassVar[Options] = {"on_failure": Quarantine()}
    period: ClassVar[str] = "HOUR"

    desk: LiveDesk

    def strategies(self) -> Mapping[Instrument, Entry]:
        """Make the strategies it begins with; new objects each time."""
        raise NotImplementedError(f"{type(self).__name__} has no strategies(): return a dict of sleeve to strategy")

    def policy(self) -> Policy:
        """Make the policy."""
        raise NotImplementedError(f"{type(self).__name__} has no policy(): return the policy of the portfolio")

    def spare(self) -> Mapping[Instrument, Entry]:
        """Make the strategies that may be added; none unless you say so."""
        return {}

    def candles(self) -> st.SearchStrategy[object]:
        """The candles that are fed; small flat ones unless you say so."""
        return st.integers(1, 9).map(flat)

    @initialize(schedule=schedules())
    def begin(self, schedule: Schedule) -> None:
        """Start the portfolio, under a schedule."""
        self._spare = dict(self.spare())
        self.desk = LiveDesk(self.strategies(), self.policy(), schedule=schedule, keeps=self.keeps, **self.options)

    @rule(data=st.data())
    def feed(self, data: st.DataObject) -> None:
        """A slice: a candle for some of the instruments."""
        instruments = sorted({self.desk.trades(sleeve)[0] for sleeve in self.desk.sleeves})
        chosen = data.draw(st.lists(st.sampled_from(instruments), unique=True), label="instruments")
        candles = [data.draw(self.candles(), label=f"candle of {instrument}") for instrument in chosen]
        events = [
            CandleCloseEvent(Instrument(instrument), self.period, candle)  # type: ignore[arg-type] # whatever is fed
            for instrument, candle in zip(chosen, candles, strict=True)
        ]
        with suppress(PlannedCrash):
            self.desk.feed(events)

    @rule(data=st.data(), active=st.booleans())
    def regime(self, data: st.DataObject, active: bool) -> None:  # noqa: FBT001 - Hypothesis passes it by name
        """A sleeve reports this from now on."""
        self.desk.say(self._sleeve(data), active)

    @rule(data=st.data())
    def crash(self, data: st.DataObject) -> None:
        """The next candle of a sleeve fails."""
        self.desk.crash(self._sleeve(data))

    @rule(data=st.data())
    @precondition(lambda self: bool(self._spare))
    def add(self, data: st.DataObject) -> None:
        """A sleeve is added."""
        sleeve = data.draw(st.sampled_from(list(self._spare)), label="sleeve")
        self.desk.add(sleeve, self._spare.pop(sleeve))

    @rule(data=st.data())
    @precondition(lambda self: len(self.desk.sleeves) > 1)
    def remove(self, data: st.DataObject) -> None:
        """A sleeve is removed."""
        self.desk.remove(self._sleeve(data))

    @rule(data=st.data())
    @precondition(lambda self: bool(self._quarantined()))
    def readmit(self, data: st.DataObject) -> None:
        """A quarantined sleeve comes back."""
        self.desk.readmit(data.draw(st.sampled_from(self._quarantined()), label="sleeve"))

    @rule()
    def halt_for_a_slice(self) -> None:
        """The kill switch is pulled; an empty slice later it is let go of."""
        self.desk.halt("the machine has pulled it")
        with suppress(PlannedCrash):
            self.desk.feed([])
        self.desk.release()

    @invariant()
    def keeps_its_promises(self) -> None:
        """Every rule of `keeps` holds for all that has happened."""
        self.desk.check()

    def teardown(self) -> None:
        """End the portfolio; Hypothesis calls this. One of your own must call it: a run that is left blocks others."""
        if hasattr(self, "desk"):
            self.desk.close()

    def _sleeve(self, data: st.DataObject) -> Instrument:
        return data.draw(st.sampled_from(self.desk.sleeves), label="sleeve")

    def _quarantined(self) -> list[Instrument]:
        sleeves = self.desk.statistics().sleeves
        return [sleeve for sleeve in self.desk.sleeves if sleeves[sleeve].standing == "quarantined"]


def flat(price: int) -> Candle:
    """A candle whose prices are one."""
    return Candle("2024-01-01T00:00Z", open=price, high=price, low=price, close=price)
