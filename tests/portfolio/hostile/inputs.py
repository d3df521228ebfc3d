"""What strategies raise and return, and what policies answer, when they are out to do harm; all by name."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from math import inf, nan
from types import MappingProxyType

import attrs
import trio

from tests.portfolio.hostile.desk import KEYS
from tests.portfolio.parts import BUDGET, Boom


class Unprintable(Exception):
    def __repr__(self):
        raise Boom

    __str__ = __repr__


@attrs.frozen
class Frozen(Exception):
    code: int = 1


class Notes(Exception):
    """Takes no notes: they are text."""

    __notes__ = "none"


class Wary(Exception):
    """Raises whenever its notes are looked for or put."""

    @property
    def __notes__(self):
        raise Boom

    def __setattr__(self, name, value):
        raise Boom


class Delegating(Exception):
    """Looks up what it does not have in something that it does not have."""

    def __getattr__(self, name):
        raise KeyError(name)


class Walled(Exception):
    """Lets nobody look at anything."""

    def __getattribute__(self, name):
        raise Boom


class Unequal(Exception):
    def __eq__(self, other):
        raise Boom

    def __hash__(self):
        raise Boom


class Falsy(Exception):
    def __bool__(self):
        raise Boom


ERRORS: Mapping[str, Callable[[], Exception]] = MappingProxyType(
    {
        "an error": Boom,
        "one that cannot be shown": Unprintable,
        "one that is frozen": Frozen,
        "one that takes no notes": Notes,
        "one whose notes raise": Wary,
        "one that looks for its notes elsewhere": Delegating,
        "one that nobody may look at": Walled,
        "one that cannot be compared": Unequal,
        "one that is neither true nor false": Falsy,
        "a group": lambda: ExceptionGroup("several", [Boom(), ValueError()]),
        "the end of an iterator": StopIteration,
        "the end of an async iterator": StopAsyncIteration,
        "a recursion": RecursionError,
        "no memory": MemoryError,
        "a timeout": TimeoutError,
        "a failed assertion": AssertionError,
        "a missing key": lambda: KeyError("x"),
    }
)


def raises(make: Callable[[], BaseException]) -> Callable[[], object]:
    def fault():
        raise make()

    return fault


@attrs.define(eq=False)
class Raiser:
    """Raises whenever it is compared, tested or shown."""

    make: Callable[[], BaseException]

    def __eq__(self, other):
        raise self.make()

    def __bool__(self):
        raise self.make()

    def __repr__(self):
        raise self.make()

    __hash__ = None


class Elementwise:
    """What an array of several elements does."""

    def __eq__(self, other):
        return Raiser(ValueError)

    __hash__ = None


REGIMES: Mapping[str, object] = MappingProxyType(
    {
        "None": None,
        "nan": nan,
        "infinity": inf,
        "2": 2,
        "-1": -1,
        "0.5": 0.5,
        "empty text": "",
        "text": "True",
        "bytes": b"1",
        "no list": [],
        "a list": [True],
        "a tuple": (True,),
        "a mapping": {},
        "a type": bool,
        "a function": len,
        "an object": object(),
        "what cannot be compared": Raiser(ValueError),
        "what cannot be compared, oddly": Raiser(Boom),
        "an array": Elementwise(),
        "NotImplemented": NotImplemented,
    }
)


class Reading(Mapping[str, float]):
    """A mapping that raises when it is read."""

    def __init__(self, where: str) -> None:
        self.where = where

    def __getitem__(self, key: str) -> float:
        if self.where == "an item":
            raise Boom
        return 1.0

    def __iter__(self) -> Iterator[str]:
        if self.where == "its keys":
            raise Boom
        return iter(KEYS)

    def __len__(self) -> int:
        if self.where == "its length":
            raise Boom
        return len(KEYS)

    def items(self):
        if self.where == "its items":
            raise Boom
        return super().items()

    def __eq__(self, other):
        raise Boom

    __hash__ = None


class Amount:
    """Not a number, though it says so."""

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def __float__(self):
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


def to_all(amount: object) -> dict[str, object]:
    return dict.fromkeys(KEYS, amount)


AMOUNTS: Mapping[str, object] = MappingProxyType(
    {
        "nan": nan,
        "infinity": inf,
        "minus infinity": -inf,
        "a negative": -0.0001,
        "more than there is": BUDGET,
        "a little too much": BUDGET / 3 * 1.0001,
        "a huge float": 1e308,
        "a huge int": 10**400,
        "None": None,
        "text": "1",
        "bytes": b"1",
        "a list": [1.0],
        "a complex number": 1j,
        "an object": object(),
        "a float that raises": Amount(Boom()),
        "a float that is none": Amount("1"),
        "a float that is nan": Amount(nan),
    }
)

ANSWERS: Mapping[str, Callable[[list[str]], object]] = MappingProxyType(
    {
        **{f"{name} to all": lambda active, amount=amount: to_all(amount) for name, amount in AMOUNTS.items()},
        **{
            f"{name} to one": lambda active, amount=amount: {active[0]: amount}
            for name, amount in AMOUNTS.items()
            if name not in ("more than there is", "a little too much")
        },
        **{f"raises {name}": raises(make) for name, make in ERRORS.items()},
        "a stranger": lambda active: {"nobody": 1.0},
        "a stranger with nothing": lambda active: {**to_all(1.0), "nobody": 0.0},
        "None for a sleeve": lambda active: {None: 1.0},
        "a number for a sleeve": lambda active: {0: 1.0},
        "no mapping": lambda active: None,
        "a list": lambda active: [(key, 1.0) for key in active],
        "a number": lambda active: 1.0,
        "text": lambda active: "first",
        "a generator": lambda active: (key for key in active),
        "itself": lambda active: active,
        "a coroutine's worth": lambda active: object(),
        "a mapping that raises at its items": lambda active: Reading("its items"),
        "a mapping that raises at its keys": lambda active: Reading("its keys"),
        "a mapping that raises at an item": lambda active: Reading("an item"),
    }
)


BUDGETS: Mapping[str, object] = MappingProxyType(
    {
        name: amount
        for name, amount in AMOUNTS.items()
        if name not in ("more than there is", "a little too much", "a huge float", "None")
    }
)


async def hangs():
    await trio.sleep_forever()


async def swallows():
    with suppress(trio.Cancelled):
        await trio.sleep_forever()


async def swallows_and_raises():
    try:
        await trio.sleep_forever()
    finally:
        raise Boom


async def shields(seconds):
    with trio.CancelScope(shield=True):
        await trio.sleep(seconds)


HANGS: Mapping[str, Callable[[], object]] = MappingProxyType(
    {
        "for ever": hangs,
        "and swallows its cancellation": swallows,
        "and raises when cancelled": swallows_and_raises,
        "for 1.5 timeouts, shielded": lambda: shields(15.0),
        "for 2.5 timeouts, shielded": lambda: shields(25.0),
    }
)
