"""Two ways to carry a wave: in the caller's task, or to one actor a sleeve. Same waves, same outcomes."""

from collections.abc import Callable, Collection, Container, Sequence
from functools import partial
from itertools import chain, count
from math import inf
from typing import Final, Protocol, cast

import trio

from actors import ActorStopped, Inbox, Ref, System, ask_all
from tradedesk.marketdata import CandleCloseEvent
from tradedesk.portfolio._boundary import perform
from tradedesk.portfolio._seats import Seat, watch
from tradedesk.portfolio._sleeves import without
from tradedesk.portfolio._waves import Build, Failure, Kind, Poll, RiskUpdate, Wave
from tradedesk.portfolio.types import PortfolioStrategy

_PATIENCE: Final = 64
"""Waves that pass in the caller's task, where no strategy need ever wait, before others get a turn."""

_CANDLE: Final = Kind.CANDLE
_RISK: Final = Kind.RISK
_POLL: Final = Kind.POLL
_BUILD: Final = Kind.BUILD
_ROUND: Final = Kind.ROUND
_LIMITED: Final = (_CANDLE, _BUILD)
_POLL_MESSAGE: Final = Poll()

Message = Poll | RiskUpdate | Build | CandleCloseEvent


class Dispatcher(Protocol):
    """Carries a wave of the core to the sleeves that perform it."""

    async def carry(self, wave: Wave) -> Sequence[object]:
        """Return one outcome for each sleeve of the wave."""
        ...

    async def admit(self, seat: Seat) -> None:
        """Take in a sleeve, behind all others."""
        ...

    async def dismiss(self, seat: Seat) -> None:
        """Let a sleeve go; those behind it move up."""
        ...


class Direct:
    """Every strategy runs in the task of the caller, in declared order. No isolation."""

    def __init__(self, strategies: Sequence[PortfolioStrategy], seats: Sequence[Seat]) -> None:
        self._strategies = strategies  # the portfolio's own lists, which it keeps up to date itself
        self._seats = seats
        self._limited = any(seat.seconds < inf for seat in seats)
        self._waves = 0

    async def admit(self, seat: Seat) -> None:
        """Nothing to start."""
        self._limited = self._limited or seat.seconds < inf

    async def dismiss(self, seat: Seat) -> None:
        """Nothing to stop."""

    async def carry(self, wave: Wave) -> Sequence[object]:
        """Perform it here, one sleeve after the other."""
        self._waves += 1
        if self._waves % _PATIENCE == 0:
            await trio.lowlevel.checkpoint()
        kind, strategies = wave.kind, self._strategies
        if kind is _BUILD or (self._limited and kind is _CANDLE):
            return await self._carry_limited(wave)
        if kind is _CANDLE:
            return await self._carry_round(wave)
        return [
            await perform(kind, strategies[place], payload)
            for place, payload in zip(wave.sleeves, wave.payloads, strict=True)
        ]

    async def _carry_round(self, wave: Wave) -> Sequence[object]:
        """All candles in one piece, and what is left of them behind each failure."""
        strategies, places = self._strategies, wave.sleeves
        if len(places) != len(strategies):
            strategies = [strategies[place] for place in places]
        jobs = zip(strategies, wave.payloads, strict=True)
        outcomes: list[object] = []
        while type(failure := await perform(_ROUND, jobs, outcomes)) is Failure:
            outcomes.append(failure)
        return outcomes

    async def _carry_limited(self, wave: Wave) -> Sequence[object]:
        """One scope serves all handlers, until it has cut one: then there is another for the rest."""
        outcomes: list[object] = []
        orders = cast("Sequence[Build | CandleCloseEvent]", wave.payloads)
        jobs = iter(list(zip([self._seats[place] for place in wave.sleeves], orders, strict=True)))
        while len(outcomes) < len(orders):
            with trio.CancelScope() as scope:
                for seat, order in jobs:
                    if type(order) is Build:
                        outcomes.append(await seat.build(order))
                    else:
                        outcomes.append(await seat.handle(cast("CandleCloseEvent", order), scope))
                    if scope.cancel_called:
                        break
            if scope.cancelled_caught:
                outcomes.append(seat.judged(None))
        return outcomes


class Actors:
    """Every strategy is an actor, and nobody else touches it."""

    def __init__(self, system: System, register: Callable[[], None]) -> None:
        self._system = system
        self._register = register
        self._refs: list[Ref[Message]] = []
        self._names: set[str] = set()
        self._limited: dict[int, Seat] = {}
        self._pause = inf  # twice the shortest time that anybody had

    async def admit(self, seat: Seat) -> None:
        """Start an actor, behind all others."""
        name = _unlike(f"sleeve {seat.key!r}", self._names)
        # nobody but the coordinator writes to a sleeve, and at most one message is out: more is a defect
        start = partial(self._system.start, name=name, capacity=1, overflow="fail")
        if seat.guarded:
            ref = await start(guarded_sleeve, seat, self._register)
        else:
            ref = await start(sleeve, seat.strategy, self._register)
        if seat.seconds < inf:
            self._limited[len(self._refs)] = seat
            self._pause = min(self._pause, 2 * seat.seconds)
        self._refs.append(ref)
        self._names.add(name)

    async def dismiss(self, seat: Seat) -> None:
        """End an actor: it waits for a message, so that is at once; but who may never come is not waited for."""
        ref = self._refs.pop(seat.place)
        self._limited = without(self._limited, seat.place)
        if seat.abandoned:
            with trio.CancelScope() as scope:
                scope.cancel()
                await ref.kill()  # it lives on, perhaps for long, and keeps its name
        else:
            self._names.discard(ref.name)
            await ref.stop()

    async def carry(self, wave: Wave) -> Sequence[object]:
        """Send the messages of a wave at once; come back when the last report is in."""
        if self._limited and wave.kind in _LIMITED:
            limited, places = self._limited, wave.sleeves
            everybody = len(places) == len(limited) == len(self._refs)
            seats = limited.values() if everybody else [limited[place] for place in places if place in limited]
            if seats:
                return await self._carry_watched(wave, seats)
        return await self._carry(wave)

    async def _carry_watched(self, wave: Wave, seats: Collection[Seat]) -> Sequence[object]:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(watch, seats, trio.current_time(), self._pause)
            outcomes = await self._carry(wave)
            nursery.cancel_scope.cancel()
        return outcomes

    async def _carry(self, wave: Wave) -> Sequence[object]:
        refs = self._refs
        if len(wave.sleeves) != len(refs):
            refs = [refs[place] for place in wave.sleeves]
        outcomes = None
        try:
            outcomes = await ask_all(zip(refs, _messages(wave), strict=True))
        except* ActorStopped:
            pass
        if outcomes is None:
            await trio.sleep_forever()  # a sleeve is gone only while the block is being cut: we are next
        return outcomes


async def sleeve(inbox: Inbox[Message], strategy: PortfolioStrategy, register: Callable[[], None]) -> None:
    """One strategy's actor: one message in, one outcome out, whatever the strategy does."""
    register()
    async for message in inbox:
        if message is _POLL_MESSAGE:
            inbox.reply(await perform(_POLL, strategy, None))
        elif type(message) is RiskUpdate:
            inbox.reply(await perform(_RISK, strategy, message.amount))
        else:
            inbox.reply(await perform(_CANDLE, strategy, message))


async def guarded_sleeve(inbox: Inbox[Message], seat: Seat, register: Callable[[], None]) -> None:
    """The same for a strategy that may be replaced, or whose handler has so much time and no more."""
    register()
    try:
        while True:
            with trio.CancelScope() as scope:  # one for all candles, until it has cut one
                async for message in inbox:
                    if message is _POLL_MESSAGE:
                        inbox.reply(await perform(_POLL, seat.strategy, None))
                    elif type(message) is RiskUpdate:
                        inbox.reply(await perform(_RISK, seat.strategy, message.amount))
                    elif type(message) is Build:
                        seat.answer(await seat.build(message, inbox), inbox)
                    else:
                        seat.answer(await seat.handle(cast("CandleCloseEvent", message), scope, inbox), inbox)
                        if scope.cancel_called:
                            break
                else:
                    return
            if scope.cancelled_caught:
                seat.answer(seat.judged(None), inbox)
    finally:
        seat.leave()


def _unlike(name: str, taken: Container[str]) -> str:
    """Keys that differ may print alike; the names of actors may not."""
    return next(one for one in chain((name,), (f"{name} ({number})" for number in count(2))) if one not in taken)


def _messages(wave: Wave) -> Sequence[Message]:
    if wave.kind is _POLL:
        return [_POLL_MESSAGE] * len(wave.payloads)
    if wave.kind is _RISK:
        return [RiskUpdate(cast("float", amount)) for amount in wave.payloads]
    return cast("Sequence[Build | CandleCloseEvent]", wave.payloads)
