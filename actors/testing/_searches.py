"""Ways to look for the schedule that fails. Pure: a seed is an argument, and nothing here runs a scenario."""

import random
from collections.abc import Sequence
from math import inf

from actors.testing._choices import NotDeterministic, Search

_FIRST_HORIZON = 60
"""Choices that a schedule is thought to have until one was seen."""


class Fifo:
    """One schedule: who waits longest goes first, as in a fair scheduler."""

    name = "fifo"
    covers = ""

    def __init__(self) -> None:
        self._begun = False

    def begin(self) -> bool:
        begun, self._begun = self._begun, True
        return not begun

    def pick(self, options: Sequence[str], plain: int) -> int:  # noqa: ARG002 - the protocol's
        return 0


class StarveOne:
    """One schedule for each participant, which runs only when nobody else can."""

    name = "starve-one"
    covers = ""

    def __init__(self, most: int = 50) -> None:
        self._names: dict[str, int] = {}
        self._victim = -1
        self._most = most

    def begin(self) -> bool:
        self._victim += 1
        # before the first schedule nobody is known yet; it starves whom it meets first
        return self._victim < min(max(len(self._names), 1), self._most)

    def pick(self, options: Sequence[str], plain: int) -> int:
        names = self._names
        for name in options[:plain]:
            names.setdefault(name, len(names))
        return next((index for index in range(plain) if names[options[index]] != self._victim), 0)


class _Chance:
    """What searches by chance share: a seed, how long schedules are, and when something else happens."""

    covers = ""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - repeatable is what it has to be
        self._horizon = 0
        self._count = -1
        self._specials: list[int] = []

    def begin(self) -> bool:
        self._horizon = max(self._horizon, self._count + 1)
        self._count = -1
        chance = self._random
        # up to three crashes or jumps in time, anywhere: to choose them as one chooses a step would crash at once
        self._specials = sorted(chance.randrange(self._length) for _ in range(chance.randrange(4)))
        return True

    @property
    def _length(self) -> int:
        return self._horizon or _FIRST_HORIZON

    def pick(self, options: Sequence[str], plain: int) -> int:
        self._count += 1
        if len(options) > plain and self._specials and self._specials[0] <= self._count:
            del self._specials[0]
            return self._random.randrange(plain, len(options))
        return self._pick_step(options, plain) if plain > 1 else 0

    def _pick_step(self, options: Sequence[str], plain: int) -> int:
        raise NotImplementedError


class RandomWalk(_Chance):
    """Every choice by chance, without end."""

    name = "random"

    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed)

    def _pick_step(self, options: Sequence[str], plain: int) -> int:  # noqa: ARG002 - the heirs' common form
        return self._random.randrange(plain)


class PCT(_Chance):
    """Priorities by chance, which change ``depth - 1`` times in a schedule, without end.

    A schedule finds a bug that needs ``depth`` things in order with a probability of at least
    1 / (n * k ** (depth - 1)), for n participants and k choices (Burckhardt and others, ASPLOS 2010).
    """

    def __init__(self, depth: int = 3, seed: int = 0) -> None:
        if type(depth) is not int or depth < 1:
            raise ValueError(f"depth must be a whole number, at least 1, not {depth!r}")
        super().__init__(seed)
        self.name = f"pct({depth})"
        self._depth = depth
        self._priority: dict[str, float] = {}
        self._changes: set[int] = set()
        self._lowest = 0.0

    def begin(self) -> bool:
        super().begin()
        self._priority = {}
        self._changes = {self._random.randrange(self._length) for _ in range(self._depth - 1)}
        self._lowest = 0.0
        return True

    def _pick_step(self, options: Sequence[str], plain: int) -> int:
        priority = self._priority
        for name in options[:plain]:
            if name not in priority:
                priority[name] = 1 + self._random.random()
        best = max(range(plain), key=lambda index: priority[options[index]])
        if self._count in self._changes:
            self._lowest -= 1
            priority[options[best]] = self._lowest
            best = max(range(plain), key=lambda index: priority[options[index]])
        return best


class DelayBounded:
    """Every schedule with at most ``bound`` delays, depth first (Emmi, Qadeer and Rakamaric, POPL 2011).

    To run the second in the line of the ready instead of the first is one delay, to run the third is two. A crash,
    or time that passes, counts as one.
    """

    def __init__(self, bound: float) -> None:
        if not bound >= 0:
            raise ValueError(f"bound must be a number of delays, at least 0, not {bound!r}")
        self.name = f"delays({bound:g})"
        self.covers = f"every schedule with at most {counted(bound, 'delay')}"
        self._bound = bound
        self._path: list[tuple[int, tuple[str, ...], int]] = []
        self._depth = -1
        self._begun = False

    def begin(self) -> bool:
        self._depth = -1
        begun, self._begun = self._begun, True
        return not begun or self._backtrack()

    def pick(self, options: Sequence[str], plain: int) -> int:
        self._depth += 1
        if self._depth < len(self._path):
            index, before, _ = self._path[self._depth]
            if before != tuple(options):
                raise NotDeterministic(
                    f"the same choices led to another place: at choice {self._depth} "
                    f"ready were {_listed(before)}, and now are {_listed(options)}"
                )
            return index
        self._path.append((0, tuple(options), plain))
        return 0

    def _cost(self, index: int, plain: int) -> float:
        return index if index < plain else 1

    def _backtrack(self) -> bool:
        path = self._path
        while path:
            index, options, plain = path.pop()
            left = self._bound - sum(self._cost(earlier, steps) for earlier, _, steps in path)
            for following in range(index + 1, len(options)):
                if self._cost(following, plain) <= left:
                    path.append((following, options, plain))
                    return True
        return False


class Exhaustive(DelayBounded):
    """Every schedule, depth first: for small scenarios, and a proof for them when it comes to its end."""

    def __init__(self) -> None:
        super().__init__(inf)
        self.name = "exhaustive"
        self.covers = "every schedule"


class Sweep(DelayBounded):
    """A fair schedule in which one other thing happens, each at each place: a crash, or time that passes."""

    def __init__(self, most: int = 200) -> None:
        super().__init__(1)
        self.name = "sweep"
        self.covers = ""
        self._left = most

    def begin(self) -> bool:
        self._left -= 1
        return self._left >= 0 and super().begin()

    def _cost(self, index: int, plain: int) -> float:
        if index < plain:
            return inf if index else 0
        return 1


class Portfolio:
    """The default: a fair schedule, one for each participant that is slow, one other thing at each place; then by turns
    PCT with three and with two changes in order, chance, and depth first, which may come to an end and so prove.
    """

    def __init__(self, seed: int = 0) -> None:
        self._before: list[Search] = [Sweep(), StarveOne(), Fifo()]
        self._turns: list[Search] = [PCT(3, seed), Exhaustive(), RandomWalk(seed), PCT(2, seed)]
        self._at = -1
        self._now: Search = self._before[-1]
        self.name = self._now.name
        self.covers = ""

    def begin(self) -> bool:
        going = self._begin()
        self.name = self._now.name
        return going

    def _begin(self) -> bool:
        while self._before:
            self._now = self._before[-1]
            if self._now.begin():
                return True
            self._before.pop()
        self._at += 1
        self._now = self._turns[self._at % len(self._turns)]
        going = self._now.begin()
        self.covers = "" if going else self._now.covers
        return going

    def pick(self, options: Sequence[str], plain: int) -> int:
        return self._now.pick(options, plain)


class Deviations:
    """One schedule: at some choices another than the first, where there are as many; it forgives what does not fit."""

    name = "replay"
    covers = ""

    def __init__(self, deviations: dict[int, int]) -> None:
        self._deviations = deviations
        self._count = -1

    def begin(self) -> bool:
        return True

    def pick(self, options: Sequence[str], plain: int) -> int:  # noqa: ARG002 - the protocol's
        self._count += 1
        index = self._deviations.get(self._count, 0)
        return index if index < len(options) else 0


class Tiers:
    """One schedule: FIFO, but the slow run only when nobody else can, and at some choices who would run becomes slow.

    Args:
        slow: names, or numbers in the order in which the participants first become ready.
        demote: at which choices the one about to run becomes the slowest.
    """

    name = "tiers"
    covers = ""

    def __init__(self, slow: Sequence[str | int], demote: Sequence[int]) -> None:
        self._slow: dict[str | int, int] = {who: place + 1 for place, who in enumerate(slow)}
        self._demote = frozenset(demote)
        self._tier: dict[str, int] = {}
        self._lowest = len(slow)
        self._count = -1

    def begin(self) -> bool:
        return True

    def pick(self, options: Sequence[str], plain: int) -> int:
        self._count += 1
        tier = self._tier
        for name in options[:plain]:
            if name not in tier:
                tier[name] = self._slow.get(name, self._slow.get(len(tier), 0))
        best = min(range(plain), key=lambda index: tier[options[index]])
        if self._count in self._demote:
            self._lowest += 1
            tier[options[best]] = self._lowest
            best = min(range(plain), key=lambda index: tier[options[index]])
        return best


def counted(number: float, noun: str) -> str:
    """1 run, 2 runs."""
    figure = f"{number:,}" if isinstance(number, int) else f"{number:g}"
    return f"{figure} {noun}{'' if number == 1 else 's'}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))
