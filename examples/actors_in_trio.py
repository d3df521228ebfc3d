"""Actors inside a trio application, and a thread that talks to them.

The system is the outer block and the application's nursery the inner one: first those who send come to their end, then
the actors finish what was sent. A cancellation from outside ends both at once.

Run it with: python actors_in_trio.py
"""

import attrs
import trio

from actors import Inbox, Ref, Request, open_system


@attrs.frozen
class Line:
    """A line of text to be counted."""

    text: str


@attrs.frozen
class Words(Request[int]):
    """Ask how many words there were."""


Counter = Ref[Line | Words]


async def counter(inbox: Inbox[Line | Words]) -> None:
    words = 0
    try:
        async for message in inbox:
            match message:
                case Line(text):
                    words += len(text.split())
                case Words():
                    inbox.reply(words)
    finally:
        print(f"the counter ends with {words} words")


async def feed(ref: Counter) -> None:
    """Stand in for a task of the application."""
    for text in ("whether 'tis nobler", "in the mind"):
        await ref.tell(Line(text))


def read_blocking(ref: Counter) -> None:
    """Run in a thread: each call is carried over to trio, and its result or error back."""
    for text in ("to be", "or not", "to be"):
        trio.from_thread.run(ref.tell, Line(text))  # waits while the inbox is full
    trio.from_thread.run_sync(ref.tell_nowait, Line("that is the question"))  # or raises InboxFull
    words = trio.from_thread.run(ref.ask, Words())
    print("the thread reads at least its own ten words:", words >= 10)


async def main() -> None:
    async with open_system("text") as system:
        ref = await system.start(counter, name="counter", capacity=2)
        async with trio.open_nursery() as application:
            application.start_soon(feed, ref)
            application.start_soon(trio.to_thread.run_sync, read_blocking, ref)
        print("the application has ended, the actors have not:", ref)
    print("the system is closed:", ref)


if __name__ == "__main__":
    trio.run(main)
