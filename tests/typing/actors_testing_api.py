"""What type checkers know of the kit for tests: checked by mypy --strict, never run."""

from typing import assert_type

import attrs

from actors import DeadLetter, Ended, Inbox, Ref, Request, Restart, Scheduler, System
from actors.testing import (
    PCT,
    ControlledScheduler,
    DelayBounded,
    Exhaustive,
    Failure,
    Fifo,
    Lab,
    Portfolio,
    Probe,
    RandomWalk,
    Recorder,
    Schedule,
    Search,
    StarveOne,
    assert_no_leaks,
    explore,
    explored,
    fail_nth,
    fail_nth_call,
    replay,
    run,
)
from actors.testing.hypothesis import schedules


@attrs.frozen
class Tick:
    price: float


@attrs.frozen
class Total(Request[int]):
    pass


async def worker(inbox: Inbox[Tick | Total], broker: Ref[Tick], factor: float) -> None:
    async for message in inbox:
        match message:
            case Tick():
                await broker.tell(Tick(message.price * factor))
            case Total():
                inbox.reply(1)


async def fetch(symbol: str, *, depth: int) -> float:
    return len(symbol) / depth


async def a_probe_knows_what_it_expects(system: System) -> None:
    probe = await Probe.start(system, name="broker")
    assert_type(await probe.expect(Tick), Tick)
    assert_type(await probe.expect(Tick, where=lambda tick: tick.price > 1, within=2.0), Tick)
    assert_type(await probe.expect(Tick(1.0)), Tick)
    assert_type(await probe.expect("x"), str)
    assert_type(probe.received, list[object])
    assert_type(await probe.expect_ended(probe.ref), Ended)
    await probe.expect(Tick, where=lambda tick: tick.volume > 1)  # type: ignore[attr-defined]
    await probe.expect(Tick(1.0), where=lambda tick: True)  # type: ignore[call-overload]


async def a_probe_takes_the_place_of_any_actor(system: System) -> None:
    probe = await Probe.start(system)
    assert_type(await system.start(worker, probe.ref, 2.0), Ref[Tick | Total])
    assert_type(await probe.ref.ask(Total()), int)
    probe.answer(Tick, lambda tick: tick.price)
    probe.answer(Total, 7)


async def a_planted_failure_leaves_the_types(system: System, broker: Ref[Tick]) -> None:
    failing = fail_nth(worker, 3, error=ValueError("planted"), again=True)
    assert_type(await system.start(failing, broker, 2.0, restart=Restart(limit=1, within=1.0)), Ref[Tick | Total])
    await system.start(failing, broker)  # type: ignore[arg-type]
    await system.start(failing, broker, "x")  # type: ignore[arg-type]
    flaky = fail_nth_call(fetch, 2)
    assert_type(await flaky("EURUSD", depth=2), float)
    await flaky("EURUSD")  # type: ignore[call-arg]
    fail_nth(fetch, 1)  # type: ignore[arg-type]


async def scenario(scheduler: Scheduler, count: int) -> list[str]:
    return [str(scheduler)] * count


def a_run_returns_what_its_scenario_returns(system: System) -> None:
    assert_type(run(scenario, ControlledScheduler.seeded(7), 3), list[str])
    assert_type(run(scenario, Scheduler(), 3, limit=60.0), list[str])
    run(scenario, 7)  # type: ignore[arg-type]
    with assert_no_leaks(), assert_no_leaks(system):
        pass


def a_recorder_gives_dead_letters(recorder: Recorder) -> None:
    assert_type(recorder.dead_letters, list[DeadLetter])
    recorder.subjects("sended")  # type: ignore[arg-type]


async def race(lab: Lab) -> None:
    async with lab.open_system("desk") as system:
        assert_type(system, System)
        lab.sometimes(bool(system.statistics().actors), "somebody lives")


def an_exploration_reports() -> None:
    report = explore(race, search=PCT(3), schedules=10, crash_points=["worker"], timers="racing")
    assert_type(report.failure, Failure | None)
    assert_type(report.exhausted, bool)
    replay(race, "a1::")
    Schedule(slow=["worker", 1], demote=[2]).run(race)
    searches: list[Search] = [Portfolio(), Fifo(), StarveOne(), RandomWalk(), DelayBounded(2), Exhaustive()]
    assert_type(len(searches), int)
    explore(race, seam="threads")  # type: ignore[arg-type]
    explore(scenario)  # type: ignore[arg-type]


@explored(schedules=10, seconds=1.0)
async def test_explored(lab: Lab, names: str) -> None:
    assert_type(lab.scheduler, Scheduler)


def an_explored_test_is_a_plain_function() -> None:
    assert_type(test_explored(names="x"), None)
    assert_type(schedules(actors=3).example(), Schedule)
