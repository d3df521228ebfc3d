"""The decorator of every value that is made once per candle.

A frozen attrs class assigns its fields through `object.__setattr__`, which makes construction four times
slower (424 ns against 100 ns for seven fields, CPython 3.11). So the type checkers see a frozen class and
refuse an assignment, and the interpreter gets a plain one. Equality and hash go by value and cost nothing
in construction.
"""

from functools import partial
from typing import TYPE_CHECKING

from attrs import define

if TYPE_CHECKING:
    from attrs import frozen as value
else:
    # Nothing refers weakly to a candle; leaving the slot out saves 8 bytes in each.
    value = partial(define, unsafe_hash=True, weakref_slot=False)

__all__ = ["value"]
