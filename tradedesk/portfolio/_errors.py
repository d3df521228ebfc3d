"""What can go wrong in a portfolio, by whose fault.

::

    PortfolioError
    ├── UnknownInstrumentError   the caller's: a candle that no sleeve trades
    ├── AllocationError          the policy's: it raised, or its answer breaks a rule
    │   └── FactsError           the source of facts: it raised, or gave no `Facts`
    ├── EquityError              the source of facts: an equity that no drawdown can be measured by
    ├── CandleTimeoutError       a strategy's: its handler was not done within ``candle_timeout``
    ├── RosterError              the caller's: a sleeve that is there already, is not there, or must stay
    ├── ReentrantCallError       a strategy's: it called the runner that is calling it
    ├── UnknownSleeveError       the caller's: a question about a sleeve that the portfolio does not have
    └── RunnerStateError         the caller's: entered twice or in mid-call, or a sleeve cannot be readmitted

Two candles of one instrument and period in one slice raise `tradedesk.marketdata.DuplicateCandleError`, time
that goes back or repeats in a source `tradedesk.marketdata.SourceOrderError`. What a strategy raises comes out
as it is, with a note that names the sleeve.
"""

import reprlib
from collections.abc import Iterable
from inspect import getattr_static

from tradedesk.marketdata import CandleCloseEvent


class PortfolioError(Exception):
    """The root of what the portfolio itself raises on purpose."""


def shown(value: object) -> str:
    """What users hand in, as text for an error: never long, and never raising, whatever its repr does."""
    shorten = reprlib.Repr()
    shorten.maxother = 160
    return shorten.repr_instance(value, 1)


def shown_candle(event: object) -> str:
    """A candle as text for an error; of an event of another class nothing is needed."""
    if type(event) is not CandleCloseEvent:
        return f"candle {shown(event)}"
    instrument, period, candle = (getattr(event, name, None) for name in ("instrument", "period", "candle"))
    return f"candle {_plain(instrument)} {_plain(period)} {shown(candle)}"


def _plain(name: object) -> str:
    """Text as it is; a strategy may have put anything in its place, or nothing."""
    return str.__str__(name) if issubclass(type(name), str) else shown(name)


def note(error: BaseException, text: str) -> None:
    """Add a note without running code of the error's class, which may raise anything.

    A class that keeps something else than a list where notes belong gets none.
    """
    notes = getattr_static(error, "__notes__", None)
    if notes is None:
        BaseException.__setattr__(error, "__notes__", [text])
    elif type(notes) is list:
        notes.append(text)


class UnknownInstrumentError(PortfolioError, ValueError):
    """A candle's instrument is traded by no sleeve; nothing of its slice was sent.

    Attributes:
        instrument: the unknown one.
        known: the instruments of the portfolio.
    """

    def __init__(self, instrument: str, known: Iterable[str]) -> None:
        self.instrument = instrument
        self.known = tuple(known)
        super().__init__(
            f"no sleeve trades {instrument!r}; this portfolio trades {', '.join(map(repr, self.known))}. "
            "Add a sleeve, or pass unknown_instruments='ignore' to skip such candles.",
        )


class AllocationError(PortfolioError):
    """The policy raised, or gave an answer that breaks a rule; nothing was sent and nothing changed.

    Attributes:
        policy: the name of the policy's class.
        rule: what is wrong.
    """

    def __init__(self, policy: str, rule: str) -> None:
        self.policy = policy
        self.rule = rule
        super().__init__(f"{policy}.allocate: {rule}")


class FactsError(AllocationError):
    """The source of facts raised, or gave something else; the policy was not asked and nothing changed.

    Attributes:
        policy: the name of the policy's class.
        source: the name of the source.
        rule: what is wrong.
    """

    def __init__(self, policy: str, source: str, rule: str) -> None:
        super().__init__(policy, rule)
        self.source = source
        self.args = (f"{source}, the source of facts for {policy}, {rule}",)


class EquityError(PortfolioError, ValueError):
    """An equity by which no drawdown can be measured; the portfolio is halted for it.

    Attributes:
        equity: what was given; None where nothing was.
        rule: what is wrong with it.
    """

    def __init__(self, equity: float | None, rule: str) -> None:
        self.equity = equity
        self.rule = rule
        super().__init__(f"no drawdown can be measured by an equity of {equity!r}: {rule}")


class RosterError(PortfolioError, ValueError):
    """A change of the sleeves that cannot be made; nothing was changed."""


class ReentrantCallError(PortfolioError):
    """A strategy called the runner from inside its own handler, which would wait for itself."""

    def __init__(self) -> None:
        super().__init__(
            "the runner was called from inside a handler that it is waiting for: "
            "let the handler return, and feed the candle from outside.",
        )


class CandleTimeoutError(PortfolioError):
    """A handler was not done with its candle within ``candle_timeout``.

    Attributes:
        sleeve: whose handler.
        event: its candle.
        seconds: the ``candle_timeout``.
        stuck: it had not ended after as much time again either.
    """

    def __init__(self, sleeve: str, event: object, seconds: float, *, stuck: bool) -> None:
        self.sleeve = sleeve
        self.event = event
        self.seconds = seconds
        self.stuck = stuck
        what = f"the handler of sleeve {sleeve!r} was not done with {shown_candle(event)} after {seconds:g} s"
        if stuck:
            what += (
                f", when it was cancelled, nor after {2 * seconds:g} s: it shields itself, swallows the cancellation "
                "or has no checkpoint. The sleeve is quarantined; readmit() brings it back once the handler has ended."
            )
        else:
            what += ": it was cancelled. Await less in it, or raise candle_timeout."
        super().__init__(what)


class UnknownSleeveError(PortfolioError, ValueError):
    """There is no such sleeve.

    Attributes:
        sleeve: the unknown one.
        known: the sleeves of the portfolio.
    """

    def __init__(self, sleeve: str, known: Iterable[str]) -> None:
        self.sleeve = sleeve
        self.known = tuple(known)
        super().__init__(
            f"this portfolio has no sleeve {shown(sleeve)}; its sleeves are {', '.join(map(repr, self.known))}."
        )


class RunnerStateError(PortfolioError):
    """The runner is not in a state for this."""
