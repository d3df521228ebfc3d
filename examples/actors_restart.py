"""A supervised worker: it crashes, rests and comes back.

What the asker of the message in hand sees, and what becomes of the messages behind it. Time is virtual: the rest passes
at once.

Run it with: python actors_restart.py
"""

import logging
import sys

import attrs
import trio
import trio.testing

from actors import ActorCrashed, Backoff, Inbox, Ref, Request, Restart, open_system


@attrs.frozen
class Divide(Request[float]):
    """Ask for 60 divided by ``by``."""

    by: int


def say(*words: object) -> None:
    print(f"{trio.current_time():.1f} s:", *words)


async def divider(inbox: Inbox[Divide]) -> None:
    done = 0
    say("the divider begins")
    async for message in inbox:
        inbox.reply(60 / message.by)
        done += 1
        say("done in this life:", done)


async def ask(ref: Ref[Divide], by: int) -> None:
    try:
        say(f"60 / {by} = {await ref.ask(Divide(by))}")
    except ActorCrashed as error:
        say(f"60 / {by}: {error}")
        say(f"  the cause: {error.__cause__!r}")


async def main() -> None:
    rule = Restart(limit=3, within=60.0, backoff=Backoff(1.0, up_to=30.0))
    async with open_system("arithmetic") as system:
        ref = await system.start(divider, name="divider", restart=rule)
        async with trio.open_nursery() as nursery:
            for by in (2, 0, 3):
                nursery.start_soon(ask, ref, by)
                await trio.testing.wait_all_tasks_blocked()
            await ref.tell(Divide(4))  # it rests: this waits behind the 3
        now = ref.statistics()
        say(f"handled {now.handled}, restarts {now.restarts}, dead letters {now.dead_letters}")


def without_traceback(record: logging.LogRecord) -> bool:
    """Make an entry of the log a line; what it names is the same."""
    record.exc_info = None
    return True


if __name__ == "__main__":
    log = logging.StreamHandler(sys.stdout)
    log.addFilter(without_traceback)
    logging.basicConfig(handlers=[log], format="log: %(message)s")
    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
