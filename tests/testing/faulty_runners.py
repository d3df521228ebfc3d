"""The real runner with a faulty way to carry its waves: each fault is one that somebody has made, in one place."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import attrs

from actors import AskTimeout, InboxFull, Restart, ask_all
from tests.testing.parts import DEFAULT, flipping, policy, stream
from tradedesk.portfolio import runner as runner_module
from tradedesk.portfolio._boundary import perform
from tradedesk.portfolio._dispatch import _POLL_MESSAGE, Actors, sleeve
from tradedesk.portfolio._waves import Kind, RiskUpdate
from tradedesk.testing import CrashPoint, simulate_in


@attrs.frozen
class To:
    """A message on its way over relays."""

    places: tuple[object, ...]
    message: object


async def relay(inbox):
    """Hands a message on, and the answer back if one was asked for."""
    async for message in inbox:
        first, *rest = message.places
        following = To(tuple(rest), message.message) if rest else message.message
        if inbox.asked is None:
            await first.tell(following)
        else:
            inbox.reply(await first.ask(following))


async def collect(inbox):
    """Answers when so many reports have come."""
    reports, wanted, asked = [], None, None
    async for message in inbox:
        if type(message) is int:
            wanted, asked = message, inbox.defer()
        else:
            reports.append(message)
        if wanted is not None and len(reports) == wanted:
            asked.send(reports)
            reports, wanted = [], None


class Faulty(Actors):
    """Waits for every answer, as the real one; the faults are below."""

    capacity = 1000
    overflow = "block"

    def __init__(self, system, register):
        super().__init__(system, register)
        self.strategies = []

    async def admit(self, seat):
        self.strategies.append(seat.strategy)
        self._refs.append(await self.start(seat, f"sleeve {seat.key!r}"))

    async def start(self, seat, name):
        return await self._system.start(
            sleeve, seat.strategy, self._register, name=name, capacity=self.capacity, overflow=self.overflow
        )

    def told(self, wave):
        """For each sleeve of a wave its place and its message."""
        made = RiskUpdate if wave.kind is Kind.RISK else lambda payload: payload
        return [(place, made(payload)) for place, payload in zip(wave.sleeves, wave.payloads, strict=True)]

    async def carry(self, wave):
        fault = {Kind.RISK: self.risk, Kind.CANDLE: self.candle}.get(wave.kind)
        return await super().carry(wave) if fault is None else await fault(wave)

    async def risk(self, wave):
        return await super().carry(wave)

    async def candle(self, wave):
        return await super().carry(wave)


class UnacknowledgedDecrease(Faulty):
    """Whoever gives way is told so, and the next one gets its share at once."""

    async def risk(self, wave):
        for place, message in self.told(wave):
            await self._refs[place].tell(message)
        return [None] * len(wave.sleeves)


class TwoChannels(Faulty):
    """Risk goes another way than candles, and nobody waits for it."""

    async def admit(self, seat):
        await super().admit(seat)
        self.others = [*getattr(self, "others", []), await self.start(seat, f"risk of {seat.key!r}")]

    async def risk(self, wave):
        for place, message in self.told(wave):
            await self.others[place].tell(message)
        return [None] * len(wave.sleeves)


class Relays(Faulty):
    """Risk goes over one relay, candles over two: where nothing is slow, the candle is always the second."""

    async def admit(self, seat):
        if not self.strategies:
            names = ("risk", "candles 1", "candles 2")
            self.only, self.first, self.second = [await self._system.start(relay, name=name) for name in names]
        await super().admit(seat)

    async def risk(self, wave):
        for place, message in self.told(wave):
            await self.only.tell(To((self._refs[place],), message))
        return [None] * len(wave.sleeves)

    async def candle(self, wave):
        return await ask_all(
            [(self.first, To((self.second, self._refs[place]), message)) for place, message in self.told(wave)]
        )


class LostCandle(Faulty):
    """Nobody waits until risk is taken, and who has it before the door gets no candle."""

    capacity = 1

    async def admit(self, seat):
        if not self.strategies:
            self.clerk = await self._system.start(collect, name="clerk")
        await super().admit(seat)

    async def risk(self, wave):
        for place, message in self.told(wave):
            await self._refs[place].tell(message)
        await self.clerk.ask(0)  # some time passes
        return [None] * len(wave.sleeves)

    async def candle(self, wave):
        for place, message in self.told(wave):
            with suppress(InboxFull):
                self._refs[place].tell_nowait(message)
        return await ask_all([(self._refs[place], _POLL_MESSAGE) for place in wave.sleeves])


class DoubleCandle(Faulty):
    """Who hears nothing in a second sends the candle again."""

    async def candle(self, wave):
        outcomes = []
        for place, message in self.told(wave):
            for _ in range(3):
                with suppress(AskTimeout):
                    outcomes.append(await self._refs[place].ask(message, timeout=1.0))
                    break
        return outcomes


class BarrierRemoved(Faulty):
    """The next slice begins when the first sleeve has handled its candle."""

    async def candle(self, wave):
        for place, message in self.told(wave):
            await self._refs[place].tell(message)
        return await ask_all([(self._refs[wave.sleeves[0]], _POLL_MESSAGE)]) * len(wave.sleeves)


async def unguarded(inbox, seat):
    """Without the boundary that makes a value of an exception; and told, not asked, so nobody hears of a crash."""
    async for message in inbox:
        if isinstance(message, To):
            (clerk,) = message.places
            await seat.strategy.on_candle_close(message.message)
            await clerk.tell(seat.strategy.is_regime_active())
        elif isinstance(message, RiskUpdate):
            inbox.reply(await perform(Kind.RISK, seat.strategy, message.amount))
        else:
            inbox.reply(await perform(Kind.POLL, seat.strategy, None))


class LostReport(Faulty):
    """A crash takes the report along, and the slice waits for it."""

    async def admit(self, seat):
        if not self._refs:
            self.clerk = await self._system.start(collect, name="clerk")
        restart = Restart(limit=3)
        self._refs.append(await self._system.start(unguarded, seat, name=f"sleeve {seat.key!r}", restart=restart))

    async def candle(self, wave):
        for place, message in self.told(wave):
            await self._refs[place].tell(To((self.clerk,), message))
        return await self.clerk.ask(len(wave.sleeves))


@contextmanager
def planted(dispatcher) -> Iterator[None]:
    """In this block, runners carry their waves with this."""
    names = vars(runner_module)
    before = names["Actors"]
    names["Actors"] = dispatcher
    try:
        yield
    finally:
        names["Actors"] = before


@attrs.frozen
class Planted:
    """A fault, what finds it, and how soon."""

    dispatcher: type[Actors]
    within: int
    """Schedules."""
    shrunk_to: int
    """Choices out of turn, at most."""
    says: str
    """How the error begins."""
    slices: int = 2
    crashes: tuple[CrashPoint, ...] = ()
    options: dict[str, object] = attrs.field(factory=dict)

    async def scenario(self, lab, dispatcher=None):
        """Two strategies that take turns; with the fault, or with another dispatcher."""
        with planted(dispatcher or self.dispatcher):
            run = await simulate_in(
                lab,
                flipping(2),
                policy(),
                stream("AB", self.slices),
                default_risk_per_trade=DEFAULT,
                crashes=self.crashes,
                keep_errors=True,
            )
        run.check()


LOST = "no_lost_or_duplicated_candles: the candle of "
EARLY = "allocate_before_dispatch: "

PLANTED = {
    "unacknowledged decrease": Planted(UnacknowledgedDecrease, 10, 1, "budget_conserved: "),
    "two channels": Planted(TwoChannels, 10, 2, EARLY),
    "relays": Planted(Relays, 10, 6, "budget_conserved: "),
    "lost candle": Planted(LostCandle, 10, 3, LOST),
    "double candle": Planted(DoubleCandle, 20, 1, LOST, options={"timers": "racing"}),
    "barrier removed": Planted(BarrierRemoved, 10, 2, LOST),
    "crash that loses a report": Planted(LostReport, 1, 0, "hangs: ", crashes=(CrashPoint("A", "candle", 1),)),
}
