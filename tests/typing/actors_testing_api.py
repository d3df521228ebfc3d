"""What type checkers know of the kit for tests: checked by mypy --strict, never run."""

from typing import assert_type

import attrs

from actors import DeadLetter, Ended, Inbox, Ref, Request, Restart, Scheduler, System
from actors.testing import ControlledScheduler, Probe, Recorder, assert_no_leaks, fail_nth, fail_nth_call, run


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
