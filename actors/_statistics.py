"""Frozen pictures of the public objects; the only thing that monitors read."""

from collections.abc import Iterator

import attrs


@attrs.frozen
class ActorStatistics:
    """One actor at one moment.

    Attributes:
        name: the actor's name.
        state: where it is in its life: "starting", "running", "draining", "stopping", "killed" or "ended".
        queued: messages in the inbox now, without the one in hand.
        capacity: messages that the inbox may hold.
        peak: the most that were ever queued at once.
        waiting: senders that wait for a place in the inbox.
        handled: messages finished.
        dropped: messages that its overflow rule gave up; dead letters too.
        dead_letters: messages to this actor that nobody handled.
        late_replies: replies whose asker had left.
        restarts: times that the behaviour was called again.
        skipped: ticks of `Inbox.every` that found the one before still queued, or whose time had passed.
        age: seconds since the message in hand was taken up, or None while the actor waits for one.
        waits_for: the actors for whose answer, free place or end its own task waits; each once.
    """

    name: str
    state: str
    queued: int
    capacity: int
    peak: int
    waiting: int
    handled: int
    dropped: int
    dead_letters: int
    late_replies: int
    restarts: int
    skipped: int
    age: float | None
    waits_for: tuple[str, ...]


@attrs.frozen
class SystemStatistics:
    """One system at one moment.

    Attributes:
        name: the system's name.
        actors: the living actors in start order.
        started: actors ever started.
        dead_letters: messages that nobody handled, whole life of the system, ended actors included.
        late_replies: replies whose asker had left, likewise.
        deadlines: what is still to happen at a time of its own: timeouts of asks that are not settled, rests before a
            restart, timers, limits of drains, and limits of handlers that run.
    """

    name: str
    actors: tuple[ActorStatistics, ...]
    started: int
    dead_letters: int
    late_replies: int
    deadlines: int


@attrs.frozen
class Tree:
    """Who lives, as data; ``str()`` gives the same as text, a line for each actor and each group.

    Attributes:
        name: the system's name, or the group's.
        scope: whom a child's crash concerns, as `Group.group` takes it.
        children: living actors, and groups, in start order.
    """

    name: str
    scope: str
    children: tuple["ActorStatistics | Tree", ...]

    @property
    def actors(self) -> tuple[ActorStatistics, ...]:
        """The living actors of all depths."""
        return tuple(_actors(self))

    def __str__(self) -> str:
        return "\n".join(_lines(self, ""))


def _actors(tree: Tree) -> Iterator[ActorStatistics]:
    for child in tree.children:
        if isinstance(child, Tree):
            yield from _actors(child)
        else:
            yield child


def _lines(tree: Tree, indent: str) -> Iterator[str]:
    yield f"{indent}{tree.name}" + (f" ({tree.scope})" if indent else "")
    indent += "  "
    for child in tree.children:
        if isinstance(child, Tree):
            yield from _lines(child, indent)
        else:
            yield indent + _line(child)


def _line(actor: ActorStatistics) -> str:
    age = "idle" if actor.age is None else f"busy {actor.age:.3f} s"
    line = f"{actor.name}: {actor.state}, {age}, queued {actor.queued}/{actor.capacity}, handled {actor.handled}"
    if actor.restarts:
        line += f", restarts {actor.restarts}"
    if actor.waits_for:
        line += f", waits for {', '.join(actor.waits_for)}"
    return line
