"""Where walk-forward trains and where it tests: places in a history, in slices behind its warm-up. Pure."""

from attrs import frozen

from tradedesk.research._errors import ResearchError


@frozen
class Span:
    """The slices from place `first`, counted from 0, up to and not including `end`."""

    first: int
    end: int

    def __len__(self) -> int:
        """How many slices it holds."""
        return self.end - self.first


@frozen
class Window:
    """Parameters are chosen in `train` and tried in `test`, which begins where `train` ends."""

    train: Span
    test: Span


def windows(slices: int, *, train: int, test: int, anchored: bool = False) -> tuple[Window, ...]:
    """Cut a history of so many slices into windows, oldest first.

    The spans to test in follow each other without a gap and do not overlap; together they are all slices behind the
    first `train` ones. Each is `test` long, the last one as long as what is left. The span to train in is `train`
    long and rolls along; `anchored`, it always begins with the history and grows.

    Raises:
        ResearchError: `train` or `test` is less than 1, or the history is too short for one window.
    """
    for name, length in (("train", train), ("test", test)):
        if length < 1:
            raise ResearchError(f"{name} is {length!r}; it must be at least 1 slice")
    if slices <= train:
        raise ResearchError(f"the history has {slices:,} slices; train={train:,} of them leave none to test in")
    return tuple(
        Window(Span(0 if anchored else first - train, first), Span(first, min(first + test, slices)))
        for first in range(train, slices, test)
    )
