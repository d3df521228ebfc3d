"""Any function of TA-Lib as an `Indicator`: ``pip install 'tradedesk-actors[talib]'``.

Some two hundred functions, computed in C by TA-Lib's own streams (version 0.8 and newer). They can be copied but not
pickled: where the state of a strategy is to be saved, use those of ``tradedesk.indicators``.
"""

from typing import Final, Protocol

from tradedesk.indicators._checks import IndicatorSettingError, checked, checked_candle
from tradedesk.marketdata import Candle

try:
    import numpy as np
    import talib
    from talib import abstract, stream
except ModuleNotFoundError as error:
    if error.name not in {"numpy", "talib"}:
        raise
    raise ModuleNotFoundError(
        f"tradedesk.indicators.talib needs {error.name}: pip install 'tradedesk-actors[talib]'", name=error.name
    ) from None

__all__ = ["TalibOfCandles", "TalibOfNumbers", "TalibValue"]

TalibValue = float | tuple[float, ...]
"""A number, or one for each output of the function, in TA-Lib's order."""

_FIELDS: Final = ("open", "high", "low", "close", "volume")


class _Handle(Protocol):
    """What TA-Lib's streams have in common."""

    @property
    def value(self) -> TalibValue: ...

    def update(self, *row: float) -> TalibValue: ...


class _OfTalib:
    """Collects rows until TA-Lib can open its handle, then feeds the handle."""

    def __init__(self, name: str, parameters: dict[str, float]) -> None:
        if name not in talib.get_functions():  # type: ignore[no-untyped-call]
            raise IndicatorSettingError(f"TA-Lib has no function {name!r}; talib.get_functions() lists what it has")
        self._name = name
        self._parameters = parameters
        self._inputs, lookback = self._described()
        self._warm_up = lookback + 1
        self._rows: list[tuple[float, ...]] = []
        self._handle: _Handle | None = None
        self._value: TalibValue | None = None

    def _described(self) -> tuple[list[str], int]:
        """The names of the inputs, and how many rows come before the first value."""
        function = abstract.Function(self._name)  # type: ignore[attr-defined] # its stub leaves this out
        if unknown := self._parameters.keys() - function.parameters.keys():
            known = ", ".join(function.parameters) or "none"
            raise IndicatorSettingError(f"{self!r}: no parameter {', '.join(sorted(unknown))}; its parameters: {known}")
        try:
            function.parameters = self._parameters
            lookback = function.lookback
        except TypeError as error:
            raise IndicatorSettingError(f"{self!r}: {error}") from None
        if lookback < 0:
            raise IndicatorSettingError(f"{self!r}: TA-Lib refuses these parameters")
        inputs: list[str] = []
        for names in function.input_names.values():
            inputs += [names] if isinstance(names, str) else names
        return inputs, lookback

    @property
    def value(self) -> TalibValue | None:
        return self._value

    @property
    def warm_up(self) -> int:
        return self._warm_up

    def __repr__(self) -> str:
        settings = [repr(self._name), *(f"{key}={value!r}" for key, value in self._parameters.items())]
        return f"{type(self).__name__}({', '.join(settings)})"

    def _take(self, row: tuple[float, ...]) -> TalibValue | None:
        if self._handle is not None:
            self._value = self._handle.update(*row)
            return self._value
        self._rows.append(row)
        if len(self._rows) == self._warm_up:
            columns = map(np.array, zip(*self._rows, strict=True))
            handle: _Handle = getattr(stream, self._name)(*columns, **self._parameters)
            self._handle, self._value = handle, handle.value
            self._rows.clear()
        return self._value


class TalibOfNumbers(_OfTalib):
    """A function of TA-Lib that takes one series, such as ``TalibOfNumbers("RSI", timeperiod=14)``.

    Raises:
        IndicatorSettingError: TA-Lib has no such function or parameter, refuses its value, or wants several
            series.
    """

    def __init__(self, name: str, /, **parameters: float) -> None:
        super().__init__(name, parameters)
        if len(self._inputs) != 1:
            raise IndicatorSettingError(f"{self!r}: {name} takes {', '.join(self._inputs)}; use TalibOfCandles")

    def update(self, number: float, /) -> TalibValue | None:
        """Take one number and return the new value."""
        return self._take((checked(number, self),))


class TalibOfCandles(_OfTalib):
    """A function of TA-Lib fed with the fields of candles, such as ``TalibOfCandles("ATR", timeperiod=14)``.

    Which fields is TA-Lib's default: a function of one series takes the close.

    Raises:
        IndicatorSettingError: TA-Lib has no such function or parameter, refuses its value, or wants what no candle has.
    """

    def __init__(self, name: str, /, **parameters: float) -> None:
        super().__init__(name, parameters)
        if foreign := [each for each in self._inputs if each not in _FIELDS]:
            raise IndicatorSettingError(f"{self!r}: {name} takes {', '.join(foreign)}, which no candle has")

    def update(self, candle: Candle, /) -> TalibValue | None:
        """Take one candle and return the new value."""
        checked_candle(candle, self)
        return self._take(tuple(float(getattr(candle, each)) for each in self._inputs))
