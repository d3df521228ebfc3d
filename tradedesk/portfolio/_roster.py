"""Changing a portfolio between two slices: who takes part, and who allocates.

The core keeps the books, a dispatcher starts and stops; here both happen together. Between the last await of a
change and its end nothing can come, so a change is made or it is not.
"""

from typing import cast

import attrs

from tradedesk.portfolio._dispatch import Dispatcher
from tradedesk.portfolio._errors import RosterError, RunnerStateError, UnknownSleeveError, note
from tradedesk.portfolio._seats import Cast, Seat
from tradedesk.portfolio._service import Service
from tradedesk.portfolio._setup import Member
from tradedesk.portfolio._waves import Build, Wave
from tradedesk.portfolio.types import Instrument, PortfolioStrategy, RiskAllocationPolicy


@attrs.define(eq=False)
class Roster:
    """The sleeves of a portfolio, in declared order: who plays, and where.

    Attributes:
        seats: one for each sleeve; the dispatcher of the caller's task shares this list.
    """

    service: Service
    cast: Cast
    seats: list[Seat]

    def seat(self, member: Member) -> Seat:
        """A seat behind all others."""
        return Seat(len(self.seats), member.sleeve.key, self.cast, member.seconds, member.guarded)

    def place(self, sleeve: Instrument) -> int:
        """Where a sleeve stands; raise `UnknownSleeveError` for what is none."""
        sleeves = self.service.core.sleeves
        place = sleeves.place_of.get(sleeve)
        if place is None:
            raise UnknownSleeveError(sleeve, sleeves.keys)
        return place

    async def add(self, member: Member, dispatcher: Dispatcher) -> None:
        """Take in a sleeve, behind all others.

        Raises:
            RosterError: Its key, or its strategy object, is in the portfolio, or a handler of that object still runs.
        """
        key, core = member.sleeve.key, self.service.core
        if key in core.sleeves.place_of:
            raise RosterError(f"sleeve {key!r} is in this portfolio already: remove it first, or choose another key.")
        other = self.cast.sleeve_of(member.strategy)
        if other is not None:
            raise RosterError(
                f"sleeves {other!r} and {key!r} would share one strategy object: "
                "each sleeve runs on its own, so give each an object of its own.",
            )
        if self.cast.at_work(member.strategy):
            raise RosterError(
                f"a handler of the strategy of sleeve {key!r} has not ended yet, though it was given up: "
                "add it when it has, or add another object.",
            )
        seat = self.seat(member)
        self.cast.join(member)  # whose seat looks it up there
        admitted = False
        try:
            await dispatcher.admit(seat)
            admitted = True
        finally:
            if not admitted:
                self.cast.leave(seat.place, key)
        self.seats.append(seat)
        core.admit(member.sleeve, member.rule)

    async def remove(self, key: Instrument, dispatcher: Dispatcher) -> object:
        """Take out a sleeve and return its strategy, which was told an amount of 0 before, unless it is down.

        Raises:
            UnknownSleeveError: There is no such sleeve.
            RosterError: It is the last one.
            Exception: What the strategy raised when it was told; it is out all the same.
        """
        core, place = self.service.core, self.place(key)
        if len(self.seats) == 1:
            raise RosterError(f"sleeve {key!r} is the last one, and a portfolio needs one: add another one first.")
        error = await self._release(place, dispatcher)
        core.dismiss(place, error)
        strategy = self.cast.leave(place, key)
        seat = self.seats.pop(place)
        for behind in self.seats[place:]:
            behind.place -= 1
        if seat.abandoned:
            self.cast.lingering.append((seat, strategy))
        await dispatcher.dismiss(seat)
        if error is not None:
            note(error, f"in sleeve {key!r}, told an amount of 0 on its way out; it is removed")
            raise error
        return strategy

    def readmit(self, sleeve: Instrument, strategy: PortfolioStrategy | None) -> None:
        """Let a quarantined sleeve come back when the next slice begins; see `PortfolioRunner.readmit`."""
        place, standing = self.place(sleeve), self.service.core.standing
        down, seat = standing.down.get(place), self.seats[place]
        if down is None or down.until is not None:
            state = self.service.core.sleeve_statistics()[sleeve].standing
            raise RunnerStateError(f"sleeve {sleeve!r} is {state}: only a quarantined sleeve can be readmitted.")
        if seat.abandoned:
            raise RunnerStateError(f"the handler of sleeve {sleeve!r} has not ended yet: readmit it when it has.")
        build = None
        if strategy is not None:
            seat.check(strategy)
            owner = self.cast.sleeve_of(strategy)
            if owner not in (None, sleeve):
                raise ValueError(f"sleeve {owner!r} has this object already: give sleeve {sleeve!r} one of its own.")
            if self.cast.at_work(strategy):
                raise RunnerStateError(
                    f"a handler of this object has not ended yet, though it was given up: readmit sleeve {sleeve!r} "
                    "with it when it has, or with another object."
                )
            build = Build(lambda _: strategy, given=True)
        standing.readmit(place, build)

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
