"""The facts before an allocation: what was routed is noted from the trace, and the source is asked.

A source is never shown the candles of the slice in hand, so no allocation can depend on them.
"""

from collections.abc import Callable
from typing import Final

import attrs

from tradedesk.portfolio._boundary import perform
from tradedesk.portfolio._errors import FactsError, shown
from tradedesk.portfolio._facts import Facts, FactsSource
from tradedesk.portfolio._trace import Routed, TraceRecord
from tradedesk.portfolio._waves import Failure, Kind

_CALL: Final = Kind.CALL


@attrs.define(eq=False)
class Briefing:
    """Stands between the trace and the source.

    Attributes:
        source: the user's.
        onward: takes every record after this, if somebody watches.
    """

    source: FactsSource
    onward: Callable[[TraceRecord], object] | None
    _routed: list[Routed] = attrs.field(factory=list)  # of one slice: each is followed by no other without a question

    def note(self, record: TraceRecord) -> None:
        """Take a record of the core."""
        if type(record) is Routed:
            self._routed.append(record)
        if self.onward is not None:
            self.onward(record)

    async def facts(self, close_time: int | None, policy: str) -> Facts | Failure:
        """Ask the source, in the guarded place where code of the user runs."""
        answer = await perform(_CALL, self._ask, close_time)
        if isinstance(answer, Facts):
            return answer
        if type(answer) is not Failure:
            return Failure(FactsError(policy, name_of(self.source), f"returned {shown(answer)}, not Facts"))
        error = FactsError(policy, name_of(self.source), f"raised {shown(answer.error)}")
        error.__cause__ = answer.error
        return Failure(error)

    def _ask(self, close_time: int | None) -> object:
        routed, self._routed = self._routed, []
        return self.source(close_time, routed)


def name_of(source: FactsSource) -> str:
    """Return a function's own name, and of an object that of its class."""
    name: str = getattr(source, "__qualname__", type(source).__name__)
    return name
