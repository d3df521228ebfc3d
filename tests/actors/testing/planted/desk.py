"""Two strategies on one budget: who shrinks gives first, who grows takes after, and then the candle is routed."""

from collections import deque

import attrs

from actors import Request

BUDGET = 100
NAMES = ("A", "B")


@attrs.frozen
class Candle:
    number: int


@attrs.frozen
class Weight:
    name: str
    weight: int


@attrs.frozen
class Risk:
    epoch: int
    amount: int


@attrs.frozen
class Ack:
    name: str
    epoch: int


@attrs.frozen
class To:
    name: str
    message: Risk | Candle


@attrs.frozen
class Routed(Request[None]):
    candles: int


SCRIPT = (
    Weight("A", 1), Weight("B", 3), Candle(0), Candle(1),
    Weight("A", 3), Weight("B", 1), Candle(2), Candle(3),
)  # fmt: skip


class Book:
    """Looks at everything that happens, when it happens."""

    def __init__(self):
        self.held = dict.fromkeys(NAMES, BUDGET // len(NAMES))
        self.given = dict(self.held)
        self.expected = {}

    def route(self, name, number):
        self.expected[name, number] = self.given[name]

    def hold(self, name, amount):
        self.held[name] = amount
        assert sum(self.held.values()) <= BUDGET, f"held {self.held} of {BUDGET}"

    def handle(self, name, number):
        expected = self.expected[name, number]
        assert self.held[name] == expected, f"{name} handles candle {number} under {self.held[name]}, not {expected}"


async def strategy(inbox, name, book, desk):
    async for message in inbox:
        match message:
            case Risk(epoch, amount):
                book.hold(name, amount)
                await desk["coordinator"].tell(Ack(name, epoch))
            case Candle(number):
                book.handle(name, number)


async def relay(inbox, targets):
    async for message in inbox:
        target = targets[message.name]
        await target.tell(message if target.name == "second relay" else message.message)


async def feed(inbox, coordinator):
    async for message in inbox:
        await coordinator.tell(message)


class Coordinator:
    def __init__(self, book, risk, market, fault):
        self.book, self.risk, self.market, self.fault = book, risk, market, fault
        self.weights = dict.fromkeys(NAMES, 1)
        self.epoch = self.routed = 0
        self.pending, self.increases, self.candle, self.queue = {}, {}, None, deque()

    async def run(self, inbox):
        waiting = None
        async for message in inbox:
            match message:
                case Routed(candles):
                    waiting = (candles, inbox.defer())
                case Weight(name, weight):
                    self.weights[name] = weight
                case Ack(name, epoch):
                    if self.pending.get(name) == epoch or self.fault == "stale acknowledgement":
                        self.pending.pop(name, None)
                    await self.go_on()
                case Candle():
                    self.queue.append(message)
                    await self.go_on()
            if waiting and self.routed == waiting[0]:
                waiting[1].send(None)
                waiting = None

    async def go_on(self):
        while not self.pending:
            if self.candle is not None:
                await self.send(self.increases)
                for name in NAMES:
                    self.book.route(name, self.candle.number)
                    await self.market(name, self.candle)
                self.routed += 1
                self.candle = None
            if not self.queue:
                return
            await self.begin(self.queue.popleft())

    async def begin(self, candle):
        total = sum(self.weights.values())
        target = {name: BUDGET * weight // total for name, weight in self.weights.items()}
        given = dict(self.book.given)
        decreases = {name: amount for name, amount in target.items() if amount < given[name]}
        self.increases = {name: amount for name, amount in target.items() if amount > given[name]}
        self.candle = candle
        self.epoch += bool(decreases)
        await self.send(decreases)
        if self.fault != "unacknowledged decrease":
            self.pending = dict.fromkeys(decreases, self.epoch)

    async def send(self, amounts):
        for name, amount in amounts.items():
            self.book.given[name] = amount
            await self.risk(name, Risk(self.epoch, amount))


async def scenario(lab, fault=None):
    script = SCRIPT[:4] if fault == "relays" else SCRIPT
    book, desk = Book(), {}
    async with lab.open_system() as system:
        inboxes = {name: await system.start(strategy, name, book, desk, name=name) for name in NAMES}
        risks = markets = {name: ref.tell for name, ref in inboxes.items()}
        if fault == "two channels":
            others = {name: await system.start(strategy, name, book, desk, name=f"{name}'s candles") for name in NAMES}
            markets = {name: ref.tell for name, ref in others.items()}
        if fault == "relays":
            second = await system.start(relay, inboxes, name="second relay")
            first = await system.start(relay, dict.fromkeys(NAMES, second), name="first relay")
            only = await system.start(relay, inboxes, name="relay of risk")
            risks = {name: lambda message, name=name: only.tell(To(name, message)) for name in NAMES}
            markets = {name: lambda message, name=name: first.tell(To(name, message)) for name in NAMES}
        behaviour = Coordinator(
            book, lambda name, message: risks[name](message), lambda name, message: markets[name](message), fault
        )
        desk["coordinator"] = coordinator = await system.start(behaviour.run, name="coordinator")
        source = await system.start(feed, coordinator, name="feed")
        for each in script:
            await source.tell(each)
        await coordinator.ask(Routed(sum(isinstance(each, Candle) for each in script)))
        lab.sometimes(behaviour.epoch > 0, "an allocation changed")
