"""Who waits for whom: an actor that would wait for itself, by any way round, is told so at once.

An edge A -> B stands while A's own task waits for an answer of B, for a place in B's inbox, for B's beginning or for
B's end, and while A is down and its group first waits for B (`actors._turn`). A deferred answer is nobody's in
particular, so it takes its edge away.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import inf

import attrs
import trio
from trio.lowlevel import current_task

from actors._errors import AskCycle
from actors._mailbox import Mailbox
from actors._messages import WAITING, Answers
from actors._seam import Waiter


@attrs.define(eq=False)
class Wait:
    """What one actor's task waits for; without answers, for all targets alike.

    ``waiter`` is where it is parked, so that a wait that was cancelled counts no longer, although its task has not run.
    ``give_way``, where there is one, may still put off what is waited for; it says whether it did.
    """

    targets: Sequence[Mailbox]
    answers: Answers | None
    give_way: Callable[[], bool] | None = None
    waiter: Waiter | None = None

    def open(self) -> Iterator[Mailbox]:
        """The targets that still owe something."""
        answers = self.answers
        waiter = self.waiter or answers
        if waiter is not None and waiter.task is None:
            return
        for place, target in enumerate(self.targets):
            if answers is None or (answers.values[place] is WAITING and not target.has_deferred(answers, place)):
                yield target

    def names(self) -> tuple[str, ...]:
        """Of the open targets, each once."""
        return tuple(dict.fromkeys(target.name for target in self.open()))


def refuse_circle(asker: Mailbox, target: Mailbox) -> None:
    """Raise `AskCycle` when ``target`` is ``asker``, or waits for it, over however many others.

    Not where the asker is cancelled: it will not wait, and is not to crash of what cannot happen.
    """
    path = way(target, asker)
    if path and trio.current_effective_deadline() > -inf and not any(_gives_way(each) for each in path[:-1]):
        raise AskCycle(tuple(each.name for each in (asker, *path)))


def _gives_way(inbox: Mailbox) -> bool:
    wait = inbox.waits_for
    return wait is not None and wait.give_way is not None and wait.give_way()


def way(waiting: Mailbox, target: Mailbox) -> tuple[Mailbox, ...]:
    """From one actor to another for which it waits, over however many others, both included; empty if it does not."""
    seen = {id(waiting)}
    paths: list[tuple[Mailbox, tuple[Mailbox, ...]]] = [(waiting, (waiting,))]
    while paths:
        here, path = paths.pop()
        if here is target:
            return path
        wait = here.waits_for
        if wait is not None:
            for there in wait.open():
                if id(there) not in seen:
                    seen.add(id(there))
                    paths.append((there, (*path, there)))
    return ()


@contextmanager
def waiting_for(target: Mailbox, waiter: Waiter, *, refuse: bool = True) -> Iterator[None]:
    """The current task, if it is an actor's, waits for a place in an inbox, for a beginning or an end.

    Who kills is not refused: whoever is killed stops waiting, unless a shielded clean-up waits anew, and is told.
    """
    asker = target.runtime.actors.get(current_task())
    if asker is None:
        yield
        return
    if refuse:
        refuse_circle(asker, target)
    asker.waits_for = Wait((target,), None, waiter=waiter)
    try:
        yield
    finally:
        asker.waits_for = None
