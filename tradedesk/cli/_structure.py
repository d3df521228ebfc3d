"""Tables into values, checked key by key; the one place that uses cattrs.

On its own cattrs takes 3.9 for an int and "false" for True, and reports a wrong kind as a missing key. Here a
value has the type that is asked for or is a mistake, and all mistakes of a table are found in one go.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from operator import is_
from typing import Final, Generic, Literal, TypeVar, get_args, get_origin

from attrs import NOTHING, Attribute, AttrsInstance, fields, frozen
from cattrs import BaseValidationError, ClassValidationError, Converter
from cattrs.errors import ForbiddenExtraKeysError

from tradedesk.cli import _broker as broker
from tradedesk.cli import _config as config
from tradedesk.cli import _policy as policy
from tradedesk.cli import _tries as tries
from tradedesk.cli._mistakes import Mistake, likely, one_of

_KINDS: Final[Mapping[str, type]] = {
    "equal_split": policy.EqualSplit,
    "fixed": policy.Fixed,
    "inverse_volatility": policy.InverseVolatility,
    "risk_parity": policy.RiskParity,
}
"""The policies a file can name: a new one is an attrs class like those of `_policy`, and a row here."""

_TEXT: Final[Mapping[object, Callable[[str], object]]] = {
    config.Name: config.name,
    config.Period: config.period,
    config.ClassName: config.class_name,
    broker.Code: broker.code,
    tries.Figure: tries.figure,
}

_NUMBERS: Final[Mapping[object, Callable[[float], object]]] = {
    policy.Amount: policy.amount,
    policy.Fraction: policy.fraction,
    broker.Positive: broker.positive,
    broker.Rate: broker.rate,
}

_WHOLE: Final[Mapping[object, Callable[[int], object]]] = {
    policy.Window: policy.window,
    broker.Count: broker.count,
    broker.AtLeastOne: broker.at_least_one,
}

_TIMES: Final[Mapping[object, Callable[[object], object]]] = {
    broker.TimeOfDay: broker.time_of_day,
    broker.Since: broker.since,
    broker.Until: broker.until,
}

_BY_SLEEVE: Final[Mapping[object, Callable[[float], object]]] = {
    policy.Amounts: policy.amount,
    policy.Volatilities: policy.volatility,
}


_TABLES: Final = (
    policy.Caps,
    broker.SlippageTable,
    broker.CommissionTable,
    broker.FinancingTable,
    broker.TermsTable,
    broker.WorthTable,
)
"""Tables inside of tables."""

_WORDS: Final[Mapping[type, str]] = {
    str: "text",
    bool: "true or false",
    float: "a number",
    int: "a whole number",
    dict: "a table",
}

T = TypeVar("T")
Table = TypeVar("Table", bound=AttrsInstance)


class KeyedError(ValueError):
    """What is wrong at one key of a table whose keys are the user's."""

    def __init__(self, key: str, error: Exception) -> None:
        super().__init__(key, error)
        self.key, self.error = key, error


@frozen
class Structured(Generic[Table]):
    """A table as a value, or as far as it is sound: the sound values by key, and the mistakes."""

    value: Table | None
    sound: Mapping[str, object]
    mistakes: tuple[Mistake, ...] = ()


def structure(table: object, cls: type[Table], path: str) -> Structured[Table]:
    """Read a table as the fields of an attrs class."""
    if not isinstance(table, dict):
        return Structured(None, {}, (Mistake(path, _expected("a table", table)),))
    converter = _converter()
    try:
        value = converter.structure(table, cls)
    except ClassValidationError as error:
        return Structured(None, _sound(table, cls, converter), tuple(_explain(error, path)))
    return Structured(value, {each.name: getattr(value, each.name) for each in fields(cls)})


def _sound(table: Mapping[str, object], cls: type[AttrsInstance], converter: Converter) -> dict[str, object]:
    values: dict[str, object] = {}
    for each in fields(cls):
        if each.name not in table:
            values |= _default(each)
            continue
        try:
            values[each.name] = converter.structure(table[each.name], each.type)
        except (BaseValidationError, ExceptionGroup, ValueError, TypeError):
            continue  # explained with the table
    return values


def _default(each: "Attribute[object]") -> dict[str, object]:
    if each.default is NOTHING:
        return {}
    make = getattr(each.default, "factory", None)
    return {each.name: each.default if make is None else make()}


def _explain(error: BaseException, path: str) -> Iterator[Mistake]:
    match error:
        case ClassValidationError():
            within, without = error.group_exceptions()
            for inner, note in within:
                yield from _explain(inner, f"{path}.{note.name}")
            for inner in without:
                yield from _explain(inner, path)
        case ForbiddenExtraKeysError(cl=cls, extra_fields=extra):
            known = [each.name for each in fields(cls)]
            yield from (Mistake(f"{path}.{key}", f"unknown key{one_of(key, known)}") for key in sorted(extra))
        case ExceptionGroup(exceptions=wrong):
            for each in wrong:
                yield from _explain(each, path)
        case KeyedError(key=key, error=inner):
            yield from _explain(inner, f"{path}.{key}")
        case KeyError():
            yield Mistake(path, "required key is missing")
        case _:
            yield Mistake(path, str(error))


def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=True)
    for kind in (str, bool):
        converter.register_structure_hook(kind, _strict)
    converter.register_structure_hook_func(
        lambda kind: kind in _NUMBERS, lambda value, kind: _NUMBERS[kind](_number(value))
    )
    converter.register_structure_hook_func(lambda kind: kind in _BY_SLEEVE, _by_sleeve)
    converter.register_structure_hook_func(
        lambda kind: kind in _WHOLE, lambda value, kind: _WHOLE[kind](_strict(value, int))
    )
    converter.register_structure_hook_func(lambda kind: kind in _TIMES, lambda value, kind: _TIMES[kind](value))
    converter.register_structure_hook_func(lambda kind: kind is config.Parameters, _table)
    converter.register_structure_hook_func(
        lambda kind: kind in _TEXT, lambda value, kind: _TEXT[kind](_strict(value, str))
    )
    converter.register_structure_hook_func(_is_literal, _choice)
    converter.register_structure_hook_func(
        lambda kind: kind is policy.Policy, lambda value, _: converter.structure(*_tagged(value))
    )
    for table in _TABLES:
        # By identity: a class that extends one of them is read as itself.
        converter.register_structure_hook_func(
            partial(is_, table), _of_a_table(converter.get_structure_hook(table, cache_result=False))
        )
    converter.register_structure_hook_func(
        lambda kind: kind is broker.Instruments,
        lambda value, _: _by_key(value, lambda table: converter.structure(table, broker.TermsTable)),
    )
    converter.register_structure_hook_func(
        lambda kind: kind is tries.Values, lambda value, _: _by_key(value, tries.values)
    )
    converter.register_structure_hook_func(
        lambda kind: kind is broker.Worth, lambda value, _: _by_key(value, partial(_worth, converter))
    )
    return converter


def _strict(value: object, kind: type[T]) -> T:
    # bool is an int to isinstance.
    if type(value) is not kind:
        raise TypeError(_expected(_WORDS.get(kind, kind.__name__), value))
    return value


def _number(value: object) -> float:
    return float(value) if type(value) is int else _strict(value, float)


def _by_sleeve(value: object, kind: object) -> dict[str, object]:
    """Read a table of numbers."""
    return _by_key(value, lambda number: _BY_SLEEVE[kind](_number(number)))


def _by_key(value: object, read: Callable[[object], object]) -> dict[str, object]:
    """Read a table whose keys are the user's, and report every value that is wrong with its key."""
    checked: dict[str, object] = {}
    mistakes = []
    for key, each in _strict(value, dict).items():
        try:
            checked[key] = read(each)
        except (BaseValidationError, ValueError, TypeError) as error:
            mistakes.append(KeyedError(key, error))
    if mistakes:
        raise ExceptionGroup("by key", mistakes)
    return checked


def _of_a_table(structure_fields: Callable[[object, type], object]) -> Callable[[object, type], object]:
    return lambda value, kind: structure_fields(_strict(value, dict), kind)


def _worth(converter: Converter, value: object) -> object:
    """Read where the worth of a currency stands: a table, or a number that never changes."""
    return converter.structure(value, broker.WorthTable if isinstance(value, dict) else broker.Positive)


def _table(value: object, _: object) -> object:
    return _strict(value, dict)


def _is_literal(kind: object) -> bool:
    origin: object = get_origin(kind)
    return origin is Literal


def _choice(value: object, kind: object) -> str:
    choices = get_args(kind)
    text = _strict(value, str)
    if text not in choices:
        raise ValueError(f"expected {' or '.join(map(repr, choices))}, got {text!r}{likely(text, choices)}")
    return text


def _tagged(value: object) -> tuple[dict[str, object], type]:
    """Split a table with a `kind` into the rest and the kind's class."""
    table = dict(_strict(value, dict))
    kind = table.pop("kind", None)
    known = " or ".join(map(repr, _KINDS))
    if kind is None:
        raise ValueError(f"kind is missing; it must be {known}")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise ValueError(f"kind is {kind!r}; it must be {known}{likely(str(kind), _KINDS)}")
    return table, _KINDS[kind]


def _expected(what: str, value: object) -> str:
    return f"expected {what}, got {type(value).__name__} {value!r}"
