"""Small actors and onlookers that the tests share."""

from collections.abc import Callable

import attrs
import trio

from actors import DeadLetter, Inbox, Observer


class Boom(Exception):
    """What actors in these tests crash with."""


@attrs.frozen
class Do:
    """Tells a `worker` what to do with this message."""

    act: Callable[[Inbox["Do"]], object]


async def worker(inbox):
    """Calls what it is sent, and awaits the result if it can be awaited."""
    async for message in inbox:
        result = message.act(inbox)
        if result is not None:
            await result


async def echo(inbox):
    async for message in inbox:
        inbox.reply(message)


async def silent(inbox):
    async for _ in inbox:
        pass


async def keeper(inbox, seen):
    """Appends what it takes to ``seen``."""
    async for message in inbox:
        seen.append(message)


async def gated(inbox, gate, seen):
    """As `keeper`, but finishes each message only when ``gate`` is open."""
    async for message in inbox:
        seen.append(message)
        await gate.wait()


async def fragile(inbox):
    """Raises every exception that it is sent; answers the rest."""
    async for message in inbox:
        if isinstance(message, BaseException):
            raise message
        inbox.reply(message)


async def hang(_):
    await trio.sleep_forever()


class Ledger(Observer):
    """Writes down what the runtime shows."""

    def __init__(self):
        self.entered = []
        self.taken = []
        self.done = []
        self.letters = []
        self.ends = []
        self.crashes = []

    def sent(self, actor: str, message: object) -> None:
        self.entered.append(message)

    def delivered(self, actor: str, message: object) -> None:
        self.taken.append(message)

    def handled(self, actor: str, message: object) -> None:
        self.done.append(message)

    def dead_letter(self, letter: DeadLetter) -> None:
        self.letters.append(letter)

    def crashed(self, actor: str, error: Exception) -> None:
        self.crashes.append((actor, error))

    def stopped(self, actor: str, reason: str) -> None:
        self.ends.append((actor, reason))

    @property
    def dead(self):
        return [letter.message for letter in self.letters]

    def faults(self, sent, withdrawn) -> list[str]:
        """Breaches of the law of messages: each that was sent is taken up or dead, once; none that was withdrawn."""
        fates = self.taken + self.dead
        return [
            *(f"{message} met {fates.count(message)} fates" for message in sent if fates.count(message) != 1),
            *(f"{message} was withdrawn, and yet met a fate" for message in withdrawn if message in fates),
            *(f"{message} was never sent" for message in fates if message not in sent),
            *(f"{message} was finished, but never taken up" for message in self.done if message not in self.taken),
            *(f"{message} was finished twice" for message in set(self.done) if self.done.count(message) > 1),
        ]
