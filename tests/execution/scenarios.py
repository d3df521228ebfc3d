"""Made-up days at a broker: what three sleeves ask for, candle by candle, and how to play it.

S1 and S2 trade X, in dollars; S3 trades Y, in yen, whose worth the closes of USDJPY say. Prices are quarters, so that
limits, stops, opens and closes often meet.
"""

import attrs
from hypothesis import strategies as st

from tests.execution.parts import MINUTE, Prices, event, flat
from tradedesk.execution import (
    DAY,
    GTC,
    IOC,
    Commission,
    Conversion,
    Desk,
    Fill,
    Order,
    OrderError,
    PaperBroker,
    Slippage,
    Terms,
    good_for,
)
from tradedesk.marketdata import Slice

SLEEVES = {"S1": "X", "S2": "X", "S3": "Y"}
CASH = 100_000.0


@attrs.frozen
class Wish:
    """One call on a desk; `place` picks an open order where one is meant."""

    kind: str
    sleeve: str
    details: tuple[tuple[str, object], ...] = ()
    place: int = 0

    def make(self, desk: Desk, *, turned: bool = False) -> None:
        details = dict(self.details)
        if turned:
            details = _turned(details)
        orders = desk.orders
        try:
            if self.kind == "order":
                desk.submit(Order(**details))
            elif self.kind == "close":
                desk.close()
            elif orders and self.kind == "cancel":
                desk.cancel(orders[self.place % len(orders)])
            elif orders:
                ticket = orders[self.place % len(orders)]
                given = {name: details[name] for name in ("limit", "stop") if getattr(ticket.order, name) is not None}
                desk.replace(ticket, size=details["size"], **{n: p for n, p in given.items() if p is not None})
        except OrderError:
            pass  # a bracket the wrong way round: it never was an order


def _turned(details: dict) -> dict:
    """The same wish in a market turned upside down."""
    prices = ("limit", "stop", "stop_loss", "take_profit")
    other = {name: -details[name] for name in prices if details[name] is not None}
    return details | other | {"side": "sell" if details["side"] == "buy" else "buy"}


@attrs.frozen
class Step:
    """One slice: candles of X and Y, if any, the rate, and what the sleeves ask for."""

    x: Prices | None
    y: Prices | None
    rate: float
    wishes: tuple[Wish, ...]


prices = st.integers(380, 420).map(lambda quarters: quarters / 4)
bars = st.tuples(prices, prices, prices, prices).map(lambda p: (p[0], max(p), min(p), p[3]))
maybe = st.none() | prices
order_details = st.fixed_dictionaries(
    {
        "side": st.sampled_from(["buy", "sell"]),
        "size": st.integers(1, 30).map(lambda tenths: tenths / 10),
        "limit": maybe,
        "stop": maybe,
        "stop_loss": maybe,
        "take_profit": maybe,
        "lasts": st.sampled_from([GTC, GTC, IOC, DAY, good_for(1), good_for(3)]),
    }
)
wishes = st.builds(
    Wish,
    kind=st.sampled_from(["order", "order", "order", "close", "cancel", "replace"]),
    sleeve=st.sampled_from(list(SLEEVES)),
    details=order_details.map(lambda details: tuple(details.items())),
    place=st.integers(0, 3),
)
steps = st.builds(
    Step,
    x=st.none() | bars,
    y=bars | st.none(),
    rate=st.sampled_from([100.0, 125.0, 160.0]),
    wishes=st.lists(wishes, max_size=4).map(tuple),
)
days = st.lists(steps, min_size=3, max_size=12)

plain = Terms(margin=0)
market_fills = st.sampled_from(["next_open", "same_close", "next_close"])


def amounts(most: int):
    return st.integers(0, most).map(lambda quarters: quarters / 4)


terms = st.builds(
    Terms,
    margin=st.sampled_from([0.0, 0.0, 1.0]),
    value_per_point=st.sampled_from([1.0, 10.0]),
    spread=amounts(4),
    quoted=st.sampled_from(["mid", "bid"]),
    slippage=st.builds(Slippage, points=amounts(2)),
    commission=st.builds(Commission, per_trade=amounts(4), per_unit=amounts(4), bps=amounts(8), minimum=amounts(8)),
)


@attrs.define
class Played:
    """What came of a day.

    Attributes:
        fills: in the order they were heard of.
        equities: after each slice.
        told: order, state and reason, each time that an order changed.
        accepted: the slice at whose close an order was accepted; the halves of brackets are not among them.
    """

    broker: PaperBroker | None = None
    fills: list[Fill] = attrs.field(factory=list)
    equities: list[float] = attrs.field(factory=list)
    told: list[tuple[str, str, str]] = attrs.field(factory=list)
    accepted: dict[str, int] = attrs.field(factory=dict)


def play(
    day: list[Step],
    terms_of_x: Terms = plain,
    *,
    cash: float = CASH,
    market_fill: str = "next_open",
    sleeves_backwards: bool = False,
    events_backwards: bool = False,
    turned: bool = False,
    watch=None,
) -> Played:
    """Play a day: `sleeves_backwards` turns round who calls first, `events_backwards` how the candles of a slice stand."""
    played = Played()
    broker = PaperBroker(
        {
            "X": terms_of_x,
            "Y": attrs.evolve(terms_of_x, currency="JPY"),
            "USDJPY": Terms(),
        },
        cash=cash,
        conversions={"JPY": Conversion("USDJPY", inverted=True)},
        market_fill=market_fill,
        on_order=lambda ticket: played.told.append((ticket.id, ticket.state.value, ticket.reason)),
    )
    played.broker = broker
    desks = {sleeve: broker.desk(sleeve, instrument) for sleeve, instrument in SLEEVES.items()}
    for number, step in enumerate(day, start=1):
        bars_now = [("X", step.x), ("Y", step.y)]
        turn = _upside_down if turned else _as_it_is
        events = [event(name, turn(bar)) for name, bar in bars_now if bar is not None]
        events.append(event("USDJPY", flat(step.rate)))
        heard = broker.open_slice(Slice(number * MINUTE, tuple(reversed(events) if events_backwards else events)))
        fills = sorted((fill for each in heard.values() for fill in each), key=lambda fill: fill.number)
        played.fills += fills
        calling = reversed(desks.items()) if sleeves_backwards else desks.items()
        for sleeve, desk in calling:
            for wish in step.wishes:
                if wish.sleeve == sleeve:
                    wish.make(desk, turned=turned)
        known = len(played.told)
        broker.close_slice()
        played.accepted |= {order: number for order, state, _ in played.told[known:] if state == "accepted"}
        played.equities.append(broker.equity)
        if watch is not None:
            watch(step, broker, fills)
    return played


def _as_it_is(bar: Prices) -> Prices:
    return bar


def _upside_down(bar: Prices) -> Prices:
    opens, high, low, close = bar
    return (-opens, -low, -high, -close)
