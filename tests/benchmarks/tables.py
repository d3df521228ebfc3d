"""Measurements as text."""

import sys
from collections.abc import Mapping
from functools import partial

import trio

from tests.benchmarks.measure import Measurement, Row, alternate


def runs(function, *args, **options) -> Measurement:
    return lambda: trio.run(partial(function, *args, **options))


def show(title: str, rows: list[Row], base: str) -> None:
    print(f"\n{title}  (cost relative to: {base})")
    for row in rows:
        print(f"  {row.what:<44} {row.micros:8.2f} us   {row.ratio:7.3g}x")


def table(title: str, base: str, measurements: Mapping[str, Measurement], rounds: int) -> None:
    show(title, alternate(base, measurements, rounds), base)


def heading(rounds: int) -> None:
    print(
        f"CPython {sys.version.split()[0]}, trio {trio.__version__}, medians of {rounds} alternating rounds, CPU time"
    )
