"""Ways to run one scenario: who dispatches, and who decides the order of things."""

from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from typing import Literal, TypeVar

import attrs
from hypothesis import Phase, settings
from hypothesis import strategies as st

from actors import Scheduler
from actors.testing import ControlledScheduler, run
from tests.actors.schedules import trio_order

T = TypeVar("T")

law = settings(max_examples=150, phases=[phase for phase in Phase if phase is not Phase.explain])
"""How often to try; without the phase that explains, which takes half a minute for one failure here."""


@attrs.frozen
class Way:
    """One way to run a portfolio. A block that is not entered has no actors, so no order of theirs."""

    dispatch: Literal["actors", "direct"] = "actors"
    entered: bool = True
    order: Literal["trio", "controlled"] = "trio"
    seed: int = 0

    def scheduler(self) -> Scheduler:
        if self.order == "controlled":
            return ControlledScheduler.seeded(self.seed)
        return Scheduler()

    def run(self, scenario: Callable[[], Awaitable[T]]) -> T:
        """Run it in virtual time; a scenario that hangs fails, and so does one that leaves a task."""

        with trio_order(self.seed) if self.order == "trio" else nullcontext():
            return run(scenario)


SEEDS = st.integers(0, 2**16)

WAYS = st.one_of(
    st.builds(Way, order=st.just("controlled"), seed=SEEDS),
    st.builds(Way, seed=SEEDS),
    st.builds(Way, dispatch=st.just("direct"), seed=SEEDS),
    st.builds(Way, dispatch=st.sampled_from(["actors", "direct"]), entered=st.just(False), seed=SEEDS),
)
"""Every way there is; the one that explores most comes first, so that it is tried and shrunk to."""

AS_ACTORS = st.builds(Way, order=st.sampled_from(["controlled", "trio"]), seed=SEEDS)
