"""Schedules for Hypothesis: inputs and interleaving are arguments of one test, and shrink together.

Needs Hypothesis: ``pip install tradedesk-actors[testing]``.
"""

from hypothesis import strategies as st

from actors.testing._schedule import Schedule

__all__ = ["schedules"]


def schedules(*, actors: int = 8, choices: int = 100) -> st.SearchStrategy[Schedule]:
    """Schedules that shrink to FIFO: few slow actors, few who become slow on the way.

    One draw for each choice would be the obvious way. It takes hundreds of times as many runs to shrink, and leaves
    dozens of choices where here one slow actor is left.

    Args:
        actors: how many can be slow; who first becomes ready is number 0.
        choices: how far into a schedule somebody may become slow.
    """
    return st.builds(
        Schedule,
        slow=st.lists(st.integers(0, actors - 1), max_size=4, unique=True),
        demote=st.lists(st.integers(0, choices), max_size=3, unique=True),
    )
