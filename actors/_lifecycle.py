"""The life of an actor, as one table.

Every rule about which stop follows which stands here, and nothing else does: this module knows no
task, no inbox and no clock. A weaker order never undoes a stronger one (drain < stop < kill), so each
order may be given again, in any sequence and from anywhere.
"""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final


class Life(Enum):
    """Where an actor is between its start and its end."""

    STARTING = "starting"
    RUNNING = "running"
    DRAINING = "draining"
    STOPPING = "stopping"
    KILLED = "killed"
    ENDED = "ended"

    @property
    def accepts(self) -> bool:
        """Whether a new message may enter the inbox."""
        return self in (Life.STARTING, Life.RUNNING)


class Order(Enum):
    """What can be done to an actor's life."""

    BEGIN = "begin"
    DRAIN = "drain"
    STOP = "stop"
    KILL = "kill"
    END = "end"


_S, _R, _D, _P, _K, _E = Life
_TABLE: Final[Mapping[Life, Mapping[Order, Life]]] = MappingProxyType(
    {
        _S: {Order.BEGIN: _R, Order.DRAIN: _D, Order.STOP: _P, Order.KILL: _K, Order.END: _E},
        _R: {Order.DRAIN: _D, Order.STOP: _P, Order.KILL: _K, Order.END: _E},
        _D: {Order.DRAIN: _D, Order.STOP: _P, Order.KILL: _K, Order.END: _E},
        _P: {Order.DRAIN: _P, Order.STOP: _P, Order.KILL: _K, Order.END: _E},
        _K: {Order.DRAIN: _K, Order.STOP: _K, Order.KILL: _K, Order.END: _E},
        _E: {Order.DRAIN: _E, Order.STOP: _E, Order.KILL: _E},
    },
)


class IllegalOrder(RuntimeError):
    """A move that the table does not have: a defect of the runtime, never of its user."""


def after(life: Life, order: Order) -> Life:
    """Return the life that follows, or raise `IllegalOrder` naming both."""
    try:
        return _TABLE[life][order]
    except KeyError:
        raise IllegalOrder(f"an actor that is {life.value} cannot {order.value}") from None
