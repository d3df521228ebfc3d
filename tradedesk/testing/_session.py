"""A run of trio that somebody without async steps: it stands still between two calls.

Trio's guest mode hands every turn of its loop to a host. This host makes the turns of one call, and no other.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from queue import SimpleQueue
from typing import Any, Final, Generic, TypeVar

import attrs
import trio
from outcome import Outcome
from trio.lowlevel import current_trio_token, spawn_system_task, start_guest_run
from trio.testing import MockClock

from tradedesk.testing._kept import Kept

T = TypeVar("T")

_LIMIT: Final = 1_000_000.0
"""Virtual seconds after which a call that has not ended hangs."""


@attrs.define(eq=False)
class _Command(Generic[T]):
    """One call: what is to be awaited, and what came of it."""

    function: Callable[[], Awaitable[T]]
    result: list[T] = attrs.field(factory=list)
    error: Exception | None = None
    done: bool = False


class Session:
    """Calls async functions, one after the other, in one task of one run of trio, in virtual time.

    Args:
        block: entered before the first call, and left by `close`.

    Raises:
        Exception: What entering the block raises.
    """

    def __init__(self, block: AbstractAsyncContextManager[object]) -> None:
        self._turns: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self._block = block
        self._send, self._receive = trio.open_memory_channel[_Command[Any]](1)
        self._scope = trio.CancelScope()
        self._tokens: list[trio.lowlevel.TrioToken] = []
        self._end: list[Outcome[None]] = []
        start_guest_run(
            self._main,
            run_sync_soon_threadsafe=self._turns.put,
            done_callback=self._ended,
            clock=MockClock(autojump_threshold=0),
        )
        while not self._tokens and not self._end:
            self._turn()
        self._raise_what_ended_it()

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return bool(self._end)

    def call(self, function: Callable[[], Awaitable[T]]) -> T:
        """Await a function to its end, and return what it returns.

        Raises:
            AssertionError: It hangs. The session is over then.
            Exception: What it raises.
        """
        command = _Command(function)
        self._soon(self._send.send_nowait, command)
        while not command.done and not self._end:
            self._turn()
        if command.error is not None:
            raise command.error
        if not command.done:
            self._raise_what_ended_it()
            raise AssertionError(f"hangs: after {_LIMIT:g} s of virtual time the call has not ended")
        return command.result[0]

    def close(self) -> None:
        """Leave the block, and end the run; again it does nothing.

        Raises:
            Exception: What leaving the block raises.
        """
        if not self._end:
            self._soon(self._send.close)
            while not self._end:
                self._turn()
            self._raise_what_ended_it()

    def _turn(self) -> None:
        self._turns.get()()

    def _soon(self, function: Callable[..., object], *args: object) -> None:
        if not self._tokens or self._end:
            raise RuntimeError("this session is over")
        self._tokens[0].run_sync_soon(function, *args)

    def _ended(self, end: Outcome[None]) -> None:
        self._end.append(end)

    def _raise_what_ended_it(self) -> None:
        for end in self._end:
            end.unwrap()

    async def _main(self) -> None:
        with self._scope:
            async with self._block:
                self._tokens.append(current_trio_token())
                async for command in self._receive:
                    await self._perform(command)

    async def _perform(self, command: _Command[Any]) -> None:
        guard = trio.CancelScope()
        spawn_system_task(self._guard, guard)
        with Kept() as kept:
            command.result.append(await command.function())
        guard.cancel()
        command.error = kept.error
        command.done = True

    async def _guard(self, guard: trio.CancelScope) -> None:
        with guard:
            await trio.sleep(_LIMIT)
            self._scope.cancel()
