"""What leaves the block when a worker crashes more often than its rule allows.

Two workers in a group: one takes readings, the other keeps them. When the first gives up, the group is called again as
a whole, once. The next time the system ends, and the error holds every cause.

Run it with: python actors_escalation.py
"""

import logging
import sys
from pathlib import Path
from traceback import FrameSummary, StackSummary, TracebackException

import trio
import trio.testing

from actors import Inbox, Restart, open_system


async def keeper(inbox: Inbox[float]) -> None:
    print("the keeper begins")
    async for _ in inbox:
        pass


async def reader(inbox: Inbox[str]) -> None:
    print("the reader begins")
    async for text in inbox:
        print("reading", float(text))


async def main() -> None:
    async with open_system("station") as system:
        group = system.group("readings", scope="one_for_all", restart=Restart(limit=1, within=3_600.0))
        await group.start(keeper, name="keeper")
        ref = await group.start(reader, name="reader", restart=Restart(limit=1, within=60.0))
        for text in ("20.5", "", "21.0", "n/a", "21.5", "--", "x"):
            print(f"telling {text!r}")
            await ref.tell(text)
            await trio.sleep(1.0)


def shortened(error: TracebackException) -> TracebackException:
    """Show the frames of this file alone: those of trio and actors differ from release to release."""
    here = Path(__file__).name
    frames = [
        (here, frame.lineno, frame.name, frame.line) for frame in error.stack if Path(frame.filename).name == here
    ]
    error.stack = StackSummary.from_list([FrameSummary(*frame[:3], line=frame[3]) for frame in frames])
    for inner in error.exceptions or ():
        shortened(inner)
    return error


def without_traceback(record: logging.LogRecord) -> bool:
    """Make an entry of the log a line; what it names is the same."""
    record.exc_info = None
    return True


if __name__ == "__main__":
    log = logging.StreamHandler(sys.stdout)
    log.addFilter(without_traceback)
    logging.basicConfig(handlers=[log], format="log: %(message)s")
    try:
        trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
    except* ValueError as group:
        print(*shortened(TracebackException.from_exception(group)).format(), sep="", end="")
