"""In-process actors for trio: an actor is an async function with an inbox.

Where to look:

- ``_system.py``     `open_system`, `System`: the block in which actors live
- ``_start.py``      `Group.start`, which a system has too: from options to a task that awaits its inbox
- ``_ref.py``        `Ref`: how to reach an actor; ``_ask_all.py``: many at once
- ``_circle.py``     who waits for whom, so that no circle of actors waits for itself
- ``_inbox.py``      `Inbox`: the actor's side; ``_mailbox.py``: the senders' side of the same object
- ``_timers.py``     `Timer`: what an actor sends to itself; ``_handler_limit.py``: how long it may take for a message
- ``_context.py``    an inbox whose messages bring along the sender's context variables
- ``_messages.py``   `Request`, `DeadLetter` and the ask that travels with a message
- ``_lifecycle.py``  the life of an actor, as a table
- ``_seam.py``       `Scheduler`: every wake-up goes through it; ``_deadlines.py``, ``_runtime.py`` stand on it
- ``_actor.py``      one actor's task; ``_restart.py``: when it is called again after a crash; ``_group.py``: with whom
- ``_errors.py``     the tree of errors; ``_observer.py``, ``_statistics.py``: what can be seen from outside
- ``testing``        what tests of actors need: probes, planted failures, virtual time, the seam in the hands of a test

Nothing here knows of trading.
"""

from actors._ask_all import ask_all
from actors._errors import (
    ActorCrashed,
    ActorError,
    ActorStopped,
    AlreadyReplied,
    AskCycle,
    AskError,
    AskTimeout,
    HandlerTimeout,
    InboxFull,
    MessageDropped,
    NameTaken,
    NoReply,
    RestartLimitExceeded,
    StartFailed,
    SystemClosed,
)
from actors._inbox import Inbox, Reply
from actors._mailbox import Conflate
from actors._messages import DeadLetter, Ended, Request
from actors._observer import Observer
from actors._ref import Ref
from actors._restart import Backoff, Restart
from actors._seam import Scheduler
from actors._start import Group
from actors._statistics import ActorStatistics, SystemStatistics, Tree
from actors._system import System, open_system
from actors._timers import Timer

__all__ = [
    # the block and what lives in it
    "open_system",
    "System",
    "Group",
    "Ref",
    "Inbox",
    "Reply",
    "Timer",
    "ask_all",
    "Request",
    "Conflate",
    # what a crash does
    "Restart",
    "Backoff",
    # what can be seen
    "Observer",
    "DeadLetter",
    "Ended",
    "ActorStatistics",
    "SystemStatistics",
    "Tree",
    # who runs next
    "Scheduler",
    # errors
    "ActorError",
    "AskError",
    "ActorCrashed",
    "ActorStopped",
    "NoReply",
    "AskTimeout",
    "MessageDropped",
    "InboxFull",
    "AlreadyReplied",
    "AskCycle",
    "HandlerTimeout",
    "RestartLimitExceeded",
    "StartFailed",
    "NameTaken",
    "SystemClosed",
]
