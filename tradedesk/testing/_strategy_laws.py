"""The laws of strategies."""

from collections.abc import Callable, Sequence
from typing import Final

from tradedesk.testing._lived import Lived, Restarted
from tradedesk.testing._play import Play, Step
from tradedesk.testing._search import Law


def _total(lived: Lived) -> str | None:
    trouble = lived.alone.trouble
    return None if trouble is None or trouble.hung else str(trouble)


def _bounded(lived: Lived) -> str | None:
    trouble = lived.alone.trouble
    return str(trouble) if trouble is not None and trouble.hung else None


def _deterministic(lived: Lived) -> str | None:
    return _difference(lived.alone, lived.again, "another object that was given the same")


def _no_shared_state(lived: Lived) -> str | None:
    return _difference(lived.alone, lived.beside, "an object with another one beside it")


def _no_look_ahead(lived: Lived) -> str | None:
    who = f"an object that had been given {_candles(lived.case.cut)} only"
    return _compared(lived.alone.steps[: lived.case.cut], lived.cut_off.steps, who)


def _candles(count: int) -> str:
    return f"{count} candle{'s' if count != 1 else ''}"


def _difference(one: Play, other: Play, who: str) -> str | None:
    if one.trouble is not None:
        return None  # for other laws
    found = _compared(one.steps, other.steps, who)
    return f"{who} had trouble: {other.trouble}" if found is None and other.trouble is not None else found


def _compared(steps: Sequence[Step], others: Sequence[Step], who: str, *, offset: int = 0) -> str | None:
    for number, (one, other) in enumerate(zip(steps, others, strict=False), 1 + offset):
        if one != other and repr(one) != repr(other):  # not-a-number is not equal to itself
            when, said = next(each for each in _WORDS if each[1](one) != each[1](other))
            return f"{when} candle {number} it {said(one)}, and {who} {said(other)}"
    return None


def _regime(active: object) -> str:
    return f"was {'active' if active else 'inactive'}"


_WORDS: Final[tuple[tuple[str, Callable[[Step], str]], ...]] = (
    ("before", lambda step: _regime(step.before)),
    ("after", lambda step: _regime(step.after)),
    ("at", lambda step: f"ordered {', '.join(step.opening) or 'nothing'}"),
    ("after", lambda step: f"had orders: {'; '.join(step.orders) or 'none'}"),
    ("after", lambda step: f"showed {step.seen!r}"),
)

STRATEGY_LAWS: Final = (
    Law("bounded", "is done with every call after so many lines and checkpoints", _bounded),
    Law(
        "total",
        "handles every lawful series of candles without raising, and reports True or False",
        _total,
        presupposes=("bounded",),
    ),
    Law("deterministic", "does the same when it is given the same", _deterministic, presupposes=("bounded",)),
    Law(
        "no_shared_state",
        "does the same whether or not another object of it runs beside it",
        _no_shared_state,
        presupposes=("bounded", "deterministic"),
    ),
    Law(
        "no_look_ahead",
        "does the same whatever candles come later",
        _no_look_ahead,
        presupposes=("bounded", "deterministic"),
    ),
)


def warmed(candles: int) -> Law:
    """The law that so many candles are enough to report what one reports that saw all.

    Raises:
        ValueError: It is no whole number of at least 1.
    """
    if type(candles) is not int or candles < 1:
        raise ValueError(f"warm_up must be a whole number of at least 1, not {candles!r}")

    def check(lived: Lived) -> str | None:
        compared = len(lived.candles) - lived.case.cut
        since = max(1, len(lived.candles) - candles - compared + 1)
        if since + candles > len(lived.candles) or lived.alone.trouble is not None:
            return None
        late = lived.late(since)
        if late.trouble is not None:
            return f"an object that was given the last {_candles(len(late.candles))} had trouble: {late.trouble}"
        last = candles - 1  # of the warm-up; what is reported after it counts
        pairs = zip(lived.alone.steps[since + last :], late.steps[last:], strict=True)
        for number, (one, other) in enumerate(pairs, since + candles):
            if one.after != other.after:
                return (
                    f"after candle {number} it {_regime(one.after)}, and an object that was given the last "
                    f"{_candles(number - since)} {_regime(other.after)}"
                )
        return None

    says = f"reports the same once it was given {_candles(candles)}, whatever came before"
    return Law("warm_up", says, check, presupposes=("bounded", "deterministic"))


def restarts(change: Restarted) -> Law:
    """The law that another object goes on where the one before it stopped."""

    def check(lived: Lived) -> str | None:
        if lived.alone.trouble is not None or lived.case.cut >= len(lived.candles):
            return None
        return _difference(
            lived.alone, lived.restarted(change), f"an object restarted after {_candles(lived.case.cut)}"
        )

    says = "goes on from a restart as if there had been none"
    return Law("restart", says, check, presupposes=("bounded", "deterministic"))


def _zero_risk(lived: Lived) -> str | None:
    for number, step in enumerate(lived.alone.steps, 1):
        if step.risk == 0 and step.opening:
            return f"at candle {number} it ordered {', '.join(step.opening)} with a risk of 0"
    return None


ZERO_RISK: Final = Law(
    "zero_risk",
    "gives no order that opens or adds to a position while its risk is 0",
    _zero_risk,
    presupposes=("bounded",),
)
