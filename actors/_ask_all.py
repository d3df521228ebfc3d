"""Asking many at once."""

from collections.abc import Iterable
from itertools import chain
from typing import TypeVar

from trio.lowlevel import checkpoint, current_task

from actors._circle import Wait, refuse_circle
from actors._deadlines import Limit
from actors._mailbox import Mailbox
from actors._messages import WAITING, Answers
from actors._ref import Ref
from actors._seam import Scheduler, Waiter

M_contra = TypeVar("M_contra", contravariant=True)


async def ask_all(pairs: Iterable[tuple[Ref[M_contra], M_contra]], *, timeout: float | None = None) -> list[object]:
    """Ask many actors at once and return the replies in the order of ``pairs``, with one wake-up.

    After 256 messages the asker lets others run before it sends the next.

    Args:
        pairs: (ref, message); one actor may stand in several pairs. They are taken and sent one by one, so an
            iterator that raises half-way leaves the messages before that sent.
        timeout: seconds for each reply.

    Raises:
        AskError, InboxFull: when one ask failed, its error.
        AskCycle: one of the asked actors waits for the asking one.
        ExceptionGroup: when several failed, all of their errors. Either way every ask is settled first.
    """
    questions = iter(pairs)
    first = next(questions, None)
    if first is None:
        await checkpoint()
        return []
    runtime = first[0]._inbox.runtime  # noqa: SLF001
    answers = Answers(runtime.scheduler, 0)
    questions = chain((first,), questions)
    asker = runtime.actors.get(current_task())
    targets: list[Mailbox] = []
    wait = Wait(targets, answers)
    try:
        if asker is not None:
            asker.waits_for = wait
        while _scatter(questions, answers, timeout, asker, targets):
            await _let_others_run(wait, runtime.scheduler)
        await answers.wait()
    finally:
        if asker is not None:
            asker.waits_for = None
        if answers.left:
            answers.abandon()
    if answers.errors is None:
        return answers.values
    errors = [error for _, error in sorted(answers.errors.items())]
    try:
        if len(errors) == 1:
            raise errors[0]
        raise ExceptionGroup(f"{len(errors)} of {len(answers.values)} asks failed", errors)
    finally:
        del answers, errors, wait  # they would hold this frame, which holds them: garbage that waits for a collection


def _scatter(
    questions: Iterable[tuple[Ref[M_contra], M_contra]],
    answers: Answers,
    timeout: float | None,
    asker: Mailbox | None,
    targets: list[Mailbox],
) -> bool:
    """Send a portion; return whether there may be more."""
    values = answers.values
    begin = place = len(values)
    last = begin + answers.scheduler.ask_quantum - 1
    try:
        for ref, message in questions:
            inbox = ref._inbox  # noqa: SLF001
            if asker is not None:
                if (inbox is asker or inbox.waits_for is not None) and inbox.life.accepts:
                    refuse_circle(asker, inbox)
                targets.append(inbox)
            values.append(WAITING)
            if timeout is not None:
                inbox.runtime.limit(Limit(answers, place, inbox.name, message, timeout))
            if len(inbox.queue) < inbox.limit:
                inbox.put((message, answers, place))
            else:
                inbox.put_later((message, answers, place), answers)
            if place == last:
                return True
            place += 1
    finally:  # once for all: until then answers that come at once take it below what it is, and nobody waits yet
        answers.left += len(values) - begin
    return False


async def _let_others_run(wait: Wait, scheduler: Scheduler) -> None:
    """Meanwhile the asker waits for what it has asked: who asks back is told so."""
    wait.waiter = pausing = Waiter(scheduler)
    pausing.task = current_task()
    try:
        await scheduler.pause()
    finally:
        wait.waiter = None
