"""Where the strategies sit: which object plays, how long its handler may take, and how another takes its place."""

from collections.abc import Sequence
from math import inf
from typing import Final, cast

import attrs
import trio

from actors import Reply
from tradedesk.marketdata import CandleCloseEvent, Instrument
from tradedesk.portfolio._boundary import perform
from tradedesk.portfolio._errors import CandleTimeoutError
from tradedesk.portfolio._setup import check_strategy
from tradedesk.portfolio._waves import Build, Failure, Kind
from tradedesk.portfolio.types import PortfolioStrategy, StrategySpec

_CANDLE: Final = Kind.CANDLE
_RISK: Final = Kind.RISK
_CALL: Final = Kind.CALL


@attrs.define(eq=False)
class Cast:
    """The strategies that play now, in declared order, and as the user wrote them down."""

    strategies: list[PortfolioStrategy]
    entries: dict[Instrument, PortfolioStrategy | StrategySpec]

    def replace(self, place: int, key: Instrument, strategy: PortfolioStrategy) -> None:
        """Another object plays from now on."""
        self.strategies[place] = strategy
        entry = self.entries[key]
        self.entries[key] = attrs.evolve(entry, strategy=strategy) if isinstance(entry, StrategySpec) else strategy

    def sleeve_of(self, strategy: PortfolioStrategy) -> Instrument | None:
        """Which sleeve an object plays for; None: for no sleeve."""
        keys = zip(self.entries, self.strategies, strict=True)
        return next((key for key, player in keys if player is strategy), None)


@attrs.define(eq=False)
class Seat:
    """One sleeve's place, for whoever performs its part.

    Attributes:
        seconds: how long a handler may take; infinity is no limit.
        last: the time at which a handler that runs now, and was cancelled, must have ended.
        reply: whom the outcome is owed to, where somebody else may have to give it.
        abandoned: somebody else gave it: the handler runs on, and nobody waits for it.
    """

    place: int
    key: Instrument
    cast: Cast
    seconds: float
    last: float = inf
    reply: Reply | None = None
    abandoned: bool = False
    _event: CandleCloseEvent | None = None

    @property
    def strategy(self) -> PortfolioStrategy:
        """The object that plays now."""
        return self.cast.strategies[self.place]

    async def perform(self, order: Build | CandleCloseEvent) -> object:
        """Handle a candle in the time there is, or have a new object built; return the outcome."""
        if isinstance(order, Build):
            return await self._build(order)
        return await self._handle(self.strategy, order)

    async def perform_or_be_abandoned(self, order: Build | CandleCloseEvent, reply: Reply) -> None:
        """Do the same for somebody who does not wait longer than twice the time."""
        self.reply = reply
        try:
            outcome = await self.perform(order)
            if not self.abandoned:
                reply.send(outcome)
        finally:
            self.reply, self.abandoned = None, False

    def abandon_if_late(self, now: float) -> None:
        """Answer for a handler that has not ended in time, though it was cancelled."""
        if self.last <= now and self.reply is not None and not self.abandoned:
            self.abandoned = True
            self.reply.send(self._too_late(stuck=True))

    async def _handle(self, strategy: PortfolioStrategy, event: CandleCloseEvent) -> object:
        if self.seconds == inf:
            return await perform(_CANDLE, strategy, event)
        due = trio.current_time() + self.seconds
        self.last, self._event = due + self.seconds, event
        outcome: object = None
        try:
            with trio.CancelScope(deadline=due):
                outcome = await perform(_CANDLE, strategy, event)
            # Read from the clock alone, so that whoever waits elsewhere for the same moment comes to the same outcome.
            now = trio.current_time()
            if now < due:
                return outcome
            return self._too_late(stuck=now >= self.last, cause=outcome.error if type(outcome) is Failure else None)
        finally:
            self.last, self._event = inf, None

    def _too_late(self, *, stuck: bool, cause: Exception | None = None) -> Failure:
        error = CandleTimeoutError(self.key, self._event, self.seconds, stuck=stuck)
        error.__cause__ = None if stuck else cause
        return Failure(error, stuck=stuck, candle=self._event)

    async def _build(self, order: Build) -> object:
        made = await perform(_CALL, self._made, order)
        if type(made) is Failure:
            return made
        strategy = cast("PortfolioStrategy", made)
        told = await perform(_RISK, strategy, 0.0)
        if type(told) is Failure:
            return told
        for candle in order.candles:
            outcome = await self._handle(strategy, candle)
            if type(outcome) is Failure:
                return Failure(outcome.error, stuck=outcome.stuck, candle=candle)
        self.cast.replace(self.place, self.key, strategy)
        return None

    def _made(self, order: Build) -> PortfolioStrategy:
        strategy = order.factory(self.key)
        check_strategy(self.key, strategy)
        owner = self.cast.sleeve_of(strategy)
        if owner is not None and not (order.given and owner == self.key):
            raise ValueError(
                f"the factory of sleeve {self.key!r} returned the object that sleeve {owner!r} has already: "
                "return a new one each time.",
            )
        return strategy


async def watch(seats: Sequence[Seat]) -> None:
    """For ever: answer for the handlers that outstay their time."""
    pause = 2 * min(seat.seconds for seat in seats)
    while True:
        now = trio.current_time()
        for seat in seats:
            seat.abandon_if_late(now)
        # A handler that begins later than now is not late before now + pause.
        waiting = [seat.last for seat in seats if not seat.abandoned]
        await trio.sleep_until(min([*waiting, now + pause]))
