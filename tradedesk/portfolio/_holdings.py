"""Who holds how much of the budget, and the order in which amounts are sent so that it never holds too little.

What a sleeve *holds* is the last policy amount that it was given; the default counts as 0. Where it is not
known whether an amount arrived, the larger one counts, so the sum of what is held never exceeds the budget. A
sleeve that is down holds 0, for its orders are refused.
"""

from collections.abc import Generator, Sequence
from typing import Final

from tradedesk.marketdata import Instrument
from tradedesk.portfolio._recorder import Recorder
from tradedesk.portfolio._standing import Standing
from tradedesk.portfolio._trace import RiskSent, RiskTurned
from tradedesk.portfolio._waves import Failure, Kind, Step, Wave

Outcomes = Sequence[object]
Steps = Generator[Step, Outcomes, None]

_RISK: Final = Kind.RISK


class Holdings:
    """What each sleeve holds and was told.

    Attributes:
        halted: the default is 0.
    """

    def __init__(self, keys: list[Instrument], default: float, standing: Standing, recorder: Recorder) -> None:
        self.held = [0.0] * len(keys)
        self.halted = False
        self._keys = keys
        self._default = default
        self._told: list[float | None] = [None] * len(keys)
        self._standing = standing
        self._recorder = recorder

    def send(self, allocation: dict[Instrument, float]) -> Steps:
        """Releases and smaller grants first, and acknowledged; only then the larger ones."""
        smaller: list[tuple[int, float, bool]] = []
        larger: list[tuple[int, float, bool]] = []
        default, held, told = 0.0 if self.halted else self._default, self.held, self._told
        for place, key in enumerate(self._keys):
            granted = key in allocation
            amount = allocation[key] if granted else default
            holds = amount if granted else 0.0
            if told[place] != amount or held[place] != holds:
                (larger if holds > held[place] else smaller).append((place, amount, granted))
        yield from self._tell(smaller)
        if not self.stuck(allocation):
            yield from self._tell(larger)

    def admit(self) -> None:
        """A sleeve is new: it holds nothing, and nobody told it anything."""
        self.held.append(0.0)
        self._told.append(None)

    def release(self, place: int) -> Generator[Step, Outcomes, Exception | None]:
        """Tell a sleeve that is to go an amount of 0, and return what it raised; it counts until it is dismissed."""
        if self._told[place] == 0.0 or place in self._standing.down:
            return None
        self._told[place] = None  # if this ends here, nobody knows
        (outcome,) = yield Wave(_RISK, [place], [0.0])
        return outcome.error if isinstance(outcome, Failure) else None

    def dismiss(self, place: int) -> None:
        """A sleeve is gone, and with it all it held."""
        del self.held[place], self._told[place]

    def stuck(self, allocation: dict[Instrument, float]) -> bool:
        """Whether a failed sleeve still holds more than it should, so that nobody else may get more."""
        return any(self.held[place] > allocation.get(self._keys[place], 0.0) for place in self._standing.failed)

    def drop(self, place: int) -> None:
        """A sleeve is down: it holds nothing, and what it was told counts no more."""
        self.held[place] = 0.0
        self._told[place] = None

    def _tell(self, changes: list[tuple[int, float, bool]]) -> Steps:
        held, told, out = self.held, self._told, self._standing.out
        unsent = []
        for place, amount, granted in changes:
            if place in out:
                continue
            holds = amount if granted else 0.0
            if told[place] == amount:
                held[place] = holds
                self._granted(place, granted=granted)
                self._recorder.emit(RiskTurned, self._keys[place], amount, granted)
            else:
                told[place] = None
                held[place] = max(held[place], holds)
                unsent.append((place, amount, granted))
        if unsent:
            outcomes = yield Wave(_RISK, [place for place, _, _ in unsent], [amount for _, amount, _ in unsent])
            for change, outcome in zip(unsent, outcomes, strict=True):
                self._taken(*change, outcome)

    def _taken(self, place: int, amount: float, granted: bool, outcome: object) -> None:  # noqa: FBT001 - a row
        if type(outcome) is Failure:
            if self._standing.fail(place, None, outcome, _RISK):
                self.drop(place)
            return
        self._told[place] = amount
        self.held[place] = amount if granted else 0.0
        self._granted(place, granted=granted)
        self._recorder.emit(RiskSent, self._keys[place], amount, granted)

    def _granted(self, place: int, *, granted: bool) -> None:
        """With its first grant since it came back, a sleeve may place orders again."""
        if granted and self._standing.ungranted:
            self._standing.ungranted.pop(place, None)
