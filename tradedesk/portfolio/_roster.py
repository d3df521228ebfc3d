"""Changing a portfolio between two slices: who takes part, and who allocates.

The core keeps the books, a dispatcher starts and stops; here both happen together. Between the last await of a
change and its end nothing can come, so a change is made or it is not.
"""

from collections.abc import MutableMapping
from typing import cast

import attrs

from tradedesk.portfolio._dispatch import Dispatcher
from tradedesk.portfolio._errors import RosterError
from tradedesk.portfolio._service import Service
from tradedesk.portfolio._setup import Entry, Member
from tradedesk.portfolio._waves import Wave
from tradedesk.portfolio.types import Instrument, PortfolioStrategy, RiskAllocationPolicy


@attrs.define(eq=False)
class Roster:
    """The sleeves of a portfolio and their strategies, in declared order.

    Attributes:
        entries: what the user gave for each sleeve.
        members: the strategies as the dispatchers call them; this list is theirs as well.
    """

    service: Service
    entries: MutableMapping[Instrument, Entry]
    members: list[PortfolioStrategy]
    strategies: list[object]

    async def add(self, member: Member, dispatcher: Dispatcher) -> None:
        """Take in a sleeve, behind all others.

        Raises:
            RosterError: Its key, or its strategy object, is in the portfolio.
        """
        key = member.sleeve.key
        core = self.service.core
        if key in core.sleeves.place_of:
            raise RosterError(f"sleeve {key!r} is in this portfolio already: remove it first, or choose another key.")
        for other, strategy in zip(core.sleeves.keys, self.strategies, strict=True):
            if strategy is member.strategy:
                raise RosterError(
                    f"sleeves {other!r} and {key!r} would share one strategy object: "
                    "each sleeve runs on its own, so give each an object of its own.",
                )
        await dispatcher.admit(key, member.performer)
        self.entries[key] = member.entry
        self.strategies.append(member.strategy)
        self.members.append(member.performer)
        core.admit(member.sleeve)

    async def remove(self, key: Instrument, dispatcher: Dispatcher) -> object:
        """Take out a sleeve and return its strategy, which was told an amount of 0 before.

        Raises:
            RosterError: There is no such sleeve, or it is the last one.
            Exception: What the strategy raised when it was told; it is out all the same.
        """
        core = self.service.core
        place = core.sleeves.place_of.get(key)
        if place is None:
            known = ", ".join(map(repr, core.sleeves.keys))
            raise RosterError(f"there is no sleeve {key!r} to remove; this portfolio has {known}.")
        if len(core.sleeves.keys) == 1:
            raise RosterError(f"sleeve {key!r} is the last one, and a portfolio needs one: add another one first.")
        error = await self._release(place, dispatcher)
        core.dismiss(place, error)
        del self.entries[key], self.members[place]
        strategy = self.strategies.pop(place)
        await dispatcher.dismiss(place)
        if error is not None:
            error.add_note(f"in sleeve {key!r}, told an amount of 0 on its way out; it is removed")
            raise error
        return strategy

    async def set_policy(self, policy: RiskAllocationPolicy, _: Dispatcher) -> None:
        """Let another policy allocate from the next slice on."""
        self.service.policy = policy
        self.service.core.policy_set(type(policy).__name__, getattr(policy, "portfolio_risk_budget", None))

    async def _release(self, place: int, dispatcher: Dispatcher) -> Exception | None:
        steps = self.service.core.release(place)
        try:
            step = next(steps)
            while True:
                step = steps.send(await dispatcher.carry(cast("Wave", step)))
        except StopIteration as done:
            return cast("Exception | None", done.value)
