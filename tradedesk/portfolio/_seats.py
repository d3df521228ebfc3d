"""Where the strategies sit: which object plays, how long its handler may take, and how another takes its place."""

from collections.abc import Collection, Sequence
from math import inf
from typing import Any, Final, Self, cast

import attrs
import trio

from actors import Inbox, Reply
from tradedesk.marketdata import CandleCloseEvent, Instrument
from tradedesk.portfolio._boundary import perform
from tradedesk.portfolio._errors import CandleTimeoutError, shown
from tradedesk.portfolio._meters import HandlerMeter
from tradedesk.portfolio._phases import Evaluate
from tradedesk.portfolio._setup import Entry, Member, has_two_phases, performer_of
from tradedesk.portfolio._statistics import HandlerTimes
from tradedesk.portfolio._stepping import Resumed
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
    _due: float = inf  # the time at which the handler that runs now is cancelled
    _event: CandleCloseEvent | None = None

    @property
    def strategy(self) -> PortfolioStrategy:
        """Who plays now."""
        return self.cast.performers[self.place]

    def answer(self, outcome: object, inbox: Inbox[Any]) -> None:
        """Give it to who asked, unless somebody else did."""
        reply, abandoned = self.reply, self.abandoned
        self.leave()
        if reply is None:
            inbox.reply(outcome)
        elif not abandoned:
            reply.send(outcome)

    def leave(self) -> None:
        """No handler runs any more."""
        self.reply, self.abandoned, self.last = None, False, inf

    def abandon_if_late(self, now: float) -> None:
        """Answer for a handler that has not ended in time, though it was cancelled."""
        if self.last <= now and self.reply is not None and not self.abandoned:
            self.abandoned = True
            self.reply.send(self._too_late(stuck=True))

    async def handle(
        self,
        event: CandleCloseEvent,
        scope: trio.CancelScope,
        inbox: Inbox[Any] | None = None,
        performer: PortfolioStrategy | None = None,
    ) -> object:
        """Let the strategy handle a candle in the time there is; return the outcome.

        Args:
            event: the candle.
            scope: stands around this, and is cancelled when time is up. It serves for as many candles as it takes until
                then. Where it has cut this, the outcome is ``judged(None)``.
            inbox: of an actor, whose asker does not wait longer than twice the time.
            performer: the one who handles it, if that is not who has the seat.
        """
        strategy = performer or self.cast.performers[self.place]
        if self.seconds == inf:
            return await perform(_CANDLE, strategy, event)
        self._due = due = trio.current_time() + self.seconds
        if not isinstance(event, Evaluate):  # which is for the candle before
            self._event = event
        # Most handlers end without waiting for anything. To enter a scope, to set a deadline and to hand out a reply
        # each cost more than such a handler: so the scope stands already, and the rest is for those who wait.
        steps = perform(_CANDLE, strategy, event)
        try:
            trap = steps.send(None)
        except StopIteration as done:
            return self.judged(done.value)
        if inbox is not None:
            self.reply = inbox.defer()
        self.last = due + self.seconds
        scope.deadline = due
        outcome = await Resumed(steps, trap)
        scope.deadline = inf
        return self.judged(outcome)

    def judged(self, outcome: object) -> object:
        """Whether the handler has ended in time: then what came of it, otherwise that it has not.

        Read from the clock alone, so that whoever waits elsewhere for the same moment comes to the same outcome.
        """
        self.last = inf
        now = trio.current_time()
        if now < self._due:
            return outcome
        late = now >= self._due + self.seconds
        return self._too_late(stuck=late, cause=outcome.error if type(outcome) is Failure else None)

    def _too_late(self, *, stuck: bool, cause: Exception | None = None) -> Failure:
        error = CandleTimeoutError(self.key, self._event, self.seconds, stuck=stuck)
        error.__cause__ = None if stuck else cause
        return Failure(error, stuck=stuck, candle=self._event)

    async def build(self, order: Build, inbox: Inbox[Any] | None = None) -> object:
        """Have a new object built and warmed; return the outcome. ``inbox`` as for `handle`."""
        if inbox is not None:
            self.reply = inbox.defer()
        made = await perform(_CALL, self._made, order)
        if type(made) is Failure:
            return made
        building = self.cast.building
        building.append(made)
        try:
            return await self._settle_in(made, order)
        finally:
            del building[next(index for index, one in enumerate(building) if one is made)]

    async def _settle_in(self, made: object, order: Build) -> object:
        performer = performer_of(self.key, made)
        told = await perform(_RISK, performer, 0.0)
        if type(told) is Failure:
            return told
        for candle in order.candles:  # in two phases this is the update: there is nothing to evaluate yet
            outcome = await self._warm(performer, candle)
            if type(outcome) is Failure:
                return Failure(outcome.error, stuck=outcome.stuck, candle=candle)
        self.cast.replace(self.place, self.key, made, performer)
        return None

    async def _warm(self, performer: PortfolioStrategy, candle: CandleCloseEvent) -> object:
        with trio.CancelScope() as scope:
            return await self.handle(candle, scope, performer=performer)
        return self.judged(None)  # it was cut

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


async def watch(seats: Collection[Seat], began: float, pause: float) -> None:
    """For ever: answer for the handlers that outstay their time.

    Args:
        seats: theirs.
        began: no handler began before.
        pause: seconds in which none that begins now can be late: twice the shortest time.
    """
    until = began + pause
    while True:
        await trio.sleep_until(until)
        now = trio.current_time()
        for seat in seats:
            seat.abandon_if_late(now)
        until = min([now + pause, *(seat.last for seat in seats if not seat.abandoned)])
