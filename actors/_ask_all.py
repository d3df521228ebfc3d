"""Asking many at once."""

from collections.abc import Iterable
from itertools import chain
from typing import TypeVar

from trio.lowlevel import checkpoint, current_task

from actors._circle import Wait, refuse_circle
from actors._deadlines import Limit
from actors._mailbox import Mailbox
from actors._messages import Answers
from actors._ref import Ref

M_contra = TypeVar("M_contra", contravariant=True)


async def ask_all(pairs: Iterable[tuple[Ref[M_contra], M_contra]], *, timeout: float | None = None) -> list[object]:
    """Ask many actors at once and return the replies in the order of ``pairs``, with one wake-up.

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
    asker = runtime.actors.get(current_task())
    try:
        _scatter(chain((first,), questions), answers, timeout, asker)
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
        del answers, errors  # they would hold this frame, which holds them: garbage that waits for a collection


def _scatter(
    questions: Iterable[tuple[Ref[M_contra], M_contra]],
    answers: Answers,
    timeout: float | None,
    asker: Mailbox | None,
) -> None:
    targets: list[Mailbox] = []
    if asker is not None:
        asker.waits_for = Wait(targets, answers)
    for ref, message in questions:
        inbox = ref._inbox  # noqa: SLF001
        if asker is not None:
            if (inbox is asker or inbox.waits_for is not None) and inbox.life.accepts:
                refuse_circle(asker, inbox)
            targets.append(inbox)
        place = answers.expect()
        if timeout is not None:
            inbox.runtime.limit(Limit(answers, place, inbox.name, message, timeout))
        if len(inbox.queue) < inbox.limit:
            inbox.put((message, answers, place))
        else:
            inbox.put_later((message, answers, place), answers)
