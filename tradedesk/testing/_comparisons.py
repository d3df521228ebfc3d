"""Rules that hold one run against another of the same portfolio and stream."""

from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest

from tradedesk.portfolio import Failed, Restarted
from tradedesk.testing._log import Call, Item, described
from tradedesk.testing._rules import Violation
from tradedesk.testing._simulate import Run, facts_of

Result = Callable[[Run], object]
"""What of a run is compared; it must not hold the objects of the run themselves."""


def facts(run: Run) -> object:
    """The whole trace, and what each strategy met."""
    calls: dict[str, list[object]] = {}
    for item in run.log:
        if isinstance(item, Call):
            calls.setdefault(item.sleeve, []).append(facts_of(item))
    return run.facts, calls


def schedule_independent(result: Result = facts, *, than: Run) -> Callable[[Run], None]:
    """Make a rule: the result is that of another run, whoever ran first, in whatever order.

    Simulate the other one with ``dispatch="direct"``, which has no order to choose, or under another schedule. It needs
    strategies of its own.

    Args:
        result: what is compared; the trace and all calls unless it is given.
        than: the other run.
    """
    expected = result(than)

    def check(run: Run) -> None:
        found = result(run)
        if found != expected:
            raise Violation("schedule_independent", _difference(found, expected), _parted(run, than))

    return check


def isolation(sleeves: str | Iterable[str], *, than: Run) -> Callable[[Run], None]:
    """Make a rule: what goes wrong in some sleeves changes nothing of what others meet, but the amounts of their risk.

    For failures in handlers and reports, under `Quarantine` or `Restart`. Strategies whose regime follows from the risk
    they are given may rightly meet something else.

    Args:
        sleeves: one, or some, in which things go wrong in the run that is checked.
        than: a run in which nothing does.
    """
    out = {sleeves} if isinstance(sleeves, str) else set(sleeves)

    def check(run: Run) -> None:
        for sleeve in run.strategies.keys() - out:
            mine, theirs = _meetings(run, sleeve), _meetings(than, sleeve)
            for one, other in zip_longest(mine, theirs):
                if one is None or other is None or facts_of(one) != facts_of(other):
                    what = f"{sleeve} meets something else when {_listed(out)} fails: {_told(one)}, not {_told(other)}"
                    raise Violation("isolation", what, _failures(run, out)[:1])

    return check


def crash_equivalent(result: Result, *, than: Run) -> Callable[[Run], None]:
    """Make a rule: a run in which a strategy was built anew comes to what a run comes to in which none was.

    Args:
        result: what is compared, such as the last regimes: the candle at which it crashed is gone in any case.
        than: the run without a crash.
    """
    expected = result(than)

    def check(run: Run) -> None:
        restarts = [record for record in run.trace if isinstance(record, Restarted)]
        if not restarts:
            raise Violation("crash_equivalent", "nobody was built anew in this run, so there is nothing to compare")
        found = result(run)
        if found != expected:
            what = f"after a restart it comes to {found!r}, and without one to {expected!r}"
            raise Violation("crash_equivalent", what, restarts[:1])

    return check


def _difference(found: object, expected: object) -> str:
    text = f"came to {found!r}, and under the other schedule to {expected!r}"
    return text if len(text) <= _READABLE else "came to another result than under the other schedule"


_READABLE = 300


def _parted(run: Run, than: Run) -> Sequence[Item]:
    """The records at which the two traces part."""
    for mine, theirs in zip_longest(run.trace, than.trace):
        if mine is None or theirs is None or facts_of(mine) != facts_of(theirs):
            return [record for record in (mine, theirs) if record is not None]
    return ()


def _meetings(run: Run, sleeve: str) -> list[Call]:
    return [call for call in run.calls(sleeve) if call.method != "set_risk_per_trade"]


def _failures(run: Run, sleeves: set[str]) -> list[Item]:
    return [record for record in run.trace if isinstance(record, Failed) and record.sleeve in sleeves]


def _told(call: Call | None) -> str:
    return "nothing" if call is None else described(call)


def _listed(sleeves: Iterable[str]) -> str:
    return ", ".join(sorted(sleeves))
