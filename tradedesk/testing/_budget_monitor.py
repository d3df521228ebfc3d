"""What the rule on the budget remembers, and what breaks it."""

from collections.abc import Mapping
from math import fsum
from typing import Final

import attrs

from actors import DeadLetter
from tradedesk.portfolio import (
    Allocated,
    Failed,
    PolicySet,
    Quarantined,
    Removed,
    Resting,
    RiskSent,
    RiskTurned,
    TraceRecord,
)
from tradedesk.testing._log import Call, Item, Premises
from tradedesk.testing._monitors import Watching

_SLACK: Final = 1 + 1e-9
"""The runner's own: a policy's amounts are rounded."""


@attrs.define(eq=False)
class _Ledger:
    """Who holds what, and by which item; after the budget shrank the limit is above it, until enough is taken back."""

    budget: float | None
    limit: float | None
    held: dict[str, float] = attrs.field(factory=dict)
    why: dict[str, Item] = attrs.field(factory=dict)
    total: float = 0.0

    def set(self, budget: float | None) -> None:
        """From now on this is the budget; what is held may be more, and then only fall."""
        self.settle()
        self.budget = budget
        self.limit = None if budget is None else max(budget, self.total)

    def settle(self) -> None:
        """Add up anew, so that no rounding gathers."""
        self.total = fsum(self.held.values())

    def hold(self, sleeve: str, amount: float, why: Item) -> bool:
        """A sleeve holds this from now on; say whether that is within the limit."""
        self.total += amount - self.held.get(sleeve, 0.0)
        self.held[sleeve], self.why[sleeve] = amount, why
        if self.limit is None or self.budget is None:
            return True
        if self.total > self.limit:
            self.settle()
        if self.total > self.limit * _SLACK:
            return False
        self.limit = max(self.budget, min(self.limit, self.total))
        return True


class Budgeting(Watching):
    """What the sleeves hold is never more than the budget: not by the records, and not by what the strategies took."""

    name = "budget_conserved"

    def __init__(self, premises: Premises) -> None:
        super().__init__(premises)
        self._told = _Ledger(premises.budget, premises.budget)
        self._taken = _Ledger(premises.budget, premises.budget)
        self._due: Mapping[str, float] = {}
        self._slice = 0
        self._waiting: Failed | None = None

    def on(self, item: Item) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._failed(waiting, item)
        if isinstance(item, Call):
            self._call(item)
        elif not isinstance(item, DeadLetter):
            self._record(item)

    def end(self) -> None:
        if self._waiting is not None:
            self._hold(self._told, self._waiting.sleeve, self._largest(self._waiting.sleeve), self._waiting)

    def _record(self, item: TraceRecord) -> None:
        if item.slice_number != self._slice:  # what fails before its allocation failed at the poll
            self._due, self._slice = {}, item.slice_number
        match item:
            case Allocated(allocation=allocation, budget=budget):
                self._allocated(allocation, budget)  # type: ignore[arg-type] # a key is text, whatever it is called
            case PolicySet(budget=budget):
                self._allocated({}, budget)
            case RiskSent(sleeve=sleeve):
                self._hold(self._told, sleeve, item.amount if item.granted else 0.0, item)
            case RiskTurned(sleeve=sleeve):
                self._hold_in_both(sleeve, item.amount if item.granted else 0.0, item)
            case Failed(event=None):
                self._waiting = item
            case Removed(sleeve=sleeve) | Quarantined(sleeve=sleeve) | Resting(sleeve=sleeve):
                self._hold_in_both(sleeve, 0.0, item)

    def _allocated(self, allocation: Mapping[str, float], budget: float | None) -> None:
        self._due = allocation
        for ledger in (self._told, self._taken):
            ledger.settle()
            if budget != ledger.budget:
                ledger.set(budget)

    def _failed(self, failed: Failed, following: Item) -> None:
        """The larger amount counts for who failed to take one, unless it was told 0 on its way out."""
        if not (isinstance(following, Removed) and following.sleeve == failed.sleeve):
            self._hold(self._told, failed.sleeve, self._largest(failed.sleeve), failed)

    def _largest(self, sleeve: str) -> float:
        return max(self._told.held.get(sleeve, 0.0), self._due.get(sleeve, 0.0))

    def _call(self, call: Call) -> None:
        amount = call.value
        if call.method != "set_risk_per_trade" or not isinstance(amount, int | float) or call.moment == "fails":
            return
        new = float(amount) if call.sleeve in self._due else 0.0
        if call.moment == "begins":  # while it takes an amount, the larger one counts
            new = max(new, self._taken.held.get(call.sleeve, 0.0))
        self._hold(self._taken, call.sleeve, new, call)

    def _hold_in_both(self, sleeve: str, amount: float, why: Item) -> None:
        for ledger in (self._told, self._taken):
            self._hold(ledger, sleeve, amount, why)

    def _hold(self, ledger: _Ledger, sleeve: str, amount: float, why: Item) -> None:
        if not ledger.hold(sleeve, amount, why):
            held = {key: each for key, each in ledger.held.items() if each}
            raise self.broken(f"{held} is held, more than {ledger.limit:g}", *(ledger.why[key] for key in held))
