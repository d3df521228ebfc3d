"""The project's own promises, explored: the real runner with its actors. What was tried stands at the end of pytest's output.

A handler is one step where it does not say that handlers pause: there they let others go on in the middle.
"""

import pytest

from actors.testing import PCT, DelayBounded, Exhaustive, explore, explored
from tests.testing.parts import DEFAULT, Flipping, flipping, policy, stream
from tradedesk.portfolio import Instrument, Quarantine, Restart
from tradedesk.testing import (
    Call,
    CrashPoint,
    Run,
    crash_equivalent,
    isolation,
    schedule_independent,
    simulate,
    simulate_in,
)

DEFAULTS = {"default_risk_per_trade": DEFAULT}


def in_turn(count, slices, **options) -> Run:
    """The oracle: the same rules in one task, which has no order to choose."""
    keys = "ABCDE"[:count]
    return simulate(flipping(count), policy(), stream(keys, slices), dispatch="direct", **DEFAULTS, **options)


async def desk(lab, count, slices, *, pausing=False, **options) -> Run:
    strategies = flipping(count, lab.scheduler.pause) if pausing else flipping(count)
    return await simulate_in(lab, strategies, policy(), stream("ABCDE"[:count], slices), **DEFAULTS, **options)


# Every schedule -------------------------------------------------------------------------------------------------------

SMALL, TINY, LARGE = in_turn(2, 4), in_turn(2, 2), in_turn(5, 30)


@explored(search=Exhaustive(), exhausted=True, schedules=1_000, seconds=60)
async def test_two_strategies_and_four_slices_in_every_schedule(lab):
    run = await desk(lab, 2, 4)
    run.check()
    run.check(schedule_independent(than=SMALL))


@explored(search=Exhaustive(), exhausted=True, schedules=1_000, seconds=60)
async def test_two_strategies_that_pause_and_two_slices_in_every_schedule(lab):
    run = await desk(lab, 2, 2, pausing=True)
    run.check()
    run.check(schedule_independent(than=TINY))


@explored(search=DelayBounded(2), exhausted=True, schedules=1_000, seconds=60)
async def test_two_strategies_that_pause_and_four_slices_with_up_to_two_delays(lab):
    run = await desk(lab, 2, 4, pausing=True)
    run.check()
    run.check(schedule_independent(than=SMALL))


@explored(search=DelayBounded(2), exhausted=True, schedules=1_000, seconds=60)
async def test_two_callers_at_once_with_up_to_two_delays(lab):
    """Whose slice is the first is the schedule's; the promises are not."""
    run = await desk(lab, 2, 4, pausing=True, callers=2)
    run.check()
    assert run.statistics.slices == 4


# Many ---------------------------------------------------------------------------------------------------------------


def outcome(run: Run):
    return run.statistics.active, dict(run.statistics.held), [each.seen for each in run.strategies.values()]


@pytest.mark.parametrize("poll_regimes", [True, False])
@explored(search=PCT(3), schedules=1_000, seconds=120)
async def test_five_strategies_and_thirty_slices_by_priorities(lab, poll_regimes):
    run = await desk(lab, 5, 30, poll_regimes=poll_regimes)
    run.check()
    run.check(schedule_independent(outcome, than=LARGE))


# Crashes ------------------------------------------------------------------------------------------------------------


def crash_points(run: Run) -> list[CrashPoint]:
    """Every call of every strategy in this run, at its beginning and at its end."""
    names = {"set_risk_per_trade": "risk", "is_regime_active": "report", "on_candle_close": "candle"}
    met: dict[tuple[str, str], int] = {}
    points = []
    for item in run.log:
        if isinstance(item, Call) and item.moment == "begins":
            key = item.sleeve, names[item.method]
            met[key] = met.get(key, 0) + 1
            points += [CrashPoint(*key, met[key], late) for late in (False, True)]
    return points


@pytest.mark.parametrize("rule", ["raise", "quarantine", "restart"])
def test_a_crash_at_every_call_in_every_schedule(rule, record_property):
    rules = {"raise": "raise", "quarantine": Quarantine(), "restart": Restart(lambda _: Flipping())}
    schedules = 0
    points = crash_points(TINY)
    for point in points:

        async def scenario(lab, point=point):
            run = await desk(lab, 2, 2, on_failure=rules[rule], crashes=[point], keep_errors=True)
            run.check()
            assert run.missed == []
            if point.call == "candle" and rule != "raise":
                run.check(isolation(point.sleeve, than=TINY))

        report = explore(scenario, search=Exhaustive())
        report.check()
        assert report.exhausted
        schedules += report.tried
    record_property(
        "explored schedules", f"a crash at each of {len(points)} points: exhausted, {schedules:,} schedules"
    )


class Rising(Flipping):
    """Active after two candles that rise: its memory is two candles long."""

    def is_regime_active(self):
        return len(self.seen) > 1 and self.seen[-1] > self.seen[-2]


def test_a_strategy_that_was_built_anew_and_warmed_comes_to_what_it_would_have_come_to(record_property):
    def strategies():
        return {Instrument(key): Rising() for key in "AB"}

    def result(run):
        return run.statistics.active, [each.seen[-2:] for each in run.strategies.values()]

    rule = Restart(lambda _: Rising(), warm_up=2)
    calm = simulate(strategies(), policy(), stream("AB", 6), **DEFAULTS)
    schedules = 0
    for number in (1, 2, 3):

        async def scenario(lab, number=number):
            options = {"on_failure": rule, "crashes": [CrashPoint("A", "candle", number)], **DEFAULTS}
            run = await simulate_in(lab, strategies(), policy(), stream("AB", 6), **options)
            run.check()
            run.check(crash_equivalent(result, than=calm))

        report = explore(scenario, search=DelayBounded(1))
        report.check()
        assert report.exhausted
        schedules += report.tried
    record_property("explored schedules", f"three restarts: exhausted up to one delay, {schedules:,} schedules")
