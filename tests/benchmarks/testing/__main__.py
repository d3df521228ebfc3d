"""How fast the testing kit draws and checks: python -m tests.benchmarks.testing [--quick]."""

import argparse

from hypothesis import HealthCheck, Phase, given, settings

from tests.benchmarks.measure import Stopwatch
from tradedesk.portfolio import EqualSplitRiskPolicy
from tradedesk.testing import candle_series, check_policy


def series_a_second(count: int) -> float:
    """Series of 50 bars drawn in a second of CPU time."""
    drawn = 0

    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(candle_series(min_size=50, max_size=50))
    def draw(_: object) -> None:
        nonlocal drawn
        drawn += 1

    with Stopwatch() as watch:
        draw()
    return drawn / watch.seconds


def seconds_of_a_check() -> float:
    """CPU seconds in which a lawful policy is held to all laws."""
    with Stopwatch() as watch:
        check_policy(EqualSplitRiskPolicy(portfolio_risk_budget=100.0))
    return watch.seconds


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.testing", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it runs")
    count = 10 if parser.parse_args().quick else 400
    print(f"series of 50 bars drawn in a second of CPU time  {series_a_second(count):,.0f}")
    print(f"check_policy, a lawful policy, seconds of CPU    {seconds_of_a_check():.2f}")


if __name__ == "__main__":
    main()
