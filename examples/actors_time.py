"""The actor runtime and time: a timer, a limit for handlers, a deadline for the end.

The clock is trio's. Here it is a virtual one that jumps to the next thing to happen, so nobody waits.

Run it with: python actors_time.py
"""

import logging
import sys

import trio
import trio.testing

from actors import Inbox, Restart, open_system


def say(what: str) -> None:
    print(f"{trio.current_time():4.1f} s  {what}")


async def heartbeat(inbox: Inbox[str]) -> None:
    inbox.every(1.0, "beat")  # set again by each life; those of the life before are gone
    async for message in inbox:
        say(f"{inbox.name}: {message}")
        if message == "long work":
            await trio.sleep(60)


async def main() -> None:
    async with open_system("clinic", drain_timeout=5.0) as system:
        patient = await system.start(heartbeat, name="patient", handler_timeout=2.25, restart=Restart(limit=1))
        await trio.sleep(2.5)
        await patient.tell("long work")  # longer than its limit: a crash, and a restart
        await trio.sleep(3.8)
        say(f"restarts: {patient.statistics().restarts}, ticks skipped: {patient.statistics().skipped}")
        await patient.tell("long work")
        await patient.drain(timeout=0.5)
        say(f"the patient was {patient.ending.reason}")


if __name__ == "__main__":
    logging.basicConfig(stream=sys.stdout, format="        log: %(message)s")
    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
