"""What a fill did to a position, and what a position was from its first fill to its last."""

from typing import Literal

from tradedesk._value import value

Side = Literal["long", "short"]


@value
class RoundTrip:
    """A position from the fill that opened it to the one that left nothing of it.

    Attributes:
        side: what it was.
        size: the most that was held, in units of the instrument; more than 0.
        entry_price: average price, in points, of all fills that added to it.
        exit_price: average price of all fills that took from it.
        profit: money gained, negative if lost: the sum of its cash flows.
        mfe: maximum favourable excursion: the most money it was ahead at any price seen; at least 0 and `profit`.
        mae: maximum adverse excursion: the furthest it was behind, at most 0 and `profit`.
        mfe_points: the furthest that the price was on the good side of the average entry of that moment; at least 0.
        mae_points: the furthest that it was on the bad side; at most 0.
        candles: how many candles were marked while it was open.
        opened_at: the time given with the first fill, in nanoseconds since 1970; None where none was given.
        closed_at: the time given with the last fill.
    """

    side: Side
    size: float
    entry_price: float
    exit_price: float
    profit: float
    mfe: float
    mae: float
    mfe_points: float
    mae_points: float
    candles: int
    opened_at: int | None
    closed_at: int | None


@value
class Filled:
    """What one fill did. A fill that turns a position round closes all of it and opens the other side with the rest.

    Attributes:
        closed: how much of the position it closed, in units of the instrument; at least 0.
        opened: how much it opened or added; at least 0.
        realised: money gained by what it closed, against the average entry price.
        trip: the round trip that it ended, if it ended one.
    """

    closed: float
    opened: float
    realised: float
    trip: RoundTrip | None
