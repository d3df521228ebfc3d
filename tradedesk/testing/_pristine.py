"""What strategies could share by mistake, put back to what it was: class attributes, defaults, globals, closures.

A class attribute that is a list outlives the objects of the class. Unless it is put back, what happens in one case
depends on the cases before it, and none could be tried again or made smaller.
"""

import copy
import sys
from collections import deque
from collections.abc import Callable, Container, Iterator, Sized
from functools import partial
from random import Random
from types import FunctionType
from typing import Any, Final

import attrs

from tradedesk.testing._foreign import Caught

_STATE: Final = (int, float, str, bytes, tuple, list, dict, set, frozenset, deque, bytearray, Random, type(None))
_NOT_LOOKED_INTO: Final = ("trio", "attr", "attrs", "numpy", "pandas", "hypothesis", "tradedesk", "actors")
_LARGEST: Final = 10_000


@attrs.frozen
class _Slot:
    """A place that holds state, what it held, and how to put that back."""

    put: Callable[[Any], None]
    held: object
    changes: bool

    def restore(self) -> None:
        with Caught():
            self.put(copy.deepcopy(self.held) if self.changes else self.held)


class Pristine:
    """The state around a strategy and what makes it, as it was when this was built."""

    def __init__(self, factory: object, strategy: object) -> None:
        own = {name.partition(".")[0] for name in _modules(factory, strategy)}
        self._slots = [slot for place in _places(factory, strategy) if (slot := _slot(*place, own)) is not None]

    def restore(self) -> None:
        """Put everything back."""
        for slot in self._slots:
            slot.restore()


def _slot(value: object, put: Callable[[Any], None], own: Container[str]) -> _Slot | None:
    if _is_record(value, own):
        return _slot(_fields(value), partial(_set_fields, value), ())
    if not isinstance(value, _STATE) or (isinstance(value, Sized) and len(value) > _LARGEST):
        return None
    changes = not isinstance(value, int | float | str | bytes | type(None))
    with Caught():
        return _Slot(put, copy.deepcopy(value) if changes else value, changes)
    return None


def _is_record(value: object, own: Container[str]) -> bool:
    """Whether it is an object of the user's own class, or an indicator: it stays, and its attributes are put back."""
    module = type(value).__module__
    return module.partition(".")[0] in own or (bool(own) and module.startswith("tradedesk.indicators"))


def _fields(value: object) -> dict[str, Any]:
    names = [*getattr(value, "__dict__", ())]
    for cls in type(value).__mro__:
        slots = vars(cls).get("__slots__", ())
        names += [slots] if isinstance(slots, str) else slots
    return {name: getattr(value, name) for name in names if not name.startswith("__") and hasattr(value, name)}


def _set_fields(value: object, fields: dict[str, Any]) -> None:
    for name in _fields(value).keys() - fields.keys():
        object.__delattr__(value, name)
    for name, field in fields.items():
        object.__setattr__(value, name, field)


Place = tuple[object, Callable[[Any], None]]


def _places(factory: object, strategy: object) -> Iterator[Place]:
    for cls in _classes(strategy):
        yield from _of_class(cls)
    for name in _modules(factory, strategy):
        yield from _of_module(name)
    if isinstance(factory, FunctionType):
        yield from _of_function(factory)


def _classes(strategy: object) -> list[type]:
    return [cls for cls in type(strategy).__mro__ if _is_foreign(cls.__module__)]


def _modules(factory: object, strategy: object) -> list[str]:
    names = [*(cls.__module__ for cls in _classes(strategy)), str(getattr(factory, "__module__", ""))]
    return list(filter(_is_foreign, dict.fromkeys(names)))


def _is_foreign(module: str) -> bool:
    top = module.partition(".")[0]
    return top not in _NOT_LOOKED_INTO and top not in sys.stdlib_module_names - {"__main__"}


def _of_class(cls: type) -> Iterator[Place]:
    for name, value in list(vars(cls).items()):
        if isinstance(value, FunctionType):
            yield from _of_function(value)
        elif not (name.startswith("__") and name.endswith("__")):
            yield value, partial(setattr, cls, name)


def _of_module(name: str) -> Iterator[Place]:
    names = vars(sys.modules[name]) if name in sys.modules else {}
    for key, value in list(names.items()):
        if not key.startswith("__"):
            yield value, partial(names.__setitem__, key)


def _of_function(function: FunctionType) -> Iterator[Place]:
    for name in ("__defaults__", "__kwdefaults__"):
        yield getattr(function, name), partial(setattr, function, name)
    for cell in function.__closure__ or ():
        with Caught():  # an empty cell raises
            yield cell.cell_contents, partial(setattr, cell, "cell_contents")
