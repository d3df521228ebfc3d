"""Strategies by name: from `module:Class` and its parameters to an object that keeps the protocol."""

import inspect
import pkgutil
import traceback
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Final

from tradedesk.cli._guard import Foreign, user_frames
from tradedesk.cli._mistakes import Mistake, likely, one_of

_METHODS: Final = ("set_risk_per_trade", "is_regime_active", "on_candle_close")
_INSTRUMENT: Final = "instrument"
_DESK: Final = "desk"


class LoadError(ValueError):
    """A strategy class that cannot be had."""


def load_class(reference: str, folder: Path) -> type:
    """Import the class that `module:Class` names.

    Raises:
        LoadError: There is no such module or class, the module fails, or the class is no strategy.
    """
    module_name, _, name = reference.partition(":")
    module = load_module(module_name, folder, "beside the file")
    found = getattr(module, name, None)
    if found is None:
        classes = [each for each, value in vars(module).items() if isinstance(value, type)]
        raise LoadError(f"module {module_name!r} has no class {name!r}{one_of(name, classes)}")
    if not isinstance(found, type):
        raise LoadError(f"{reference!r} is of type {type(found).__name__}; it must be a class")
    if rules := list(_broken_protocol(found)):
        raise LoadError("; ".join(rules))
    return found


def load_module(name: str, folder: Path, where: str) -> ModuleType:
    """Import a module; `where` says in words what the folder is.

    Raises:
        LoadError: There is none, or it fails.
    """
    with Foreign() as foreign:
        # The colon makes it a module's name only; nothing is looked up inside.
        module: ModuleType = pkgutil.resolve_name(f"{name}:")
        return module
    error = foreign.error
    if isinstance(error, ModuleNotFoundError) and f"{name}.".startswith(f"{error.name}."):
        beside = [path.stem for path in folder.glob("*.py")]
        raise LoadError(f"no module {name!r} {where} or installed{likely(name.partition('.')[0], beside)}")
    raise LoadError(f"module {name!r} fails when it is imported: {told(error)}")


def _broken_protocol(cls: type) -> Iterator[str]:
    for method in _METHODS:
        if not callable(getattr(cls, method, None)):
            yield f"class {cls.__name__} has no method {method}(){likely(method, vars(cls))}"
    handler = getattr(cls, "on_candle_close", None)
    if inspect.isfunction(handler) and not inspect.iscoroutinefunction(inspect.unwrap(handler)):
        yield f"{cls.__name__}.on_candle_close() must be `async def`"


def trades(cls: type) -> bool:
    """Say whether the constructor takes the desk that orders are given at."""
    return _DESK in parameters_of(cls)


def takes(cls: type, key: str) -> bool:
    """Say whether the constructor takes a parameter of this name."""
    return key in parameters_of(cls) or _takes_any(cls)


def make(
    cls: type, instrument: str, desk: object, parameters: Mapping[str, object], path: str
) -> tuple[object, tuple[Mistake, ...]]:
    """Call the class with its parameters, and with `instrument` and `desk` where the constructor takes them.

    Returns:
        The strategy and no mistake, or None and the mistakes; `path` leads to the parameters.
    """
    arguments = dict(parameters)
    if takes(cls, _INSTRUMENT):
        arguments.setdefault(_INSTRUMENT, instrument)
    if desk is not None and trades(cls):
        arguments[_DESK] = desk
    mistakes = tuple(_wrong_arguments(cls, arguments, path))
    if mistakes:
        return None, mistakes
    with Foreign() as foreign:
        return cls(**arguments), ()
    return None, (Mistake(path, f"{cls.__name__} refuses them: {told(foreign.error)}"),)


def _wrong_arguments(cls: type, arguments: Mapping[str, object], path: str) -> Iterator[Mistake]:
    named = parameters_of(cls)
    if not _takes_any(cls):
        for key in (key for key in arguments if key not in named):
            yield Mistake(f"{path}.{key}", f"{cls.__name__} takes no such parameter{one_of(key, named)}")
    for key, parameter in named.items():
        if parameter.default is parameter.empty and key not in arguments:
            yield Mistake(f"{path}.{key}", f"{cls.__name__} needs this parameter")


def _takes_any(cls: type) -> bool:
    return any(each.kind is each.VAR_KEYWORD for each in _parameters(cls))


def parameters_of(cls: type) -> dict[str, inspect.Parameter]:
    """Give the parameters that the constructor takes by name."""
    by_name = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return {each.name: each for each in _parameters(cls) if each.kind in by_name}


def _parameters(cls: type) -> Iterable[inspect.Parameter]:
    try:
        return inspect.signature(cls).parameters.values()
    except ValueError:
        # A compiled class may tell nothing; the call will show what it takes.
        return (inspect.Parameter("anything", inspect.Parameter.VAR_KEYWORD),)


def told(error: BaseException | None) -> str:
    """Say what was raised and, where the error does not say it itself, on which line of the user's code."""
    frames = None if error is None else user_frames(error)
    where = ""
    if frames is not None:
        last = traceback.extract_tb(frames)[-1]
        where = f" ({Path(last.filename).name}, line {last.lineno})"
    return (f"{type(error).__name__}: {error}" if str(error) else type(error).__name__) + where
