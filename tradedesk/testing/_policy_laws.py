"""The laws of policies, and the check that holds a policy to them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from inspect import iscoroutine
from math import fsum, inf, isfinite
from typing import Any, Final, cast

import attrs

from tradedesk.portfolio import AllocationError, Facts, Instrument
from tradedesk.testing._foreign import Caught, fresh, told
from tradedesk.testing._hypothesis import st
from tradedesk.testing._policies import Policy
from tradedesk.testing._search import Law, chosen, named, verdicts
from tradedesk.testing._verdicts import Verdicts

SLEEVES: Final = tuple("ABCDEFGH")
ROUNDING: Final = 1e-9
"""Relative to the budget, as the runner has it."""


@attrs.frozen
class PolicyCase:
    """One question to a policy.

    Attributes:
        active: the active sleeves, in the order in which the policy gets them.
        facts: what it knows besides; None where it is asked without.
    """

    active: tuple[str, ...] = attrs.field(converter=tuple)
    facts: Facts | None = None

    def __repr__(self) -> str:
        facts = "" if self.facts is None else f", {self.facts!r}"
        return f"PolicyCase({list(self.active)!r}{facts})"


@attrs.define(eq=False, slots=False)
class Asked:
    """A policy that was asked; what its laws look at.

    Attributes:
        case: what it was asked.
        budget: its ``portfolio_risk_budget``; None where it has none, or none that is a number.
        answer: what it returned, as it is; None where it raised.
        error: what it raised.
        list_after: the list that it was handed, afterwards.
        facts_after: the facts that it was handed, afterwards.
    """

    policy: Policy
    case: PolicyCase
    answer: object = attrs.field(init=False, default=None)
    error: Exception | SystemExit | None = attrs.field(init=False, default=None)
    list_after: list[Instrument] = attrs.field(init=False, factory=list)
    facts_after: Facts | None = attrs.field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        self.list_after = [Instrument(sleeve) for sleeve in self.case.active]
        self.facts_after = fresh(self.case.facts)
        with Caught() as caught:
            answer = _ask(fresh(self.policy), self.list_after, self.facts_after)
            self.answer = dict(answer) if isinstance(answer, Mapping) else answer
        self.error = caught.error

    @cached_property
    def budget(self) -> float | None:
        """The limit that the runner holds it to."""
        return _number(getattr(self.policy, "portfolio_risk_budget", None))

    @cached_property
    def amounts(self) -> dict[str, float]:
        """The finite amounts of the answer; empty where there is none."""
        return _read(self.answer)

    def again(self, *questions: Sequence[str]) -> list[dict[str, float]]:
        """Ask one fresh copy of the policy these questions, one after the other, with the facts of the case.

        Empty from the first one on that it does not answer.
        """
        policy, answers = fresh(self.policy), list[dict[str, float]]()
        with Caught():
            for active in questions:
                answer = _ask(policy, [Instrument(sleeve) for sleeve in active], fresh(self.case.facts))
                answers.append(_read(dict(answer)))
        return answers if len(answers) == len(questions) else [{}] * len(questions)


def _ask(policy: Any, active: list[Instrument], facts: Facts | None) -> Any:
    answer = policy.allocate(active) if facts is None else policy.allocate_with(active, facts)
    if iscoroutine(answer):
        answer.close()
        raise TypeError("it is async, and would never run: write def, not async def")
    return answer


def _number(value: object) -> float | None:
    if isinstance(value, str | bytes):
        return None
    with Caught():
        return float(cast("Any", value))
    return None


def _read(answer: object) -> dict[str, float]:
    if not isinstance(answer, Mapping):
        return {}
    read = {str(sleeve): _number(amount) for sleeve, amount in answer.items()}
    return {sleeve: amount for sleeve, amount in read.items() if amount is not None and isfinite(amount)}


def total_of(amounts: Iterable[float]) -> float:
    """Sum without rounding on the way; infinity beyond all floats."""
    try:
        return fsum(amounts)
    except OverflowError:
        return inf


# The laws that hold for every policy ----------------------------------------------------------------------------------


def _total(asked: Asked) -> str | None:
    if asked.error is not None:
        return f"it raised {told(asked.error)}"
    if not isinstance(asked.answer, Mapping):
        return f"it returned {asked.answer!r}, which is no mapping of sleeve to amount"
    return None


def _pure(asked: Asked) -> str | None:
    if asked.list_after != list(asked.case.active):
        return f"the list that it was handed is {asked.list_after!r} afterwards"
    if asked.facts_after != asked.case.facts:
        return "the facts that it was handed are others afterwards"
    return None


def _deterministic(asked: Asked) -> str | None:
    active = asked.case.active
    first, _, second = asked.again(active, active[1:], active)
    if first != second:
        return f"asked the same twice, with {_names(active[1:])} between, it said {_shown(first)} and {_shown(second)}"
    if asked.amounts != first and first:
        return f"asked the same anew, it said {_shown(asked.amounts)} and {_shown(first)}"
    return None


def _finite(asked: Asked) -> str | None:
    for sleeve, value in _items(asked):
        amount = _number(value)
        if amount is None or not isfinite(amount):
            return f"the amount of {sleeve!r} is {value!r}, no finite number"
    return None


def _not_negative(asked: Asked) -> str | None:
    for sleeve, amount in asked.amounts.items():
        if amount < 0:
            return f"the amount of {sleeve!r} is {amount!r}, below 0"
    return None


def _within_budget(asked: Asked) -> str | None:
    named = getattr(asked.policy, "portfolio_risk_budget", None)
    if named is not None and (isinstance(named, str | bytes) or asked.budget is None or not isfinite(asked.budget)):
        return f"its portfolio_risk_budget is {named!r}, no finite number; no portfolio takes it"
    whole = total_of(asked.amounts.values())
    if asked.budget is not None and whole > asked.budget * (1 + ROUNDING):
        return f"the amounts are {whole!r} in all, more than the budget of {asked.budget!r}"
    return None


def _no_unknown_names(asked: Asked) -> str | None:
    for sleeve, amount in _items(asked):
        if sleeve not in asked.case.active:
            return f"it gave {amount!r} to {sleeve!r}, which is not among those that it was asked for"
    return None


def _permutable(asked: Asked) -> str | None:
    active = asked.case.active
    for order in (active[::-1], active[1:] + active[:1]):
        (turned,) = asked.again(order)
        for sleeve, amount in asked.amounts.items():
            if turned and _differ(turned.get(sleeve, 0.0), amount):
                return f"asked for {_names(order)} instead, it gave {sleeve!r} {turned.get(sleeve, 0.0)!r}"
    return None


def _items(asked: Asked) -> Iterable[tuple[object, object]]:
    return asked.answer.items() if isinstance(asked.answer, Mapping) else ()


def _differ(one: float, other: float) -> bool:
    return abs(one - other) > ROUNDING * max(abs(one), abs(other))


POLICY_LAWS: Final = (
    Law("total", "answers with a mapping of amounts, whoever is active: nobody, one, many", _total),
    Law("pure", "leaves what it is handed as it is", _pure),
    Law("deterministic", "says the same when it is asked the same, whatever it is asked between", _deterministic),
    Law("finite", "gives finite amounts", _finite),
    Law("non_negative", "gives no amount below 0", _not_negative),
    Law("within_budget", "gives no more in all than its portfolio_risk_budget, but for 1e-9 of it", _within_budget),
    Law("no_unknown_names", "gives to those alone that it was asked for", _no_unknown_names),
    Law(
        "permutation_invariant",
        "gives each the same in whatever order it is asked, but for 1e-9",
        _permutable,
        presupposes=("deterministic",),
    ),
)


# Laws that some policies are meant to keep ----------------------------------------------------------------------------


def _fully_invested(asked: Asked) -> str | None:
    whole = total_of(asked.amounts.values())
    if asked.budget is None or not asked.case.active or not _differ(whole, asked.budget):
        return None
    return f"the amounts are {whole!r} in all, and the budget is {asked.budget!r}"


def _monotone(asked: Asked) -> str | None:
    active = asked.case.active
    (fewer,) = asked.again(active[:-1])
    for sleeve, amount in fewer.items():
        more = asked.amounts.get(sleeve, amount)
        if more > amount * (1 + ROUNDING):
            return f"with {active[-1]!r} active too, {sleeve!r} gets {more!r} instead of {amount!r}"
    return None


def _stable(asked: Asked) -> str | None:
    for gone, nothing in asked.amounts.items():
        left = [sleeve for sleeve in asked.case.active if sleeve != gone]
        if nothing or not left:
            continue
        (without,) = asked.again(left)
        for sleeve, amount in without.items():
            if _differ(amount, asked.amounts.get(sleeve, 0.0)):
                return f"{gone!r} gets nothing, and without it {sleeve!r} gets {amount!r}"
    return None


fully_invested: Final = Law("fully_invested", "gives all of its budget as soon as somebody is active", _fully_invested)
monotone: Final = Law("monotone", "gives nobody more because one more is active", _monotone)
stable_under_irrelevant: Final = Law(
    "stable_under_irrelevant", "gives the same without a sleeve to which it gives nothing", _stable
)


def scales(make: Callable[[float], Policy], *, factors: Sequence[float] = (0.5, 2.0, 1_000.0)) -> Law:
    """The law that amounts grow in proportion to the budget.

    Args:
        make: builds the policy with a budget.
        factors: what the budget is multiplied by.
    """

    def check(asked: Asked) -> str | None:
        for factor in factors if asked.budget is not None else ():
            other = Asked(make(cast("float", asked.budget) * factor), asked.case)
            for sleeve, amount in other.amounts.items():
                expected = asked.amounts.get(sleeve, 0.0) * factor
                if _differ(amount, expected):
                    return f"with {factor} times the budget {sleeve!r} gets {amount!r} instead of {expected!r}"
        return None

    return Law("scales", "gives amounts in proportion to its budget", check)


OPTIONAL_POLICY_LAWS: Final = (fully_invested, monotone, stable_under_irrelevant)


# The check ------------------------------------------------------------------------------------------------------------


def policy_cases(policy: Policy, sleeves: Iterable[str] = SLEEVES) -> st.SearchStrategy[PolicyCase]:
    """Questions that a policy understands: with facts where it needs them, with and without where it takes them."""
    names = [Instrument(sleeve) for sleeve in sleeves]
    if not names:
        raise ValueError("sleeves is empty; a policy is asked for some")
    some = st.tuples(st.integers(0, len(names)), st.permutations(names))
    return st.builds(PolicyCase, some.map(lambda drawn: drawn[1][: drawn[0]]), _facts_for(policy, names))


def _facts_for(policy: Any, names: Sequence[Instrument]) -> st.SearchStrategy[Facts | None]:
    if not callable(getattr(policy, "allocate_with", None)):
        return st.none()
    if getattr(policy, "needs", None) or not callable(getattr(policy, "allocate", None)):
        return facts(names)
    return st.none() | facts(names)


def facts(sleeves: Iterable[str]) -> st.SearchStrategy[Facts]:
    """Facts about all of these sleeves, with correlations that can be (they come from one common cause and noise)."""
    names = [Instrument(sleeve) for sleeve in sleeves]
    percents = st.integers(1, 100).map(lambda whole: whole / 100)
    loads = st.lists(st.integers(-9, 9), min_size=len(names), max_size=len(names))
    return st.builds(
        Facts,
        equity=st.integers(0, 100).map(lambda lost: 100.0 - lost),
        peak_equity=st.just(100.0),
        volatility=st.fixed_dictionaries(dict.fromkeys(names, percents)),
        correlation=loads.map(lambda found: dict(_correlations(names, found))),
    )


def _correlations(
    names: Sequence[Instrument], loads: Sequence[int]
) -> Iterator[tuple[tuple[Instrument, Instrument], float]]:
    for place, (one, load) in enumerate(zip(names, loads, strict=True)):
        yield from (((other, one), load * before / 100) for other, before in zip(names, loads[:place], strict=False))


def policy_verdicts(
    policy: Policy,
    *,
    sleeves: Iterable[str] = SLEEVES,
    skip: Iterable[str] = (),
    extra: Iterable[Law | str] = (),
    examples: int = 100,
    cases: Sequence[PolicyCase] = (),
) -> Verdicts:
    """Hold a policy to the laws and return a verdict for each. Takes the arguments of `check_policy`.

    Raises:
        TypeError: It has neither ``allocate`` nor ``allocate_with``.
        ValueError: A law to skip or to add is not known, or there are no sleeves or examples.
    """
    if isinstance(policy, type):
        raise TypeError(f"{policy.__name__} is a class: give a policy, such as {policy.__name__}(...)")
    if not any(callable(getattr(policy, method, None)) for method in ("allocate", "allocate_with")):
        raise TypeError(f"{policy!r} is no policy: it has neither allocate() nor allocate_with()")
    more = [extra] if isinstance(extra, str) else extra
    added = [law if isinstance(law, Law) else named(OPTIONAL_POLICY_LAWS, [law], "extra")[0] for law in more]
    laws = chosen(POLICY_LAWS, skip, added)
    names = tuple(sleeves)
    if isinstance(sleeves, str) or len(set(names)) < len(names):
        raise ValueError(f"sleeves must be a list of different names, such as ['EURUSD'], not {sleeves!r}")
    found = verdicts(
        laws,
        lambda case: Asked(policy, case),
        policy_cases(policy, names),
        examples=examples,
        first=cases,
        story=lambda case: _story(policy, case),
    )
    return Verdicts(_title(policy), tuple(found))


def check_policy(
    policy: Policy,
    *,
    sleeves: Iterable[str] = SLEEVES,
    skip: Iterable[str] = (),
    extra: Iterable[Law | str] = (),
    examples: int = 100,
    cases: Sequence[PolicyCase] = (),
) -> Verdicts:
    """Hold a policy to the laws of policies; return the verdicts if it keeps them all.

    Every case asks a copy of the policy, so a case breaks a law alone or not at all, and can be tried again.

    Args:
        policy: the one to test. One that needs facts gets some that are complete.
        sleeves: whose names it is asked for; at least those that it knows, if it knows some only.
        skip: names of laws that it need not keep.
        extra: laws besides: of `law`, of `scales`, or "fully_invested", "monotone", "stable_under_irrelevant".
        examples: how many cases to try.
        cases: cases to try first, such as the witness of a run before.

    Raises:
        LawBroken: It breaks a law; with the smallest case that does.
        TypeError: It is no policy.
        ValueError: A law to skip or to add is not known, or there are no sleeves or examples.
    """
    return policy_verdicts(policy, sleeves=sleeves, skip=skip, extra=extra, examples=examples, cases=cases).check()


def _story(policy: Policy, case: PolicyCase) -> Iterator[str]:
    asked = Asked(policy, case)
    yield f"asked for  {_names(case.active)}"
    if case.facts is not None:
        yield f"with       {case.facts!r}"
    if isinstance(asked.error, AllocationError):
        yield "hint       it may know certain sleeves only: name them, sleeves=[...]"
    elif asked.error is None:
        yield f"answered   {_shown(asked.answer)}"
    yield f"again      cases=[{case!r}]"


def _names(active: Sequence[str]) -> str:
    return ", ".join(active) or "nobody"


def _shown(answer: object) -> str:
    if not isinstance(answer, Mapping):
        return repr(answer)
    return ", ".join(f"{sleeve} {amount!r}" for sleeve, amount in answer.items()) or "nothing"


def _title(policy: Policy) -> str:
    return type(policy).__name__
