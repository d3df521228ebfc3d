"""What a rule is: a name, and a monitor that reads a log item by item until it breaks."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

import attrs

from tradedesk.testing._log import Item, Premises, described


class Violation(AssertionError):
    """A rule is broken.

    Attributes:
        rule: its name.
        what: how it is broken, in words.
        because: the items of the log that show it, oldest first; no more than it takes.
    """

    def __init__(self, rule: str, what: str, because: Sequence[Item] = ()) -> None:
        self.rule = rule
        self.what = what
        self.because = tuple(because)
        super().__init__("\n".join([f"{rule}: {what}", *(f"  {described(item)}" for item in self.because)]))


class Monitor(Protocol):
    """Reads a log, one item after the other, in constant time each."""

    def on(self, item: Item) -> None:
        """Take the next item; raises `Violation`."""
        ...

    def end(self) -> None:
        """There are no more; raises `Violation`."""
        ...


@attrs.frozen
class Rule:
    """A promise about every log; ``run.check(rule)`` holds a run to it.

    Attributes:
        name: what a `Violation` calls it.
        monitor: makes a monitor that has read nothing yet.
    """

    name: str
    monitor: Callable[[Premises], Monitor]

    def check(self, log: Iterable[Item], premises: Premises) -> None:
        """Read a whole log; raises `Violation`. A trace that was written down elsewhere is a log too."""
        monitor = self.monitor(premises)
        for item in log:
            monitor.on(item)
        monitor.end()

    def broken(self, log: Iterable[Item], premises: Premises) -> Iterator[str]:
        """The same as text: nothing, or how the rule is broken."""
        try:
            self.check(log, premises)
        except Violation as violation:
            yield str(violation)
