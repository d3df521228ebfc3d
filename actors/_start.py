"""Starting actors and groups: from the options of a start to a task that awaits its inbox."""

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextvars import ContextVar
from functools import partial
from itertools import count
from typing import Any, Final, TypeVar, TypeVarTuple, cast

import attrs
import trio

from actors._actor import Actor
from actors._circle import waiting_for
from actors._context import ContextInbox, Variables, variables_of, without
from actors._deadlines import check_span
from actors._errors import NameTaken, SystemClosed
from actors._group import Node, Scope
from actors._handler_limit import HandlerLimit, LimitedContextInbox, LimitedInbox
from actors._inbox import Inbox
from actors._lifecycle import Order
from actors._mailbox import Conflate, Overflow
from actors._ref import Ref, give
from actors._restart import Crashes, Restart
from actors._runtime import Runtime
from actors._seam import Waiter

M = TypeVar("M")
Args = TypeVarTuple("Args")

_OVERFLOWS: Final = ("block", "fail", "drop_oldest", "drop_newest")


@attrs.frozen
class Options:
    """How an actor is started; see `Group.start`."""

    name: str | None
    capacity: int
    overflow: Overflow
    restart: Restart | None
    handler_timeout: float | None
    context: Variables


class Starter:
    """Starts the actors and groups of one system, and knows who lives.

    Attributes:
        living: the actors that have not ended, by name, in start order.
        started: actors ever started.
        closed: no more may be started.
        services: cancelled when the last actor has ended.
    """

    def __init__(self, system: str, nursery: trio.Nursery, runtime: Runtime) -> None:
        self.living: dict[str, Ref[object]] = {}
        self.started = 0
        self.closed = False
        self.services: list[trio.CancelScope] = []
        self.root = Node(system, nursery, runtime, self.services, scope="one_for_one", restart=None, parent=None)
        self._system = system
        self._nursery = nursery
        self._runtime = runtime

    async def start(
        self,
        group: Node,
        behaviour: Callable[[Inbox[M], *Args], Awaitable[None]],
        args: tuple[*Args],
        options: Options,
    ) -> Ref[M]:
        """Start an actor in ``group``; see `Group.start`."""
        _check(behaviour, options)
        if self.closed:
            raise SystemClosed(self._system, ending=bool(self.living))
        name = self._name(behaviour, options.name)
        self.started += 1
        inbox: Inbox[M] = self._inbox(name, options)
        ref: Ref[M] = Ref(cast("Inbox[object]", inbox), trio.CancelScope(shield=True))
        inbox.handle = ref
        if options.handler_timeout is not None:
            inbox.handler_limit = HandlerLimit(inbox, ref, options.handler_timeout)
        self.living[name] = cast("Ref[object]", ref)
        crashes = None if options.restart is None else Crashes(name, options.restart)
        actor = Actor(ref, inbox, behaviour, args, crashes=crashes, living=self.living, group=group)
        group.adopt(actor)
        await self._launch(ref, inbox, actor, options.context)
        return ref

    def group(self, name: str, parent: Node, scope: Scope, restart: Restart | None) -> Node:
        """Make a group behind the children of ``parent``."""
        node = Node(name, self._nursery, self._runtime, self.services, scope=scope, restart=restart, parent=parent)
        parent.adopt(node)
        return node

    def _name(self, behaviour: Callable[..., object], name: str | None) -> str:
        if name is None:
            kind = getattr(behaviour, "__name__", type(behaviour).__name__)
            names = (f"{kind}-{number}" for number in count(self.started + 1))
            return next(name for name in names if name not in self.living)
        if name in self.living:
            raise NameTaken(name)
        return name

    def _inbox(self, name: str, options: Options) -> Inbox[M]:
        shared = name, self._runtime, options.capacity, options.overflow
        if options.context:
            kind: type[ContextInbox[M]] = ContextInbox if options.handler_timeout is None else LimitedContextInbox
            return kind(*shared, options.context)
        return Inbox(*shared) if options.handler_timeout is None else LimitedInbox(*shared)

    async def _launch(self, ref: Ref[M], inbox: Inbox[M], actor: Actor[M], variables: Variables) -> None:
        inbox.begun = actor.starter = begun = Waiter(self._runtime.scheduler)
        if variables:
            without(variables, partial(self._nursery.start_soon, actor.run, name=inbox.name))
        else:
            self._nursery.start_soon(actor.run, name=inbox.name)
        try:
            with waiting_for(inbox, begun):
                await begun.wait()
        finally:
            if begun.left:  # the starter was cancelled
                inbox.begun = actor.starter = None
                give(ref, Order.KILL)
        if actor.start_failure is not None:
            raise actor.start_failure


class Group:
    """Actors, and groups of actors, that are started again together; `Group.group` makes one. A system is one, too."""

    def __init__(self, starter: Starter, node: Node) -> None:
        self._starter = starter
        self._node = node

    @property
    def name(self) -> str:
        """The group's name."""
        return self._node.name

    async def start(
        self,
        behaviour: Callable[[Inbox[M], *Args], Awaitable[None]],
        *args: *Args,
        name: str | None = None,
        capacity: int = 1_000,
        overflow: Overflow = "block",
        restart: Restart | None = None,
        handler_timeout: float | None = None,
        context: Sequence[ContextVar[Any]] = (),
    ) -> Ref[M]:
        """Start an actor, behind those that are there; return its ref when the behaviour first awaits its inbox.

        Args:
            behaviour: an async function; called as ``behaviour(inbox, *args)`` in a task of its own.
            args: handed to the behaviour.
            name: unique among the living actors; made from the behaviour's name when None.
            capacity: messages that may wait in the inbox, at least 1.
            overflow: what a send into a full inbox does: "block" waits, "fail" raises `InboxFull`, "drop_oldest"
                and "drop_newest" make a dead letter of a message, ``Conflate(key)`` keeps the newest of each key
                at all times, and fails when a new key finds the inbox full.
            restart: what a crash does: None ends the system with it; a rule calls the behaviour again on the same
                inbox. What was in hand is lost, and who asked is told; what is queued stays.
            handler_timeout: seconds, above zero, that the behaviour may take for one message, from the moment it
                takes it up until it comes back for the next one or ends. Then it is cancelled at its next checkpoint
                and has crashed of `HandlerTimeout`. Set-up before the loop and clean-up behind it have no limit.
            context: context variables that each message brings along: while it is in hand, they have the values
                that they had where it was sent, and none where they had none.

        Raises:
            NameTaken: a living actor has that name.
            StartFailed: the behaviour returned before it awaited its inbox. What it raised before then
                comes out of here as it is; so does `AskCycle`, when it asked the actor that waits here.
            SystemClosed: the block has ended, or is ending; an actor that starts others on the way has to expect it.
        """
        options = Options(name, capacity, overflow, restart, handler_timeout, variables_of(context))
        return await self._starter.start(self._node, behaviour, args, options)

    def group(self, name: str, *, scope: Scope = "one_for_one", restart: Restart | None = None) -> "Group":
        """Make a group of actors in this one, which are started again together. It lives as long as the system.

        Args:
            name: for logs and errors.
            scope: whom a child's crash concerns: "one_for_one" the child alone, "one_for_all" all children,
                "rest_for_one" the child and those started after it.
            restart: what happens when a child escalates: None ends the system; a rule calls all children again.
        """
        return Group(self._starter, self._starter.group(name, self._node, scope, restart))


def _check(behaviour: object, options: Options) -> None:
    if not callable(behaviour):
        if isinstance(behaviour, Coroutine):
            behaviour.close()  # or Python warns that nobody awaited it, on top of the error
        raise TypeError(
            f"start() takes an async function, not {behaviour!r}: write start(f, arg), not start(f(inbox, arg))"
        )
    capacity, overflow = options.capacity, options.overflow
    if type(capacity) is not int or capacity < 1:
        raise ValueError(f"capacity must be a whole number of messages, at least 1, not {capacity!r}")
    if not isinstance(overflow, Conflate) and overflow not in _OVERFLOWS:
        raise ValueError(f"overflow must be {', '.join(map(repr, _OVERFLOWS))} or Conflate(key), not {overflow!r}")
    if options.handler_timeout is not None:
        check_span("handler_timeout", options.handler_timeout, above_zero=True)
