"""The errors of this package.

ExecutionError
├── OrderError             an order that cannot mean anything; a ValueError
├── TermsError             terms of an instrument that cannot be meant; a ValueError
├── UnknownInstrumentError an instrument without terms; a ValueError
└── BrokerStateError       slices opened and closed out of turn, or a ticket of somebody else
"""

import sys
from collections.abc import Iterable
from math import inf
from typing import TypeGuard


class ExecutionError(Exception):
    """What went wrong between an order and a fill."""


class OrderError(ExecutionError, ValueError):
    """An order that cannot mean anything, refused where it is written down."""


class TermsError(ExecutionError, ValueError):
    """Terms that cannot be meant."""


class UnknownInstrumentError(ExecutionError, ValueError):
    """The broker has no terms for an instrument.

    Attributes:
        instrument: the unknown one.
        known: those with terms.
    """

    def __init__(self, instrument: str, known: Iterable[str]) -> None:
        self.instrument = instrument
        self.known = tuple(known)
        names = ", ".join(map(repr, self.known)) or "none"
        super().__init__(f"there are no terms for {instrument!r}, only for {names}: give the broker its terms.")


class BrokerStateError(ExecutionError):
    """The broker is not in a state for this."""


def is_finite(number: object) -> TypeGuard[float]:
    """Whether it is a number that a price or an amount can be."""
    return isinstance(number, int | float) and not isinstance(number, bool) and abs(number) <= sys.float_info.max


def check(error: type[ExecutionError], what: str, number: object, *, above: float = -inf, least: float = -inf) -> None:
    """Refuse what is no finite number, is not above `above`, or is less than `least`."""
    if is_finite(number) and above < number and least <= number:
        return
    rule = f" above {above:g}" if above > -inf else f" of at least {least:g}" if least > -inf else ""
    raise error(f"{what} is {number!r}; it must be a finite number{rule}")
