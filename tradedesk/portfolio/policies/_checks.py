"""What policies are built from, checked at the edge: every error says which field and key, and what it must be.

Converters and validators for attrs fields; the names of the fields are the names in the errors.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

import attrs

from tradedesk.portfolio._errors import shown
from tradedesk.portfolio._numbers import finite
from tradedesk.portfolio.types import Instrument

T = TypeVar("T")
Check = Callable[[str, object], None]
Validator = Callable[[object, "attrs.Attribute[Any]", object], None]


def not_negative(what: str, value: object) -> None:
    """Accept what is finite and not negative."""
    read = finite(value)
    if read is None or read < 0:
        raise ValueError(f"{what} must be finite and not negative, not {shown(value)}")


def positive(what: str, value: object) -> None:
    """Accept what is finite and above 0."""
    read = finite(value)
    if read is None or read <= 0:
        raise ValueError(f"{what} must be finite and above 0, not {shown(value)}")


def fraction(what: str, value: object) -> None:
    """Accept 0 to 1."""
    read = finite(value)
    if read is None or not 0 <= read <= 1:
        raise ValueError(f"{what} must be between 0 and 1, not {shown(value)}")


def coefficient(what: str, value: object) -> None:
    """Accept a correlation, -1 to 1."""
    read = finite(value)
    if read is None or not -1 <= read <= 1:
        raise ValueError(f"{what} must be between -1 and 1, not {shown(value)}")


def one(check: Check) -> Validator:
    """Check the field's value."""

    def validate(_: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
        check(attribute.name, value)

    return validate


def each(check: Check) -> Validator:
    """Check every value of a mapping, named by its key."""

    def validate(_: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
        if not isinstance(value, Mapping):
            raise TypeError(f"{attribute.name} must map each name to its number, not be {shown(value)}")
        for key, number in value.items():
            check(f"{attribute.name} of {key!r}", number)

    return validate


def one_or_each(check: Check) -> Validator:
    """Check one number that stands for all, or every value of a mapping."""
    single, several = one(check), each(check)

    def validate(policy: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
        (several if isinstance(value, Mapping) else single)(policy, attribute, value)

    return validate


def choice(*choices: str) -> Validator:
    """Accept one of the choices."""

    def validate(_: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
        if value not in choices:
            raise ValueError(f"{attribute.name} must be {' or '.join(map(repr, choices))}, not {shown(value)}")

    return validate


def flag(_: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    """Accept True and False; "no" would be true."""
    if value is not True and value is not False:
        raise TypeError(f"{attribute.name} must be True or False, not {shown(value)}")


def policy(_: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    """Accept what can allocate."""
    if not (callable(getattr(value, "allocate", None)) or callable(getattr(value, "allocate_with", None))):
        raise TypeError(f"{attribute.name} must have allocate() or allocate_with(); {shown(value)} has neither")


def copied(value: T) -> T:
    """Copy a mapping, so that nobody else holds it; anything else is for the validator to judge."""
    return cast("T", dict(value)) if isinstance(value, Mapping) else value


# attrs takes the type of a field's argument from its converter, and mypy solves no type variable there


def by_sleeve(value: Mapping[Instrument, float]) -> Mapping[Instrument, float]:
    """Copy numbers by sleeve."""
    return copied(value)


def by_sleeve_or_none(value: Mapping[Instrument, float] | None) -> Mapping[Instrument, float] | None:
    """Copy numbers by sleeve, if there are any."""
    return copied(value)


def by_sleeve_or_one(value: Mapping[Instrument, float] | float | None) -> Mapping[Instrument, float] | float | None:
    """Copy numbers by sleeve, or take one for all."""
    return copied(value)
