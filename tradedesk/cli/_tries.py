"""The tables `[sweep]` and `[walk_forward]` of a portfolio file as values."""

from collections.abc import Iterator, Mapping
from typing import Final, NewType

from attrs import frozen

from tradedesk.cli._broker import AtLeastOne
from tradedesk.cli._load import parameters_of, takes
from tradedesk.cli._mistakes import Mistake, one_of
from tradedesk.research import best

Figure = NewType("Figure", str)
Values = NewType("Values", dict[str, list[object]])

_SHARPE: Final = Figure("sharpe_ratio")


@frozen
class Sweep:
    """The table `[sweep]`: what to try, and what the best is the best of.

    A parameter goes to every strategy whose constructor takes it; as "NAME.parameter", to that of one sleeve.
    """

    parameters: Values
    metric: Figure = _SHARPE

    def wrong(self, classes: Mapping[str, type]) -> Iterator[Mistake]:
        """Give the parameters that no strategy takes; `classes` are those of the sleeves."""
        for key in self.parameters:
            sleeve, _, name = key.rpartition(".")
            path = f"sweep.parameters.{key}"
            if sleeve and sleeve not in classes:
                yield Mistake(path, f"there is no sleeve {sleeve!r}{one_of(sleeve, classes)}")
                continue
            asked = [classes[sleeve]] if sleeve else list(classes.values())
            if not any(takes(cls, name) for cls in asked):
                known = dict.fromkeys(key for cls in asked for key in parameters_of(cls))
                yield Mistake(path, f"no strategy takes {name!r}{one_of(name, known)}")


@frozen
class WalkForward:
    """The table `[walk_forward]`, in slices."""

    train: AtLeastOne
    test: AtLeastOne
    anchored: bool = False


def figure(value: str) -> Figure:
    """Accept a figure that runs can be compared by.

    Raises:
        ValueError: There is no such figure.
    """
    best((), value)
    return Figure(value)


def values(value: object) -> list[object]:
    """Accept a list of values to try.

    Raises:
        ValueError: It is something else, or empty.
    """
    if not isinstance(value, list) or not value:
        raise ValueError(f"expected a list of values to try, got {value!r}")
    return value


def given(parameters: Mapping[str, object], sleeve: str, cls: type) -> dict[str, object]:
    """Give those of a point's parameters that are for the strategy of a sleeve."""
    common = {key: value for key, value in parameters.items() if takes(cls, key)}
    own = {key: value for key, value in parameters.items() if key.rpartition(".")[0] == sleeve}
    return common | {key.rpartition(".")[2]: value for key, value in own.items()}
