"""Take trio's own scheduler in hand. The one module that touches what is private to trio.

Trio runs a batch of ready tasks in the order that a private random generator gives it. Replaced by `_Order`, that
generator lets one task of the batch run and puts the others back. A canary test says when a trio has come in which
this no longer decides the order.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from trio._core import _run
from trio.lowlevel import Task

_HOOKS: Final = ("_r", "_ALLOW_DETERMINISTIC_SCHEDULING")


@contextmanager
def trio_in_hand(pick: Callable[[list[Task]], int]) -> Iterator[None]:
    """In this block, ``pick`` decides which ready task of trio runs next; it gets them longest waiting first.

    Raises `RuntimeError` when this trio has no such hook.
    """
    if not all(hasattr(_run, name) for name in _HOOKS):
        raise RuntimeError('this version of trio keeps its order to itself: explore with seam="actors"')
    hooks = vars(_run)
    before = {name: hooks[name] for name in _HOOKS}
    hooks.update(zip(_HOOKS, (_Order(pick), True), strict=True))
    try:
        yield
    finally:
        hooks.update(before)


class _Order(random.Random):
    """Stands in for trio's generator, and shuffles with purpose."""

    def __init__(self, pick: Callable[[list[Task]], int]) -> None:
        super().__init__(0)
        self._pick = pick
        self._since: dict[Task, int] = {}
        self._arrivals = 0

    def shuffle(self, batch: list[Task]) -> None:  # type: ignore[override] # trio hands a list of tasks in
        """Leave one task in the batch; the others wait for the next."""
        for task in batch:
            if task not in self._since:
                self._arrivals += 1
                self._since[task] = self._arrivals
        batch.sort(key=self._since.__getitem__)
        task = batch.pop(self._pick(batch))
        del self._since[task]
        _run.GLOBAL_RUN_CONTEXT.runner.runq.extend(batch)
        batch[:] = [task]
