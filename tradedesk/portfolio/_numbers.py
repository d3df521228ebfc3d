"""What users hand in as a number, read with care."""

from math import inf, isfinite


def number(value: object) -> float | None:
    """Return ``value`` as a float, infinity for an int beyond all floats, and None for what is no number.

    Text is none, though float() would read it.
    """
    if isinstance(value, str | bytes):
        return None
    try:
        return float(value)  # type: ignore[arg-type] # whatever it is: that is what we find out
    except OverflowError:
        return inf
    except (TypeError, ValueError):
        return None


def finite(value: object) -> float | None:
    """Return ``value`` as a float, and None for what is no finite number."""
    read = number(value)
    return read if read is not None and isfinite(read) else None
