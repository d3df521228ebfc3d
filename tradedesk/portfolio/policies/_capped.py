"""Caps for a sleeve, a group and all together."""

from collections.abc import Iterable, Mapping
from math import inf
from typing import Any

import attrs

from tradedesk.portfolio._errors import shown
from tradedesk.portfolio._facts import NO_FACTS, Facts, Policy
from tradedesk.portfolio.policies import _checks as checks
from tradedesk.portfolio.policies._split import Amounts, held_to, total
from tradedesk.portfolio.policies._wrapped import amounts_of, budget_of, layers, needs_with
from tradedesk.portfolio.types import Instrument


def _names(value: Iterable[Instrument]) -> frozenset[Instrument]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise TypeError(f"sleeves must be several names, such as ['A', 'B'], not {shown(value)}")
    return frozenset(value)


@attrs.frozen
class Group:
    """Sleeves that share a cap.

    Attributes:
        sleeves: their names; a sleeve may be in several groups.
        cap: what they may get together; finite, not negative.
    """

    sleeves: frozenset[Instrument] = attrs.field(converter=_names)
    cap: float = attrs.field(validator=checks.one(checks.not_negative))


def _groups(_: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    if not isinstance(value, Mapping) or not all(isinstance(group, Group) for group in value.values()):
        raise TypeError(f"{attribute.name} must map each group's name to a Group, not be {shown(value)}")


def _by_name(value: Mapping[str, Group]) -> Mapping[str, Group]:
    return checks.copied(value)


@attrs.frozen
class Capped:
    """Holds what another policy gives below caps.

    Without ``redistribute`` amounts are only taken away: a sleeve is cut to its cap, then the sleeves of a group in
    proportion, then all in proportion, and what is cut off stays unused. With it, what is cut off goes to the others
    in proportion to what they were given, until everybody is at a cap or the sum is what it was before: all amounts
    rise at their own pace from 0, and stop where a cap binds (progressive filling: Bertsekas and Gallager, "Data
    Networks", 1992, section 6.5.2). A sleeve that was given 0 keeps 0.

    Attributes:
        policy: whose amounts are capped.
        per_sleeve: one cap for every sleeve, or sleeve -> cap; a sleeve that is not named has none.
        groups: name -> `Group`.
        total: the cap of all together.
        redistribute: give what is cut off to others, or leave it unused.
    """

    policy: Policy = attrs.field(validator=checks.policy)
    per_sleeve: Mapping[Instrument, float] | float | None = attrs.field(
        default=None,
        kw_only=True,
        converter=checks.by_sleeve_or_one,
        validator=attrs.validators.optional(checks.one_or_each(checks.not_negative)),
    )
    groups: Mapping[str, Group] = attrs.field(factory=dict, kw_only=True, converter=_by_name, validator=_groups)
    total: float | None = attrs.field(
        default=None, kw_only=True, validator=attrs.validators.optional(checks.one(checks.not_negative))
    )
    redistribute: bool = attrs.field(default=False, kw_only=True, validator=checks.flag)

    def __attrs_post_init__(self) -> None:
        if self.per_sleeve is None and not self.groups and self.total is None:
            raise ValueError("Capped caps nothing: give per_sleeve, groups or total")
        if self.redistribute:
            refuse_caps_inside(self)

    @property
    def portfolio_risk_budget(self) -> float | None:
        """The budget of the policy inside, or the cap of all together if that is less."""
        limits = [limit for limit in (budget_of(self.policy), self.total) if limit is not None]
        return min(limits, default=None)

    @property
    def needs(self) -> frozenset[str]:
        """The facts that the policy inside cannot do without."""
        return needs_with(self.policy)

    def allocate(self, active_instruments: list[Instrument]) -> Amounts:
        """Cap what the policy inside gives without facts."""
        return self.allocate_with(active_instruments, NO_FACTS)

    def allocate_with(self, active_instruments: list[Instrument], facts: Facts) -> Amounts:
        """Cap what the policy inside gives.

        Raises:
            AllocationError: The policy inside raises it, or its answer is no lawful one.
        """
        amounts = amounts_of(self.policy, active_instruments, facts)
        return self._cut(held_to(self._filled(amounts), total(amounts.values())) if self.redistribute else amounts)

    def _cap(self, sleeve: Instrument) -> float:
        caps = self.per_sleeve
        if isinstance(caps, Mapping):
            return caps.get(sleeve, inf)
        return inf if caps is None else caps

    def _cut(self, amounts: Amounts) -> Amounts:
        amounts = {sleeve: min(amount, float(self._cap(sleeve))) for sleeve, amount in amounts.items()}
        cut = dict(amounts)
        for group in self.groups.values():
            members = {sleeve: amount for sleeve, amount in amounts.items() if sleeve in group.sleeves}
            for sleeve, amount in held_to(members, group.cap).items():
                cut[sleeve] = min(cut[sleeve], amount)
        return cut if self.total is None else held_to(cut, self.total)

    def _filled(self, wanted: Amounts) -> Amounts:
        """Raise all sleeves in proportion to what they were given; who meets a cap stops, the others go on."""
        whole = total(wanted.values())
        limits = [(group.sleeves, group.cap) for group in self.groups.values()]
        limits.append((frozenset(wanted), whole if self.total is None else min(whole, self.total)))
        limits += [(frozenset({sleeve}), cap) for sleeve in wanted if (cap := self._cap(sleeve)) < inf]
        stopped = {sleeve: 0.0 for sleeve, amount in wanted.items() if amount == 0}
        while len(stopped) < len(wanted):
            levels = [_level(wanted, stopped, members, cap) for members, cap in limits]
            level = min(levels)
            bound = [members for (members, _), at in zip(limits, levels, strict=True) if at == level]
            for sleeve in wanted.keys() - stopped.keys():
                if any(sleeve in members for members in bound):
                    stopped[sleeve] = min(whole, wanted[sleeve] * level)
        return {sleeve: stopped[sleeve] for sleeve in wanted}


def _level(wanted: Amounts, stopped: Amounts, members: frozenset[Instrument], cap: float) -> float:
    """How far, in multiples of what they wanted, the members that still rise can go under their cap."""
    rising = total(amount for sleeve, amount in wanted.items() if sleeve in members and sleeve not in stopped)
    if rising == 0:
        return inf
    taken = total(amount for sleeve, amount in stopped.items() if sleeve in members)
    return max(0.0, cap - taken) / rising


def refuse_caps_inside(wrapper: Any) -> None:
    """Who gives more to some must not stand around a cap, which it could break.

    Raises:
        ValueError: There is a `Capped` inside.
    """
    if any(isinstance(layer, Capped) for layer in layers(wrapper.policy)):
        raise ValueError(
            f"{type(wrapper).__name__}(..., redistribute=True) around a Capped could break its caps: "
            "let the outer one leave what it cuts off unused, or put all caps into one Capped"
        )
