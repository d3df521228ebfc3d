"""Numbers at the edge of this package: what is refused, and floats as the decimals that they print as.

0.1 + 0.2 is not 0.3 in floats, and a position that was opened in two steps and closed in one would keep
0.00000000000000004. So a float here means the decimal number it prints as, and sums and products of those are exact:
120 digits hold the product of any size and price that are taken, and the sum of a billion of them.
"""

import sys
from decimal import Context, Decimal
from typing import Final

ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)
EXACT: Final = Context(prec=120)
"""Used through its methods, for operators round as the caller's context says. It never becomes the current context,
nothing changes it, and nobody reads its flags.
"""
add, subtract, multiply, divide = (
    EXACT.add,
    EXACT.subtract,
    EXACT.multiply,
    EXACT.divide,
)  # looked up once: half the time


def finite(what: str, number: object) -> float:
    """Return the number as a float, or refuse it by its name."""
    if type(number) is float and abs(number) <= sys.float_info.max:
        return number  # nearly all: the question below takes longer than the rest of a fill's checks
    if isinstance(number, int | float) and not isinstance(number, bool) and abs(number) <= sys.float_info.max:
        return float(number)
    raise ValueError(f"{what} is {_shown(number)}; it must be a finite number")


def not_negative(what: str, number: float) -> float:
    """Return the number as a float of at least 0, or refuse it by its name."""
    if finite(what, number) < 0:
        raise ValueError(f"{what} is {number!r}; it must be at least 0")
    return float(number)


def positive(what: str, number: float) -> float:
    """Return the number as a float above 0, or refuse it by its name."""
    if finite(what, number) <= 0:
        raise ValueError(f"{what} is {number!r}; it must be more than 0")
    return float(number)


def decimal(number: float) -> Decimal:
    """Return the shortest decimal that reads as this float: what it prints as."""
    return Decimal(float.__repr__(float(number)))


def _shown(number: object) -> str:
    huge = isinstance(number, int) and not isinstance(number, bool)
    return "an int beyond the largest float" if huge else repr(number)
