"""Actors inside an asyncio program: trio runs as a guest of asyncio's loop, in the same thread.

The host enters `Actors`, asks an actor from its own tasks, and leaves: what was sent is finished before it goes on.
Each call of the host goes through trio's token: outside trio's own tasks nothing of trio or `actors` may be called.

Run it with: python actors_in_asyncio.py
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Self

import attrs
import trio

from actors import ActorCrashed, ActorError, Inbox, Ref, Request, Restart, SystemClosed, open_system


@attrs.frozen
class Square(Request[int]):
    """Ask for the square of a number that is not negative."""

    number: int


async def squares(inbox: Inbox[Square]) -> None:
    async for message in inbox:
        if message.number < 0:
            raise ValueError(f"{message.number} is negative")
        inbox.reply(message.number**2)


class Actors:
    """A system of actors for an asyncio program: ``async with Actors() as actors``."""

    _asks: trio.Nursery | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()

        def soon(step: Callable[[], object]) -> None:
            loop.call_soon_threadsafe(step)

        self._opened: asyncio.Future[None] = loop.create_future()
        self._closed: asyncio.Future[Callable[[], None]] = loop.create_future()
        trio.lowlevel.start_guest_run(
            self._live,
            run_sync_soon_threadsafe=soon,
            done_callback=lambda run: self._closed.set_result(run.unwrap),
            host_uses_signal_set_wakeup_fd=True,
        )
        await asyncio.wait((self._opened, self._closed), return_when=asyncio.FIRST_COMPLETED)
        if self._closed.done():  # it failed before it was open
            self._closed.result()()
        return self

    async def _live(self) -> None:
        self._token, self._left = trio.lowlevel.current_trio_token(), trio.Event()
        async with open_system("guest") as system:
            self._squares = await system.start(squares, name="squares", restart=Restart(limit=3))
            try:
                async with trio.open_nursery() as self._asks:
                    self._opened.set_result(None)
                    await self._left.wait()
            finally:
                self._asks = None

    async def __aexit__(self, *_: object) -> None:
        if not self._closed.done():
            self._token.run_sync_soon(self._left.set)
        ended = await asyncio.shield(self._closed)  # noqa: ASYNC102 - trio's rule; this is a task of asyncio
        ended()  # raises what ended the system, if anything did

    async def square(self, number: int) -> int:
        """Ask, from a task of asyncio."""
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        if not self._closed.done():
            self._token.run_sync_soon(self._carry, Square(number), answer)
            await asyncio.wait((answer, self._closed), return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            raise SystemClosed("guest")
        return answer.result()

    def _carry(self, message: Square, answer: "asyncio.Future[int]") -> None:
        if self._asks is not None:  # or it was closed meanwhile
            self._asks.start_soon(carry, self._squares, message, answer)


async def carry(ref: Ref[Square], message: Square, answer: "asyncio.Future[int]") -> None:
    """Ask, in a task of trio; the reply or its error goes to the host."""
    try:
        answer.set_result(await ref.ask(message))
    except ActorError as error:
        answer.set_exception(error)


async def main() -> None:
    async with Actors() as actors:
        print("squares:", await asyncio.gather(*(actors.square(number) for number in range(5))))
        try:
            await actors.square(-1)
        except ActorCrashed as error:
            print("the asker is told:", repr(error.__cause__))
        print("it came back:", await actors.square(5))
        last = asyncio.create_task(actors.square(6))
        await asyncio.sleep(0)
    print("asked just before the end:", await last)
    print("the system is closed, and asyncio goes on")


if __name__ == "__main__":
    logging.getLogger("actors").setLevel(logging.ERROR)  # a restart is a warning
    asyncio.run(main())
