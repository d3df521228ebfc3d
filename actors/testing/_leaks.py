"""Nothing is left behind: what is there after a block, and was not there before it."""

from collections.abc import Iterator
from contextlib import contextmanager

import attrs
from trio.lowlevel import Task, current_root_task

from actors._system import System


@contextmanager
def assert_no_leaks(*systems: System) -> Iterator[None]:
    """Hold the block of a ``with`` to this: nothing that begins in it outlasts it.

    Raises an `AssertionError` that names the tasks, actors included, that were started in the block and still
    live; what an exception leaves behind is not looked at. Of each system that is given and lives on, it also
    names inboxes before which more senders wait than at the beginning, and counts the deadlines that are pending
    and were not, such as those of asks that nobody has settled.
    """
    before, tasks = [_Picture.of(system) for system in systems], set(_living_tasks())
    yield
    actors = {actor.name for system in systems for actor in system.statistics().actors}
    left = [
        f"{'actor' if task.name in actors else 'task'} {task.name!r}" for task in _living_tasks() if task not in tasks
    ]
    for system, picture in zip(systems, before, strict=True):
        left += _Picture.of(system).more_than(picture)
    if left:
        raise AssertionError(f"left behind: {', '.join(left)}")


def _living_tasks() -> list[Task]:
    root = current_root_task()
    return [] if root is None else list(living_below(root))


def living_below(top: Task) -> Iterator[Task]:
    """A task and all below it, parents first; children by their names, for trio keeps them in a set."""
    line = [top]
    while line:
        task = line.pop(0)
        yield task
        line += sorted((child for nursery in task.child_nurseries for child in nursery.child_tasks), key=_name)


def _name(task: Task) -> str:
    return task.name


@attrs.frozen
class _Picture:
    """Who waits in a system."""

    system: str
    deadlines: int
    senders: dict[str, int]

    @staticmethod
    def of(system: System) -> "_Picture":
        seen = system.statistics()
        return _Picture(seen.name, seen.deadlines, {actor.name: actor.waiting for actor in seen.actors})

    def more_than(self, before: "_Picture") -> Iterator[str]:
        for name, waiting in self.senders.items():
            more = waiting - before.senders.get(name, 0)
            if more > 0:
                yield f"{_count(more, 'sender')} before the full inbox of {name!r}"
        if self.deadlines > before.deadlines:
            yield f"{_count(self.deadlines - before.deadlines, 'pending deadline')} in system {self.system!r}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number > 1 else ''}"
