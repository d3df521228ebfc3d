"""What the core asks of a dispatcher: whole waves, in columns.

A dispatcher carries a wave to its sleeves and comes back with one outcome each, in the same order. It never
needs more than this, so another one may carry a wave in one message to each of several processes.
"""

from collections.abc import Sequence
from enum import Enum

import attrs

from tradedesk._value import value
from tradedesk.marketdata import CandleCloseEvent, Instrument
from tradedesk.portfolio.types import Factory


class Kind(Enum):
    """What a subject is asked to do: every sleeve of a wave, or, with CALL, the policy, the trace and the sink.

    A ROUND is a wave of candles in one piece, for who performs all of it in one task.
    """

    POLL = "report the regime"
    RISK = "take an amount of risk"
    CANDLE = "handle a candle, then report the regime"
    BUILD = "have a new object built, warm it, and let it take the old one's place"
    CALL = "be called with the payload"
    ROUND = "handle a candle each, then report the regime, one after the other"


@attrs.define
class Wave:
    """One order to several sleeves.

    Attributes:
        kind: what they are to do.
        sleeves: places in declared order, ascending.
        payloads: the amount, the event or the `Build` of each; None for each where the kind needs nothing.
    """

    kind: Kind
    sleeves: Sequence[int]
    payloads: Sequence[object]


@attrs.define
class Allocate:
    """Ask the policy to split the budget over the active sleeves, in declared order."""

    active: list[Instrument]


Step = Wave | Allocate


@attrs.define
class Answer:
    """What the policy said, and the budget it stands for."""

    allocation: object
    budget: object


class Failure:
    """An outcome: the exception that came out of a strategy or a policy. A value, so that it can travel.

    Attributes:
        error: the exception.
        stuck: the handler has not ended though its time was up twice.
        candle: the candle in hand, where that may be one that a new object is warmed with.
    """

    __slots__ = ("candle", "error", "stuck")

    def __init__(self, error: Exception, *, stuck: bool = False, candle: object = None) -> None:
        self.error = error
        self.stuck = stuck
        self.candle = candle


@attrs.define
class Build:
    """How a sleeve gets a new object: ``factory(sleeve)`` makes it, and it is fed ``candles``, oldest first.

    ``given``: the user handed the object in, so it may be the one that has the place already. To a sleeve's actor
    this is the message.
    """

    factory: Factory
    candles: Sequence[CandleCloseEvent] = ()
    given: bool = False


@value
class Poll:
    """To a sleeve's actor: report your regime."""


@value
class RiskUpdate:
    """To a sleeve's actor: this is your risk from now on.

    A candle needs no envelope: the event itself is the message.
    """

    amount: float
