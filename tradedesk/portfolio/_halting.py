"""Asking the rules that may halt a portfolio, in the guarded place where code of the user runs."""

from collections.abc import Iterable, Sequence

import attrs

from tradedesk.portfolio._boundary import perform
from tradedesk.portfolio._errors import shown
from tradedesk.portfolio._facts import Facts
from tradedesk.portfolio._halt_rules import HaltRule
from tradedesk.portfolio._halts import Halts
from tradedesk.portfolio._waves import Failure, Kind


@attrs.define(eq=False)
class Watchers:
    """The rules of one portfolio, in the order given.

    Attributes:
        asked_for_it: the rule whose halt is in force; it is not asked again before that is released.
    """

    halts: Halts
    rules: Sequence[HaltRule]
    asked_for_it: HaltRule | None = None

    async def judge(self, facts: Facts) -> list[Exception]:
        """Ask every rule; the first that wants a halt gets it. Return what rules raised: that halts as well."""
        errors = []
        for rule in self.rules:
            if rule is self.asked_for_it:
                continue
            reason = await perform(Kind.CALL, rule.judge, facts)
            if reason is not None and not isinstance(reason, str | Failure):
                reason = Failure(TypeError(f"{name_of(rule)}.judge returned {shown(reason)}, not text or None"))
            if isinstance(reason, Failure):
                errors.append(reason.error)
                reason = f"{name_of(rule)} raised {shown(reason.error)}"
            if reason is not None and not self.halts.on:
                self.halts.pull(reason)
                self.asked_for_it = rule
        return errors

    async def released(self) -> list[Exception]:
        """The halt is over; return what the rule that had asked for it raised at the news."""
        rule, self.asked_for_it = self.asked_for_it, None
        if rule is None:
            return []
        outcome = await perform(Kind.CALL, _begin_anew, rule)
        return [outcome.error] if isinstance(outcome, Failure) else []


def _begin_anew(rule: HaltRule) -> None:
    rule.begin_anew()


def name_of(rule: object) -> str:
    """A rule, for people."""
    return type(rule).__name__


def check_rules(rules: Iterable[HaltRule]) -> tuple[HaltRule, ...]:
    """Return the rules.

    Raises:
        TypeError: A rule lacks a method.
        ValueError: One stands there twice.
    """
    checked: list[HaltRule] = []
    for rule in rules:
        missing = [name for name in ("judge", "begin_anew") if not callable(getattr(rule, name, None))]
        if missing:
            raise TypeError(f"the halt rule {shown(rule)} has no {', '.join(f'{name}()' for name in missing)}")
        if any(rule is other for other in checked):
            raise ValueError(f"the halt rule {shown(rule)} stands in halt_rules twice")
        checked.append(rule)
    return tuple(checked)
