"""A schedule as one word that fits on a command line, and a search that repeats it to the letter."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final
from urllib.parse import quote, unquote

from actors.testing._choices import Choice, ScheduleDoesNotFit
from actors.testing._lab import Run
from actors.testing._settings import Seam, Settings, Timers
from actors.testing._shrink import same_failure

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_MARKS: Final[Mapping[str, Seam]] = MappingProxyType({"a": "actors", "t": "trio"})


def encode(choices: Sequence[Choice], settings: Settings) -> str:
    """``a1:feed,A,B:0120``: who goes on at each choice, by place in the list of names, up to the last out of turn.

    Behind the 1, the version, stands what else may happen: ``r`` when timers race, ``/1/A,B-%2A`` for crash points.
    """
    chosen = [choice.chosen for choice in choices]
    while chosen and not choices[len(chosen) - 1].place:
        chosen.pop()
    names = list(dict.fromkeys(chosen))
    width = _width(names)
    places = {name: _digits(place, width) for place, name in enumerate(names)}
    return f"{_head(settings)}:{_quoted(names)}:{''.join(places[name] for name in chosen)}"


def decode(schedule: str, steps: int) -> tuple[Settings, list[str]]:
    """What may happen, and who goes on at each choice; raises `ValueError` when it is no schedule."""
    try:
        head, quoted, tail = schedule.split(":")
        names = [unquote(name) for name in quoted.split(",")]
        width = _width(names)
        places = [int(tail[at : at + width], len(_DIGITS)) for at in range(0, len(tail), width)]
        return _settings(head, steps), [names[place] for place in places]
    except (ValueError, LookupError):
        raise ValueError(f"{schedule!r} is no schedule: copy the whole word after `schedule:` in the report") from None


def _head(settings: Settings) -> str:
    mark = next(mark for mark, seam in _MARKS.items() if seam == settings.seam)
    racing = "r" if settings.timers == "racing" else ""
    crashes = f"/{settings.crashes}/{_quoted(settings.crash_points)}" if settings.crash_points else ""
    return f"{mark}1{racing}{crashes}"


def _settings(head: str, steps: int) -> Settings:
    kind, *crashes = head.split("/")
    if kind[1:] not in ("1", "1r"):
        raise ValueError(kind)
    seam = _MARKS[kind[0]]
    timers: Timers = "racing" if kind.endswith("r") else "idle"
    if not crashes:
        return Settings(seam=seam, timers=timers, steps=steps)
    number, patterns = crashes
    names = [unquote(pattern) for pattern in patterns.split(",")]
    return Settings(seam=seam, timers=timers, crash_points=names, crashes=int(number), steps=steps)


def _quoted(names: Sequence[str]) -> str:
    return ",".join(quote(name, safe="").replace("~", "%7E") for name in names)  # a shell would take ~ for a folder


def _width(names: Sequence[str]) -> int:
    return 1 if len(names) <= len(_DIGITS) else 2


class Strict:
    """One schedule, by the names of who is chosen; FIFO after its end.

    Raises `ScheduleDoesNotFit` where the one who is to be chosen is not ready.
    """

    name = "replay"
    covers = ""

    def __init__(self, chosen: Sequence[str]) -> None:
        self._chosen = chosen
        self._count = -1

    def begin(self) -> bool:
        return True

    def pick(self, options: Sequence[str], plain: int) -> int:  # noqa: ARG002 - the protocol's
        self._count += 1
        if self._count >= len(self._chosen):
            return 0
        name = self._chosen[self._count]
        if name not in options:
            raise ScheduleDoesNotFit(
                f"this schedule no longer fits: at choice {self._count} it lets {name!r} go on, "
                f"but ready are {', '.join(map(repr, options))}"
            )
        return options.index(name)

    def check_used(self) -> None:
        """Raise `ScheduleDoesNotFit` when the scenario ended before the schedule did."""
        made = self._count + 1
        if made < len(self._chosen):
            raise ScheduleDoesNotFit(
                f"this schedule no longer fits: the scenario ended after {made} of its {len(self._chosen)} choices; "
                f"next it lets {self._chosen[made]!r} go on"
            )


class Again:
    """The schedule of a run once more, to see whether it comes to the same."""

    name = "check"
    covers = ""

    def __init__(self, first: Run) -> None:
        self.first = first
        self._count = -1
        self._differs_at = len(first.steps)

    def begin(self) -> bool:
        return True

    def pick(self, options: Sequence[str], plain: int) -> int:  # noqa: ARG002 - the protocol's
        self._count += 1
        choices = self.first.choices
        if self._count < len(choices) and choices[self._count].options == tuple(options):
            return choices[self._count].place
        if self._count < len(choices):
            self._differs_at = min(self._differs_at, self.first.at[self._count])
        return 0

    def difference(self, second: Run) -> str:
        """The first step that is not as it was, or another end; "" when there is no difference."""
        first = self.first
        for at in range(max(len(first.steps), len(second.steps))):
            was, now = _step(first, at), _step(second, at)
            if was != now:
                return f"step {at} was {was}, and is {now}"
            if at == self._differs_at:
                return f"at step {at}, {was}, others were ready than the first time"
        if same_failure(first.error, second.error):
            return ""
        return f"the first time it came to {first.error!r}, and then to {second.error!r}"


def _step(run: Run, at: int) -> str:
    return repr(run.steps[at]) if at < len(run.steps) else "after the end"


def _digits(number: int, width: int) -> str:
    return _DIGITS[number] if width == 1 else _DIGITS[number // len(_DIGITS)] + _DIGITS[number % len(_DIGITS)]
