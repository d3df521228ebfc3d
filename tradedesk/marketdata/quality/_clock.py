"""The period and the hours that the times of a file show, and what is missing by them."""

from array import array
from collections import Counter
from itertools import pairwise
from typing import Final

from attrs import define, field

from tradedesk.marketdata._errors import PeriodError
from tradedesk.marketdata._period import DAY, closing, period_seconds, split_period
from tradedesk.marketdata._time import NANOSECONDS, format_timestamp
from tradedesk.marketdata.quality._sessions import sessions
from tradedesk.marketdata.quality._values import Findings

SAMPLE: Final = 1_000
"""Times from which the period is inferred; what comes later is judged by it."""

_WEEK: Final = 7 * DAY
_MONDAY: Final = 4 * DAY
_UNITS: Final = ("WEEK", "DAY", "HOUR", "MINUTE", "SECOND")
_MONTHS: Final = range(28, 32)
_LARGEST_COUNT: Final = 99_999
"""What stands before a unit has five digits at most."""


@define
class Clock:
    """Takes times that rise, in nanoseconds since the Unix epoch."""

    findings: Findings
    period: str | None = None
    inferred: list[str] = field(factory=list)
    _sample: list[tuple[int, int]] | None = field(factory=list)
    _week: "_Weeks | _Steps | None" = None

    def take(self, time: int, line: int) -> None:
        """Judge a time; the first ones wait until the period is known."""
        if self._sample is None:
            if self._week is not None:
                self._week.take(time, line)
            return
        self._sample.append((time, line))
        if len(self._sample) == SAMPLE:
            self._decide()

    def ended(self) -> None:
        """Judge what stands at the end, and say what was inferred."""
        if self._sample is not None:
            self._decide()
        if self._week is not None:
            self.inferred += self._week.ended()

    def _decide(self) -> None:
        sample, self._sample = self._sample or [], None
        times = [time for time, _ in sample]
        if self.period is None:
            self._infer(times)
        if self.period is None:
            return
        self._week = _judge_of(self.period, times, self.findings)
        for time, line in sample:
            self._week.take(time, line)

    def _infer(self, times: list[int]) -> None:
        steps = Counter(after - before for before, after in pairwise(times))
        if not steps:
            self.inferred.append("No period could be inferred from a single time.")
            return
        step, count = min(steps.items(), key=lambda item: (-item[1], item[0]))
        name = _period_of(step)
        if name is None:
            self.inferred.append("The times show no period of whole seconds; nothing is said about gaps.")
            return
        self.period = name
        self.inferred.append(
            f"The period is {name}: {count / steps.total():.1%} of the steps between the first {len(times):,} times."
        )


def _period_of(step: int) -> str | None:
    seconds, rest = divmod(step, NANOSECONDS)
    if rest or not seconds:
        return None
    if seconds % 86_400 == 0 and seconds // 86_400 in _MONTHS and seconds != 4 * period_seconds("WEEK"):
        return "MONTH"
    unit = next(unit for unit in _UNITS if seconds % period_seconds(unit) == 0)
    count = seconds // period_seconds(unit)
    return unit if count == 1 else f"{count}{unit}" if count <= _LARGEST_COUNT else None


def _judge_of(period: str, times: list[int], findings: Findings) -> "_Weeks | _Steps":
    length = period_seconds(period) * NANOSECONDS
    if split_period(period)[1] == "MONTH" or length > DAY or DAY % length:
        return _Steps(period, findings)
    phases = Counter(time % length for time in times)
    phase = max(phases, key=lambda phase: (phases[phase], -phase)) if phases else 0
    return _Weeks(length, phase, findings)


@define
class _Steps:
    """For periods that do not divide a day: each candle should open where the one before closes."""

    period: str
    findings: Findings
    last: int | None = None

    def take(self, time: int, line: int) -> None:
        """Compare a time with the close of the candle before."""
        due = None if self.last is None else self._due(self.last)
        if self.last is not None and due is not None and time - due >= due - self.last:
            missing = (time - due) // (due - self.last)
            self.findings.add("gap", line, format_timestamp(due), f"{missing:,} missing before the next")
        self.last = time

    def _due(self, last: int) -> int | None:
        try:
            return closing(self.period)(last)
        except PeriodError:
            return None  # after the year 9999

    def ended(self) -> list[str]:
        """Say how gaps were found."""
        return ["A candle is missing where none opens at the close of the one before."]


@define
class _Weeks:
    """Compares each week with the week before and the week after; holds three of them."""

    length: int
    phase: int
    findings: Findings
    judged: int = 0
    _last: int | None = None
    _weeks: list[tuple[int, bytearray]] = field(factory=list)
    _seen: int = 0
    _present: "array[int]" = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._present = array("Q", bytes(8 * (_WEEK // self.length)))

    def take(self, time: int, line: int) -> None:
        """Mark the place of a time in its week."""
        since = time - self.phase
        off = since % self.length
        if off:
            self.findings.add("off_grid", line, format_timestamp(time), f"{off / NANOSECONDS:,.10g} s after the grid")
        week, within = divmod(since - _MONDAY, _WEEK)
        if self._last is not None and time - self._last > _WEEK:
            missing = f"nothing for {(time - self._last) / DAY:,.1f} days"
            self.findings.add("gap", line, format_timestamp(self._last + self.length), missing)
        self._last = time
        if not self._weeks or week > self._weeks[-1][0]:
            self._turn(week)
        self._weeks[-1][1][within // self.length] = 1

    def ended(self) -> list[str]:
        """Judge the last week that has one after it; say at which hours there usually are candles."""
        self._judge()
        if self._weeks:
            self._count(self._weeks[-1][1])
        usual = [2 * count >= self._seen for count in self._present]
        if not any(usual):
            return [f"{self._seen:,} weeks, and no hours of the week that half of them share."]
        searched = f"gaps were looked for in {self.judged:,}" if self.judged else "too few to look for gaps"
        return [
            (
                f"Candles usually stand at {sessions(usual, self.length, self.phase)} UTC, in at least half of "
                f"{self._seen:,} week{'s' if self._seen > 1 else ''}; {searched}."
            )
        ]

    def _turn(self, week: int) -> None:
        if self._weeks:
            self._judge()
            self._count(self._weeks[-1][1])
        self._weeks = [*self._weeks[-2:], (week, bytearray(_WEEK // self.length))]

    def _count(self, slots: bytearray) -> None:
        self._seen += 1
        place = slots.find(1)
        while place >= 0:
            self._present[place] += 1
            place = slots.find(1, place + 1)

    def _judge(self) -> None:
        """Judge the week before the last, now that the last is known as far as it goes."""
        if len(self._weeks) < 3 or self._weeks[0][0] + 2 != self._weeks[2][0]:  # noqa: PLR2004 - three weeks
            return
        (_, before), (week, slots), (_, after) = self._weeks
        self.judged += 1
        both = int.from_bytes(before) & int.from_bytes(after)
        missing = both & ~int.from_bytes(slots)
        if not missing:
            return
        lacking, expected = (bits.to_bytes(len(slots)) for bits in (missing, both))
        start = week * _WEEK + _MONDAY + self.phase
        a_day = DAY // self.length
        for day in range(0, len(slots), a_day):
            lacks = lacking.count(1, day, day + a_day)
            if lacks and lacks == expected.count(1, day, day + a_day) and not any(slots[day : day + a_day]):
                self._add("day", start + day * self.length, lacks)
            elif lacks:
                self._runs(lacking, day, day + a_day, start)

    def _runs(self, lacking: bytes, place: int, end: int, start: int) -> None:
        while (place := lacking.find(1, place, end)) >= 0:
            over = lacking.find(0, place, end)
            over = end if over < 0 else over
            self._add("gap", start + place * self.length, over - place)
            place = over

    def _add(self, kind: str, time: int, count: int) -> None:
        self.findings.add(kind, None, format_timestamp(time), f"{count:,} missing")
