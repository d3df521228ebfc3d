"""What a check of a file comes to."""

from collections.abc import Mapping
from typing import Final

from attrs import define, field, frozen

SHOWN: Final = 3
"""Examples of each kind that are kept."""


@frozen
class Kind:
    """A kind of finding: its name in a table, and what it means; a notice may be as it should be."""

    title: str
    meaning: str
    notice: bool = False


KINDS: Final[Mapping[str, Kind]] = {
    "row": Kind("broken rows", "more or fewer fields than the header"),
    "number": Kind("not a number", "a field that must hold a finite number holds something else"),
    "timestamp": Kind("no moment", "a timestamp that cannot be read"),
    "crossed": Kind("crossed", "low <= open, close <= high does not hold"),
    "negative": Kind("negative", "a volume or tick count below 0"),
    "price": Kind("price not above 0", "a price of 0 or below; no return can be computed from it"),
    "repeated": Kind("time repeats", "the same time as the row before"),
    "back": Kind("time goes back", "a time before that of the row before"),
    "off_grid": Kind("off the grid", "a time that does not lie a whole number of periods from the others"),
    "gap": Kind(
        "gaps",
        "candles missing at a time of the week that has one in the week before and in the week after, "
        "or a week or more without any",
    ),
    "day": Kind("days without candles", "a whole such day is missing: a holiday, or a gap", notice=True),
    "outlier": Kind(
        "outliers",
        "z = 0.6745 |r| / median |r| above 20: r is the logarithm of close over the close before, the median that of "
        "the 250 returns before it",
    ),
    "split": Kind(
        "suspected splits",
        "the open is a simple ratio (2:1, 3:2, 1:10 ...) of the close before, to 3 %, at z above 8, the candle itself "
        "is calm, and the next does not jump back (that would be an outlier)",
    ),
    "stale": Kind("stale", "five candles or more in a row with the same open, high, low and close"),
}
"""The kinds of findings in the order of a report, by the name that `Finding.kind` gives."""


@frozen
class Example:
    """One place: `line` as in `RowError`, None where something is missing; time as text; what is found there."""

    line: int | None
    timestamp: str
    detail: str


@frozen
class Finding:
    """All findings of one kind: how many, and the first of them."""

    kind: str
    count: int
    examples: tuple[Example, ...]

    @property
    def notice(self) -> bool:
        """Say whether this may be as it should be; it is no fault then."""
        return KINDS[self.kind].notice


@frozen
class FileQuality:
    """What the check of one file came to.

    `inferred` says in sentences what was concluded from the times of the file. `unreadable` is the sentence that
    tells why it could not be read (to its end); `counted` says what `Example.line` counts, lines or rows.
    """

    file: str
    rows: int
    first: str | None
    last: str | None
    period: str | None
    inferred: tuple[str, ...]
    findings: tuple[Finding, ...]
    unreadable: str | None = None
    counted: str = "line"

    @property
    def clean(self) -> bool:
        """Say whether the file was read and nothing but notices was found."""
        return self.unreadable is None and all(finding.notice for finding in self.findings)


@define
class Findings:
    """Counts findings and keeps the first of each kind."""

    counts: dict[str, int] = field(factory=dict)
    examples: dict[str, list[Example]] = field(factory=dict)

    def add(self, kind: str, line: int | None, timestamp: str, detail: str) -> None:
        """Count one finding."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        examples = self.examples.setdefault(kind, [])
        if len(examples) < SHOWN:
            examples.append(Example(line, timestamp, detail))

    def all(self) -> tuple[Finding, ...]:
        """Give what was found, in the order of `KINDS`."""
        return tuple(
            Finding(kind, self.counts[kind], tuple(self.examples[kind])) for kind in KINDS if kind in self.counts
        )
