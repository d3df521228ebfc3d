"""Two ways to carry a wave: in the caller's task, or to one actor a sleeve. Same waves, same outcomes."""

from collections.abc import Callable, Sequence
from typing import Protocol

import trio

from actors import Inbox, Ref, ask_all
from tradedesk.portfolio._boundary import perform
from tradedesk.portfolio._waves import Allocate, CandleClose, Kind, Poll, RiskUpdate, Step
from tradedesk.portfolio.types import PortfolioStrategy, RiskAllocationPolicy

_PATIENCE = 64
"""Waves that pass in the caller's task, where no strategy need ever wait, before others get a turn."""

Message = Poll | RiskUpdate | CandleClose


class Dispatcher(Protocol):
    """Carries a step of the core to those who perform it."""

    async def carry(self, step: Step) -> Sequence[object]:
        """Return one outcome for each subject of the step."""
        ...


class Direct:
    """Every strategy runs in the task of the caller, in declared order. No isolation."""

    def __init__(self, strategies: Sequence[PortfolioStrategy], policy: RiskAllocationPolicy) -> None:
        self._strategies = strategies
        self._policy = policy
        self._waves = 0

    async def carry(self, step: Step) -> Sequence[object]:
        """Perform it here."""
        if isinstance(step, Allocate):
            return await perform(step, (self._policy,), (None,))
        self._waves += 1
        if self._waves % _PATIENCE == 0:
            await trio.lowlevel.checkpoint()
        strategies = self._strategies
        if len(step.sleeves) != len(strategies):
            strategies = [strategies[place] for place in step.sleeves]
        return await perform(step.kind, strategies, step.payloads)


class Actors:
    """Every strategy is an actor, and nobody else touches it."""

    def __init__(self, refs: Sequence[Ref[Message]], policy: RiskAllocationPolicy) -> None:
        self._refs = refs
        self._policy = policy

    async def carry(self, step: Step) -> Sequence[object]:
        """Send the messages of a wave at once; come back when the last report is in."""
        if isinstance(step, Allocate):
            return await perform(step, (self._policy,), (None,))
        refs = self._refs
        envelope = _envelope(step.kind)
        return await ask_all(
            [(refs[place], envelope(payload)) for place, payload in zip(step.sleeves, step.payloads, strict=True)],
        )


async def sleeve(inbox: Inbox[Message], strategy: PortfolioStrategy, register: Callable[[], None]) -> None:
    """One strategy's actor: one message in, one outcome out, whatever the strategy does."""
    register()
    subject = (strategy,)
    async for message in inbox:
        if isinstance(message, CandleClose):
            outcomes = await perform(Kind.CANDLE, subject, (message.event,))
        elif isinstance(message, RiskUpdate):
            outcomes = await perform(Kind.RISK, subject, (message.amount,))
        else:
            outcomes = await perform(Kind.POLL, subject, (None,))
        inbox.reply(outcomes[0])


def _envelope(kind: Kind) -> Callable[..., Message]:
    if kind is Kind.CANDLE:
        return CandleClose
    return RiskUpdate if kind is Kind.RISK else _poll


def _poll(_: None) -> Poll:
    return Poll()
