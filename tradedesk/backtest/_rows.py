"""A table of floats that grows by rows, one value for each sleeve, in compact arrays."""

from array import array
from collections.abc import Sequence

import attrs


@attrs.define(eq=False)
class _Block:
    width: int
    values: "array[float]" = attrs.field(factory=lambda: array("d"))


@attrs.define(eq=False)
class Rows:
    """Rows may become longer when sleeves join, behind the others; what was not there yet counts as 0."""

    _blocks: list[_Block] = attrs.field(factory=list)

    def append(self, row: Sequence[float]) -> None:
        """Add a row."""
        blocks = self._blocks
        if not blocks or blocks[-1].width != len(row):
            blocks.append(_Block(len(row)))
        blocks[-1].values.fromlist(row if type(row) is list else list(row))  # extend() takes four times as long

    def column(self, place: int, count: int) -> "array[float]":
        """Copy one column out, of so many rows."""
        found = array("d")
        for block in self._blocks:
            if place < block.width:
                found.extend(block.values[place :: block.width])
            else:
                found.extend(array("d", bytes(8 * (len(block.values) // block.width if block.width else 0))))
        return found if len(found) == count else array("d", bytes(8 * (count - len(found)))) + found
