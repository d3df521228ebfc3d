"""Small actors and onlookers that the tests share."""

from collections.abc import Callable

import attrs
import trio

from actors import Inbox
from actors.testing import Recorder


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


class Ledger(Recorder):
    """What was recorded, by kind; and the law of messages."""

    @property
    def entered(self):
        return self.subjects("sent")

    @property
    def taken(self):
        return self.subjects("delivered")

    @property
    def done(self):
        return self.subjects("handled")

    @property
    def crashes(self):
        return [(each.actor, each.subject) for each in self.records if each.what == "crashed"]

    @property
    def ends(self):
        return [(each.actor, each.subject) for each in self.records if each.what == "stopped"]

    @property
    def letters(self):
        return self.dead_letters

    @property
    def dead(self):
        return [letter.message for letter in self.letters]

    def faults(self, sent, withdrawn) -> list[str]:
        """Breaches of the law of messages: each that was sent is taken up or dead, once; none that was withdrawn."""
        taken, done = self.taken, self.done
        fates = taken + self.dead
        return [
            *(f"{message} met {fates.count(message)} fates" for message in sent if fates.count(message) != 1),
            *(f"{message} was withdrawn, and yet met a fate" for message in withdrawn if message in fates),
            *(f"{message} was never sent" for message in fates if message not in sent),
            *(f"{message} was finished, but never taken up" for message in done if message not in taken),
            *(f"{message} was finished twice" for message in set(done) if done.count(message) > 1),
        ]
