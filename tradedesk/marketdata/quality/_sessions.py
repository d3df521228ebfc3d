"""The hours of a week in words, from the candles that most weeks have."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from tradedesk.marketdata._period import DAY
from tradedesk.marketdata._time import NANOSECONDS

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MINUTE: Final = 60 * NANOSECONDS


def sessions(usual: Sequence[bool], length: int, phase: int) -> str:
    """Say at which hours of the week candles begin and end.

    `usual` has an element for each candle of a week from Monday on; `length` and `phase` are in nanoseconds.
    """
    a_day = DAY // length
    if a_day <= 1:
        days = [day for day, present in zip(_DAYS, usual, strict=True) if present]
        return ", ".join(_runs([day in days for day in _DAYS]))
    hours = [_hours(usual[day * a_day : (day + 1) * a_day], length, phase) for day in range(len(_DAYS))]
    parts = []
    for text, group in groupby(range(len(_DAYS)), key=lambda day: hours[day]):
        days_in = [*group]
        if text:
            parts.append(f"{_span(days_in[0], days_in[-1])} {text}")
    return ", ".join(parts)


def _runs(present: Sequence[bool]) -> list[str]:
    days = [day for day, there in enumerate(present) if there]
    return [
        _span(run[0], run[-1])
        for _, group in groupby(days, key=lambda day: day - days.index(day))
        for run in [[*group]]
    ]


def _span(first: int, last: int) -> str:
    return _DAYS[first] if first == last else f"{_DAYS[first]} to {_DAYS[last]}"


def _hours(usual: Sequence[bool], length: int, phase: int) -> str:
    spans = []
    for present, group in groupby(range(len(usual)), key=lambda slot: usual[slot]):
        if present:
            slots = [*group]
            spans.append(f"{_clock(slots[0] * length + phase)}-{_clock((slots[-1] + 1) * length + phase)}")
    return " and ".join(spans)


def _clock(time: int) -> str:
    hours, minutes = divmod(time // _MINUTE, 60)
    return f"{hours:02d}:{minutes:02d}"
