"""A portfolio that a test without async drives, call by call."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Unpack

from actors.testing import Schedule
from tradedesk.portfolio import Instrument, RunnerStatistics, SliceReport
from tradedesk.testing._building import Options, Policy, premises_of, runner_of
from tradedesk.testing._feeding import Fed, Feeding, Undertaker
from tradedesk.testing._invariants import PROMISES
from tradedesk.testing._kept import Kept
from tradedesk.testing._log import Item
from tradedesk.testing._rules import Monitor, Rule
from tradedesk.testing._scripts import Call as What
from tradedesk.testing._scripts import CrashPoint
from tradedesk.testing._session import Session
from tradedesk.testing._watched import Book, Entry, Player, unwatched, watch, watched


class LiveDesk:
    """The real runner with its actors, which stands still between two calls. Nothing async for the caller.

    Each call is served to its end before it returns, and what it raises comes out. `close` it at the end.

    Args:
        strategies: as for `PortfolioRunner`.
        policy: as for `PortfolioRunner`.
        schedule: who goes on whenever several could; in turn when None.
        keeps: the rules that `check` holds it to.
        options: as for `simulate`; ``callers`` and ``keep_errors`` mean nothing here.

    Attributes:
        log: the trace, and between its records what the strategies met.
    """

    def __init__(
        self,
        strategies: Mapping[Instrument, Entry],
        policy: Policy,
        *,
        schedule: Schedule | None = None,
        keeps: tuple[Rule, ...] = PROMISES,
        **options: Unpack[Options],
    ) -> None:
        self._book = book = Book(crashes=set(options.get("crashes", ())))
        self.log: list[Item] = book.log
        self._rule = options.get("on_failure", "raise")
        self._feeding = Feeding(book, keep_errors=False)
        self._fed = 0
        self._runner = runner_of(
            strategies,
            policy,
            book,
            options,
            observer=Undertaker(book.log),
            scheduler=(schedule or Schedule()).scheduler(),
        )
        premises = premises_of(policy, book, options, self._feeding.given)
        self._monitors: list[Monitor] = [rule.monitor(premises) for rule in keeps]
        self._read = 0
        self._session = Session(self._runner)

    @property
    def sleeves(self) -> tuple[Instrument, ...]:
        """Those that are there now, in declared order."""
        return tuple(self._runner.strategies)

    def trades(self, sleeve: str) -> tuple[str, str | None]:
        """The instrument of a sleeve, and its period; None: all."""
        return self._book.trades[sleeve]

    def statistics(self) -> RunnerStatistics:
        """The runner's."""
        return self._runner.statistics()

    def feed(self, item: Fed) -> SliceReport:
        """Serve a candle, a slice, or a sequence of candles that close at one instant."""
        place, self._fed = self._fed, self._fed + 1
        self._session.call(partial(self._feeding.give, self._runner, place, item))
        return self._feeding.reports.pop(place)

    def add(self, sleeve: Instrument, entry: Entry) -> None:
        """As `PortfolioRunner.add`."""
        with self._unless_refused(sleeve):
            self._session.call(partial(self._runner.add, sleeve, watched(sleeve, entry, self._book, self._rule)))

    def remove(self, sleeve: Instrument) -> object:
        """As `PortfolioRunner.remove`."""
        try:
            return unwatched(self._session.call(partial(self._runner.remove, sleeve)))
        finally:
            if sleeve not in self._runner.strategies:  # also when it raised on its way out
                self._book.trades.pop(sleeve, None)

    def readmit(self, sleeve: Instrument, strategy: Player | None = None) -> None:
        """As `PortfolioRunner.readmit`."""
        with self._unless_refused(sleeve):
            player = None if strategy is None else watch(sleeve, strategy, self._book)
            self._runner.readmit(sleeve, player)  # type: ignore[arg-type] # in two phases, too

    @contextmanager
    def _unless_refused(self, sleeve: Instrument) -> Iterator[None]:
        """Forget what is known of a new strategy if the block raises."""
        book = self._book
        trades, two_phase = dict(book.trades), sleeve in book.two_phase
        with Kept() as kept:
            yield
        if kept.error is not None:
            book.trades.clear()
            book.trades.update(trades)
            (book.two_phase.add if two_phase else book.two_phase.discard)(sleeve)
            raise kept.error

    def set_policy(self, policy: Policy) -> None:
        """As `PortfolioRunner.set_policy`."""
        self._session.call(partial(self._runner.set_policy, policy))

    def halt(self, reason: str) -> None:
        """As `PortfolioRunner.halt`."""
        self._runner.halt(reason)

    def release(self) -> None:
        """As `PortfolioRunner.release`."""
        self._session.call(self._runner.release)

    def say(self, sleeve: str, active: bool | None) -> None:  # noqa: FBT001 - it is what is said
        """Let a sleeve report this from now on, whatever its strategy says; None: what its strategy says."""
        if active is None:
            self._book.regimes.pop(sleeve, None)
        else:
            self._book.regimes[sleeve] = active

    def crash(self, sleeve: str, call: What = "candle", *, late: bool = False) -> None:
        """Let the next such call of a sleeve fail."""
        self._book.crashes.add(CrashPoint(sleeve, call, self._book.met.get((sleeve, call), 0) + 1, late))

    def check(self) -> None:
        """Hold all that has happened since the last time to the rules.

        Raises:
            Violation: One is broken.
        """
        monitors, self._monitors = self._monitors, []  # what is broken is said once
        fresh, self._read = self.log[self._read :], len(self.log)
        for item in fresh:
            for monitor in monitors:
                monitor.on(item)
        self._monitors = monitors

    def close(self) -> None:
        """End the portfolio: finish what was begun, and hold it to the rules to the end.

        Raises:
            Violation: A rule is broken.
        """
        if self._session.over:  # it hung, and has said so
            return
        self._session.close()
        self.check()
        for monitor in self._monitors:
            monitor.end()
