"""Series as short text: little-endian numbers in base64, constant stretches as runs."""

import sys
from array import array
from base64 import b64encode
from collections.abc import Iterable, Sequence

Coded = dict[str, str | int]


def exact(values: Iterable[float]) -> Coded:
    """Keep every digit: 8 bytes a value. For times and money of the whole account."""
    return {"f64": _packed("d", values)}


def short(values: Sequence[float]) -> Coded:
    """Keep seven digits, which is finer than any screen: 4 bytes a value, or 8 for each run of equal values."""
    starts = [at for at, value in enumerate(values) if at == 0 or value != values[at - 1]]
    if 2 * len(starts) >= len(values):
        return {"f32": _packed("f", values)}
    return {"length": len(values), "starts": _packed("I", starts), "f32": _packed("f", [values[at] for at in starts])}


def spans(states: Sequence[bool]) -> Coded:
    """Keep the true stretches as pairs: the first place, and the one after the last."""
    edges = [at for at, state in enumerate(states) if bool(state) != bool(at and states[at - 1])]
    if len(edges) % 2:
        edges.append(len(states))
    return {"u32": _packed("I", edges)}


def _packed(code: str, values: Iterable[float]) -> str:
    packed = array(code, values)
    if sys.byteorder == "big":
        packed.byteswap()
    return b64encode(packed.tobytes()).decode("ascii")
