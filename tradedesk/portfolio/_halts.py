"""The kill switch: who pulled it, since when it is in force, and who may let go. Pure."""

import attrs

from tradedesk.portfolio._recorder import Recorder
from tradedesk.portfolio._statistics import Halt
from tradedesk.portfolio._trace import Halted, Released


@attrs.define(eq=False)
class Halts:
    """One halt at a time: pulled at any moment, in force from the next allocation on.

    Attributes:
        on: pulled or in force.
        calls: how often it was pulled, so that a release lets go of nothing that came after it was asked for.
    """

    recorder: Recorder
    on: bool = False
    calls: int = 0
    _reason: str = ""
    _since: int | None = None  # the first slice that was allocated under it

    @property
    def halt(self) -> Halt | None:
        """What is pulled or in force."""
        return Halt(self._reason, self._since) if self.on else None

    @property
    def order_refusal(self) -> str | None:
        """Why orders are to be refused; None: not on this account."""
        return f"the portfolio is halted: {self._reason}" if self.on else None

    def pull(self, reason: str) -> None:
        """Halt; a portfolio that is halted stays so for its first reason.

        Within one slice nobody is first: of several reasons before the next allocation the least text is kept, so
        that equal runs say equal things whichever strategy ran before the other.
        """
        self.calls += 1
        if not self.on:
            self.on, self._reason = True, reason
        elif self._since is None:
            self._reason = min(reason, self._reason)

    def take_effect(self) -> bool:
        """The next allocation is about to be made; return whether the halt is new to it."""
        if not self.on or self._since is not None:
            return False
        self._since = self.recorder.slice_number
        self.recorder.emit(Halted, self._reason)
        return True

    def release(self, calls: int) -> bool:
        """Let go, unless somebody pulled after ``calls`` calls; return whether anything was let go of."""
        if not self.on or self.calls != calls:
            return False
        self.take_effect()
        self.on, self._since = False, None
        self.recorder.emit(Released, self._reason)
        return True
