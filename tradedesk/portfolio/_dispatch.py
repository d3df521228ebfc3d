"""Two ways to carry a wave: in the caller's task, or to one actor a sleeve. Same waves, same outcomes."""

from collections.abc import Callable, Container, Sequence
from itertools import chain, count
from typing import Final, Protocol, cast

import trio

from actors import ActorStopped, Inbox, Ref, System, ask_all
from tradedesk.marketdata import CandleCloseEvent, Instrument
from tradedesk.portfolio._boundary import perform
from tradedesk.portfolio._waves import Kind, Poll, RiskUpdate, Wave
from tradedesk.portfolio.types import PortfolioStrategy

_PATIENCE: Final = 64
"""Waves that pass in the caller's task, where no strategy need ever wait, before others get a turn."""

_CANDLE: Final = Kind.CANDLE
_RISK: Final = Kind.RISK
_POLL: Final = Kind.POLL
_POLL_MESSAGE: Final = Poll()

Message = Poll | RiskUpdate | CandleCloseEvent


class Dispatcher(Protocol):
    """Carries a wave of the core to the sleeves that perform it."""

    async def carry(self, wave: Wave) -> Sequence[object]:
        """Return one outcome for each sleeve of the wave."""
        ...

    async def admit(self, key: Instrument, strategy: PortfolioStrategy) -> None:
        """Take in a strategy, behind all others."""
        ...

    async def dismiss(self, place: int) -> None:
        """Let a strategy go; those behind it move up."""
        ...


class Direct:
    """Every strategy runs in the task of the caller, in declared order. No isolation."""

    def __init__(self, strategies: Sequence[PortfolioStrategy]) -> None:
        self._strategies = strategies  # the portfolio's own list, which it keeps up to date itself
        self._waves = 0

    async def admit(self, key: Instrument, strategy: PortfolioStrategy) -> None:
        """Nothing to start."""

    async def dismiss(self, place: int) -> None:
        """Nothing to stop."""

    async def carry(self, wave: Wave) -> Sequence[object]:
        """Perform it here, one sleeve after the other."""
        self._waves += 1
        if self._waves % _PATIENCE == 0:
            await trio.lowlevel.checkpoint()
        kind, strategies = wave.kind, self._strategies
        return [
            await perform(kind, strategies[place], payload)
            for place, payload in zip(wave.sleeves, wave.payloads, strict=True)
        ]


class Actors:
    """Every strategy is an actor, and nobody else touches it."""

    def __init__(self, system: System, register: Callable[[], None]) -> None:
        self._system = system
        self._register = register
        self._refs: list[Ref[Message]] = []

    async def admit(self, key: Instrument, strategy: PortfolioStrategy) -> None:
        """Start an actor, behind all others."""
        name = _unlike(f"sleeve {key!r}", {ref.name for ref in self._refs})
        # nobody but the coordinator writes to a sleeve, and at most one message is out: more is a defect
        ref = await self._system.start(sleeve, strategy, self._register, name=name, capacity=1, overflow="fail")
        self._refs.append(ref)

    async def dismiss(self, place: int) -> None:
        """Stop an actor; it waits for a message, so it ends at once."""
        await self._refs.pop(place).stop()

    async def carry(self, wave: Wave) -> Sequence[object]:
        """Send the messages of a wave at once; come back when the last report is in."""
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


def _unlike(name: str, taken: Container[str]) -> str:
    """Keys that differ may print alike; the names of actors may not."""
    return next(one for one in chain((name,), (f"{name} ({number})" for number in count(2))) if one not in taken)


def _messages(wave: Wave) -> Sequence[Message]:
    if wave.kind is _POLL:
        return [_POLL_MESSAGE] * len(wave.payloads)
    if wave.kind is _RISK:
        return [RiskUpdate(cast("float", amount)) for amount in wave.payloads]
    return cast("Sequence[CandleCloseEvent]", wave.payloads)
