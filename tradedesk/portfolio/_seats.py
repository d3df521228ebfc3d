"""Where the strategies sit: which object plays, how long its handler may take, and how another takes its place."""

from collections.abc import Sequence
from math import inf
from typing import Final, Self, cast

import attrs
import trio

from actors import Reply
from tradedesk.marketdata import CandleCloseEvent, Instrument
from tradedesk.portfolio._boundary import perform
from tradedesk.portfolio._errors import CandleTimeoutError, shown
from tradedesk.portfolio._meters import HandlerMeter
from tradedesk.portfolio._phases import Evaluate
from tradedesk.portfolio._setup import Entry, Member, has_two_phases, performer_of
from tradedesk.portfolio._statistics import HandlerTimes
from tradedesk.portfolio._timing import Seconds, Timed
from tradedesk.portfolio._waves import Build, Failure, Kind
from tradedesk.portfolio.types import PortfolioStrategy, StrategySpec

_CANDLE: Final = Kind.CANDLE
_RISK: Final = Kind.RISK
_CALL: Final = Kind.CALL


@attrs.define(eq=False)
class Cast:
    """Who plays now, in declared order.

    Attributes:
        entries: what the user gave for each sleeve; with another object in it, when one took the place.
        strategies: the user's objects.
        performers: the same as they are called; the dispatchers share this list.
        clock: times their handlers; None: nobody does.
        meters: with what result, by sleeve.
        building: objects that are to take a place and are being warmed.
        lingering: the seats of sleeves that were removed while a handler that was given up still ran, and its object.
    """

    clock: Seconds | None = None
    entries: dict[Instrument, Entry] = attrs.field(factory=dict)
    strategies: list[object] = attrs.field(factory=list)
    performers: list[PortfolioStrategy] = attrs.field(factory=list)
    meters: dict[Instrument, HandlerMeter] = attrs.field(factory=dict)
    building: list[object] = attrs.field(factory=list)
    lingering: list[tuple["Seat", object]] = attrs.field(factory=list)

    @classmethod
    def of(cls, members: Sequence[Member], clock: Seconds | None = None) -> Self:
        """The cast at the beginning."""
        players = cls(clock)
        for member in members:
            players.join(member)
        return players

    def join(self, member: Member) -> None:
        """Somebody is new, behind all others."""
        self.entries[member.sleeve.key] = member.entry
        self.strategies.append(member.strategy)
        self.performers.append(self._timed(member.sleeve.key, member.performer))

    def leave(self, place: int, key: Instrument) -> object:
        """Somebody goes; return the user's object."""
        del self.entries[key], self.performers[place]
        self.meters.pop(key, None)
        return self.strategies.pop(place)

    def replace(self, place: int, key: Instrument, strategy: object, performer: PortfolioStrategy) -> None:
        """Another object plays from now on."""
        self.strategies[place], self.performers[place] = strategy, self._timed(key, performer)
        entry = self.entries[key]
        player = cast("PortfolioStrategy", strategy)
        self.entries[key] = attrs.evolve(entry, strategy=player) if isinstance(entry, StrategySpec) else player

    def times(self, key: Instrument) -> HandlerTimes | None:
        """How long a sleeve's handlers took; None where nobody times them."""
        return None if self.clock is None else self.meters[key].times

    def _timed(self, key: Instrument, performer: PortfolioStrategy) -> PortfolioStrategy:
        if self.clock is None:
            return performer
        return Timed(performer, self.meters.setdefault(key, HandlerMeter()), self.clock)

    def sleeve_of(self, strategy: object) -> Instrument | None:
        """Which sleeve an object plays for; None: for no sleeve."""
        keys = zip(self.entries, self.strategies, strict=True)
        return next((key for key, player in keys if player is strategy), None)

    def at_work(self, strategy: object) -> bool:
        """Whether an object that has no place is warmed for one, or still runs a handler that was given up."""
        self.lingering = [(seat, player) for seat, player in self.lingering if seat.abandoned]
        players = (*self.building, *(player for _, player in self.lingering))
        return any(player is strategy for player in players)


@attrs.define(eq=False)
class Seat:
    """One sleeve's place, for whoever performs its part.

    Attributes:
        place: where the sleeve stands; those behind one that goes move up.
        guarded: whether the object may be replaced, or its handler cut.
        seconds: how long a handler may take; infinity is no limit.
        last: the time at which a handler that runs now, and was cancelled, must have ended.
        reply: whom the outcome is owed to, where somebody else may have to give it.
        abandoned: somebody else gave it: the handler runs on, and nobody waits for it.
    """

    place: int
    key: Instrument
    cast: Cast
    seconds: float
    guarded: bool
    last: float = inf
    reply: Reply | None = None
    abandoned: bool = False
    _event: CandleCloseEvent | None = None

    @property
    def strategy(self) -> PortfolioStrategy:
        """Who plays now."""
        return self.cast.performers[self.place]

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
        self.last = due + self.seconds
        if not isinstance(event, Evaluate):  # which is for the candle before
            self._event = event
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
            self.last = inf

    def _too_late(self, *, stuck: bool, cause: Exception | None = None) -> Failure:
        error = CandleTimeoutError(self.key, self._event, self.seconds, stuck=stuck)
        error.__cause__ = None if stuck else cause
        return Failure(error, stuck=stuck, candle=self._event)

    async def _build(self, order: Build) -> object:
        made = await perform(_CALL, self._made, order)
        if type(made) is Failure:
            return made
        building = self.cast.building
        building.append(made)
        try:
            return await self._warm(made, order)
        finally:
            del building[next(index for index, one in enumerate(building) if one is made)]

    async def _warm(self, made: object, order: Build) -> object:
        performer = performer_of(self.key, made)
        told = await perform(_RISK, performer, 0.0)
        if type(told) is Failure:
            return told
        for candle in order.candles:  # in two phases this is the update: there is nothing to evaluate yet
            outcome = await self._handle(performer, candle)
            if type(outcome) is Failure:
                return Failure(outcome.error, stuck=outcome.stuck, candle=candle)
        self.cast.replace(self.place, self.key, made, performer)
        return None

    def _made(self, order: Build) -> object:
        strategy = order.factory(self.key)
        self.check(strategy)
        owner = self.cast.sleeve_of(strategy)
        if owner is not None and not (order.given and owner == self.key):
            raise ValueError(
                f"the factory of sleeve {self.key!r} returned the object that sleeve {owner!r} has already: "
                "return a new one each time.",
            )
        if self.cast.at_work(strategy):
            raise ValueError(
                f"the factory of sleeve {self.key!r} returned an object that is at work: it is warmed for another "
                "sleeve, or has not ended a handler that was given up. Return a new one each time.",
            )
        return strategy

    def check(self, strategy: object) -> None:
        """Raise TypeError for an object that cannot take this place."""
        performer_of(self.key, strategy)
        phases = ("one phase", "two phases")
        theirs, ours = has_two_phases(strategy), has_two_phases(self.cast.strategies[self.place])
        if theirs != ours:
            raise TypeError(
                f"sleeve {self.key!r} is played in {phases[ours]}, and {shown(strategy)} plays in {phases[theirs]}: "
                "to change that, remove the sleeve and add it anew.",
            )


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
